//! Students of densities that are known exactly.

use flowstill_flow::graph::{Graph, Parameters, rows};
use flowstill_flow::shards::Accumulator;
use flowstill_flow::{Engine, Flow, FlowError, Target};
use flowstill_kernel::Activation;
use flowstill_kernel::noise::{Purpose, fill_gaussian};
use flowstill_model::{Architecture, FlowSpec, Layout, Normalisation, OrderRule, Orientation};
use flowstill_student::objectives::reverse_kl::ReverseKl;
use flowstill_student::{
    Annealed, Distillation, Distilled, Estimator, Limits, Objective, Phase, Probe, Recipe, Source, Step, fit,
};
use flowstill_trainer::{Environment, Schedule, Settings};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// `N(mean, A·Aᵀ)` with lower-triangular `A`: `log p = −½|A⁻¹(x − mean)|² − Σ log A_ii − (dim/2)·log 2π`.
struct Gaussian {
    mean: Vec<f64>,
    factor: Vec<Vec<f64>>,
}

impl Target for Gaussian {
    fn dim(&self) -> usize {
        self.mean.len()
    }

    fn log_prob_and_grad(&self, x: &[f32], log_prob: &mut [f64], grad: &mut [f32]) -> Result<(), FlowError> {
        let dim = self.dim();
        let constant = 0.5 * dim as f64 * std::f64::consts::TAU.ln();
        let log_det: f64 = (0..dim).map(|i| self.factor[i][i].ln()).sum();
        for (r, x) in x.chunks_exact(dim).enumerate() {
            let mut z = vec![0.0; dim];
            for i in 0..dim {
                let known: f64 = (0..i).map(|j| self.factor[i][j] * z[j]).sum();
                z[i] = (f64::from(x[i]) - self.mean[i] - known) / self.factor[i][i];
            }
            log_prob[r] = -0.5 * z.iter().map(|v| v * v).sum::<f64>() - log_det - constant;
            let mut g = vec![0.0; dim];
            for i in (0..dim).rev() {
                let later: f64 = (i + 1..dim).map(|j| self.factor[j][i] * g[j]).sum();
                g[i] = (-z[i] - later) / self.factor[i][i];
                grad[r * dim + i] = g[i] as f32;
            }
        }
        Ok(())
    }
}

fn target() -> Gaussian {
    Gaussian {
        mean: vec![0.7, -1.2, 0.1],
        factor: vec![vec![0.5, 0.0, 0.0], vec![0.9, 1.4, 0.0], vec![-0.4, 0.3, 0.8]],
    }
}

fn settings(steps: u64) -> Settings {
    Settings {
        steps,
        batch: 256,
        rate: 0.01,
        schedule: Schedule::Cosine,
        warmup: 20,
        weight_decay: 0.0,
        clip_norm: Some(10.0),
        ema: None,
        average_last: None,
        validate_every: 200,
        patience: None,
        validate_start: false,
        until: Vec::new(),
        checkpoint_every: 1000,
    }
}

fn distil(architecture: &Architecture, training: &Settings, threads: usize) -> Distilled {
    let never = AtomicBool::new(false);
    let environment = Environment { state: None, fingerprint: "", interrupted: &never };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let recipe = recipe(training);
    let run = || {
        let source = Source { target: &target(), data: &[] };
        fit(source, architecture, &recipe, Limits::default(), 4, Engine::Fused, &environment, &mut ())
    };
    pool.install(run).unwrap()
}

/// Reverse KL alone.
fn recipe(training: &Settings) -> Recipe {
    let objective = Objective::ReverseKl { cross_entropy_weight: Annealed::constant(1.0) };
    Recipe::Phases(vec![Phase { objective, training: training.clone() }])
}

/// Mean of `log q − log p` over fresh draws.
fn kl(target: &dyn Target, spec: &FlowSpec, theta: &[f32], draws: usize) -> f64 {
    let dim = spec.dim;
    let mut z = vec![0.0; draws * dim];
    fill_gaussian(99, Purpose::Evaluation, 0, 0, dim, &mut z);
    let flow = Flow::<f32>::new(spec).unwrap();
    let theta = Parameters::frozen(Arc::new(theta.to_vec()));
    let (x, log_q) = flow.sample_and_log_prob(&theta, &rows(z, dim), &mut Graph::new()).unwrap();
    let (mut log_p, mut grad) = (vec![0.0; draws], vec![0.0; draws * dim]);
    target.log_prob_and_grad(&x.as_vec(), &mut log_p, &mut grad).unwrap();
    log_q.as_vec().iter().zip(&log_p).map(|(&q, p)| f64::from(q) - p).sum::<f64>() / draws as f64
}

