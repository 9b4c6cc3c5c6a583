//! The affine element map of an autoregressive layer, `x = μ + e^α·z` with the soft clip
//! `α = a / (1 + |a|/c)`: bounded by `c`, identity near zero, and a gradient that never dies.

use crate::Real;

/// `α = a / (1 + |a|/c)`.
#[inline(always)]
pub fn soft_clip<R: Real>(a: R, clip: R) -> R {
    a / (R::one() + a.abs() / clip)
}

/// `dα/da = 1 / (1 + |a|/c)²`.
#[inline(always)]
pub fn soft_clip_slope<R: Real>(a: R, clip: R) -> R {
    let s = R::one() / (R::one() + a.abs() / clip);
    s * s
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn soft_clip_is_the_identity_near_zero_bounded_and_differentiable() {
        let clip = 5.0f64;
        assert!((soft_clip(1e-6, clip) - 1e-6).abs() < 1e-11);
        for a in [-1e4, -7.0, -0.3, 0.0, 0.3, 7.0, 1e4] {
            assert!(soft_clip(a, clip).abs() < clip && soft_clip_slope(a, clip) > 0.0);
            let step = 1e-6;
            let numeric = (soft_clip(a + step, clip) - soft_clip(a - step, clip)) / (2.0 * step);
            assert!((numeric - soft_clip_slope(a, clip)).abs() < 1e-6, "at {a}");
        }
    }
}
