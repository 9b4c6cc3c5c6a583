//! `metrics.json`, a stable interface: keys are added, never renamed. Everything in nats.

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

/// One model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelMetrics {
    /// mean log-density of the test rows in the units of the data
    pub test_log_likelihood: Estimate,
    /// the same in standardised space
    pub test_log_likelihood_standardised: Estimate,
    /// numbers that training can change
    pub free_parameters: usize,
    /// largest difference between samples by the naive, the Jacobi and the incremental method, relative to 1 + |x|;
    /// absent for a model that samples in one pass
    pub sampler_disagreement: Option<f64>,
    pub training: StageRecord,
}

/// Wall-clock seconds of each part; of the last session only, for a training that was resumed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    pub teacher_seconds: f64,
    pub student_seconds: f64,
    pub evaluation_seconds: f64,
    pub speed_seconds: f64,
}
