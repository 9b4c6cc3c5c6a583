//! How the sequential direction of an autoregressive layer is computed: sampling a MAF, density of an IAF.

use crate::SamplerError;

/// Three ways to the same numbers, up to rounding (and the tolerance of [`Method::Jacobi`]). Directions that take
/// one pass anyway (density of a MAF, sampling an IAF) do not use it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Method {
    /// `dim` full passes, one coordinate each; 2 in a coupling layer. What most libraries do; here as the baseline.
    Naive,
    /// The fixed point `v ← f(v)` of the layer's own equation on all coordinates at once (Song, Meng, Liao & Ermon
    /// 2021, §4), per row until `max_i |Δv_i| / (1 + |v_i|) ≤ tolerance`. After `n` rounds the first `n`
    /// coordinates are exact, so it ends after at most `dim`, in a coupling layer after at most 2. One pass per round,
    /// and one for the log-det.
    Jacobi { tolerance: f64 },
    /// Every hidden unit computed once, as soon as its inputs are known: the multiply-adds of one pass in `dim`
    /// steps.
    #[default]
    Incremental,
}

impl Method {
    /// `naive`, `jacobi` or `incremental`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Naive => "naive",
            Self::Jacobi { .. } => "jacobi",
            Self::Incremental => "incremental",
        }
    }

    pub(crate) fn check(self) -> Result<(), SamplerError> {
        match self {
            Self::Jacobi { tolerance } if !(tolerance.is_finite() && tolerance >= 0.0) => {
                Err(SamplerError::Tolerance(tolerance))
            }
            _ => Ok(()),
        }
    }
}

/// Rounds that [`Method::Jacobi`] took; all zero for other methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rounds {
    /// the most that any row took in any layer
    pub largest: usize,
    /// summed over rows and layers
    pub total: u64,
    /// rows × layers that were solved
    pub solved: u64,
}

impl Rounds {
    /// Mean rounds per row and layer; 0 if nothing was solved.
    pub fn mean(&self) -> f64 {
        if self.solved == 0 { 0.0 } else { self.total as f64 / self.solved as f64 }
    }

    pub(crate) fn add(&mut self, rounds: usize) {
        self.largest = self.largest.max(rounds);
        self.total += rounds as u64;
        self.solved += 1;
    }

    pub(crate) fn merge(self, other: Self) -> Self {
        Self {
            largest: self.largest.max(other.largest),
            total: self.total + other.total,
            solved: self.solved + other.solved,
        }
    }
}
