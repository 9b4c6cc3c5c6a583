//! The stages of an experiment, each keyed by a hash of all that it depends on.

pub mod evaluate;
pub mod train;
pub mod watch;

use flowstill_trainer::{End, Outcome, Record};
use serde::{Deserialize, Serialize};

/// What a training left to tell, beside its checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageRecord {
    /// hash of the stage's inputs: configuration, data, version, and the teacher's for a student
    pub key: String,
    pub steps: u64,
    /// step of the validation that was kept
    pub best_step: u64,
    pub best_validation: Option<f64>,
    /// `all steps done` or `no gain in validation`
    pub ended: String,
    /// wall-clock seconds, of the last session only if it was resumed
    pub seconds: f64,
    /// steps done in earlier sessions
    pub resumed_at: u64,
    /// names of the terms in the history
    pub terms: Vec<String>,
    pub history: Vec<Record>,
}

impl StageRecord {
    pub fn new(key: &str, outcome: &Outcome, terms: &[&str], seconds: f64, resumed_at: u64) -> Self {
        let ended = match outcome.end {
            End::Steps => "all steps done",
            End::Patience => "no gain in validation",
            End::Interrupted => "interrupted",
        };
        Self {
            key: key.to_owned(),
            steps: outcome.steps,
            best_step: outcome.best_step,
            best_validation: outcome.best_validation,
            ended: ended.to_owned(),
            seconds,
            resumed_at,
            terms: terms.iter().map(|t| (*t).to_owned()).collect(),
            history: outcome.history.clone(),
        }
    }

    /// `(step, value)` of one term.
    pub fn curve(&self, term: &str) -> Vec<(u64, f64)> {
        let index = self.terms.iter().position(|t| t == term);
        self.history.iter().filter_map(|r| Some((r.step, *r.terms.get(index?)?))).collect()
    }

    /// `(step, value)` of the validations.
    pub fn validation_curve(&self) -> Vec<(u64, f64)> {
        self.history.iter().map(|r| (r.step, r.validation)).collect()
    }
}
