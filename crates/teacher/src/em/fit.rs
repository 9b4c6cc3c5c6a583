//! The loop: an iteration is a step of the training, with a validation after each.

use super::mixture::Mixture;
use super::moments::{expectation, log_likelihood, maximisation};
use super::start::start;
use crate::fit::Trained;
use flowstill_data::{Dataset, Rows};
use flowstill_kernel::noise::{Purpose, stream};
use flowstill_kernel::rows::{Covariance, RowError, RowSpec};
use flowstill_model::{FlowSpec, LayerSpec, Orientation};
use flowstill_trainer::{End, Environment, Observer, Outcome, Record, State, StepReport, TrainError, Validation};
use rand::Rng;
use serde::{Deserialize, Serialize};
use std::sync::atomic::Ordering;
use thiserror::Error;

/// Iterations between states on disk.
const SAVE_EVERY: u64 = 20;

/// How a mixture is fitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// upper bound on the number of iterations, at least 1
    pub steps: u64,
    /// stop as soon as an iteration gains less than this share of the mean log-likelihood (of 1, if that is less)
    pub gain: f64,
    /// stop after this many iterations without a new best validation, never if absent
    pub patience: Option<u32>,
    /// least conditional variance of a coordinate given those before it, as a share of its variance in the data
    pub floor: f64,
    /// rounds of Lloyd's algorithm before the first iteration
    pub lloyd: u32,
    /// random starts, of which the likeliest is iterated, at least 1
    pub starts: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { steps: 500, gain: 1e-6, patience: Some(20), floor: 1e-6, lloyd: 10, starts: 1 }
    }
}

/// Why a mixture cannot be fitted.
#[derive(Debug, Error, PartialEq)]
pub enum EmError {
    #[error(
        "a mixture of {components} components needs as many training rows, got {rows}; ask for fewer components or give more \
         rows"
    )]
    TooFewRows { components: usize, rows: usize },
    #[error("{setting} of expectation maximisation must be {expected}, got {found}")]
    Setting { setting: &'static str, expected: &'static str, found: String },
    #[error(transparent)]
    Row(#[from] RowError),
}

impl Settings {
    /// Whether every setting is one that a fit can use.
    ///
    /// # Errors
    /// Names the first that is not, with what was found and expected.
    pub fn check(&self) -> Result<(), EmError> {
        let wrong = |setting, expected, found: String| Err(EmError::Setting { setting, expected, found });
        if self.steps == 0 {
            return wrong("steps", "at least 1", self.steps.to_string());
        }
        if self.starts == 0 {
            return wrong("starts", "at least 1", self.starts.to_string());
        }
        if !(self.gain >= 0.0 && self.gain < 1.0) {
            return wrong("gain", "a number from 0 to below 1", self.gain.to_string());
        }
        if !(self.floor >= 1e-12 && self.floor <= 1.0) {
            return wrong("floor", "a number from 1e-12 to 1", self.floor.to_string());
        }
        Ok(())
    }
}

/// Fits a mixture of `components` Gaussians to the training part, watching the validation part: the iterate with the best
/// validation is kept. One component is the Gaussian with the rows' mean and covariance.
///
/// Uses the current rayon pool; neither its size nor interruptions change a bit of the result, as every iterate is rounded to
/// the single precision in which it is kept. Terms of a step are the negative log-likelihood of the training part before it.
///
/// # Errors
/// Fewer rows than components, impossible settings, and whatever befalls the state and the observer.
pub fn fit_mixture(
    data: &Dataset,
    components: usize,
    covariance: Covariance,
    settings: &Settings,
    seed: u64,
    environment: &Environment,
    observer: &mut dyn Observer,
) -> Result<Trained, TrainError> {
    let map = RowSpec::GaussianMixture { components, covariance };
    check(&data.train, components, settings)
        .and_then(|()| Ok(map.check(data.dim())?))
        .map_err(|e| TrainError::Refused(Box::new(e)))?;
    let layers = vec![LayerSpec::Rowwise { map, orientation: Orientation::Maf }];
    let spec = FlowSpec { dim: data.dim(), layers };

    let em = Em::new(&data.train, components, covariance, settings, seed);
    let len = em.parameters();
    let saved = match environment.state {
        Some(path) => State::load(path, len, false, environment.fingerprint)?,
        None => None,
    };
    let mut state = saved.unwrap_or_else(|| State::new(em.start().theta(), false, environment.fingerprint));
    observer.start(state.counters.step, settings.steps).map_err(TrainError::Observer)?;
    let save = |state: &State| match environment.state {
        Some(path) if state.counters.step > 0 => state.save(path),
        _ => Ok(()),
    };
    let end = loop {
        let counters = &state.counters;
        let end = if converged(&counters.history, settings.gain) {
            Some(End::Reached)
        } else if settings.patience.is_some_and(|patience| counters.without_gain >= patience) {
            Some(End::Patience)
        } else if counters.step >= settings.steps {
            Some(End::Steps)
        } else if environment.interrupted.load(Ordering::Relaxed) {
            Some(End::Interrupted)
        } else {
            None
        };
        if let Some(end) = end {
            save(&state)?;
            break end;
        }
        advance(&em, &mut state, &data.validation, observer)?;
        if state.counters.step.is_multiple_of(SAVE_EVERY) {
            save(&state)?;
        }
    };
    let counters = state.counters;
    let outcome = Outcome {
        theta: state.best.clone(),
        best_step: counters.best_step,
        best_validation: counters.best_validation,
        steps: counters.step,
        end,
        history: counters.history,
    };
    Ok(Trained { spec, theta: state.best, outcome })
}

