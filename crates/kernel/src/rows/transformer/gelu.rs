//! Gaussian error linear units in the form with a hyperbolic tangent (Hendrycks & Gimpel 2016, §2), which a compiler can
//! vectorise: `gelu(a) = a·σ(s(a))`, `s(a) = √(8/π)·(a + 0.044715·a³)`.

use crate::Real;
use crate::isa::{Instructions, dispatch};

/// √(8/π)
const SLOPE: f64 = 1.595_769_121_605_730_7;
const CUBIC: f64 = 0.044_715;

dispatch! {
    /// `y = gelu(a)`.
    pub(super) fn gelu(a: &[R], y: &mut [R]) = gelu_body
}

#[inline(always)]
fn gelu_body<R: Real, I: Instructions>(a: &[R], y: &mut [R]) {
    for (y, &a) in y.iter_mut().zip(a) {
        *y = a * sigmoid(a);
    }
}

dispatch! {
    /// `d *= gelu'(a)`.
    pub(super) fn gelu_backward(a: &[R], d: &mut [R]) = gelu_backward_body
}

#[inline(always)]
fn gelu_backward_body<R: Real, I: Instructions>(a: &[R], d: &mut [R]) {
    for (d, &a) in d.iter_mut().zip(a) {
        let (on, one) = (sigmoid(a), R::one());
        *d *= on + a * on * (one - on) * R::of(SLOPE) * (one + R::of(3.0 * CUBIC) * a * a);
    }
}

/// `σ(s(a))`.
#[inline(always)]
fn sigmoid<R: Real>(a: R) -> R {
    let s = R::of(SLOPE) * (a + R::of(CUBIC) * a * a * a);
    R::one() / (R::one() + (-s).fast_exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_close_to_the_number_times_its_normal_probability() {
        for i in -50..=50 {
            let a = f64::from(i) * 0.1;
            let mut y = [f64::NAN];
            gelu(&[a], &mut y);
            let exact = a * 0.5 * libm::erfc(-a / 2f64.sqrt());
            assert!((y[0] - exact).abs() < 1e-3, "{a}: {} {exact}", y[0]);
        }
    }

    #[test]
    fn slopes_are_those_of_differences_and_finite_far_out() {
        for a in [-4.0f64, -0.7, 0.0, 0.3, 2.5] {
            let (mut there, mut slope) = ([0.0; 2], [1.0f64]);
            gelu(&[a - 1e-5, a + 1e-5], &mut there);
            gelu_backward(&[a], &mut slope);
            assert!((slope[0] - (there[1] - there[0]) / 2e-5).abs() < 1e-9, "{a}: {slope:?}");
        }
        let (mut y, mut slope) = ([f32::NAN; 2], [1.0f32; 2]);
        gelu(&[-1e9, 1e9], &mut y);
        gelu_backward(&[-1e9, 1e9], &mut slope);
        assert!(y[0].abs() < 1e-20 && y[1] == 1e9 && slope[0].abs() < 1e-6 && slope[1] == 1.0, "{y:?} {slope:?}");
    }
}
