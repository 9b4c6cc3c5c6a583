//! Sums of increasing functions with positive weights (the idea of neural autoregressive flows, Huang et al. 2018, §3),
//! data → base in closed form.

use super::bracketed;
use super::double::{Double, MOST_TERMS};
use super::settings::{SettingError, Settings};
use super::start::Spread;
use crate::affine::{slope_at_clipped, soft_clip};
use serde::{Deserialize, Serialize};

/// Bound of the logarithms of slopes and weights, relative to those of the start.
const CLIP: f64 = 5.0;

/// Sum of the weights at the start.
const START: f64 = 0.1;

/// `y = μ + a·u + Σ w_k tanh(b_k·(u − c_k))` with `a`, `w_k`, `b_k > 0`. A sum of increasing functions with weights of
/// at least zero need not increase, nor reach every number; as `a > 0`, this one increases from the real numbers onto
/// them. Its slope is `S = a + Σ w_k b_k sech²(b_k·(u − c_k))`, and `ℓ = log S`.
///
/// `p` are `μ`, the raw `a`, and then the raw `w`, the `c` and the raw `b` of the `terms`. Raw numbers are soft-clipped
/// logarithms; `w` are relative to `0.1 / terms`, `c` are added to quantiles of the normal distribution. At zero the
/// map is within 0.1 of the identity. The other direction is bracketed Newton in `(y − μ ± Σ w_k)/a`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PositiveSum {
    /// from 1 to 64
    pub terms: usize,
}

/// `w tanh(v)` with `v = b·(u − c)`, at some `u`.
struct Term {
    weight: f64,
    steepness: f64,
    /// `u − c`
    from_centre: f64,
    tanh: f64,
    /// `sech² v`
    bell: f64,
}

impl PositiveSum {
    fn linear(&self, p: &[f64]) -> f64 {
        soft_clip(p[1], CLIP).exp()
    }

    fn weights(&self, p: &[f64]) -> impl Iterator<Item = f64> {
        let start = START / self.terms as f64;
        p[2..2 + self.terms].iter().map(move |&raw| start * soft_clip(raw, CLIP).exp())
    }

    fn terms(&self, p: &[f64], u: f64) -> impl Iterator<Item = Term> {
        let (centres, raw) = p[2 + self.terms..].split_at(self.terms);
        let start = &Spread::of(self.terms).centres;
        self.weights(p).zip(start).zip(centres).zip(raw).map(move |(((weight, start), centre), &raw)| {
            let (steepness, from_centre) = (soft_clip(raw, CLIP).exp(), u - start - centre);
            let v = steepness * from_centre;
            // 1 − tanh² without cancellation
            let decay = (-2.0 * v.abs()).exp();
            let bell = 4.0 * decay / ((1.0 + decay) * (1.0 + decay));
            Term { weight, steepness, from_centre, tanh: v.tanh(), bell }
        })
    }

    fn value_and_slope(&self, p: &[f64], u: f64) -> (f64, f64) {
        let linear = self.linear(p);
        self.terms(p, u).fold((p[0] + linear * u, linear), |(value, slope), term| {
            (value + term.weight * term.tanh, slope + term.weight * term.steepness * term.bell)
        })
    }
}

impl Settings for PositiveSum {
    fn name(&self) -> &'static str {
        "positive_sum"
    }

    fn check(&self) -> Result<(), SettingError> {
        self.check_count("terms", self.terms, [1, MOST_TERMS])
    }
}

impl Double for PositiveSum {
    fn parameters(&self) -> usize {
        2 + 3 * self.terms
    }

    fn map(&self, p: &[f64], u: f64) -> (f64, f64) {
        let (value, slope) = self.value_and_slope(p, u);
        (value, slope.ln())
    }

    fn solve(&self, p: &[f64], y: f64) -> f64 {
        let (linear, most) = (self.linear(p), self.weights(p).sum::<f64>());
        let bracket = [(y - p[0] - most) / linear, (y - p[0] + most) / linear];
        bracketed::solve(|u| self.value_and_slope(p, u), y, bracket)
    }

    fn gradient(&self, p: &[f64], u: f64, dy: f64, dl: f64, dp: &mut [f64]) -> f64 {
        let clipped = |raw: f64| slope_at_clipped(soft_clip(raw, CLIP), CLIP);
        let linear = self.linear(p);
        let d_slope = dl / self.value_and_slope(p, u).1;
        let mut du = dy * linear;
        dp[0] = dy;
        dp[1] = linear * (dy * u + d_slope) * clipped(p[1]);
        for (k, term) in self.terms(p, u).enumerate() {
            let [weight, centre, steepness] = [2 + k, 2 + self.terms + k, 2 + 2 * self.terms + k];
            let Term { weight: w, steepness: b, from_centre, tanh, bell } = term;
            let d_v = w * bell * (dy - 2.0 * d_slope * b * tanh);
            du += d_v * b;
            dp[weight] = w * (dy * tanh + d_slope * b * bell) * clipped(p[weight]);
            dp[centre] = -d_v * b;
            dp[steepness] = b * (d_v * from_centre + d_slope * w * bell) * clipped(p[steepness]);
        }
        du
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUM: PositiveSum = PositiveSum { terms: 6 };

    #[test]
    fn zeros_are_near_the_identity() {
        for i in -50..=50 {
            let u = 0.1 * f64::from(i);
            let (y, log) = SUM.map(&[0.0; 20], u);
            assert!((y - u).abs() < START && (0.0..START).contains(&log), "{u}: {y} {log}");
        }
    }

    #[test]
    fn it_is_onto_the_real_numbers_however_small_its_weights() {
        // without its linear part the sum would reach no further than the sum of its weights, if anywhere
        for raw in [-1e6, 0.0, 1e6] {
            let p: Vec<f64> = (0..20).map(|i| if i < 8 { raw } else { (f64::from(i) * 1.7).sin() }).collect();
            for y in [-1e4, -3.0, 0.0, 1e4] {
                let u = SUM.solve(&p, y);
                let (again, log) = SUM.map(&p, u);
                assert!((again - y).abs() < 1e-9 * (1.0 + p[0].abs()) && log.is_finite(), "{raw}, {y}: {u} {again}");
            }
        }
    }

    #[test]
    fn steep_and_flat_places_are_solved() {
        // nearly a staircase
        let mut p = [0.0; 20];
        p[1] = -50.0;
        p[2..8].fill(50.0);
        p[14..].fill(50.0);
        for i in -40..=40 {
            let u = 0.05 * f64::from(i);
            let again = SUM.solve(&p, SUM.map(&p, u).0);
            // steps lose digits
            assert!((SUM.map(&p, again).0 - SUM.map(&p, u).0).abs() < 1e-12, "{u}: {again}");
        }
    }
}
