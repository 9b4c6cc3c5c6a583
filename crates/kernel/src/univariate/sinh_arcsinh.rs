//! Skewed and heavy or light tails (Jones & Pewsey 2009, "Sinh-arcsinh distributions").

use super::Monotone;
use super::scalar::log_cosh;
use super::settings::Settings;
use crate::Real;
use crate::affine::{Direction, slope_at_clipped, soft_clip};

/// Bound of the logarithm of the tail weight: single precision still holds the image of 1e4.
const CLIP: f64 = 2.0;

/// `y = sinh(τ·(asinh u + ε))`, base → data, with `p = [ε, a]`, `τ = e^α` and the soft clip `α = a / (1 + |a|/2)`; from
/// the real numbers onto them. It is the inverse of the paper's `z = sinh(δ asinh x − ε)` with `δ = 1/τ`: `ε > 0` skews
/// to the right, `τ > 1` makes the tails of the data heavier. Zeros are the identity. With `a = τ(asinh u + ε)`
///
/// `ℓ = log τ + log cosh a − ½ log(1 + u²)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SinhArcsinh;

impl Settings for SinhArcsinh {
    fn name(&self) -> &'static str {
        "sinh_arcsinh"
    }
}

impl<R: Real> Monotone<R> for SinhArcsinh {
    fn parameters(&self) -> usize {
        2
    }

    fn closed(&self) -> Direction {
        Direction::Forward
    }

    fn map(&self, p: &[R], u: R) -> (R, R) {
        let alpha = soft_clip(p[1], R::of(CLIP));
        let angle = alpha.exp() * (u.asinh() + p[0]);
        (angle.sinh(), alpha + log_cosh(angle) - u.hypot(R::one()).ln())
    }

    fn solve(&self, p: &[R], y: R) -> R {
        let alpha = soft_clip(p[1], R::of(CLIP));
        (y.asinh() * (-alpha).exp() - p[0]).sinh()
    }

    fn gradient(&self, p: &[R], u: R, dy: R, dl: R, dp: &mut [R]) -> R {
        let alpha = soft_clip(p[1], R::of(CLIP));
        let (tau, hypotenuse) = (alpha.exp(), u.hypot(R::one()));
        let angle = tau * (u.asinh() + p[0]);
        let d_angle = dy * angle.cosh() + dl * angle.tanh();
        dp[0] = d_angle * tau;
        dp[1] = (d_angle * angle + dl) * slope_at_clipped(alpha, R::of(CLIP));
        (d_angle * tau - dl * (u / hypotenuse)) / hypotenuse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_the_identity() {
        for u in [-1e4f64, -2.0, 0.0, 0.3, 1e4] {
            let (y, log) = SinhArcsinh.map(&[0.0, 0.0], u);
            assert!((y - u).abs() <= 1e-11 * (1.0 + u.abs()) && log.abs() < 1e-11, "{u}: {y} {log}");
        }
    }

    #[test]
    fn it_is_the_inverse_of_the_paper_s_transformation() {
        // δ = ½, so that the clipped logarithm of τ is log 2
        let raw = 2f64.ln() / (1.0 - 2f64.ln() / CLIP);
        for u in [-3.0, 0.2, 1.5] {
            let (x, _) = SinhArcsinh.map(&[0.4, raw], u);
            assert!(((0.5 * x.asinh() - 0.4).sinh() - u).abs() < 1e-13, "{u}");
        }
    }

    #[test]
    fn skew_and_tail_weight_do_what_they_say() {
        let map = |p: [f64; 2], u: f64| SinhArcsinh.map(&p, u).0;
        assert!(map([0.3, 0.0], 2.0) - map([0.3, 0.0], 0.0) > map([0.3, 0.0], 0.0) - map([0.3, 0.0], -2.0));
        assert!(map([0.0, 0.5], 3.0) > 3.0 && map([0.0, -0.5], 3.0) < 3.0);
    }
}
