//! The stages of an experiment, each keyed by a hash of all that it depends on.

pub mod alone;
pub mod comparison;
pub mod drawn;
pub mod evaluate;
pub mod keys;
mod lookout;
pub mod numbers;
pub mod teacher;
pub mod train;
pub mod watch;

use flowstill_student::Finished;
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
    /// `all steps done`, `no gain in validation` or `a bound was reached`
    pub ended: String,
    /// wall-clock seconds, of the last session only if it was resumed
    pub seconds: f64,
    /// steps done in earlier sessions
    pub resumed_at: u64,
    /// names of the terms in the history; of the last phase, if there are several
    pub terms: Vec<String>,
    /// names of the measures in the history
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measures: Vec<String>,
    /// steps are counted through all phases
    pub history: Vec<Record>,
    /// the phases of a distillation
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<PhaseRecord>,
}

/// One phase of a distillation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhaseRecord {
    pub objective: String,
    /// why this phase, where that was decided on the way
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// names of its terms
    pub terms: Vec<String>,
    /// steps of the phases before
    pub first_step: u64,
    pub steps: u64,
    pub best_step: u64,
    /// what the validation that was kept measured, in the order of the names
    pub measures: Vec<f64>,
    pub ended: String,
}

impl StageRecord {
    /// Of a training in one phase.
    pub fn new(key: &str, outcome: &Outcome, terms: &[&str], seconds: f64, resumed_at: u64) -> Self {
        Self {
            key: key.to_owned(),
            steps: outcome.steps,
            best_step: outcome.best_step,
            best_validation: outcome.best_validation,
            ended: ended(outcome.end).to_owned(),
            seconds,
            resumed_at,
            terms: names(terms),
            measures: Vec::new(),
            history: outcome.history.clone(),
            phases: Vec::new(),
        }
    }

    /// Of a distillation; the last phase decides what is said of the whole.
    pub fn of_phases(key: &str, phases: &[Finished], seconds: f64, resumed_at: u64) -> Option<Self> {
        let last = phases.last()?;
        let shifted = |phase: &Finished| {
            let first = phase.first_step;
            let moved = move |record: &Record| Record { step: first + record.step, ..record.clone() };
            phase.outcome.history.iter().map(moved).collect::<Vec<_>>()
        };
        let record = |phase: &Finished| PhaseRecord {
            objective: phase.objective.to_owned(),
            reason: phase.reason.clone(),
            terms: names(&phase.terms),
            first_step: phase.first_step,
            steps: phase.outcome.steps,
            best_step: phase.first_step + phase.outcome.best_step,
            measures: phase.outcome.history.iter().rfind(|r| r.best).map_or_else(Vec::new, |r| r.measures.clone()),
            ended: ended(phase.outcome.end).to_owned(),
        };
        Some(Self {
            steps: last.first_step + last.outcome.steps,
            best_step: last.first_step + last.outcome.best_step,
            measures: names(&last.measures),
            history: phases.iter().flat_map(shifted).collect(),
            phases: phases.iter().map(record).collect(),
            ..Self::new(key, &last.outcome, &last.terms, seconds, resumed_at)
        })
    }

    /// `(step, value)` of one term, wherever a phase has it.
    pub fn curve(&self, term: &str) -> Vec<(u64, f64)> {
        let value = |r: &Record| {
            let phase = self.phases.iter().rfind(|phase| phase.first_step < r.step);
            let terms = phase.map_or(&self.terms, |phase| &phase.terms);
            Some((r.step, *r.terms.get(terms.iter().position(|t| t == term)?)?))
        };
        self.history.iter().filter_map(value).collect()
    }

    /// `(step, value)` of one measure.
    pub fn measured(&self, measure: &str) -> Vec<(u64, f64)> {
        let index = self.measures.iter().position(|m| m == measure);
        self.history.iter().filter_map(|r| Some((r.step, *r.measures.get(index?)?))).collect()
    }

    /// `(step, value)` of the validations.
    pub fn validation_curve(&self) -> Vec<(u64, f64)> {
        self.history.iter().map(|r| (r.step, r.validation)).collect()
    }
}

/// How a training ended, in words.
fn ended(end: End) -> &'static str {
    match end {
        End::Steps => "all steps done",
        End::Patience => "no gain in validation",
        End::Reached => "a bound was reached",
        End::Interrupted => "interrupted",
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
