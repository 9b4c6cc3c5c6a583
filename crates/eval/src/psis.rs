//! Pareto-smoothed importance sampling: how heavy the tail of the weights is, and weights that suffer less from it.
//!
//! The largest weights, as exceedances over the largest weight below them, follow a generalised Pareto distribution
//! `P(Y > y) = (1 + k·y/σ)^(−1/k)`. Its shape `k` says how many moments the weights have: fewer than `1/k`. The tail is
//! fitted as in Zhang & Stephens, "A new and efficient estimation method for the generalized Pareto distribution"
//! (2009), and used as in Vehtari, Simpson, Gelman, Yao & Gabry, "Pareto smoothed importance sampling" (2024).

use crate::LogWeights;

/// A tail of fewer weights says nothing about its shape.
const LEAST_TAIL: usize = 5;
/// Weights that are zero beside the largest still count as positive.
const LEAST_EXCEEDANCE: f64 = 1e-300;
/// The fit is regularised by as many weights of shape ½ (Vehtari et al., appendix).
const PRIOR_WEIGHTS: f64 = 10.0;

/// Weights whose tail was fitted and replaced by the quantiles of the fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Smoothed {
    /// The shape `k̂` of the tail: always finite and at least −1. Below ½ the weights have a variance; from
    /// [`reliable_below`] on, means of weights are not to be trusted however small their standard errors.
    ///
    /// The shape of a tail that ends at a bound is negative, −1 for a uniform one, and would be −∞ where the largest
    /// weights are equal: everything from −1 down is reported as −1.
    pub k: f64,
    /// `log w` in the order of the samples, in nats, none larger than the largest raw one
    pub log_weights: Vec<f64>,
}

/// Fits the tail of the `⌈min(n/5, 3√n)⌉` largest weights and smooths it. Absent for fewer than 21 weights, whose tail
/// has fewer than five.
pub fn smooth(weights: &LogWeights) -> Option<Smoothed> {
    let log_w = weights.values();
    let n = log_w.len() as f64;
    let wanted = (0.2 * n).min(3.0 * n.sqrt()).ceil() as usize;
    if wanted < LEAST_TAIL {
        return None;
    }
    let by_weight = |a: &usize, b: &usize| log_w[*a].total_cmp(&log_w[*b]).then(a.cmp(b));
    let mut order: Vec<usize> = (0..log_w.len()).collect();
    let (_, &mut below, tail) = order.select_nth_unstable_by(log_w.len() - wanted - 1, by_weight);
    tail.sort_unstable_by(by_weight);
    let (cutoff, largest) = (log_w[below], log_w[tail[wanted - 1]]);
    let tail = &tail[tail.partition_point(|&i| log_w[i] <= cutoff)..];
    let mut smoothed = Smoothed { k: -1.0, log_weights: log_w.to_vec() };
    if tail.is_empty() {
        return Some(smoothed);
    }
    // in units of the largest exceedance; both factors of each lie between 0 and 1
    let exceedance = |l: f64| -(l - largest).exp() * (cutoff - l).exp_m1();
    let unit = exceedance(largest);
    let y: Vec<f64> = tail.iter().map(|&i| (exceedance(log_w[i]) / unit).max(LEAST_EXCEEDANCE)).collect();
    let fit = GeneralisedPareto::fit(&y);
    smoothed.k = fit.k.max(-1.0);
    for (rank, &i) in tail.iter().enumerate() {
        let quantile = fit.quantile((rank as f64 + 0.5) / tail.len() as f64);
        smoothed.log_weights[i] = largest + ((cutoff - largest).exp() + unit * quantile).ln().min(0.0);
    }
    Some(smoothed)
}

/// Above this `k̂`, an estimate from `samples` weights has not settled: `min(1 − 1/log₁₀ n, 0.7)` (Vehtari et al. 2024,
/// section 3.2.4).
pub fn reliable_below(samples: usize) -> f64 {
    (1.0 - 1.0 / (samples.max(2) as f64).log10()).min(0.7)
}

#[derive(Debug, Clone, Copy)]
struct GeneralisedPareto {
    k: f64,
    sigma: f64,
}

