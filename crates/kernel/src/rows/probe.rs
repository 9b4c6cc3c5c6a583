//! Random numbers of estimators: a pure function of a seed, of one row and of the parameters.
//!
//! A map has no stream of random numbers, and needs none: the bits of the row and those of the parameters make a key. So
//! a row has one estimate for given parameters, whichever batch, thread or call it is in, and the gradient is that of
//! what was computed; from one training step to the next the parameters change, and with them the noise. Derivatives take
//! the numbers for constants.

use crate::Real;
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The part of a key that all rows share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Probes {
    hash: u64,
}

/// Parameters that take part: reading all of a large network for each call would cost more than it is worth.
const READ: usize = 64;

impl Probes {
    pub fn new<R: Real>(seed: u64, theta: &[R]) -> Self {
        let every = theta.len().div_ceil(READ).max(1);
        Self { hash: theta.iter().step_by(every).fold(mix(seed ^ 0x9e37_79b9_7f4a_7c15), absorb) }
    }

    /// The numbers of one row.
    pub fn row<R: Real>(&self, u: &[R]) -> Stream {
        Stream(ChaCha8Rng::seed_from_u64(u.iter().fold(self.hash, absorb)))
    }
}

/// The finaliser of SplitMix64 (Steele, Lea & Flood 2014).
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn absorb<R: Real>(hash: u64, value: &R) -> u64 {
    mix(hash.rotate_left(5) ^ value.f64().to_bits()).wrapping_add(hash)
}

/// One row's numbers.
pub(super) struct Stream(ChaCha8Rng);

impl Stream {
    /// 1 and −1 with equal chances: of all independent entries with mean 0 and variance 1 those with the least variance
    /// of `vᵀAv` (Hutchinson 1990).
    pub fn signs<R: Real>(&mut self, out: &mut [R]) {
        for block in out.chunks_mut(32) {
            let bits = self.0.next_u32();
            for (i, out) in block.iter_mut().enumerate() {
                *out = if bits >> i & 1 == 0 { R::one() } else { -R::one() };
            }
        }
    }

    /// Failures before the first success, of trials that succeed with chance `p`.
    pub fn geometric(&mut self, p: f64) -> usize {
        // in (0, 1)
        let uniform = ((self.0.next_u64() >> 12) as f64 + 0.5) / (1u64 << 52) as f64;
        (uniform.ln() / (-p).ln_1p()).floor() as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_seeds_and_parameters_each_change_the_numbers() {
        let draw = |seed: u64, theta: &[f64], u: &[f64]| {
            let mut signs = [0.0f64; 64];
            Probes::new(seed, theta).row(u).signs(&mut signs);
            signs
        };
        let first = draw(1, &[0.5, 0.1], &[1.0, 2.0]);
        assert_eq!(first, draw(1, &[0.5, 0.1], &[1.0, 2.0]));
        for other in [
            draw(2, &[0.5, 0.1], &[1.0, 2.0]),
            draw(1, &[0.5, 0.1 + 1e-16], &[1.0, 2.0]),
            draw(1, &[0.5, 0.1], &[1.0, 2.0 + 1e-15]),
            draw(1, &[0.5, 0.1], &[2.0, 1.0]),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn signs_are_even_and_independent() {
        let (n, mut sum, mut product) = (4000, 0.0, 0.0);
        for i in 0..n {
            let mut v = [0.0f64; 3];
            Probes::new(7, &[0.1f64]).row(&[f64::from(i)]).signs(&mut v);
            assert!(v.iter().all(|v| v.abs() == 1.0));
            sum += v[0];
            product += v[0] * v[2];
        }
        let bound = 4.0 * f64::from(n).sqrt();
        assert!(sum.abs() < bound && product.abs() < bound, "{sum} {product}");
    }

    #[test]
    fn failures_are_geometric() {
        let (n, p) = (20_000, 0.4);
        let mut counts = [0.0; 4];
        for i in 0..n {
            let failures = Probes::new(9, &[0.1f64]).row(&[f64::from(i)]).geometric(p);
            (0..4.min(failures)).for_each(|k| counts[k] += 1.0);
        }
        for (k, count) in counts.iter().enumerate() {
            let (chance, n) = ((1.0 - p).powi(k as i32 + 1), f64::from(n));
            assert!((count - n * chance).abs() < 4.0 * (n * chance * (1.0 - chance)).sqrt(), "{k}: {count}");
        }
    }
}
