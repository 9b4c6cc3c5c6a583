//! `θ` in double precision, for many rows: component after component for each coordinate, so that what is done to all
//! components alike is one loop over neighbours.

use super::GaussianMixture;
use crate::Real;
use crate::univariate::scalar::log_sum_exp;

/// A mixture's numbers. `[i][k]` are those of coordinate `i` and component `k`.
pub struct Numbers {
    pub dim: usize,
    pub count: usize,
    /// normalised
    pub log_weights: Vec<f64>,
    pub means: Vec<f64>,
    pub log_scales: Vec<f64>,
    pub scales: Vec<f64>,
    /// `[i(i−1)/2 + j][k]` with `j < i`; empty for diagonal covariances
    pub lower: Vec<f64>,
}

impl Numbers {
    pub fn new<R: Real>(mixture: &GaussianMixture, theta: &[R]) -> Self {
        let (count, [logits, means, log_scales, lower]) = (mixture.components, split(mixture, theta));
        let total = log_sum_exp(logits.iter().map(|logit| logit.f64()));
        let log_scales = transposed(log_scales, count);
        Self {
            dim: mixture.dim,
            count,
            log_weights: logits.iter().map(|logit| logit.f64() - total).collect(),
            means: transposed(means, count),
            scales: log_scales.iter().map(|log| log.exp()).collect(),
            log_scales,
            lower: transposed(lower, count),
        }
    }

    /// The part of `[i][k]` for one `i`.
    pub fn of<'a>(&self, values: &'a [f64], i: usize) -> &'a [f64] {
        &values[i * self.count..(i + 1) * self.count]
    }

    /// `L_ij` of all components, for each `j < i`; nothing for diagonal covariances.
    pub fn row(&self, i: usize) -> std::slice::ChunksExact<'_, f64> {
        if self.lower.is_empty() { &[][..] } else { &self.lower[self.places(i)] }.chunks_exact(self.count)
    }

    fn places(&self, i: usize) -> std::ops::Range<usize> {
        let start = i * i.saturating_sub(1) / 2;
        start * self.count..(start + i) * self.count
    }
}

/// The parts of `θ`.
fn split<'a, R>(mixture: &GaussianMixture, mut theta: &'a [R]) -> [&'a [R]; 4] {
    mixture.lengths().map(|length| {
        let (part, rest) = theta.split_at(length);
        theta = rest;
        part
    })
}

/// From `[k][i]` to `[i][k]`.
fn transposed<R: Real>(values: &[R], count: usize) -> Vec<f64> {
    let len = values.len() / count;
    (0..values.len()).map(|at| values[at % count * len + at / count].f64()).collect()
}

/// Gradients by the numbers, summed over rows.
pub struct Sums {
    pub log_weights: Vec<f64>,
    pub means: Vec<f64>,
    pub log_scales: Vec<f64>,
    pub lower: Vec<f64>,
}

impl Sums {
    pub fn new(numbers: &Numbers) -> Self {
        let zeros = |values: &[f64]| vec![0.0; values.len()];
        Self {
            log_weights: zeros(&numbers.log_weights),
            means: zeros(&numbers.means),
            log_scales: zeros(&numbers.log_scales),
            lower: zeros(&numbers.lower),
        }
    }

    /// The gradients by [`Numbers::row`].
    pub fn row(&mut self, numbers: &Numbers, i: usize) -> std::slice::ChunksExactMut<'_, f64> {
        if self.lower.is_empty() { &mut [] } else { &mut self.lower[numbers.places(i)] }.chunks_exact_mut(numbers.count)
    }

    /// Adds them to those by `θ`.
    pub fn add_to<R: Real>(&self, numbers: &Numbers, mut d_theta: &mut [R]) {
        let count = numbers.count;
        let whole: f64 = self.log_weights.iter().sum();
        let logits = self.log_weights.iter().zip(&numbers.log_weights).map(|(d, log)| d - log.exp() * whole);
        let logits: Vec<f64> = logits.collect();
        for part in [&logits, &self.means, &self.log_scales, &self.lower] {
            let (sums, rest) = d_theta.split_at_mut(part.len());
            let len = part.len() / count;
            for (at, sum) in sums.iter_mut().enumerate() {
                *sum += R::of(part[at % len * count + at / len]);
            }
            d_theta = rest;
        }
    }
}
