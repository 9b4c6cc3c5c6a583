//! `result.json`, the truth about one cell, written once it has ended.

use flowstill_eval::{Estimate, SpeedRow};
use flowstill_runner::Metrics;
use flowstill_runner::metrics::ModelMetrics;
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
    pub metrics: Numbers,
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

/// By name, for instance `kl_forward`.
pub type Numbers = BTreeMap<String, Number>;

/// The numbers by which cells are compared.
pub fn numbers(metrics: &Metrics) -> Numbers {
    let quality = &metrics.distillation;
    let compared = [
        ("kl_forward", quality.kl_forward),
        ("kl_forward_per_dim", quality.kl_forward_per_dim),
        ("kl_reverse", quality.kl_reverse),
        ("ess_forward", quality.ess_forward),
        ("ess_reverse", quality.ess_reverse),
        ("mean_weight", quality.mean_weight),
        ("total_variation", quality.total_variation),
    ]
    .map(|(name, estimate)| (name.to_owned(), Some(Number::from(estimate))));
    let tail = ("psis_k".to_owned(), quality.psis_k.map(Number::from));
    let models = of_model("teacher", &metrics.teacher).into_iter().chain(of_model("student", &metrics.student));
    finite(models.chain(compared).chain([tail]))
}

/// Those of a cell without a student.
pub fn numbers_alone(teacher: &ModelMetrics) -> Numbers {
    finite(of_model("teacher", teacher))
}

/// Of pictures also bits per dimension; a known density has neither parameters nor steps.
fn of_model(role: &str, model: &ModelMetrics) -> [(String, Option<Number>); 4] {
    let steps = model.training.as_ref().map(|record| record.steps);
    [
        ("log_likelihood", Some(model.test_log_likelihood.into())),
        ("bits_per_dimension", model.bits_per_dimension.map(Number::from)),
        ("parameters", model.free_parameters.map(|count| Number::from(count as f64))),
        ("steps", steps.map(|count| Number::from(count as f64))),
    ]
    .map(|(name, number)| (format!("{role}_{name}"), number))
}

/// JSON has no other numbers.
fn finite(numbers: impl IntoIterator<Item = (String, Option<Number>)>) -> Numbers {
    let present = numbers.into_iter().filter_map(|(name, number)| Some((name, number?)));
    present.filter(|(_, number)| number.value.is_finite()).collect()
}
