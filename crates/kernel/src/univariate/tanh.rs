//! The hyperbolic tangent: onto the interval from −1 to 1.

use super::Monotone;
use super::scalar::log_cosh;
use super::settings::Settings;
use crate::Real;
use crate::affine::Direction;

/// `y = tanh u`, base → data, without parameters, from the real numbers onto (−1, 1). Its log-derivative `−2 log cosh u
/// = 2(log 2 − u − softplus(−2u))` is about `−2|u|` far out, where `log(1 − y²)` would be −∞ (the squashed policies of
/// Haarnoja et al. 2018, appendix C).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tanh;

impl Settings for Tanh {
    fn name(&self) -> &'static str {
        "tanh"
    }

    fn range(&self) -> [f64; 2] {
        [-1.0, 1.0]
    }
}

impl<R: Real> Monotone<R> for Tanh {
    fn parameters(&self) -> usize {
        0
    }

    fn closed(&self) -> Direction {
        Direction::Forward
    }

    fn map(&self, _: &[R], u: R) -> (R, R) {
        (u.tanh(), R::of(-2.0) * log_cosh(u))
    }

    fn solve(&self, _: &[R], y: R) -> R {
        R::of(0.5) * (y.ln_1p() - (-y).ln_1p())
    }

    fn gradient(&self, p: &[R], u: R, dy: R, dl: R, _: &mut [R]) -> R {
        let (y, log) = self.map(p, u);
        dy * log.exp() - R::of(2.0) * dl * y
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::univariate::scalar::softplus;

    #[test]
    fn the_log_derivative_is_finite_where_the_value_is_one() {
        for u in [-1e4f64, 1e4] {
            let (y, log) = Tanh.map(&[], u);
            assert!((log - 2.0 * (2f64.ln() - u - softplus(-2.0 * u))).abs() < 1e-10, "{u}: {log}");
            assert_eq!((1.0 - y * y).ln(), f64::NEG_INFINITY);
        }
    }

    #[test]
    fn only_what_is_between_minus_one_and_one_has_a_solution() {
        assert!([-1.5f64, 1.5].iter().all(|&y| Tanh.solve(&[], y).is_nan()));
    }
}
