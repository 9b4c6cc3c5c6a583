//! Settings of a training run, the same for teacher and student.

use serde::{Deserialize, Serialize};

/// How long, how fast, when to look and when to stop. All counts are in optimiser steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// upper bound on the number of steps, at least 1
    pub steps: u64,
    /// rows per step, at least 1
    pub batch: usize,
    /// peak learning rate, above 0
    pub rate: f64,
    pub schedule: Schedule,
    /// steps of linear warm-up from 0 to `rate`
    pub warmup: u64,
    /// decoupled weight decay of matrices (AdamW), 0 for none
    pub weight_decay: f64,
    /// bound on the gradient's Euclidean norm, none if absent
    pub clip_norm: Option<f64>,
    /// decay of the exponential moving average of the parameters, in (0, 1); the average is what is validated and kept
    pub ema: Option<f64>,
    /// share of the steps, in (0, 1], over whose last iterates the parameters are averaged; in place of `ema`, and validated and
    /// kept likewise (Polyak & Juditsky 1992; Izmailov et al. 2018)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_last: Option<f64>,
    /// steps between validations, at least 1
    pub validate_every: u64,
    /// stop after this many validations without a new best, never if absent
    pub patience: Option<u32>,
    /// validate before the first step as well, so that what comes out is never worse than the start
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub validate_start: bool,
    /// stop as soon as a validation measures one of these
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub until: Vec<Until>,
    /// steps between checkpoints of the whole training state, at least 1
    pub checkpoint_every: u64,
}

/// A bound on a measure that ends a training: reached from below for a share, from above for a divergence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Until {
    /// its name among [`crate::Objective::measures`]
    pub measure: String,
    pub bound: f64,
    /// at least the bound, or else at most
    pub at_least: bool,
}

impl Until {
    /// Whether `value` reaches the bound.
    pub fn reached(&self, value: f64) -> bool {
        if self.at_least { value >= self.bound } else { value <= self.bound }
    }
}

/// The learning rate after warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    Constant,
    /// half a cosine from `rate` down to 0 at the last step
    Cosine,
}

impl Settings {
    /// Whether an average of the parameters is kept beside them.
    pub fn averages(&self) -> bool {
        self.ema.is_some() || self.average_last.is_some()
    }

    /// What of the average before step `step` (counted from 0) stays in the one after it.
    pub fn kept_of_average(&self, step: u64) -> f64 {
        if let Some(share) = self.average_last {
            let begin = self.steps - ((self.steps as f64 * share).ceil() as u64).clamp(1, self.steps);
            let before = step.saturating_sub(begin) as f64;
            return before / (before + 1.0);
        }
        // a short memory at first, so that the start is forgotten
        self.ema.map_or(0.0, |decay| decay.min((1.0 + step as f64) / (10.0 + step as f64)))
    }

    /// The learning rate of step `step` (counted from 0).
    pub fn rate_at(&self, step: u64) -> f64 {
        if step < self.warmup {
            return self.rate * (step + 1) as f64 / self.warmup as f64;
        }
        match self.schedule {
            Schedule::Constant => self.rate,
            Schedule::Cosine => {
                let span = self.steps.saturating_sub(self.warmup).max(1) as f64;
                let done = (step - self.warmup) as f64 / span;
                self.rate * 0.5 * (1.0 + (std::f64::consts::PI * done.min(1.0)).cos())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_rises_to_its_peak_and_falls_to_zero() {
        let settings = Settings {
            steps: 110,
            batch: 1,
            rate: 2.0,
            schedule: Schedule::Cosine,
            warmup: 10,
            weight_decay: 0.0,
            clip_norm: None,
            ema: None,
            average_last: None,
            validate_every: 1,
            patience: None,
            validate_start: false,
            until: Vec::new(),
            checkpoint_every: 1,
        };
        assert!((settings.rate_at(0) - 0.2).abs() < 1e-12);
        assert!((settings.rate_at(9) - 2.0).abs() < 1e-12);
        assert!((settings.rate_at(10) - 2.0).abs() < 1e-12);
        assert!((settings.rate_at(60) - 1.0).abs() < 1e-12);
        assert!(settings.rate_at(109) < 0.001);
        let tail = Settings { average_last: Some(0.1), ..settings.clone() };
        let kept: Vec<f64> = [0, 98, 99, 100, 101, 109].map(|step| tail.kept_of_average(step)).to_vec();
        // the mean of the last 11 iterates
        assert_eq!(kept, [0.0, 0.0, 0.0, 1.0 / 2.0, 2.0 / 3.0, 10.0 / 11.0]);
        assert!((Settings { schedule: Schedule::Constant, ..settings }.rate_at(109) - 2.0).abs() < 1e-12);
    }
}