/// Whether a mixture of so many components can be fitted to the rows.
pub fn check(rows: &Rows, components: usize, settings: &Settings) -> Result<(), EmError> {
    settings.check()?;
    match rows.len() {
        rows if rows < components => Err(EmError::TooFewRows { components, rows }),
        _ => Ok(()),
    }
}

/// Whether the last step gained next to nothing. It lost something where a component started again.
fn converged(history: &[Record], gain: f64) -> bool {
    let [.., before, last] = history else { return false };
    (before.terms[0] - last.terms[0]).abs() <= gain * last.terms[0].abs().max(1.0)
}

/// One iteration, reported and validated.
fn advance(em: &Em, state: &mut State, validation: &Rows, observer: &mut dyn Observer) -> Result<(), TrainError> {
    let step = state.counters.step;
    let diverged = |what: &str, last_loss| TrainError::Diverged { step, what: what.to_owned(), last_loss };
    let (nll, theta) = em.iterate(&state.theta, step);
    if !nll.is_finite() || theta.iter().any(|v| !v.is_finite()) {
        return Err(diverged("the log-likelihood or a parameter is not finite", state.counters.last_loss));
    }
    state.theta = theta;
    let counters = &mut state.counters;
    counters.step = step + 1;
    counters.last_loss = Some(nll);
    counters.running.add(&[nll], 0.0);
    let report = StepReport { step: step + 1, terms: &[nll], rate: 0.0, gradient_norm: 0.0 };
    observer.step(&report).map_err(TrainError::Observer)?;

    let value = -log_likelihood(&em.mixture(&state.theta), validation);
    if !value.is_finite() {
        return Err(diverged("the validation value is not finite", counters.last_loss));
    }
    let best = counters.best_validation.is_none_or(|before| value < before);
    let record = counters.running.close(counters.step, Validation::from(value), 0.0, best);
    if best {
        counters.best_validation = Some(value);
        counters.best_step = counters.step;
        counters.without_gain = 0;
        state.best.clone_from(&state.theta);
    } else {
        counters.without_gain += 1;
    }
    counters.history.push(record.clone());
    observer.validation(&record, &state.theta).map_err(TrainError::Observer)
}

/// What every iteration needs.
pub struct Em<'a> {
    rows: &'a Rows,
    components: usize,
    covariance: Covariance,
    settings: &'a Settings,
    seed: u64,
    variances: Vec<f64>,
    floor: Vec<f64>,
}

impl<'a> Em<'a> {
    pub fn new(rows: &'a Rows, components: usize, covariance: Covariance, settings: &'a Settings, seed: u64) -> Self {
        let (n, dim) = (rows.len() as f64, rows.dim);
        let column = |j: usize| rows.values.iter().skip(j).step_by(dim).map(|&v| f64::from(v));
        let variance = |j: usize| {
            let mean = column(j).sum::<f64>() / n;
            column(j).map(|v| (v - mean).powi(2)).sum::<f64>() / n
        };
        let variances: Vec<f64> = (0..dim).map(variance).collect();
        // rows are standardised: a column that does not vary has the floor of one that does
        let floor = variances.iter().map(|&v| settings.floor * if v > 0.0 { v } else { 1.0 }).collect();
        Self { rows, components, covariance, settings, seed, variances, floor }
    }

    fn parameters(&self) -> usize {
        RowSpec::GaussianMixture { components: self.components, covariance: self.covariance }.parameters(self.rows.dim)
    }

    fn mixture(&self, theta: &[f32]) -> Mixture {
        Mixture::new(self.rows.dim, self.components, self.covariance, theta)
    }

    /// The likeliest of the starts.
    pub fn start(&self) -> Mixture {
        let one = |index: u32| {
            let mut rng = stream(self.seed, Purpose::Init, u64::from(index));
            start(self.rows, self.components, self.covariance, self.settings.lloyd, &self.floor, &mut rng)
        };
        if self.settings.starts == 1 {
            return one(0);
        }
        let judged = (0..self.settings.starts).map(one).map(|mixture| (log_likelihood(&mixture, self.rows), mixture));
        judged.reduce(|best, next| if next.0 > best.0 { next } else { best }).expect("at least one start").1
    }

    /// The negative log-likelihood of the rows, and the parameters of the next iterate.
    pub fn iterate(&self, theta: &[f32], step: u64) -> (f64, Vec<f32>) {
        let mixture = self.mixture(theta);
        let (log_likelihood, moments) = expectation(&mixture, self.rows);
        let mut rng = stream(self.seed, Purpose::DataRows, step);
        let fresh = || {
            let row = self.rows.row(rng.gen_range(0..self.rows.len()));
            row.iter().map(|&v| f64::from(v)).collect()
        };
        let next = maximisation(&mixture, &moments, &self.variances, &self.floor, fresh);
        (-log_likelihood, next.theta())
    }
}
