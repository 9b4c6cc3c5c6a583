//! The loop on a problem whose answer is known: a noisy quadratic.

use flowstill_model::{FlowSpec, LayerSpec, Layout, Orientation};
use flowstill_trainer::{
    End, Environment, Objective, Observer, Outcome, Schedule, Settings, StepReport, TrainError, Until, Validation, fit,
};
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

struct Quadratic {
    poison_at: Option<u64>,
}

const GOAL: [f32; 4] = [1.0, -2.0, 0.5, 3.0];

impl Objective for Quadratic {
    fn loss_and_gradient(
        &mut self,
        theta: &Arc<Vec<f32>>,
        step: u64,
        gradient: &mut Vec<f32>,
    ) -> Result<Vec<f64>, Box<dyn Error + Send + Sync>> {
        let mut loss = 0.0;
        for (i, g) in gradient.iter_mut().enumerate() {
            let noise = ((step as f32 + 1.0) * (i as f32 + 1.3)).sin() * 0.1;
            let delta = theta[i] - GOAL[i] + noise;
            *g = 2.0 * delta;
            loss += f64::from(delta * delta);
        }
        if self.poison_at == Some(step) {
            gradient[2] = f32::NAN;
        }
        Ok(vec![loss, step as f64])
    }

    fn validate(&mut self, theta: &mut Vec<f32>) -> Result<Validation, Box<dyn Error + Send + Sync>> {
        let value = theta.iter().zip(GOAL).map(|(t, g)| f64::from((t - g) * (t - g))).sum();
        Ok(Validation { value, measures: vec![1.0 / (1.0 + value)] })
    }

    fn measures(&self) -> &[&'static str] {
        &["share"]
    }

    fn locate_non_finite(&mut self, _: &Arc<Vec<f32>>, _: u64) -> Option<String> {
        None
    }
}

fn settings() -> Settings {
    Settings {
        steps: 400,
        batch: 1,
        rate: 0.05,
        schedule: Schedule::Cosine,
        warmup: 10,
        weight_decay: 0.0,
        clip_norm: Some(5.0),
        ema: Some(0.9),
        average_last: None,
        validate_every: 30,
        patience: None,
        validate_start: false,
        until: Vec::new(),
        checkpoint_every: 50,
    }
}

fn layout() -> Layout {
    Layout::new(&FlowSpec { dim: 2, layers: vec![LayerSpec::ActNorm { orientation: Orientation::Maf }] })
}

fn train(
    settings: &Settings,
    state: Option<&Path>,
    stop: &AtomicBool,
    observer: &mut dyn Observer,
) -> Result<Outcome, TrainError> {
    let environment = Environment { state, fingerprint: "test", interrupted: stop };
    fit(&mut Quadratic { poison_at: None }, vec![0.0; 4], &layout(), settings, &environment, observer)
}

/// Raises the stop flag after a number of steps, as Ctrl-C would.
struct StopAfter<'a>(u64, &'a AtomicBool);

impl Observer for StopAfter<'_> {
    fn start(&mut self, _: u64, _: u64) -> std::io::Result<()> {
        Ok(())
    }
    fn step(&mut self, report: &StepReport) -> std::io::Result<()> {
        self.1.store(report.step >= self.0, Ordering::Relaxed);
        Ok(())
    }
    fn validation(&mut self, _: &flowstill_trainer::Record, _: &[f32]) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn reaches_the_minimum_and_keeps_the_best() {
    let outcome = train(&settings(), None, &AtomicBool::new(false), &mut ()).unwrap();
    assert_eq!(outcome.end, End::Steps);
    for (t, g) in outcome.theta.iter().zip(GOAL) {
        assert!((t - g).abs() < 0.02, "{t} {g}");
    }
    assert_eq!(outcome.history.last().unwrap().step, 400);
    let best = outcome.history.iter().map(|r| r.validation).fold(f64::INFINITY, f64::min);
    assert_eq!(outcome.best_validation, Some(best));
}