fn affine() -> Architecture {
    Architecture { layers: 1, hidden: vec![], order: OrderRule::Same, ..Architecture::default() }
}

#[test]
fn an_affine_student_of_a_gaussian_reaches_it() {
    let student = distil(&affine(), &settings(1500), 2);
    let kl = kl(&target(), &student.spec, &student.theta, 50_000);
    assert!(kl.abs() <= 1e-3, "KL {kl}");
}

#[test]
fn act_norm_and_batch_norm_students_learn_too() {
    for normalisation in [Normalisation::ActNorm, Normalisation::BatchNorm] {
        let architecture = Architecture {
            layers: 2,
            hidden: vec![16],
            normalisation,
            activation: Activation::Tanh,
            ..Architecture::default()
        };
        let student = distil(&architecture, &settings(800), 2);
        let kl = kl(&target(), &student.spec, &student.theta, 20_000);
        assert!(kl < 0.03, "{normalisation:?}: KL {kl}");
    }
}

#[test]
fn one_thread_and_two_give_the_same_bits() {
    let architecture = Architecture { layers: 2, hidden: vec![12], ..Architecture::default() };
    let training = Settings { batch: 300, ..settings(40) };
    assert_eq!(distil(&architecture, &training, 1), distil(&architecture, &training, 2));
}

#[test]
fn entropy_and_cross_entropy_add_up_to_the_loss() {
    let target = target();
    let spec = affine().spec(3, Orientation::Iaf, 0);
    let theta = Parameters::frozen(Arc::new(vec![0.0f32; Layout::new(&spec).len()]));
    let flow = Flow::new(&spec).unwrap();
    let source = Source { target: &target, data: &[] };
    let step = Step { index: 0, batch: 50_000, progress: 0.0, seed: 1, flow: &flow, theta: &theta, source };
    let mut gradient = vec![0.0; theta.values.len()];
    let reverse = ReverseKl { cross_entropy_weight: Annealed::constant(1.0) };
    let terms = reverse.add_gradient(&step, 1.0, &mut Accumulator::default(), &mut gradient).unwrap();
    assert!((terms[0] - (terms[2] - terms[1])).abs() < 1e-9);
    // the student starts as the standard normal, whose entropy is known; standard error 0.0055
    let entropy = 1.5 * (1.0 + std::f64::consts::TAU.ln());
    assert!((terms[1] - entropy).abs() < 0.022, "{} {entropy}", terms[1]);
}

#[test]
fn a_target_of_another_dimension_is_refused() {
    let spec = affine().spec(2, Orientation::Iaf, 0);
    let target = target();
    let source = Source { target: &target, data: &[] };
    let probe = Probe::new(&source, 0).unwrap();
    let refused = Distillation::new(&spec, source, &probe, Vec::new(), (8, 1), 0, Engine::Fused);
    assert!(matches!(refused.err(), Some(FlowError::Width { expected: 3, got: 2 })));
}

#[test]
fn a_density_that_is_not_finite_stops_training_and_says_where() {
    struct Broken;
    impl Target for Broken {
        fn dim(&self) -> usize {
            2
        }
        fn log_prob_and_grad(&self, _: &[f32], log_prob: &mut [f64], grad: &mut [f32]) -> Result<(), FlowError> {
            log_prob.fill(f64::NEG_INFINITY);
            grad.fill(0.0);
            Ok(())
        }
    }
    let never = AtomicBool::new(false);
    let (architecture, training) = (affine(), settings(5));
    let environment = Environment { state: None, fingerprint: "", interrupted: &never };
    let source = Source { target: &Broken, data: &[] };
    let recipe = recipe(&training);
    let error = fit(source, &architecture, &recipe, Limits::default(), 0, Engine::Fused, &environment, &mut ())
        .unwrap_err()
        .to_string();
    assert!(error.contains("step 0") && error.contains("target's log-density"), "{error}");
}
