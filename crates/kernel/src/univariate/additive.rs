//! A shift, the map of additive layers (NICE, Dinh, Krueger & Bengio 2014, §3.2).

use super::Monotone;
use super::settings::Settings;
use crate::Real;
use crate::affine::Direction;

/// `y = u + μ` with `p = [μ]`, base → data, from the real numbers onto them. The log-derivative is exactly 0: layers of
/// it keep volumes. Zero is the identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Additive;

impl Settings for Additive {
    fn name(&self) -> &'static str {
        "additive"
    }
}

impl<R: Real> Monotone<R> for Additive {
    fn parameters(&self) -> usize {
        1
    }

    fn closed(&self) -> Direction {
        Direction::Forward
    }

    fn map(&self, p: &[R], u: R) -> (R, R) {
        (u + p[0], R::zero())
    }

    fn solve(&self, p: &[R], y: R) -> R {
        y - p[0]
    }

    fn gradient(&self, _: &[R], _: R, dy: R, _: R, dp: &mut [R]) -> R {
        dp[0] = dy;
        dy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_stay() {
        for (shift, u) in [(0.0, 1.5), (3.25, -1e4), (-1e30, 2.0)] {
            assert_eq!(Additive.map(&[shift], u), (u + shift, 0.0));
        }
    }
}
