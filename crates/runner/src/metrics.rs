//! `metrics.json`, a stable interface: keys are added, never renamed. Everything in nats, but for bits that say so.

use crate::provenance::Provenance;
use crate::stage::StageRecord;
use flowstill_eval::{Estimate, Quality, SpeedRow};
use serde::{Deserialize, Serialize};

/// Raised when a key changes its meaning.
pub const FORMAT_VERSION: u32 = 1;

/// The whole file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    pub format_version: u32,
    pub name: String,
    pub teacher: ModelMetrics,
    pub student: ModelMetrics,
    /// student `q` against teacher `p`
    pub distillation: Quality,
    pub speed: Vec<SpeedRow>,
    /// measurements that were left out, one sentence each
    pub speed_notes: Vec<String>,
    pub timing: Timing,
    pub provenance: Provenance,
}

/// `teacher_test.json` of a teacher that was trained alone: how likely the test rows are, as in [`ModelMetrics`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Likelihood {
    pub test_log_likelihood: Estimate,
    pub test_log_likelihood_standardised: Estimate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits_per_dimension: Option<Estimate>,
}

/// One model. A known density in the place of the teacher has its name and its likelihoods; it has neither parameters
/// nor a training nor samplers that could disagree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelMetrics {
    /// name of the known density; absent for a flow
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_density: Option<String>,
    /// mean log-density of the test rows in the units of the data; of pictures that of their logits
    pub test_log_likelihood: Estimate,
    /// the same in standardised space
    pub test_log_likelihood_standardised: Estimate,
    /// mean over test pictures of the bits that a pixel takes, as [`flowstill_model::Pixels`] says; absent for other data
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits_per_dimension: Option<Estimate>,
    /// numbers that training can change
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_parameters: Option<usize>,
    /// largest difference between samples by the naive, the Jacobi and the incremental method, relative to 1 + |x|;
    /// absent for a model that samples in one pass
    pub sampler_disagreement: Option<f64>,
    /// largest difference of a test row from itself after a way to the base and back, relative to 1 + |x|; absent for a
    /// known density
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_trip_error: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training: Option<StageRecord>,
}

impl From<&ModelMetrics> for Likelihood {
    fn from(model: &ModelMetrics) -> Self {
        Self {
            test_log_likelihood: model.test_log_likelihood,
            test_log_likelihood_standardised: model.test_log_likelihood_standardised,
            bits_per_dimension: model.bits_per_dimension,
        }
    }
}

/// Wall-clock seconds of each part; of the last session only, for a training that was resumed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// absent where no teacher was trained
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teacher_seconds: Option<f64>,
    pub student_seconds: f64,
    pub evaluation_seconds: f64,
    pub speed_seconds: f64,
}
