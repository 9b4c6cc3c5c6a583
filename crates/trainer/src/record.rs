//! One line of a training history.

use crate::objective::Validation;
use serde::{Deserialize, Serialize};

/// What was known at a validation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// steps done
    pub step: u64,
    /// means of the objective's terms since the previous record
    pub terms: Vec<f64>,
    pub validation: f64,
    /// what else the validation measured
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measures: Vec<f64>,
    pub rate: f64,
    /// mean gradient norm since the previous record, before clipping
    pub gradient_norm: f64,
    /// whether this was the best validation so far
    pub best: bool,
}

/// Sums since the last record; part of the saved state so that a resumed history is the same.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Running {
    steps: u64,
    terms: Vec<f64>,
    gradient_norm: f64,
}

impl Running {
    pub fn add(&mut self, terms: &[f64], gradient_norm: f64) {
        self.steps += 1;
        self.terms.resize(terms.len(), 0.0);
        self.terms.iter_mut().zip(terms).for_each(|(sum, t)| *sum += t);
        self.gradient_norm += gradient_norm;
    }

    /// The record of a validation; the sums start anew.
    pub fn close(&mut self, step: u64, validation: Validation, rate: f64, best: bool) -> Record {
        let sums = std::mem::take(self);
        let n = sums.steps.max(1) as f64;
        Record {
            step,
            terms: sums.terms.iter().map(|t| t / n).collect(),
            validation: validation.value,
            measures: validation.measures,
            rate,
            gradient_norm: sums.gradient_norm / n,
            best,
        }
    }
}
