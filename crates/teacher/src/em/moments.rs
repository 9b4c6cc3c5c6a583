//! What an iteration needs to know of the rows, summed over shards that do not depend on the number of threads.

use super::mixture::{Component, Mixture, log_sum_exp};
use flowstill_data::Rows;
use flowstill_kernel::rows::Covariance;
use rayon::prelude::*;
use std::ops::Range;

/// Fewest rows of a shard, and most shards: each holds moments of its own.
const SHARD_ROWS: usize = 512;
const MOST_SHARDS: usize = 64;

/// Responsibilities below have no digit in any sum.
const LEAST: f64 = 1e-20;

/// The row ranges of the shards.
pub fn shards(rows: usize) -> Vec<Range<usize>> {
    let count = (rows / SHARD_ROWS).clamp(1, MOST_SHARDS);
    (0..count).map(|s| rows * s / count..rows * (s + 1) / count).collect()
}

/// Sums of one component, weighted by its responsibilities, about the mean that it had.
#[derive(Debug, Clone)]
pub struct Moments {
    pub weight: f64,
    pub first: Vec<f64>,
    /// the lower triangle with its diagonal, row after row, or the diagonal alone
    pub second: Vec<f64>,
}

impl Moments {
    pub fn new(dim: usize, covariance: Covariance) -> Self {
        let second = match covariance {
            Covariance::Full => dim * (dim + 1) / 2,
            Covariance::Diagonal => dim,
        };
        Self { weight: 0.0, first: vec![0.0; dim], second: vec![0.0; second] }
    }

    /// Adds the row at `d` from the old mean.
    pub fn add(&mut self, share: f64, d: &[f64]) {
        self.weight += share;
        self.first.iter_mut().zip(d).for_each(|(sum, d)| *sum += share * d);
        if self.second.len() == d.len() {
            self.second.iter_mut().zip(d).for_each(|(sum, d)| *sum += share * d * d);
            return;
        }
        let mut second = &mut self.second[..];
        for i in 0..d.len() {
            let (row, rest) = second.split_at_mut(i + 1);
            let scaled = share * d[i];
            row.iter_mut().zip(d).for_each(|(sum, d)| *sum += scaled * d);
            second = rest;
        }
    }

    pub fn merge(&mut self, other: &Self) {
        self.weight += other.weight;
        self.first.iter_mut().zip(&other.first).for_each(|(sum, v)| *sum += v);
        self.second.iter_mut().zip(&other.second).for_each(|(sum, v)| *sum += v);
    }

    /// Mean change and covariance of the rows.
    pub fn change_and_covariance(&self) -> (Vec<f64>, Vec<f64>) {
        let change: Vec<f64> = self.first.iter().map(|v| v / self.weight).collect();
        let dim = change.len();
        let entry = |at: usize, i: usize, j: usize| self.second[at] / self.weight - change[i] * change[j];
        let covariance = if self.second.len() == dim {
            (0..dim).map(|i| entry(i, i, i)).collect()
        } else {
            (0..dim)
                .flat_map(|i| (0..=i).map(move |j| (i, j)))
                .enumerate()
                .map(|(at, (i, j))| entry(at, i, j))
                .collect()
        };
        (change, covariance)
    }
}

/// The mean log-likelihood of the rows, and the moments of every component by its responsibilities
/// `r_k = w_k N_k(x) / Σ_l w_l N_l(x)`.
pub fn expectation(mixture: &Mixture, rows: &Rows) -> (f64, Vec<Moments>) {
    let dim = mixture.dim;
    let empty =
        || -> Vec<Moments> { mixture.components.iter().map(|_| Moments::new(dim, mixture.covariance)).collect() };
    let shard = |range: Range<usize>| {
        let (mut sums, mut total) = (empty(), 0.0);
        let mut parts = Parts::new(mixture);
        for row in range {
            let log = parts.at(mixture, rows.row(row));
            total += log;
            for (k, sums) in sums.iter_mut().enumerate() {
                let share = (parts.logs[k] - log).exp();
                if share > LEAST {
                    sums.add(share, &parts.from_means[k * dim..][..dim]);
                }
            }
        }
        (total, sums)
    };
    let shards: Vec<(f64, Vec<Moments>)> = shards(rows.len()).into_par_iter().map(shard).collect();
    let (mut total, mut sums) = (0.0, empty());
    for (part, moments) in &shards {
        total += part;
        sums.iter_mut().zip(moments).for_each(|(sum, moments)| sum.merge(moments));
    }
    (total / rows.len() as f64, sums)
}

/// The mean log-likelihood alone.
pub fn log_likelihood(mixture: &Mixture, rows: &Rows) -> f64 {
    let shard = |range: Range<usize>| {
        let mut parts = Parts::new(mixture);
        range.map(|row| parts.at(mixture, rows.row(row))).sum::<f64>()
    };
    let sums: Vec<f64> = shards(rows.len()).into_par_iter().map(shard).collect();
    sums.iter().sum::<f64>() / rows.len() as f64
}

/// A row as the components see it.
struct Parts {
    logs: Vec<f64>,
    /// `x − μ_k`
    from_means: Vec<f64>,
    residuals: Vec<f64>,
}

impl Parts {
    fn new(mixture: &Mixture) -> Self {
        let (dim, count) = (mixture.dim, mixture.components.len());
        Self { logs: vec![0.0; count], from_means: vec![0.0; count * dim], residuals: vec![0.0; dim] }
    }

    /// `log p(x)`.
    fn at(&mut self, mixture: &Mixture, x: &[f32]) -> f64 {
        let each = mixture.components.iter().zip(self.from_means.chunks_exact_mut(mixture.dim));
        for ((component, d), log) in each.zip(&mut self.logs) {
            d.iter_mut().zip(x).zip(&component.mean).for_each(|((d, &x), mean)| *d = f64::from(x) - mean);
            *log = component.log_part(d, &mut self.residuals);
        }
        log_sum_exp(&self.logs)
    }
}

/// The mixture that fits best, given the responsibilities. A component with next to nothing of any row starts again at a row
/// that `fresh` picks, as wide as the data, with an equal part of the weight.
pub fn maximisation(
    mixture: &Mixture,
    moments: &[Moments],
    variances: &[f64],
    floor: &[f64],
    mut fresh: impl FnMut() -> Vec<f64>,
) -> Mixture {
    let total: f64 = moments.iter().map(|m| m.weight).sum();
    let equal = total / moments.len() as f64;
    let mut weights: Vec<f64> = moments.iter().map(|m| m.weight).collect();
    let each = mixture.components.iter().zip(moments).zip(&mut weights);
    let mut components: Vec<Component> = each
        .map(|((old, moments), weight)| {
            let mut new = old.clone();
            if is_empty(moments) {
                *weight = equal;
                new.mean = fresh();
                new.log_diagonal = variances.iter().zip(floor).map(|(v, floor)| 0.5 * v.max(*floor).ln()).collect();
                new.lower.fill(0.0);
            } else {
                let (change, covariance) = moments.change_and_covariance();
                new.mean.iter_mut().zip(change).for_each(|(mean, change)| *mean += change);
                new.set_covariance(mixture.covariance, &covariance, floor);
            }
            new
        })
        .collect();
    let total: f64 = weights.iter().sum();
    components.iter_mut().zip(weights).for_each(|(component, weight)| component.log_weight = (weight / total).ln());
    Mixture { components, ..*mixture }
}

/// Whether a component has next to nothing of any row.
fn is_empty(moments: &Moments) -> bool {
    moments.weight < 0.01
}
