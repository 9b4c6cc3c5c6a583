//! Seeded permutations.

use rand::RngCore;
use rand_chacha::ChaCha8Rng;

/// A uniform permutation of `0..n` (Fisher–Yates), a pure function of the generator's state. Written out here because
/// the order of training rows must not change with the version of a library.
///
/// Indices are drawn by multiply-and-shift from 64 bits: for n ≤ 2³² no index is favoured by more than 2⁻³².
pub fn permutation(rng: &mut ChaCha8Rng, n: u32) -> Vec<u32> {
    let mut order: Vec<u32> = (0..n).collect();
    for i in (1..order.len()).rev() {
        let j = (u128::from(rng.next_u64()) * (i as u128 + 1)) >> 64;
        order.swap(i, j as usize);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use flowstill_kernel::noise::{Purpose, stream};

    #[test]
    fn all_orders_are_equally_likely() {
        let mut counts = std::collections::HashMap::new();
        for index in 0..24_000 {
            *counts.entry(permutation(&mut stream(3, Purpose::Split, index), 4)).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 24);
        let chi_square: f64 = counts.values().map(|&c| (f64::from(c) - 1000.0).powi(2) / 1000.0).sum();
        // 23 degrees of freedom: above 57.1 once in 10⁴ seeds
        assert!(chi_square < 57.1, "{chi_square}");
    }

    #[test]
    fn every_index_occurs_once() {
        let mut order = permutation(&mut stream(0, Purpose::Batches, 1), 1000);
        assert_ne!(order[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        order.sort_unstable();
        assert!(order.into_iter().eq(0..1000));
    }
}