impl GeneralisedPareto {
    /// The posterior mean of `θ = −k/σ` on a grid that follows the data, and the `k` and `σ` that belong to it.
    /// `y` ascends and is positive. (Zhang & Stephens count `k` with the other sign.)
    fn fit(y: &[f64]) -> Self {
        let n = y.len() as f64;
        let grid = 30 + n.sqrt() as usize;
        let quartile = y[((0.25 * n + 0.5) as usize).max(1) - 1];
        let theta =
            |j: usize| 1.0 / y[y.len() - 1] + (1.0 - (grid as f64 / (j as f64 + 0.5)).sqrt()) / (3.0 * quartile);
        let shape = |theta: f64| y.iter().map(|y| (-theta * y).ln_1p()).sum::<f64>() / n;
        let mean = y.iter().sum::<f64>() / n;
        // −θ/k is 1/σ; an exponential tail is the limit of both going to 0
        let inverse_sigma = |theta: f64, k: f64| if k == 0.0 { 1.0 / mean } else { -theta / k };
        let log_likelihood: Vec<f64> = (0..grid)
            .map(|j| {
                let k = shape(theta(j));
                n * (inverse_sigma(theta(j), k).ln() - k - 1.0)
            })
            .collect();
        let best = log_likelihood.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weight = |j: usize| (log_likelihood[j] - best).exp();
        let total: f64 = (0..grid).map(weight).sum();
        let theta = (0..grid).map(|j| theta(j) * weight(j)).sum::<f64>() / total;
        let k = shape(theta);
        let regularised = (n * k + 0.5 * PRIOR_WEIGHTS) / (n + PRIOR_WEIGHTS);
        Self { k: regularised, sigma: 1.0 / inverse_sigma(theta, k) }
    }

