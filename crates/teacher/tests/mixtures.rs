//! Mixtures by expectation maximisation: known truths, and data that are no mixture at all.

use flowstill_data::{Dataset, Rows, Source, load, synthetic};
use flowstill_flow::Engine;
use flowstill_kernel::rows::Covariance;
use flowstill_model::init::initial_parameters;
use flowstill_model::{Architecture, Base, Orientation, Standardizer, Start};
use flowstill_teacher::em::{Settings, fit_mixture, start_base};
use flowstill_teacher::{Trained, nll::log_prob};
use flowstill_trainer::{End, Environment, Observer, Record, StepReport, TrainError};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

fn fit(data: &Dataset, components: usize, covariance: Covariance, settings: &Settings) -> Result<Trained, TrainError> {
    let never = AtomicBool::new(false);
    let environment = Environment { state: None, fingerprint: "test", interrupted: &never };
    fit_mixture(data, components, covariance, settings, 0, &environment, &mut ())
}

/// Mean log-density of rows in data space, by the flow.
fn mean(data: &Dataset, trained: &Trained, rows: &Rows) -> f64 {
    let log_p = log_prob(&trained.spec, &trained.theta, rows, Engine::Fused).unwrap();
    log_p.iter().sum::<f64>() / log_p.len() as f64 - data.standardizer.log_det()
}

fn target(dim: usize, components: usize) -> synthetic::Target {
    synthetic::Target::from_name("gaussian_mixture", Some(dim), Some(components), 1).unwrap()
}

fn drawn(dim: usize, components: usize, rows: usize) -> Dataset {
    load(&Source::Synthetic { target: target(dim, components), rows, split: [0.8, 0.05, 0.15], seed: 2 }).unwrap()
}

/// A data set of these rows, each part the same.
fn given(dim: usize, values: Vec<f32>) -> Dataset {
    let rows = || Rows { dim, values: values.clone() };
    Dataset {
        pixels: None,
        whole: None,
        name: "given".into(),
        columns: (0..dim).map(|i| format!("c{i}")).collect(),
        standardizer: Standardizer { mean: vec![0.0; dim], sd: vec![1.0; dim] },
        stream: None,
        train: rows(),
        validation: rows(),
        test: rows(),
        hash: String::new(),
    }
}

/// Numbers in −1…1 that look random.
fn wave(n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i as f64 * 12.9898).sin() * 43758.5453).fract() as f32).collect()
}

#[test]
fn a_known_mixture_is_recovered() {
    for (dim, components) in [(1, 2), (2, 3), (5, 4)] {
        let data = drawn(dim, components, 40_000);
        let trained = fit(&data, components, Covariance::Full, &Settings { starts: 5, ..Settings::default() }).unwrap();
        let density = target(dim, components).density();
        let rows = data.standardizer.restore(&data.test.values);
        let truth = rows.chunks_exact(dim).map(|x| density.log_prob(x)).sum::<f64>() / data.test.len() as f64;
        let found = mean(&data, &trained, &data.test);
        assert!((truth - found).abs() < 0.02, "{dim}, {components}: {found} against {truth}");
    }
}

#[test]
fn one_component_is_the_gaussian_of_mean_and_covariance() {
    let file = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/data/casp").join(name);
    let source = Source::Parts {
        pixels: None,
        train: file("train.npy"),
        validation: Some(file("validation.npy")),
        test: Some(file("test.npy")),
        split: [0.8, 0.1, 0.1],
        seed: 0,
    };
    let data = load(&source).unwrap();
    // computed independently, see the tests of the data
    for (covariance, test) in [(Covariance::Full, -4.4193), (Covariance::Diagonal, -12.4739)] {
        let trained = fit(&data, 1, covariance, &Settings::default()).unwrap();
        let found = mean(&data, &trained, &data.test);
        assert!((found - test).abs() < 1e-3, "{covariance:?}: {found}");
        assert!(trained.outcome.steps <= 3 && trained.outcome.end == End::Reached, "{:?}", trained.outcome);
        // what iterations report is what the flow says
        let validation = trained.outcome.best_validation.unwrap() + data.standardizer.log_det();
        assert!((validation + mean(&data, &trained, &data.validation)).abs() < 1e-4);
    }
    let several = fit(&data, 5, Covariance::Full, &Settings { steps: 30, ..Settings::default() }).unwrap();
    assert!(mean(&data, &several, &data.test) > -4.0, "{}", mean(&data, &several, &data.test));
}

#[derive(Default)]
struct Losses(Vec<f64>);

impl Observer for Losses {
    fn start(&mut self, _: u64, _: u64) -> std::io::Result<()> {
        Ok(())
    }
    fn step(&mut self, report: &StepReport) -> std::io::Result<()> {
        assert_eq!(report.step as usize, self.0.len() + 1);
        self.0.push(report.terms[0]);
        Ok(())
    }
    fn validation(&mut self, record: &Record, theta: &[f32]) -> std::io::Result<()> {
        assert!(record.step as usize == self.0.len() && theta.iter().all(|v| v.is_finite()));
        Ok(())
    }
}

