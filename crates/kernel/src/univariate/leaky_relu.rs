//! The rectifier that is invertible: one slope below zero, another above. A plain rectifier has slope 0 below and is
//! not.

use super::Monotone;
use super::settings::{SettingError, Settings};
use crate::Real;
use crate::affine::{Direction, slope_at_clipped, soft_clip};
use serde::{Deserialize, Serialize};

/// Bound of the learned logarithm of the slope.
const CLIP: f64 = 5.0;

/// `y = u` for `u ≥ 0` and `y = s·u` below, base → data, from the real numbers onto them; the log-derivative is 0 or
/// `log s` (at zero itself, where there is none, 0).
///
/// With `slope` (Maas, Hannun & Ng 2013) `s` is that and nothing is learned; without it `p = [a]` and `s = e^α` with
/// the soft clip `α = a / (1 + |a|/5)` (after PReLU, He et al. 2015), which is the identity at zero.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeakyRelu {
    /// from 0.001 to 1000
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slope: Option<f64>,
}

impl Settings for LeakyRelu {
    fn name(&self) -> &'static str {
        "leaky_relu"
    }

    fn check(&self) -> Result<(), SettingError> {
        self.slope.map_or(Ok(()), |slope| self.check_number("slope", slope, [1e-3, 1e3]))
    }
}

impl LeakyRelu {
    /// `log s`, below zero.
    fn log_slope<R: Real>(&self, p: &[R]) -> R {
        match self.slope {
            Some(slope) => R::of(slope.ln()),
            None => soft_clip(p[0], R::of(CLIP)),
        }
    }
}

impl<R: Real> Monotone<R> for LeakyRelu {
    fn parameters(&self) -> usize {
        usize::from(self.slope.is_none())
    }

    fn closed(&self) -> Direction {
        Direction::Forward
    }

    fn map(&self, p: &[R], u: R) -> (R, R) {
        if u < R::zero() {
            let log = self.log_slope(p);
            (u * log.exp(), log)
        } else {
            (u, R::zero())
        }
    }

    fn solve(&self, p: &[R], y: R) -> R {
        if y < R::zero() { y * (-self.log_slope(p)).exp() } else { y }
    }

    fn gradient(&self, p: &[R], u: R, dy: R, dl: R, dp: &mut [R]) -> R {
        dp.fill(R::zero());
        if u >= R::zero() {
            return dy;
        }
        let log = self.log_slope(p);
        let du = dy * log.exp();
        if let [d_raw] = dp {
            *d_raw = (du * u + dl) * slope_at_clipped(log, R::of(CLIP));
        }
        du
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_below_zero_is_scaled() {
        let fixed = LeakyRelu { slope: Some(0.25) };
        assert_eq!(fixed.map(&[], 3.0), (3.0, 0.0));
        let (y, log) = fixed.map(&[], -3.0f64);
        assert!((y + 0.75).abs() < 1e-15 && log == 0.25f64.ln(), "{y} {log}");
        assert_eq!(LeakyRelu { slope: None }.map(&[0.0], -3.0), (-3.0, 0.0));
    }

    #[test]
    fn a_rectifier_that_is_not_invertible_is_refused() {
        let message = LeakyRelu { slope: Some(0.0) }.check().unwrap_err().to_string();
        assert_eq!(message, "leaky_relu: slope must be a number from 0.001 to 1000, got 0");
    }
}
