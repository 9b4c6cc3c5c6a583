//! The loop.

use crate::error::TrainError;
use crate::objective::{Objective, Observer, StepReport};
use crate::record::Record;
use crate::settings::Settings;
use crate::state::State;
use flowstill_kernel::adam::{AdamState, AdamStep, norm};
use flowstill_model::{Layout, ViewKind};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What surrounds a run: where it is kept, what it belongs to, how it is stopped.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    /// where the state is kept; nothing is saved without it
    pub state: Option<&'a Path>,
    /// identifies the configuration, so that a state is never resumed under another
    pub fingerprint: &'a str,
    /// set by a signal handler: stop, save and return
    pub interrupted: &'a AtomicBool,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// all steps done
    Steps,
    /// no gain in validation for `patience` validations
    Patience,
    /// a measure reached its bound, or the gain of an iteration did
    Reached,
    /// interrupted; the state is saved
    Interrupted,
}

/// What came out.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// the parameters of the best validation
    pub theta: Vec<f32>,
    pub best_step: u64,
    pub best_validation: Option<f64>,
    pub steps: u64,
    pub end: End,
    pub history: Vec<Record>,
}

/// Minimises `objective` from `start` (or from the saved state).
///
/// The result is a function of the settings, the start and the objective alone: neither the number of threads nor
/// interruptions change a bit of it.
pub fn fit(
    objective: &mut dyn Objective,
    start: Vec<f32>,
    layout: &Layout,
    settings: &Settings,
    environment: &Environment,
    observer: &mut dyn Observer,
) -> Result<Outcome, TrainError> {
    let averaged = settings.averages();
    let saved = match environment.state {
        Some(path) => State::load(path, start.len(), averaged, environment.fingerprint)?,
        None => None,
    };
    let mut state = saved.unwrap_or_else(|| State::new(start, averaged, environment.fingerprint));
    let mut gradient = vec![0.0f32; state.theta.len()];
    observer.start(state.counters.step, settings.steps).map_err(TrainError::Observer)?;

    let end = loop {
        if state.counters.step == 0 && settings.validate_start && state.counters.history.is_empty() {
            validate(objective, &mut state, layout, settings, observer)?;
        }
        if reached(objective, &state, settings) {
            save(&state, environment)?;
            break End::Reached;
        }
        let patient = settings.patience.is_none_or(|patience| state.counters.without_gain < patience);
        if !patient {
            save(&state, environment)?;
            break End::Patience;
        }
        if state.counters.step >= settings.steps {
            break End::Steps;
        }
        if environment.interrupted.load(Ordering::Relaxed) {
            save(&state, environment)?;
            break End::Interrupted;
        }
        advance(objective, &mut state, &mut gradient, layout, settings, observer)?;
        let done = state.counters.step;
        if done.is_multiple_of(settings.validate_every) || done == settings.steps {
            validate(objective, &mut state, layout, settings, observer)?;
        }
        if done.is_multiple_of(settings.checkpoint_every) || done == settings.steps {
            save(&state, environment)?;
        }
    };
    let counters = state.counters;
    Ok(Outcome {
        theta: state.best,
        best_step: counters.best_step,
        best_validation: counters.best_validation,
        steps: counters.step,
        end,
        history: counters.history,
    })
}

/// Whether the last validation measured what the settings wait for.
fn reached(objective: &dyn Objective, state: &State, settings: &Settings) -> bool {
    let last = state.counters.history.last();
    last.is_some_and(|record| bound_reached(objective, &record.measures, settings))
}

fn bound_reached(objective: &dyn Objective, measures: &[f64], settings: &Settings) -> bool {
    settings.until.iter().any(|until| {
        let at = objective.measures().iter().position(|name| *name == until.measure);
        at.and_then(|at| measures.get(at)).is_some_and(|value| until.reached(*value))
    })
}

fn save(state: &State, environment: &Environment) -> Result<(), TrainError> {
    match environment.state {
        // before the first step there is nothing to lose, unless the start was judged
        Some(path) if state.counters.step > 0 || !state.counters.history.is_empty() => state.save(path),
        _ => Ok(()),
    }
}

