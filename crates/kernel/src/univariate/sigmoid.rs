//! The logistic function and its inverse: between the real numbers and the interval from 0 to 1.

use super::Monotone;
use super::scalar::{sigmoid, softplus};
use super::settings::Settings;
use crate::Real;
use crate::affine::Direction;

/// `y = 1 / (1 + e^{−u})`, without parameters, from the real numbers onto (0, 1). Its log-derivative `−softplus(u) −
/// softplus(−u)` is about `−|u|` far out, where `log(y(1−y))` would be −∞ (RealNVP, Dinh, Sohl-Dickstein & Bengio 2017,
/// §4.1, maps pixels by it).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sigmoid {
    /// Base → data: data lie in (0, 1).
    ToData,
    /// Data → base: the base is in (0, 1), and base → data is the logit.
    ToBase,
}

impl Settings for Sigmoid {
    fn name(&self) -> &'static str {
        match self {
            Self::ToData => "sigmoid",
            Self::ToBase => "logit",
        }
    }

    fn range(&self) -> [f64; 2] {
        [0.0, 1.0]
    }
}

impl<R: Real> Monotone<R> for Sigmoid {
    fn parameters(&self) -> usize {
        0
    }

    fn closed(&self) -> Direction {
        match self {
            Self::ToData => Direction::Forward,
            Self::ToBase => Direction::Inverse,
        }
    }

    fn map(&self, _: &[R], u: R) -> (R, R) {
        (sigmoid(u), -softplus(u) - softplus(-u))
    }

    fn solve(&self, _: &[R], y: R) -> R {
        y.ln() - (-y).ln_1p()
    }

    fn gradient(&self, _: &[R], u: R, dy: R, dl: R, _: &mut [R]) -> R {
        dy * sigmoid(u) * sigmoid(-u) + dl * (sigmoid(-u) - sigmoid(u))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_derivative_is_finite_where_the_value_is_one_or_zero() {
        for u in [-1e4f64, 1e4] {
            let (y, log) = Sigmoid::ToData.map(&[], u);
            assert_eq!(log, -1e4);
            assert_eq!((y * (1.0 - y)).ln(), f64::NEG_INFINITY);
            assert!((Sigmoid::ToData.map(&[], u as f32).1 + 1e4).abs() < 1.0);
        }
    }

    #[test]
    fn the_logit_keeps_small_probabilities_and_knows_its_domain() {
        assert!((Sigmoid::ToData.solve(&[], 1e-300) - 1e-300f64.ln()).abs() < 1e-12);
        assert!([-0.5, 1.5].iter().all(|&y: &f64| Sigmoid::ToData.solve(&[], y).is_nan()));
    }
}
