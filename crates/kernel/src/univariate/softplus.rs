//! The softplus: onto the positive numbers.

use super::Monotone;
use super::scalar::{sigmoid, softplus};
use super::settings::Settings;
use crate::Real;
use crate::affine::Direction;

/// `y = log(1 + e^u)`, base → data, without parameters, from the real numbers onto (0, ∞), with the log-derivative
/// `−softplus(−u)` (Dugas et al. 2000). Far above zero it is nearly the identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Softplus;

impl Settings for Softplus {
    fn name(&self) -> &'static str {
        "softplus"
    }

    fn range(&self) -> [f64; 2] {
        [0.0, f64::INFINITY]
    }
}

impl<R: Real> Monotone<R> for Softplus {
    fn parameters(&self) -> usize {
        0
    }

    fn closed(&self) -> Direction {
        Direction::Forward
    }

    fn map(&self, _: &[R], u: R) -> (R, R) {
        (softplus(u), -softplus(-u))
    }

    /// `u = y + log(1 − e^{−y})`, where `log(e^y − 1)` would overflow.
    fn solve(&self, _: &[R], y: R) -> R {
        y + (-(-y).exp_m1()).ln()
    }

    fn gradient(&self, _: &[R], u: R, dy: R, dl: R, _: &mut [R]) -> R {
        dy * sigmoid(u) + dl * sigmoid(-u)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_direction_overflows() {
        assert_eq!((Softplus.map(&[], 1e4), Softplus.solve(&[], 1e4)), ((1e4, 0.0), 1e4));
        let (y, log) = Softplus.map(&[], -700.0f64);
        assert_eq!(log, -700.0);
        assert!((Softplus.solve(&[], y) + 700.0).abs() < 1e-9);
    }

    #[test]
    fn only_positive_numbers_have_a_solution() {
        assert!(Softplus.solve(&[], -0.5f64).is_nan());
    }
}
