//! A number that was estimated from samples, with the uncertainty of that estimate.

use serde::{Deserialize, Serialize};

/// A mean and the standard error of that mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub mean: f64,
    pub standard_error: f64,
}
