//! A weight that changes over a phase.

use serde::{Deserialize, Serialize};

/// Goes in a straight line from the first value to the second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Annealed {
    pub from: f64,
    pub to: f64,
}

impl Annealed {
    pub fn constant(value: f64) -> Self {
        Self { from: value, to: value }
    }

    /// The value when `progress`, 0 to 1, of the phase is over.
    pub fn at(&self, progress: f64) -> f64 {
        self.from + (self.to - self.from) * progress.clamp(0.0, 1.0)
    }
}