    /// `y` with `P(Y ≤ y) = p`.
    fn quantile(self, p: f64) -> f64 {
        let exponential = -(-p).ln_1p();
        if self.k == 0.0 { self.sigma * exponential } else { self.sigma * (self.k * exponential).exp_m1() / self.k }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Side;
    use flowstill_kernel::noise::{Purpose, stream};
    use rand::RngCore;

    /// `n` uniform values strictly between 0 and 1.
    fn uniforms(index: u64, n: usize) -> Vec<f64> {
        let mut rng = stream(8, Purpose::Evaluation, index);
        (0..n).map(|_| (f64::from(rng.next_u32()) + 0.5) / 4_294_967_296.0).collect()
    }

    fn weights(log_w: &[f64]) -> LogWeights {
        LogWeights::new(Side::Student, log_w, &vec![0.0; log_w.len()]).unwrap()
    }

    #[test]
    fn the_fit_finds_shape_and_scale_of_its_own_distribution() {
        for k in [-0.6, -0.2, 0.0, 0.3, 0.7, 1.2] {
            let truth = GeneralisedPareto { k, sigma: 2.5 };
            let fits: Vec<GeneralisedPareto> = (0..40)
                .map(|index| {
                    let mut y: Vec<f64> = uniforms(index, 1000).into_iter().map(|p| truth.quantile(p)).collect();
                    y.sort_unstable_by(f64::total_cmp);
                    GeneralisedPareto::fit(&y)
                })
                .collect();
            let mean = |of: fn(&GeneralisedPareto) -> f64| fits.iter().map(of).sum::<f64>() / 40.0;
            // one fit: sd of k about (1 + k)/√1000; the prior moves k by (½ − k)/101
            assert!((mean(|f| f.k) - k).abs() < 0.035, "k = {k}: {}", mean(|f| f.k));
            assert!((mean(|f| f.sigma) - 2.5).abs() < 0.06, "k = {k}: σ {}", mean(|f| f.sigma));
        }
    }

    /// With numpy as np, and `_gpdfit` of arviz_stats.base.diagnostics._DiagnosticsBase (arviz-stats):
    /// `i = np.arange(4000.0); l = np.sort(-c * np.log((i + 0.5) / 4000) + 0.3 * np.sin(i))`, `c` 0.9 and 0.3, and
    /// `_gpdfit(np.exp(l[-190:] - l[-1]) - np.exp(l[-191] - l[-1]))[0]`.
    #[test]
    fn the_shape_is_that_of_another_program() {
        for (c, k) in [(0.9, 0.870_236_281_986_2), (0.3, 0.308_468_122_766_4)] {
            let log_w = (0..4000).map(|i| -c * ((f64::from(i) + 0.5) / 4000.0).ln() + 0.3 * f64::from(i).sin());
            let found = smooth(&weights(&log_w.collect::<Vec<f64>>())).unwrap().k;
            assert!((found - k).abs() < 1e-11, "{found} for {k}");
        }
    }

    #[test]
    fn a_narrower_student_has_weights_of_known_shape() {
        // teacher N(0, I) and student N(0, s²I) in the plane: |x|²/s² is exponential, w a power of it with k = 1 − s²
        for s in [0.5, 0.7, 0.9] {
            let mean = (0..20)
                .map(|index| {
                    let squares = uniforms(100 + index, 20_000).into_iter().map(|u| -2.0 * u.ln());
                    let log_w: Vec<f64> = squares.map(|r| 2.0 * f64::ln(s) + 0.5 * r * (1.0 - s * s)).collect();
                    smooth(&weights(&log_w)).unwrap().k / 20.0
                })
                .sum::<f64>();
            // one fit on 425 weights: sd (1 + k)/√425 ≤ 0.09
            assert!((mean - (1.0 - s * s)).abs() < 0.05, "s = {s}: {mean}");
        }
    }

    #[test]
    fn a_wider_student_has_bounded_weights() {
        let log_w: Vec<f64> = uniforms(1, 20_000).into_iter().map(|u| 2.0 * 1.3f64.ln() + u.ln() * 0.69).collect();
        let k = smooth(&weights(&log_w)).unwrap().k;
        assert!((-1.0..-0.3).contains(&k), "{k}");
    }

    #[test]
    fn smoothing_replaces_the_tail_alone_and_keeps_order_and_scale() {
        // Pareto weights with k = 0.9: their own quantiles, so smoothing moves them little, except the largest
        let log_w: Vec<f64> = uniforms(2, 4000).into_iter().map(|u| -0.9 * u.ln()).collect();
        let smoothed = smooth(&weights(&log_w)).unwrap();
        let moved = log_w.iter().zip(&smoothed.log_weights).filter(|(a, b)| a != b).count();
        assert!((180..=190).contains(&moved), "3√4000 = 189.7 weights are the tail, {moved} moved");
        let largest = log_w.iter().copied().fold(f64::MIN, f64::max);
        assert!(smoothed.log_weights.iter().all(|&l| l <= largest));
        let mut order: Vec<usize> = (0..4000).collect();
        order.sort_by(|&a, &b| log_w[a].total_cmp(&log_w[b]));
        assert!(order.windows(2).all(|pair| smoothed.log_weights[pair[0]] <= smoothed.log_weights[pair[1]]));
        for &i in &order[..3900] {
            assert!((log_w[i] - smoothed.log_weights[i]).abs() < 0.2, "{} to {}", log_w[i], smoothed.log_weights[i]);
        }
        let shifted: Vec<f64> = log_w.iter().map(|l| l - 900.0).collect();
        let far = smooth(&weights(&shifted)).unwrap();
        assert!((far.k - smoothed.k).abs() < 1e-9, "{} against {}", far.k, smoothed.k);
    }

    #[test]
    fn equal_few_and_extreme_weights_have_an_answer() {
        let equal = smooth(&weights(&[0.3; 100])).unwrap();
        assert_eq!(equal, Smoothed { k: -1.0, log_weights: vec![0.3; 100] });
        assert_eq!(smooth(&weights(&[0.0; 20])), None);
        assert!(smooth(&weights(&[0.0; 21])).is_some());
        let spread: Vec<f64> = (0..1000).map(|i| f64::from(i) * 40.0).collect();
        let mut one = vec![0.0; 1000];
        one[17] = 1e4;
        for log_w in [spread, one] {
            let smoothed = smooth(&weights(&log_w)).unwrap();
            assert!(smoothed.k.is_finite() && smoothed.log_weights.iter().all(|l| l.is_finite()), "{}", smoothed.k);
        }
    }

    #[test]
    fn fewer_samples_need_a_lighter_tail() {
        assert_eq!(reliable_below(20_000), 0.7);
        assert!((reliable_below(100) - 0.5).abs() < 1e-15 && reliable_below(2) < 0.0);
    }
}
