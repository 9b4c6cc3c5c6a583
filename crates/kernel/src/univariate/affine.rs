//! Shift and scale, the map of affine layers (IAF, Kingma et al. 2016; MAF, Papamakarios, Pavlakou & Murray 2017).

use super::Monotone;
use super::settings::{SettingError, Settings};
use crate::Real;
use crate::affine::{Direction, slope_at_clipped, soft_clip};
use serde::{Deserialize, Serialize};

/// `y = e^α·u + μ`, base → data, with `p = [μ, a]` and the soft clip `α = a / (1 + |a|/c)`, `c` being `log_scale_clip`;
/// from the real numbers onto them, with the log-derivative `α`. Zeros are the identity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Affine {
    /// from 0.001 to 80: below, the map could hardly scale; above, `e^α` is beyond single precision
    pub log_scale_clip: f64,
}

impl Settings for Affine {
    fn name(&self) -> &'static str {
        "affine"
    }

    fn check(&self) -> Result<(), SettingError> {
        self.check_number("log_scale_clip", self.log_scale_clip, [1e-3, 80.0])
    }
}

impl Affine {
    fn log_scale<R: Real>(&self, p: &[R]) -> R {
        soft_clip(p[1], R::of(self.log_scale_clip))
    }
}

impl<R: Real> Monotone<R> for Affine {
    fn parameters(&self) -> usize {
        2
    }

    fn closed(&self) -> Direction {
        Direction::Forward
    }

    fn map(&self, p: &[R], u: R) -> (R, R) {
        let alpha = self.log_scale(p);
        (alpha.fast_exp() * u + p[0], alpha)
    }

    fn solve(&self, p: &[R], y: R) -> R {
        (y - p[0]) * (-self.log_scale(p)).fast_exp()
    }

    fn gradient(&self, p: &[R], u: R, dy: R, dl: R, dp: &mut [R]) -> R {
        let alpha = self.log_scale(p);
        let du = dy * alpha.fast_exp();
        dp[0] = dy;
        dp[1] = (du * u + dl) * slope_at_clipped(alpha, R::of(self.log_scale_clip));
        du
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::affine::element;

    #[test]
    fn it_is_the_element_map_of_affine_autoregressive_layers() {
        let (map, p) = (Affine { log_scale_clip: 3.0 }, [0.7f64, -1.9]);
        for u in [-4.0, 0.0, 1.3] {
            let (y, alpha, _) = element(Direction::Forward, p[0], p[1], 3.0, u);
            let (back, ..) = element(Direction::Inverse, p[0], p[1], 3.0, u);
            assert_eq!((map.map(&p, u), map.solve(&p, u)), ((y, alpha), back));
        }
        assert_eq!(map.map(&[0.0, 0.0], 1.25), (1.25, 0.0));
    }
}
