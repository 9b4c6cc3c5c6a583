//! What the maps share: inner products and positive numbers in double precision, scratch, a random direction.

use crate::{Activation, Real};
use rand::Rng;

/// `aᵀb`, in eight sums that a compiler can vectorise.
pub(super) fn dot<R: Real>(a: &[R], b: &[R]) -> f64 {
    let ((a_blocks, a_rest), (b_blocks, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for k in 0..8 {
            sums[k] += a[k].f64() * b[k].f64();
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a.f64() * b.f64()).sum();
    sums.iter().sum::<f64>() + rest
}

/// `log(1 + e^a)`, above zero also where `e^a` is too small for a double.
pub(super) fn softplus(a: f64) -> f64 {
    let value = Activation::Softplus.apply(a);
    // a comparison, as the greater of NaN and a number would be the number
    if value < f64::MIN_POSITIVE { f64::MIN_POSITIVE } else { value }
}

/// The slope of [`softplus`].
pub(super) fn sigmoid(a: f64) -> f64 {
    Activation::Sigmoid.apply(a)
}

/// The number whose [`softplus`] is `positive`.
pub(super) fn softplus_inverse(positive: f64) -> f64 {
    positive.exp_m1().ln()
}

/// Numbers for which the stack has room.
const ON_THE_STACK: usize = 64;

/// Calls `f` with `len` zeros, which only long rows take from the heap.
pub(super) fn with_scratch<R: Real, T>(len: usize, f: impl FnOnce(&mut [R]) -> T) -> T {
    if len <= ON_THE_STACK { f(&mut [R::zero(); ON_THE_STACK][..len]) } else { f(&mut vec![R::zero(); len]) }
}

/// A vector of length 1.
pub(super) fn direction(dim: usize, rng: &mut impl Rng) -> Vec<f32> {
    loop {
        let draw: Vec<f32> = (0..dim).map(|_| rng.gen_range(-1.0..1.0)).collect();
        let length = dot(&draw, &draw).sqrt() as f32;
        if length > 0.1 {
            return draw.into_iter().map(|v| v / length).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_products_of_any_length() {
        for len in [0, 1, 7, 8, 9, 21] {
            let a: Vec<f32> = (0..len).map(|i| i as f32 + 1.0).collect();
            let expected = (1..=len).map(|i| (i * i) as f64).sum::<f64>();
            assert_eq!(dot(&a, &a), expected, "{len}");
        }
    }

    #[test]
    fn softplus_is_positive_and_keeps_nan() {
        assert!(softplus(-1e4) > 0.0 && softplus(1e4) == 1e4 && softplus(f64::NAN).is_nan());
        assert!((softplus(softplus_inverse(0.3)) - 0.3).abs() < 1e-15);
    }

    #[test]
    fn scratch_is_as_long_as_asked() {
        for len in [0, 64, 65] {
            with_scratch(len, |scratch: &mut [f32]| assert_eq!(scratch, vec![0.0; len]));
        }
    }
}