/// One optimiser step. `gradient` is zero, as it will be again, and as long as the parameters.
pub fn advance(
    objective: &mut dyn Objective,
    state: &mut State,
    gradient: &mut Vec<f32>,
    layout: &Layout,
    settings: &Settings,
    observer: &mut dyn Observer,
) -> Result<(), TrainError> {
    let step = state.counters.step;
    let theta = Arc::new(std::mem::take(&mut state.theta));
    let evaluated = evaluate(objective, &theta, step, gradient, layout, state.counters.last_loss);
    // back in its place also when the step failed
    state.theta = Arc::unwrap_or_clone(theta);
    let (terms, norm) = evaluated?;

    let rate = settings.rate_at(step);
    let gradient_scale = settings.clip_norm.map_or(1.0, |bound| (bound / norm).min(1.0));
    let average = settings.kept_of_average(step);
    for (range, kind) in stretches(layout, settings.weight_decay > 0.0) {
        let decay = if kind == ViewKind::Weight { settings.weight_decay } else { 0.0 };
        let averaged = if state.average.is_empty() { 0..0 } else { range.clone() };
        AdamStep { step: step + 1, rate, gradient_scale, decay, average }.apply(AdamState {
            theta: &mut state.theta[range.clone()],
            gradient: &mut gradient[range.clone()],
            first: &mut state.first_moment[range.clone()],
            second: &mut state.second_moment[range],
            average: &mut state.average[averaged],
        });
    }
    state.counters.step = step + 1;
    state.counters.last_loss = Some(terms[0]);
    state.counters.running.add(&terms, norm);
    let report = StepReport { step: step + 1, terms: &terms, rate, gradient_norm: norm };
    observer.step(&report).map_err(TrainError::Observer)
}

/// The terms, and the norm of the gradient; an error that names what is not finite, if anything is.
fn evaluate(
    objective: &mut dyn Objective,
    theta: &Arc<Vec<f32>>,
    step: u64,
    gradient: &mut Vec<f32>,
    layout: &Layout,
    last_loss: Option<f64>,
) -> Result<(Vec<f64>, f64), TrainError> {
    let terms = objective.loss_and_gradient(theta, step, gradient).map_err(TrainError::Objective)?;
    let norm = norm(gradient);
    if terms.iter().all(|t| t.is_finite()) && norm.is_finite() {
        return Ok((terms, norm));
    }
    let what = objective
        .locate_non_finite(theta, step)
        .or_else(|| gradient.iter().position(|g| !g.is_finite()).map(|i| in_gradient(layout, i)))
        .unwrap_or_else(|| "the loss is not finite".to_owned());
    Err(TrainError::Diverged { step, what, last_loss })
}

/// Neighbouring parameters that are treated alike, buffers left out; one pass over all of them if no weight decays.
fn stretches(layout: &Layout, decays: bool) -> Vec<(Range<usize>, ViewKind)> {
    let mut stretches: Vec<(Range<usize>, ViewKind)> = Vec::new();
    for view in layout.views.iter().filter(|view| view.kind != ViewKind::Buffer) {
        match stretches.last_mut() {
            Some((range, kind)) if range.end == view.range.start && (*kind == view.kind || !decays) => {
                range.end = view.range.end;
            }
            _ => stretches.push((view.range.clone(), view.kind)),
        }
    }
    stretches
}

fn in_gradient(layout: &Layout, index: usize) -> String {
    let name = layout.view_at(index).map_or("?", |view| view.name.as_str());
    format!("the gradient of {name} is not finite")
}

/// Validates the average if there is one, else the parameters; keeps them if they are the best.
fn validate(
    objective: &mut dyn Objective,
    state: &mut State,
    layout: &Layout,
    settings: &Settings,
    observer: &mut dyn Observer,
) -> Result<(), TrainError> {
    let mut candidate = if settings.averages() { state.average.clone() } else { state.theta.clone() };
    let validation = objective.validate(&mut candidate).map_err(TrainError::Objective)?;
    let value = validation.value;
    if let Some(i) = candidate.iter().position(|v| !v.is_finite()) {
        let name = layout.view_at(i).map_or("?", |view| view.name.as_str());
        let what = format!("{name} is not finite");
        return Err(TrainError::Diverged { step: state.counters.step, what, last_loss: state.counters.last_loss });
    }
    let counters = &mut state.counters;
    if !value.is_finite() {
        let what = objective
            .locate_non_finite(&Arc::new(candidate), counters.step)
            .unwrap_or_else(|| "the validation value is not finite".to_owned());
        return Err(TrainError::Diverged { step: counters.step, what, last_loss: counters.last_loss });
    }
    // what reaches a bound is what the bound is for, whatever else was better before
    let reached = bound_reached(objective, &validation.measures, settings);
    let best = reached || counters.best_validation.is_none_or(|before| value < before);
    let rate = settings.rate_at(counters.step.saturating_sub(1));
    let record = counters.running.close(counters.step, validation, rate, best);
    if best {
        counters.best_validation = Some(value);
        counters.best_step = counters.step;
        counters.without_gain = 0;
    } else {
        counters.without_gain += 1;
    }
    counters.history.push(record.clone());
    observer.validation(&record, &candidate).map_err(TrainError::Observer)?;
    if best {
        state.best = candidate;
    }
    Ok(())
}
