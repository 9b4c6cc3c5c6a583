//! Teachers of densities that are known exactly.

use flowstill_data::{Source, load, synthetic};
use flowstill_flow::Engine;
use flowstill_model::{Architecture, Normalisation};
use flowstill_teacher::{Learning, Trained, fit, nll::log_prob};
use flowstill_trainer::{End, Environment, Observer, Record, Schedule, Settings, StepReport, TrainError};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

fn mixture(rows: usize) -> Source {
    let target = synthetic::Target::from_name("gaussian_mixture", Some(2), Some(3), 1).unwrap();
    Source::Synthetic { target, rows, split: [0.8, 0.05, 0.15], seed: 2 }
}

fn settings(steps: u64) -> Settings {
    Settings {
        steps,
        batch: 512,
        rate: 3e-3,
        schedule: Schedule::Cosine,
        warmup: 100,
        weight_decay: 0.0,
        clip_norm: Some(5.0),
        ema: Some(0.998),
        average_last: None,
        validate_every: 250,
        patience: None,
        validate_start: false,
        until: Vec::new(),
        checkpoint_every: 50,
    }
}

fn train(
    architecture: &Architecture,
    settings: &Settings,
    rows: usize,
    threads: usize,
    state: Option<&Path>,
    stop: &AtomicBool,
    observer: &mut (dyn Observer + Send),
) -> Trained {
    let learning = Learning { training: settings, fresh_noise: false, dropout: 0.0, seed: 0, engine: Engine::Fused };
    train_as(architecture, learning, rows, threads, state, stop, observer).unwrap()
}

fn train_as(
    architecture: &Architecture,
    learning: Learning,
    rows: usize,
    threads: usize,
    state: Option<&Path>,
    stop: &AtomicBool,
    observer: &mut (dyn Observer + Send),
) -> Result<Trained, TrainError> {
    let data = load(&mixture(rows)).unwrap();
    let environment = Environment { state, fingerprint: "test", interrupted: stop };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| fit(&data, architecture, learning, &environment, observer))
}

#[test]
fn maximum_likelihood_on_a_known_mixture_reaches_its_entropy() {
    let data = load(&mixture(100_000)).unwrap();
    let architecture = Architecture { layers: 8, hidden: vec![48, 48], ..Architecture::default() };
    let never = AtomicBool::new(false);
    let teacher = train(&architecture, &settings(4000), 100_000, 2, None, &never, &mut ());
    let standardized = log_prob(&teacher.spec, &teacher.theta, &data.test, Engine::Fused).unwrap();
    // the true log-density of the very same test rows, so that their sampling noise cancels
    let density = synthetic::Target::from_name("gaussian_mixture", Some(2), Some(3), 1).unwrap().density();
    let rows = data.standardizer.restore(&data.test.values);
    let gap: f64 = standardized
        .iter()
        .zip(rows.chunks_exact(2))
        .map(|(log_p, x)| density.log_prob(x) - (log_p - data.standardizer.log_det()))
        .sum::<f64>()
        / standardized.len() as f64;
    assert!(gap.abs() < 0.02, "KL to the truth {gap}");
}

#[test]
fn one_thread_and_two_give_the_same_bits_with_and_without_batch_norm() {
    for normalisation in [Normalisation::None, Normalisation::ActNorm, Normalisation::BatchNorm] {
        let architecture = Architecture { layers: 3, hidden: vec![16], normalisation, ..Architecture::default() };
        let never = AtomicBool::new(false);
        let run = |threads| train(&architecture, &settings(30), 3000, threads, None, &never, &mut ());
        assert_eq!(run(1), run(2), "{normalisation:?}");
    }
}

struct StopAfter<'a>(u64, &'a AtomicBool);

impl Observer for StopAfter<'_> {
    fn start(&mut self, _: u64, _: u64) -> std::io::Result<()> {
        Ok(())
    }
    fn step(&mut self, report: &StepReport) -> std::io::Result<()> {
        self.1.store(report.step >= self.0, Ordering::Relaxed);
        Ok(())
    }
    fn validation(&mut self, _: &Record, _: &[f32]) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_interrupted_teacher_resumes_to_the_same_bits() {
    let architecture = Architecture {
        layers: 2,
        hidden: vec![16],
        normalisation: Normalisation::BatchNorm,
        ..Architecture::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.safetensors");
    let never = AtomicBool::new(false);
    let whole = train(&architecture, &settings(300), 3000, 2, None, &never, &mut ());
    let stop = AtomicBool::new(false);
    let part = train(&architecture, &settings(300), 3000, 2, Some(&path), &stop, &mut StopAfter(77, &stop));
    assert_eq!((part.outcome.end, part.outcome.steps), (End::Interrupted, 77));
    let resumed = train(&architecture, &settings(300), 3000, 1, Some(&path), &never, &mut ());
    assert_eq!(resumed, whole);
}

#[test]
fn dropout_is_a_function_of_the_seed_and_the_step_alone() {
    let architecture = Architecture { layers: 2, hidden: vec![32, 32], ..Architecture::default() };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.safetensors");
    let never = AtomicBool::new(false);
    let settings = settings(200);
    let run = |dropout, threads, state, stop: &AtomicBool, observer: &mut (dyn Observer + Send)| {
        let learning = Learning { training: &settings, fresh_noise: false, dropout, seed: 0, engine: Engine::Fused };
        train_as(&architecture, learning, 3000, threads, state, stop, observer).unwrap()
    };
    let whole = run(0.2, 2, None, &never, &mut ());
    assert_ne!(whole.theta, run(0.0, 2, None, &never, &mut ()).theta);
    let stop = AtomicBool::new(false);
    run(0.2, 1, Some(&path), &stop, &mut StopAfter(77, &stop));
    assert_eq!(run(0.2, 1, Some(&path), &never, &mut ()), whole);

    let reference =
        Learning { training: &settings, fresh_noise: false, dropout: 0.2, seed: 0, engine: Engine::Reference };
    let refused = train_as(&architecture, reference, 3000, 1, None, &never, &mut ()).unwrap_err();
    assert!(refused.to_string().contains("drops no hidden units"), "{refused}");
}

#[test]
fn batch_norm_and_act_norm_teachers_learn() {
    for normalisation in [Normalisation::ActNorm, Normalisation::BatchNorm] {
        let architecture = Architecture { layers: 3, hidden: vec![32], normalisation, ..Architecture::default() };
        let never = AtomicBool::new(false);
        let teacher = train(&architecture, &settings(1000), 20_000, 2, None, &never, &mut ());
        let data = load(&mixture(20_000)).unwrap();
        let density = synthetic::Target::from_name("gaussian_mixture", Some(2), Some(3), 1).unwrap().density();
        let rows = data.standardizer.restore(&data.test.values);
        let truth = rows.chunks_exact(2).map(|x| density.log_prob(x)).sum::<f64>() / data.test.len() as f64;
        let log_p = log_prob(&teacher.spec, &teacher.theta, &data.test, Engine::Fused).unwrap();
        let mean = log_p.iter().sum::<f64>() / log_p.len() as f64 - data.standardizer.log_det();
        assert!(truth - mean < 0.3, "{normalisation:?}: {mean} against {truth}");
    }
}
