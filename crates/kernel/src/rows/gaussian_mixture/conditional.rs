//! A mixture of Gaussians of one number: what a coordinate is, given those before it.

use crate::univariate::scalar::log_sum_exp;
use crate::univariate::{bracketed, normal};

/// Probabilities from here on are computed as they are, smaller ones by their logarithms.
const LEAST: f64 = 1e-250;

/// Its components: weights that sum to 1, means and standard deviations.
#[derive(Clone, Copy)]
pub struct Conditional<'a> {
    pub weights: &'a [f64],
    pub log_weights: &'a [f64],
    pub means: &'a [f64],
    pub scales: &'a [f64],
    pub log_scales: &'a [f64],
}

impl Conditional<'_> {
    /// `(x − m_k)/s_k`.
    fn standardized(&self, k: usize, x: f64) -> f64 {
        (x - self.means[k]) / self.scales[k]
    }

    fn alone(&self) -> bool {
        self.weights.len() == 1
    }

    /// Logarithms of the probabilities below and above `x`.
    pub fn log_tails(&self, x: f64) -> [f64; 2] {
        let mut tails = [0.0; 2];
        for (k, weight) in self.weights.iter().enumerate() {
            let part = normal::tails(self.standardized(k, x));
            (0..2).for_each(|side| tails[side] += weight * part[side]);
        }
        if tails[0].min(tails[1]) > LEAST {
            return tails.map(f64::ln);
        }
        let tail = |side: usize| {
            let part = move |k: usize| self.log_weights[k] + normal::log_tails(self.standardized(k, x))[side];
            log_sum_exp((0..self.weights.len()).map(part))
        };
        [tail(0), tail(1)]
    }

    /// `Φ⁻¹(F(x))`.
    pub fn map(&self, x: f64) -> f64 {
        if self.alone() { self.standardized(0, x) } else { normal::quantile(self.log_tails(x)) }
    }

    fn log_density(&self, x: f64) -> f64 {
        let part = |k: usize| self.log_weights[k] + normal::log_density(self.standardized(k, x)) - self.log_scales[k];
        log_sum_exp((0..self.weights.len()).map(part))
    }

    /// The `x` with `Φ⁻¹(F(x)) = z`. Every component has its own at `m_k + s_k z`, and the mixture between the least and
    /// the greatest of these; the map is nearly straight in the tails.
    pub fn solve(&self, z: f64) -> f64 {
        let place = |k: usize| self.means[k] + self.scales[k] * z;
        if self.alone() {
            return place(0);
        }
        let there = (0..self.weights.len()).filter(|&k| self.weights[k] > 0.0);
        let bracket = there.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], k| {
            let place = place(k);
            [low.min(place), high.max(place)]
        });
        let map_and_slope = |x: f64| {
            let mapped = self.map(x);
            (mapped, (self.log_density(x) - normal::log_density(mapped)).exp())
        };
        bracketed::solve(map_and_slope, z, bracket)
    }
}
