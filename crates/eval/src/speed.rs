//! How fast a sampler is.

use serde::{Deserialize, Serialize};

/// One measurement: the median over repetitions of one operation at one batch size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpeedRow {
    /// `teacher_naive`, `teacher_jacobi`, `teacher_incremental` or `student`
    pub op: String,
    pub dim: usize,
    /// number of autoregressive layers
    pub layers: usize,
    pub hidden: Vec<usize>,
    pub batch: usize,
    pub threads: usize,
    /// samples per second, or microseconds per call, as `unit` says; the median
    pub value: f64,
    /// `samples/s` or `us`
    pub unit: String,
    /// first and third quartile of the same
    pub quartiles: [f64; 2],
    pub repetitions: usize,
}
