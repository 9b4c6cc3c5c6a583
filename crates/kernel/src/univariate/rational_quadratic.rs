//! Monotone rational-quadratic splines (Durkan, Bekasov, Murray & Papamakarios 2019, §3), data → base in closed form.

use super::Monotone;
use super::scalar::{sigmoid, softplus};
use super::settings::{SettingError, Settings};
use super::shares::{LEAST, MOST_SHARES, floor_and_rest, shares, to_raw};
use crate::Real;
use crate::affine::Direction;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// On `[−bound, bound]` a quotient of two quadratic polynomials in each of `bins` bins, outside it the identity; slopes
/// at all knots are continuous, 1 at the outermost.
///
/// `p` are the `bins` raw widths, the `bins` raw heights (a softmax makes shares of them) and the `bins − 1` raw slopes
/// at the inner knots (a softplus makes them positive). Shares are at least 0.001 of their mean, slopes at least 0.001.
/// With `ξ` the place of `u` in its bin, `s` the bin's height over its width and `d₀`, `d₁` the slopes at its ends:
///
/// `y = y₀ + h·(s ξ² + d₀ ξ(1−ξ)) / D`, `D = s + (d₀ + d₁ − 2s)·ξ(1−ξ)`,
/// `dy/du = s²·(d₁ ξ² + 2s ξ(1−ξ) + d₀ (1−ξ)²) / D²`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RationalQuadratic {
    /// from 2 to 64
    pub bins: usize,
    /// from 0.001 to 1000000
    pub bound: f64,
}

impl Settings for RationalQuadratic {
    fn name(&self) -> &'static str {
        "rational_quadratic"
    }

    fn check(&self) -> Result<(), SettingError> {
        self.check_count("bins", self.bins, [2, MOST_SHARES])?;
        self.check_bound(self.bound)
    }
}

impl RationalQuadratic {
    /// The bin whose side along one axis holds `value`: its index, start and length.
    fn find<R: Real>(&self, shares: &[R], value: R) -> (usize, R, R) {
        let (bound, last) = (R::of(self.bound), self.bins - 1);
        let mut start = -bound;
        for (index, &share) in shares[..last].iter().enumerate() {
            let length = (bound + bound) * share;
            if value < start + length {
                return (index, start, length);
            }
            start += length;
        }
        (last, start, bound - start)
    }

    /// Start and length of bin `index` along the other axis.
    fn side<R: Real>(&self, shares: &[R], index: usize) -> (R, R) {
        let (bound, mut start) = (R::of(self.bound), -R::of(self.bound));
        shares[..index].iter().for_each(|&share| start += (bound + bound) * share);
        (start, if index == self.bins - 1 { bound - start } else { (bound + bound) * shares[index] })
    }

    /// Slopes at both ends of bin `index`.
    fn slopes<R: Real>(&self, raw: &[R], index: usize) -> [R; 2] {
        let at = |knot: usize| match knot {
            0 => R::one(),
            knot if knot == self.bins => R::one(),
            knot => R::of(LEAST) + softplus(raw[knot - 1] + R::of(offset())),
        };
        [at(index), at(index + 1)]
    }

    fn parts<'a, R>(&self, p: &'a [R]) -> (&'a [R], &'a [R], &'a [R]) {
        let (widths, rest) = p.split_at(self.bins);
        let (heights, slopes) = rest.split_at(self.bins);
        (widths, heights, slopes)
    }

    fn outside<R: Real>(&self, value: R) -> bool {
        // and stays what it is, NaN also
        value.abs() >= R::of(self.bound) || value.is_nan()
    }
}

/// Where the raw slope is zero the slope is 1.
fn offset() -> f64 {
    (1.0 - LEAST).exp_m1().ln()
}

impl<R: Real> Monotone<R> for RationalQuadratic {
    fn parameters(&self) -> usize {
        3 * self.bins - 1
    }

    fn closed(&self) -> Direction {
        Direction::Inverse
    }

    fn map(&self, p: &[R], u: R) -> (R, R) {
        if self.outside(u) {
            return (u, R::zero());
        }
        let (widths, heights, slopes) = self.parts(p);
        let (index, x, width) = self.find(&shares(widths), u);
        let (y, height) = self.side(&shares(heights), index);
        let [d0, d1] = self.slopes(slopes, index);
        let (one, two) = (R::one(), R::of(2.0));
        let (xi, s) = ((u - x) / width, height / width);
        let q = xi * (one - xi);
        let denominator = s + (d0 + d1 - two * s) * q;
        let slope = d1 * xi * xi + two * s * q + d0 * (one - xi) * (one - xi);
        let mapped = y + height * (s * xi * xi + d0 * q) / denominator;
        (mapped, two * (s / denominator).fast_ln() + slope.fast_ln())
    }

    /// `ξ = 2c / (−b − √(b² − 4ac))`, which has no cancellation.
    fn solve(&self, p: &[R], y: R) -> R {
        if self.outside(y) {
            return y;
        }
        let (widths, heights, slopes) = self.parts(p);
        let (index, y0, height) = self.find(&shares(heights), y);
        let (x, width) = self.side(&shares(widths), index);
        let [d0, d1] = self.slopes(slopes, index);
        let (s, up, two) = (height / width, y - y0, R::of(2.0));
        let bend = d0 + d1 - two * s;
        let (a, b, c) = (height * (s - d0) + up * bend, height * d0 - up * bend, -s * up);
        let root = (b * b - R::of(4.0) * a * c).max(R::zero()).sqrt();
        x + width * (two * c / (-b - root))
    }

