//! Positive shares that sum to 1, from unconstrained numbers.

use crate::Real;

/// Most shares, so that they fit on the stack.
pub const MOST_SHARES: usize = 64;

/// Least share, of the mean share.
pub const LEAST: f64 = 1e-3;

/// A softmax of `raw`, mixed with equal shares so that each is at least [`LEAST`] of the mean.
pub fn shares<R: Real>(raw: &[R]) -> [R; MOST_SHARES] {
    let most = raw.iter().copied().fold(R::neg_infinity(), R::max);
    let mut shares = [R::zero(); MOST_SHARES];
    let mut sum = R::zero();
    for (share, &raw) in shares.iter_mut().zip(raw) {
        *share = (raw - most).fast_exp();
        sum += *share;
    }
    let (least, rest): (R, R) = floor_and_rest(raw.len());
    shares[..raw.len()].iter_mut().for_each(|share| *share = least + rest * *share / sum);
    shares
}

/// From the gradients `d(k)` by the shares to those by the raw numbers.
pub fn to_raw<R: Real>(shares: &[R], d: impl Fn(usize) -> R, d_raw: &mut [R]) {
    let (least, rest) = floor_and_rest(d_raw.len());
    // shares before the floor was added
    let soft = |k: usize| (shares[k] - least) / rest;
    let mean: R = (0..d_raw.len()).map(|k| soft(k) * d(k)).sum();
    for (k, d_raw) in d_raw.iter_mut().enumerate() {
        *d_raw = rest * soft(k) * (d(k) - mean);
    }
}

/// The least of `count` shares, and how much is left for the softmax.
pub fn floor_and_rest<R: Real>(count: usize) -> (R, R) {
    (R::of(LEAST / count as f64), R::of(1.0 - LEAST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_sum_to_one_and_none_vanishes() {
        for raw in [vec![0.3f64], vec![1.0, -2.0, 0.5], vec![0.0, 1e4, -1e4, 0.0]] {
            let shares = shares(&raw);
            let used = &shares[..raw.len()];
            assert!((used.iter().sum::<f64>() - 1.0).abs() < 1e-15, "{used:?}");
            assert!(used.iter().all(|&share| share >= LEAST / raw.len() as f64), "{used:?}");
        }
        assert_eq!(shares(&[0.0f64; 4])[..4], [0.25; 4]);
    }

    #[test]
    fn gradients_are_those_of_differences() {
        let (raw, weights) = ([0.4f64, -1.1, 0.9], [2.0, -0.5, 1.0]);
        let value = |raw: &[f64]| shares(raw).iter().zip(weights).map(|(share, weight)| share * weight).sum::<f64>();
        let mut d_raw = [f64::NAN; 3];
        to_raw(&shares(&raw), |k| weights[k], &mut d_raw);
        for k in 0..3 {
            let moved = |by: f64| value(&std::array::from_fn::<f64, 3, _>(|i| raw[i] + if i == k { by } else { 0.0 }));
            assert!((d_raw[k] - (moved(1e-5) - moved(-1e-5)) / 2e-5).abs() < 1e-9, "{k}: {d_raw:?}");
        }
    }
}
