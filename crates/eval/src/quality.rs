//! How close a student is to its teacher.

use crate::Estimate;
use serde::{Deserialize, Serialize};

/// Distances between teacher `p` and student `q`, in nats where they are divergences; `w = p/q`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// `KL(q‖p) = E_q[log q − log p]`
    pub kl_reverse: Estimate,
    /// `KL(p‖q) = E_p[log p − log q]`
    pub kl_forward: Estimate,
    /// `KL(p‖q) / dim`
    pub kl_forward_per_dim: Estimate,
    /// effective sample size of student samples as a share of their number, `(E_q w)² / E_q w²`
    pub ess_reverse: Estimate,
    /// the same seen from teacher samples, `1 / E_p w`; unlike the reverse one it sees modes that the student lost
    pub ess_forward: Estimate,
    /// `E_q[w]`: 1 when the student misses nothing
    pub mean_weight: Estimate,
    /// `E_q[(1 − w)₊]`, between 0 and 1
    pub total_variation: Estimate,
    /// largest absolute difference between the two correlation matrices of samples
    pub correlation_error: f64,
    /// per coordinate, Kolmogorov–Smirnov distance between teacher and student marginals
    pub marginal_ks: Vec<f64>,
    /// samples drawn from each side
    pub samples: usize,
}