    fn gradient(&self, p: &[R], u: R, dy: R, dl: R, dp: &mut [R]) -> R {
        dp.fill(R::zero());
        if self.outside(u) {
            return dy;
        }
        let (widths, heights, raw_slopes) = self.parts(p);
        let (width_shares, height_shares) = (shares(widths), shares(heights));
        let (index, x, width) = self.find(&width_shares, u);
        let (_, height) = self.side(&height_shares, index);
        let [d0, d1] = self.slopes(raw_slopes, index);
        let (one, two) = (R::one(), R::of(2.0));
        let (xi, s) = ((u - x) / width, height / width);
        let q = xi * (one - xi);
        let bend = d0 + d1 - two * s;
        let (numerator, denominator) = (s * xi * xi + d0 * q, s + bend * q);
        let slope = d1 * xi * xi + two * s * q + d0 * (one - xi) * (one - xi);

        // backwards through y = y₀ + h·N/D and ℓ = 2 log s + log A − 2 log D
        let d_numerator = dy * height / denominator;
        let d_denominator = -(dy * height * numerator / denominator + two * dl) / denominator;
        let d_slope = dl / slope;
        let d_s = two * dl / s + d_numerator * xi * xi + d_denominator * (one - two * q) + d_slope * two * q;
        let d_d0 = d_numerator * q + d_denominator * q + d_slope * (one - xi) * (one - xi);
        let d_d1 = d_denominator * q + d_slope * xi * xi;
        let d_q = d_numerator * d0 + d_denominator * bend + d_slope * two * s;
        let d_xi = d_numerator * two * s * xi + d_slope * two * (d1 * xi - d0 * (one - xi)) + d_q * (one - two * xi);
        let d_height = dy * numerator / denominator + d_s / width;
        let d_width = -(d_s * s + d_xi * xi) / width;
        let du = d_xi / width;

        let (for_widths, rest) = dp.split_at_mut(self.bins);
        let (for_heights, for_slopes) = rest.split_at_mut(self.bins);
        to_raw(&width_shares, self.side_by_shares(index, -du, d_width), for_widths);
        to_raw(&height_shares, self.side_by_shares(index, dy, d_height), for_heights);
        for (knot, d) in [(index, d_d0), (index + 1, d_d1)] {
            if knot > 0 && knot < self.bins {
                for_slopes[knot - 1] = d * sigmoid(raw_slopes[knot - 1] + R::of(offset()));
            }
        }
        du
    }
}

impl RationalQuadratic {
    /// Least share of `count`, and what the softmax shares out.
    pub(crate) fn floor_and_rest<R: Real>(count: usize) -> (R, R) {
        floor_and_rest(count)
    }

    /// What is added to raw slopes before the softplus, and to what it makes of them.
    pub(crate) fn slope_offset_and_least<R: Real>() -> (R, R) {
        (R::of(offset()), R::of(LEAST))
    }

    /// From the gradients by the start and the length of bin `index` to those by the shares.
    fn side_by_shares<R: Real>(&self, index: usize, d_start: R, d_length: R) -> impl Fn(usize) -> R {
        let extent = R::of(2.0 * self.bound);
        move |bin| match bin.cmp(&index) {
            Ordering::Less => extent * d_start,
            Ordering::Equal => extent * d_length,
            Ordering::Greater => R::zero(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_zeros_are_the_identity() {
        let spline = RationalQuadratic { bins: 5, bound: 3.0 };
        let p = vec![0.0f64; Monotone::<f64>::parameters(&spline)];
        for i in -40..=40 {
            let u = f64::from(i) * 0.1;
            let (y, log) = spline.map(&p, u);
            assert!((y - u).abs() < 1e-12 && log.abs() < 1e-12, "{u}: {y} {log}");
        }
    }

    #[test]
    fn value_and_slope_are_continuous_at_the_bound() {
        let spline = RationalQuadratic { bins: 3, bound: 2.0 };
        let p: Vec<f64> = (0..8).map(|i| (f64::from(i) * 1.7).sin()).collect();
        for bound in [-2.0, 2.0] {
            let (inside, log) = spline.map(&p, bound * (1.0 - 1e-9));
            assert!((inside - bound).abs() < 1e-7 && log.abs() < 1e-6, "{bound}: {inside} {log}");
        }
        // what is outside the bins keeps its place and gets no gradient
        let mut dp = vec![1.0; 8];
        assert_eq!((spline.map(&p, 2.5), spline.gradient(&p, 2.5, 3.0, 1.0, &mut dp)), ((2.5, 0.0), 3.0));
        assert_eq!(dp, [0.0; 8]);
    }

    #[test]
    fn the_spline_passes_through_its_knots_with_their_slopes() {
        // two bins: widths e and 1, heights 1 and 1, slope at the knot 2
        let spline = RationalQuadratic { bins: 2, bound: 1.0 };
        let raw_slope = (2.0 - LEAST).exp_m1().ln() - offset();
        let p = [1.0, 0.0, 0.0, 0.0, raw_slope];
        let share = LEAST / 2.0 + (1.0 - LEAST) * 1f64.exp() / (1.0 + 1f64.exp());
        let knot = -1.0 + 2.0 * share;
        for side in [-1e-9, 1e-9] {
            let (y, log) = spline.map(&p, knot + side);
            assert!(y.abs() < 1e-8 && (log - 2f64.ln()).abs() < 1e-6, "{y} {log}");
        }
    }
}
