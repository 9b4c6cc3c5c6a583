//! Increasing cubic B-splines (the monotone regression splines of Ramsay 1988; as flows, Hong & Chun 2023), data → base
//! in closed form.

use super::bracketed;
use super::double::Double;
use super::settings::{SettingError, Settings};
use super::shares::{MOST_SHARES, shares, to_raw};
use serde::{Deserialize, Serialize};

/// On `[−bound, bound]` a cubic spline with `bins` equal bins of width `h`, outside it the identity; twice continuously
/// differentiable everywhere.
///
/// `y = Σ c_i B_i(u)` with the uniform cubic B-splines `B_i`, whose slope is `Σ (c_{i+1} − c_i)/h·B²_i(u)` with
/// quadratic ones, which are positive and sum to 1. So the spline increases as its coefficients do. Their increments
/// are `h` at both ends, twice, which makes it meet the identity there with its slope and curvature; the `bins − 2`
/// between are shares of what is left: a softmax of `p`. Zeros are the identity. The other direction is bracketed
/// Newton in a bin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BSpline {
    /// from 4 to 64
    pub bins: usize,
    /// from 0.001 to 1000000
    pub bound: f64,
}

/// Increments that do not depend on the parameters, at either end.
const FIXED: usize = 2;

/// The polynomial in one bin, by the three increments that it depends on.
struct Bin {
    /// coefficient before the increments
    from: f64,
    increments: [f64; 3],
}

impl Bin {
    /// What part of each increment has been climbed at `xi` of the bin: integrals of [`Bin::bells`].
    fn climbed(xi: f64) -> [f64; 3] {
        let (rest, last) = (1.0 - xi, xi * xi * xi / 6.0);
        [1.0 - rest * rest * rest / 6.0, (1.0 + 3.0 * (xi + xi * xi) - 2.0 * xi * xi * xi) / 6.0, last]
    }

    /// The quadratic B-splines.
    fn bells(xi: f64) -> [f64; 3] {
        [0.5 * (1.0 - xi) * (1.0 - xi), 0.5 + xi * (1.0 - xi), 0.5 * xi * xi]
    }

    /// Their derivatives.
    fn bends(xi: f64) -> [f64; 3] {
        [xi - 1.0, 1.0 - 2.0 * xi, xi]
    }

    fn combined(&self, parts: [f64; 3]) -> f64 {
        self.increments.iter().zip(parts).map(|(increment, part)| increment * part).sum()
    }

    fn value(&self, xi: f64) -> f64 {
        self.from + self.combined(Self::climbed(xi))
    }

    /// By `xi`.
    fn slope(&self, xi: f64) -> f64 {
        self.combined(Self::bells(xi))
    }
}

impl BSpline {
    fn width(&self) -> f64 {
        2.0 * self.bound / self.bins as f64
    }

    /// Sum of the increments that are shared out.
    fn shared(&self) -> f64 {
        self.width() * (self.bins - FIXED) as f64
    }

    fn outside(&self, value: f64) -> bool {
        // and stays what it is, NaN also
        value.abs() >= self.bound || value.is_nan()
    }

    /// The bin that holds `u`, and where in it that is.
    fn find(&self, u: f64) -> (usize, f64) {
        let place = (u + self.bound) / self.width();
        let index = (place as usize).min(self.bins - 1);
        (index, place - index as f64)
    }

    fn bins<'a>(&self, shares: &'a [f64]) -> impl Iterator<Item = Bin> + use<'a> {
        let (width, shared, last) = (self.width(), self.shared(), self.bins);
        let increment = move |i: usize| if i < FIXED || i >= last { width } else { shared * shares[i - FIXED] };
        (0..self.bins).scan(-self.bound - width, move |next, index| {
            let from = *next;
            *next += increment(index);
            Some(Bin { from, increments: std::array::from_fn(|i| increment(index + i)) })
        })
    }

    fn bin(&self, shares: &[f64], index: usize) -> Bin {
        self.bins(shares).nth(index).expect("the index is that of a bin")
    }
}

impl Settings for BSpline {
    fn name(&self) -> &'static str {
        "b_spline"
    }

    fn check(&self) -> Result<(), SettingError> {
        // with fewer there would be nothing to share out
        self.check_count("bins", self.bins, [FIXED + 2, MOST_SHARES])?;
        self.check_bound(self.bound)
    }
}

impl Double for BSpline {
    fn parameters(&self) -> usize {
        self.bins - FIXED
    }

