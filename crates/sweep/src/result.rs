//! `result.json`, the truth about one cell, written once it has ended.

use flowstill_eval::{Estimate, SpeedRow};
use flowstill_runner::Metrics;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Raised when a key changes its meaning.
pub const FORMAT_VERSION: u32 = 1;

/// How a cell ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellResult {
    pub format_version: u32,
    /// the cell's name
    pub cell: String,
    /// hash of all that the cell depends on, that of its last stage
    pub key: String,
    /// what the cell sets, by dotted key, without the seed
    pub settings: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    pub seed: u64,
    #[serde(flatten)]
    pub ending: Ending,
    /// by name, for instance `kl_forward`; empty unless all stages were done
    pub metrics: BTreeMap<String, Number>,
    /// empty where speed was not measured
    pub speed: Vec<SpeedRow>,
    /// wall-clock seconds by stage; a stage shared with other cells is told in each of them
    pub seconds: BTreeMap<String, f64>,
    /// where the last stage ran
    pub host: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Ending {
    Done,
    /// a stage could not be finished
    Failed {
        stage: String,
        reason: String,
    },
    /// ended early because others did better
    Stopped {
        stage: String,
        reason: String,
    },
}

/// One number of a cell, with its standard error if it is an estimate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Number {
    pub value: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<f64>,
}

impl From<Estimate> for Number {
    fn from(estimate: Estimate) -> Self {
        Self { value: estimate.mean, error: Some(estimate.standard_error).filter(|error| error.is_finite()) }
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self { value, error: None }
    }
}

/// The numbers by which cells are compared.
pub fn numbers(metrics: &Metrics) -> BTreeMap<String, Number> {
    let quality = &metrics.distillation;
    let mut numbers: BTreeMap<String, Number> = [
        ("teacher_log_likelihood", metrics.teacher.test_log_likelihood),
        ("student_log_likelihood", metrics.student.test_log_likelihood),
        ("kl_forward", quality.kl_forward),
        ("kl_forward_per_dim", quality.kl_forward_per_dim),
        ("kl_reverse", quality.kl_reverse),
        ("ess_forward", quality.ess_forward),
        ("ess_reverse", quality.ess_reverse),
        ("mean_weight", quality.mean_weight),
        ("total_variation", quality.total_variation),
    ]
    .into_iter()
    // JSON has no other numbers
    .filter(|(_, estimate)| estimate.mean.is_finite())
    .map(|(name, estimate)| (name.to_owned(), Number::from(estimate)))
    .collect();
    // of pictures alone
    for (name, bits) in [
        ("teacher_bits_per_dimension", metrics.teacher.bits_per_dimension),
        ("student_bits_per_dimension", metrics.student.bits_per_dimension),
    ] {
        if let Some(bits) = bits.filter(|bits| bits.mean.is_finite()) {
            numbers.insert(name.to_owned(), bits.into());
        }
    }
    let mut more = |name: &str, value: Option<f64>| {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            numbers.insert(name.to_owned(), value.into());
        }
    };
    more("psis_k", quality.psis_k);
    more("teacher_parameters", metrics.teacher.free_parameters.map(|n| n as f64));
    more("student_parameters", metrics.student.free_parameters.map(|n| n as f64));
    let steps = |record: &Option<_>| record.as_ref().map(|r: &flowstill_runner::stage::StageRecord| r.steps as f64);
    more("teacher_steps", steps(&metrics.teacher.training));
    more("student_steps", steps(&metrics.student.training));
    numbers
}
