//! How the log-det of a residual map is found.

use super::super::dense::Factors;
use super::super::probe::Stream;
use serde::{Deserialize, Serialize};

/// `log|det(I + J)|` of one row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LogDet {
    /// From `J` itself: `dim` tangents and an elimination, O(`dim³`). For up to [`LogDet::MOST_EXACT`] dimensions.
    Exact,
    /// An unbiased estimate (Chen et al. 2019, §3.1): `Σ_{k≤n} (−1)^{k+1}/(k·P(n ≥ k))·vᵀJᵏv` with random signs `v` and
    /// `n = terms + m`, where `m` is the number of failures before the first success of trials of the given
    /// `probability`. Dividing by the chance that a term is reached makes up for those that are not; without it, or with
    /// a fixed number of terms, the estimate would be biased.
    ///
    /// The variance is finite as long as the squared spectral radius of `J` is below `1 − probability`: the more of its
    /// Lipschitz constant a network uses, the smaller the probability must be.
    ///
    /// The gradient is the estimate of Chen et al. 2019, §3.2, with the same numbers: `w·(∂J)·v` with
    /// `w = Σ_{k<n} (−1)ᵏ/P(n > k)·vᵀJᵏ`. It needs the memory of one pass, whatever `n`, and has the gradient of the exact
    /// log-det for its mean; of the estimate itself it is not the derivative.
    Roulette { terms: usize, probability: f64, seed: u64 },
}

impl LogDet {
    /// Largest dimension for which whole Jacobians are made.
    pub const MOST_EXACT: usize = 1024;
}

/// Terms of one row: how many, and what to divide by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Terms {
    pub count: usize,
    sure: usize,
    probability: f64,
}

impl Terms {
    pub fn draw(stream: &mut Stream, sure: usize, probability: f64) -> Self {
        Self { count: sure + stream.geometric(probability), sure, probability }
    }

    /// `1/P(n ≥ k)`.
    pub fn weight(&self, k: usize) -> f64 {
        (1.0 - self.probability).powi(-(k.saturating_sub(self.sure) as i32))
    }
}

/// `I + J` of row `row` of `rows`, from the columns of `J` (columns × rows × dim).
pub(super) fn factors<R: crate::Real>(columns: &[R], dim: usize, row: usize, rows: usize) -> Factors {
    let mut a = vec![0.0; dim * dim];
    for k in 0..dim {
        let column = &columns[(k * rows + row) * dim..][..dim];
        column.iter().enumerate().for_each(|(i, v)| a[i * dim + k] = v.f64());
        a[k * dim + k] += 1.0;
    }
    Factors::new(dim, a)
}