#[test]
fn the_likelihood_never_decreases_floor_or_not() {
    let never = AtomicBool::new(false);
    let environment = Environment { state: None, fingerprint: "test", interrupted: &never };
    let data = drawn(3, 4, 3000);
    for covariance in [Covariance::Full, Covariance::Diagonal] {
        // a floor of 0.3 is above most conditional variances
        for floor in [1e-6, 0.3] {
            let settings = Settings { steps: 60, gain: 0.0, patience: None, floor, ..Settings::default() };
            let mut losses = Losses::default();
            fit_mixture(&data, 6, covariance, &settings, 3, &environment, &mut losses).unwrap();
            assert!(
                losses.0.windows(2).all(|pair| pair[1] <= pair[0] + 1e-6),
                "{covariance:?}, {floor}: {:?}",
                losses.0
            );
            assert!(losses.0[0] - losses.0[losses.0.len() - 1] > 0.01, "{:?}", losses.0);
        }
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
fn neither_threads_nor_interruptions_change_a_bit() {
    let data = drawn(2, 3, 4000);
    let settings = Settings { steps: 40, gain: 0.0, patience: None, ..Settings::default() };
    let run = |threads: usize, state: Option<&Path>, stop: &AtomicBool, observer: &mut (dyn Observer + Send)| {
        let environment = Environment { state, fingerprint: "test", interrupted: stop };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| fit_mixture(&data, 5, Covariance::Full, &settings, 0, &environment, observer)).unwrap()
    };
    let never = AtomicBool::new(false);
    let whole = run(1, None, &never, &mut ());
    assert_eq!(run(3, None, &never, &mut ()), whole);
    let (folder, stop) = (tempfile::tempdir().unwrap(), AtomicBool::new(false));
    let path = folder.path().join("state.safetensors");
    let part = run(2, Some(&path), &stop, &mut StopAfter(13, &stop));
    assert_eq!((part.outcome.end, part.outcome.steps), (End::Interrupted, 13));
    assert_eq!(run(2, Some(&path), &never, &mut ()), whole);
    assert_eq!(run(2, Some(&path), &never, &mut ()), whole);
}

#[test]
fn the_mixture_below_a_flow_starts_where_the_rows_are() {
    let (dim, components) = (3, 4);
    let data = drawn(dim, components, 20_000);
    let mixture = fit(&data, components, Covariance::Full, &Settings::default()).unwrap();
    let base = |start| Base::Mixture { components, covariance: Covariance::Full, start };
    let architecture = Architecture { layers: 2, hidden: vec![16], base: base(Start::Em), ..Architecture::default() };
    let spec = architecture.spec(dim, Orientation::Maf, 3);
    let mut theta = initial_parameters(&spec, 3);
    let likelihood = |theta: &[f32]| {
        log_prob(&spec, theta, &data.test, Engine::Fused).unwrap().iter().sum::<f64>() / data.test.len() as f64
    };
    let random = likelihood(&theta);
    start_base(&spec, &mut theta, &data.train, 3).unwrap();
    // the layers above change nothing yet but the order, so that the whole is a mixture
    let started = likelihood(&theta) - data.standardizer.log_det();
    let fitted = mean(&data, &mixture, &data.test);
    assert!(
        (started - fitted).abs() < 0.05 && started > random - data.standardizer.log_det() + 0.5,
        "{started} {fitted}"
    );

    // rows fewer than components are refused, not guessed at
    let few = Rows { dim, values: data.train.values[..3 * dim].to_vec() };
    assert!(start_base(&spec, &mut theta, &few, 3).unwrap_err().to_string().contains("4 components"));
}

#[test]
fn the_iterate_with_the_best_validation_is_kept() {
    // few rows and many components: what is learned last is noise
    let data = drawn(3, 2, 600);
    let settings = Settings { steps: 200, gain: 0.0, patience: Some(10), ..Settings::default() };
    let outcome = fit(&data, 12, Covariance::Full, &settings).unwrap().outcome;
    let least = outcome.history.iter().map(|record| record.validation).fold(f64::INFINITY, f64::min);
    assert_eq!((outcome.end, outcome.best_validation), (End::Patience, Some(least)));
    assert_eq!(outcome.best_step + 10, outcome.steps);
}

#[test]
fn data_that_are_no_mixture_are_fitted_to_finite_numbers() {
    let noise = wave(400);
    let duplicates: Vec<f32> = (0..200).flat_map(|i| [noise[i % 4], noise[7 + i % 4]]).collect();
    let constant: Vec<f32> = noise.iter().flat_map(|&v| [v, 0.25, 2.0 * v]).collect();
    let alike = vec![0.5; 60];
    let few = wave(3 * 8);
    for (name, dim, values, components) in [
        ("duplicate rows", 2, duplicates, 7),
        ("a constant and a determined column", 3, constant, 3),
        ("rows all alike", 2, alike, 4),
        ("one dimension", 1, noise, 6),
        ("as many components as rows", 3, few, 8),
    ] {
        let data = given(dim, values);
        for covariance in [Covariance::Full, Covariance::Diagonal] {
            let trained = fit(&data, components, covariance, &Settings::default()).unwrap();
            let finite = mean(&data, &trained, &data.test).is_finite();
            assert!(finite && trained.theta.iter().all(|v| v.is_finite()), "{name}, {covariance:?}");
            assert!(trained.outcome.best_validation.unwrap().is_finite(), "{name}, {covariance:?}");
        }
    }
}

#[test]
fn what_cannot_be_fitted_is_refused_with_the_way_out() {
    let data = given(2, wave(24));
    let message =
        |components, settings: Settings| fit(&data, components, Covariance::Full, &settings).unwrap_err().to_string();
    let few = message(13, Settings::default());
    assert!(few.contains("13 components") && few.contains("got 12") && few.contains("fewer components"), "{few}");
    assert!(message(0, Settings::default()).contains("components, got 0"));
    assert!(message(2, Settings { starts: 0, ..Settings::default() }).contains("starts"));
    assert!(message(2, Settings { floor: f64::NAN, ..Settings::default() }).contains("floor"));
}