    fn map(&self, p: &[f64], u: f64) -> (f64, f64) {
        if self.outside(u) {
            return (u, 0.0);
        }
        let (index, xi) = self.find(u);
        let bin = self.bin(&shares(p), index);
        (bin.value(xi), (bin.slope(xi) / self.width()).ln())
    }

    fn solve(&self, p: &[f64], y: f64) -> f64 {
        if self.outside(y) {
            return y;
        }
        let shares = shares(p);
        let holds = |(_, bin): &(usize, Bin)| y < bin.value(1.0);
        // at the very end rounding may leave no bin
        let Some((index, bin)) = self.bins(&shares).enumerate().find(holds) else { return y };
        let xi = bracketed::solve(|xi| (bin.value(xi), bin.slope(xi)), y, [0.0, 1.0]);
        self.width() * (index as f64 + xi) - self.bound
    }

    fn gradient(&self, p: &[f64], u: f64, dy: f64, dl: f64, dp: &mut [f64]) -> f64 {
        dp.fill(0.0);
        if self.outside(u) {
            return dy;
        }
        let (shares, (index, xi)) = (shares(p), self.find(u));
        let bin = self.bin(&shares, index);
        let (slope, climbed, bells) = (bin.slope(xi), Bin::climbed(xi), Bin::bells(xi));
        // increments before the bin have been climbed, those after it have no part
        let d_increment = |i: usize| match i.checked_sub(index) {
            None => dy,
            Some(i @ 0..=2) => dy * climbed[i] + dl * bells[i] / slope,
            Some(_) => 0.0,
        };
        to_raw(&shares, |k| self.shared() * d_increment(k + FIXED), dp);
        (dy * slope + dl * bin.combined(Bin::bends(xi)) / slope) / self.width()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPLINE: BSpline = BSpline { bins: 7, bound: 2.0 };
    const P: [f64; 5] = [1.4, -0.7, 0.9, -2.0, 0.3];

    #[test]
    fn zeros_are_the_identity() {
        for i in -30..=30 {
            let u = 0.1 * f64::from(i);
            let (y, log) = SPLINE.map(&[0.0; 5], u);
            assert!((y - u).abs() < 1e-14 && log.abs() < 1e-14, "{u}: {y} {log}");
        }
    }

    #[test]
    fn value_slope_and_curvature_are_continuous_at_knots_and_bounds() {
        for knot in 0..=7 {
            let at = SPLINE.width() * f64::from(knot) - SPLINE.bound;
            let slope = |u: f64| SPLINE.map(&P, u).1.exp();
            let step = 1e-6;
            let jump = SPLINE.map(&P, at + step).0 - SPLINE.map(&P, at - step).0;
            assert!(jump.abs() < 1e-4 && (slope(at + step) - slope(at - step)).abs() < 1e-4, "{at}");
            let bend = |side: f64| (slope(at + 2.0 * side) - slope(at + side)) / side;
            assert!((bend(step) - bend(-step)).abs() < 1e-3, "{at}: {} {}", bend(step), bend(-step));
        }
    }

    #[test]
    fn the_spline_is_the_sum_of_b_splines() {
        // de Boor's recursion
        fn b(degree: usize, i: f64, x: f64) -> f64 {
            if degree == 0 {
                return f64::from(u8::from(i <= x && x < i + 1.0));
            }
            let d = degree as f64;
            (x - i) / d * b(degree - 1, i, x) + (i + d + 1.0 - x) / d * b(degree - 1, i + 1.0, x)
        }
        let (h, shares) = (SPLINE.width(), shares(&P));
        let increment = |i: usize| if (2..7).contains(&i) { 5.0 * h * shares[i - 2] } else { h };
        let coefficient = |i: usize| -SPLINE.bound - h + (0..i).map(increment).sum::<f64>();
        for k in 0..50 {
            let x = 7.0 * (f64::from(k) + 0.5) / 50.0;
            let sum: f64 = (0..10).map(|i| coefficient(i) * b(3, i as f64 - 3.0, x)).sum();
            let y = SPLINE.map(&P, x * h - SPLINE.bound).0;
            assert!((sum - y).abs() < 1e-13, "{x}: {sum} {y}");
        }
    }

    #[test]
    fn wrong_settings_are_refused() {
        let few = BSpline { bins: 3, bound: 2.0 }.check().unwrap_err().to_string();
        assert_eq!(few, "b_spline: bins must be a whole number from 4 to 64, got 3");
        let nowhere = BSpline { bins: 4, bound: f64::NAN }.check().unwrap_err().to_string();
        assert_eq!(nowhere, "b_spline: bound must be a number from 0.001 to 1000000, got NaN");
    }
}
