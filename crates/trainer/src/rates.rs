//! The learning-rate range test (Smith 2017, "Cyclical learning rates for training neural networks", section 3.3): a short
//! training whose rate grows from step to step shows from which rate on a loss falls, and from which on it no longer does.

use crate::error::TrainError;
use crate::fit::advance;
use crate::objective::{Objective, Observer};
use crate::settings::{Schedule, Settings};
use crate::state::State;
use flowstill_model::Layout;

/// What the mean over the last steps forgets with each one.
const MEMORY: f64 = 0.9;

/// Ends the test once the loss has risen from its least by as much as it fell, twice.
const RISE: f64 = 2.0;

/// One step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    pub rate: f64,
    /// of the batch, before the step
    pub loss: f64,
    /// a moving average of the losses, without the bias of its start
    pub smooth: f64,
}

/// The rates of `steps` steps between two of them, both included, in equal ratios.
pub fn geometric(least: f64, most: f64, steps: usize) -> Vec<f64> {
    let ratio = (most / least).ln() / (steps.max(2) - 1) as f64;
    (0..steps).map(|step| least * (ratio * step as f64).exp()).collect()
}

/// A step at each of the rates, from the least to the largest, with the batches and all other settings of a training.
/// Ends early where the loss explodes; a loss that is not finite is one that has.
///
/// # Errors
/// What befalls the objective and the observer.
pub fn try_rates(
    objective: &mut dyn Objective,
    start: Vec<f32>,
    layout: &Layout,
    settings: &Settings,
    rates: &[f64],
    observer: &mut dyn Observer,
) -> Result<Vec<Trial>, TrainError> {
    let settings =
        Settings { schedule: Schedule::Constant, warmup: 0, ema: None, average_last: None, ..settings.clone() };
    let mut gradient = vec![0.0; start.len()];
    let mut state = State::new(start, false, "");
    let (mut trials, mut mean): (Vec<Trial>, f64) = (Vec::new(), 0.0);
    observer.start(0, rates.len() as u64).map_err(TrainError::Observer)?;
    for &rate in rates {
        let settings = Settings { rate, ..settings.clone() };
        match advance(objective, &mut state, &mut gradient, layout, &settings, observer) {
            Err(TrainError::Diverged { .. }) => break,
            other => other?,
        }
        let loss = state.counters.last_loss.expect("there was a step");
        mean = MEMORY * mean + (1.0 - MEMORY) * loss;
        let smooth = mean / (1.0 - MEMORY.powi(trials.len() as i32 + 1));
        trials.push(Trial { rate, loss, smooth });
        let least = trials.iter().map(|trial| trial.smooth).fold(f64::INFINITY, f64::min);
        if smooth - least > RISE * (trials[0].smooth - least) && trials.len() > rates.len() / 4 {
            break;
        }
    }
    Ok(trials)
}

/// The rate at which the loss falls most for a given ratio of rates: large, and still far from where it rises again. Nothing
/// where it never falls.
pub fn steepest(trials: &[Trial]) -> Option<f64> {
    // differences over what the average remembers or longer; before, it is the mean of a few batches
    let width = (trials.len() / 10).max((1.0 / (1.0 - MEMORY)).round() as usize);
    let fall = |pair: (&Trial, &Trial)| {
        let (before, after) = pair;
        ((before.smooth - after.smooth) / (after.rate / before.rate).ln(), (before.rate * after.rate).sqrt())
    };
    let falls = trials.iter().zip(trials.iter().skip(width)).skip(width).map(fall);
    falls.filter(|(fall, _)| *fall > 0.0).max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, rate)| rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_grow_by_equal_ratios_from_end_to_end() {
        let rates = geometric(1e-4, 1.0, 5);
        for (rate, expected) in rates.iter().zip([1e-4, 1e-3, 1e-2, 1e-1, 1.0]) {
            assert!((rate / expected - 1.0).abs() < 1e-12, "{rates:?}");
        }
    }

    #[test]
    fn the_steepest_fall_is_found_by_ratio_of_rates() {
        // a logistic fall in log rate around 1e-3, then a rise
        let curve = |rate: f64| 5.0 / (1.0 + (3.0 * (rate / 1e-3).ln()).exp()) + 40.0 * rate;
        let trials: Vec<Trial> = geometric(1e-6, 1.0, 200)
            .into_iter()
            .map(|rate| Trial { rate, loss: curve(rate), smooth: curve(rate) })
            .collect();
        let found = steepest(&trials).unwrap();
        assert!((found / 1e-3).ln().abs() < 0.2, "{found}");
        let rising: Vec<Trial> = trials.iter().map(|t| Trial { smooth: t.rate, ..*t }).collect();
        assert_eq!(steepest(&rising), None);
        assert_eq!(steepest(&[]), None);
    }
}