#[test]
fn an_interrupted_run_goes_on_to_the_same_bits() {
    let whole = train(&settings(), None, &AtomicBool::new(false), &mut ()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.safetensors");
    for stop_at in [37, 38, 61, 399] {
        let stop = AtomicBool::new(false);
        let part = train(&settings(), Some(&path), &stop, &mut StopAfter(stop_at, &stop)).unwrap();
        assert_eq!((part.end, part.steps), (End::Interrupted, stop_at));
    }
    let resumed = train(&settings(), Some(&path), &AtomicBool::new(false), &mut ()).unwrap();
    assert_eq!(resumed, whole);
}

#[test]
fn a_killed_run_goes_on_from_its_last_checkpoint_to_the_same_bits() {
    let whole = train(&settings(), None, &AtomicBool::new(false), &mut ()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.safetensors");
    let environment = Environment { state: Some(&path), fingerprint: "test", interrupted: &AtomicBool::new(false) };
    let killed =
        fit(&mut Quadratic { poison_at: Some(137) }, vec![0.0; 4], &layout(), &settings(), &environment, &mut ());
    assert!(killed.is_err());
    let resumed = train(&settings(), Some(&path), &AtomicBool::new(false), &mut ()).unwrap();
    assert_eq!(resumed, whole);
}

#[test]
fn patience_stops_and_a_decayed_weight_shrinks() {
    let stubborn = Settings { rate: 1e-9, warmup: 0, patience: Some(3), ema: None, ..settings() };
    let mut observer = ();
    let mut stuck = Quadratic { poison_at: None };
    let environment = Environment { state: None, fingerprint: "", interrupted: &AtomicBool::new(false) };
    let outcome = fit(&mut stuck, GOAL.to_vec(), &layout(), &stubborn, &environment, &mut observer).unwrap();
    assert_eq!(outcome.end, End::Patience);
    assert!(outcome.steps < 400);
}

#[test]
fn a_gradient_that_is_not_finite_stops_with_step_and_name() {
    let stop = AtomicBool::new(false);
    let environment = Environment { state: None, fingerprint: "", interrupted: &stop };
    let error = fit(&mut Quadratic { poison_at: Some(5) }, vec![0.0; 4], &layout(), &settings(), &environment, &mut ())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("step 5") && error.contains("layers.0.shift") && error.contains("last finite loss"),
        "{error}"
    );
}

#[test]
fn states_of_other_runs_and_damaged_states_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.safetensors");
    let stop = AtomicBool::new(false);
    train(&settings(), Some(&path), &stop, &mut StopAfter(20, &stop)).unwrap();
    let never = AtomicBool::new(false);
    let environment = Environment { state: Some(&path), fingerprint: "other", interrupted: &never };
    let error = fit(&mut Quadratic { poison_at: None }, vec![0.0; 4], &layout(), &settings(), &environment, &mut ())
        .unwrap_err();
    assert!(matches!(error, TrainError::OtherRun { .. }));
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
    let error = train(&settings(), Some(&path), &never, &mut ()).unwrap_err();
    assert!(matches!(error, TrainError::ReadState { .. }), "{error}");
}

#[test]
fn an_unwritable_folder_is_an_error_that_names_the_file() {
    let settings = Settings { checkpoint_every: 1, ..settings() };
    let error = train(&settings, Some(Path::new("/dev/null/state")), &AtomicBool::new(false), &mut ()).unwrap_err();
    assert!(error.to_string().contains("/dev/null/state"), "{error}");
}

#[test]
fn a_bound_that_is_reached_ends_training_also_when_it_is_resumed() {
    let until = vec![Until { measure: "share".to_owned(), bound: 0.5, at_least: true }];
    let bounded = Settings { until, ..settings() };
    let folder = tempfile::tempdir().unwrap();
    let (path, never) = (folder.path().join("state.safetensors"), AtomicBool::new(false));
    let outcome = train(&bounded, Some(&path), &never, &mut ()).unwrap();
    assert_eq!(outcome.end, End::Reached);
    assert!(outcome.steps < 400 && outcome.steps.is_multiple_of(30), "{}", outcome.steps);
    let measured: Vec<f64> = outcome.history.iter().map(|record| record.measures[0]).collect();
    let (last, before) = measured.split_last().unwrap();
    assert!(*last >= 0.5 && before.iter().all(|share| *share < 0.5), "{measured:?}");
    assert_eq!(train(&bounded, Some(&path), &never, &mut ()).unwrap(), outcome);
}

#[test]
fn what_is_judged_before_the_first_step_is_kept_if_nothing_is_better() {
    // steps so large that they only lead away
    let settings = Settings { validate_start: true, rate: 1e3, steps: 30, ema: None, ..settings() };
    let outcome = train(&settings, None, &AtomicBool::new(false), &mut ()).unwrap();
    assert_eq!((outcome.best_step, outcome.theta), (0, vec![0.0; 4]));
    assert_eq!(outcome.history[0].step, 0);
}
