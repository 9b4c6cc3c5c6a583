//! Sampling–importance resampling (Rubin 1987; systematic resampling: Kitagawa 1996, Carpenter, Clifford & Fearnhead
//! 1999).

use super::uniforms::Uniforms;
use super::weights::WeightSums;
use super::{Corrected, Emit, Exact, How, check_setting};
use crate::{SamplerError, blocks};

/// Fewest proposals that a block is drawn from: resampling is biased by about one part in as many.
const LEAST_POOL: usize = 1 << 10;
/// Most proposals of a block, and most numbers, as far as `pool` allows.
const MOST_POOL: usize = 1 << 16;
const MOST_NUMBERS: usize = 1 << 25;

/// Every block of rows is drawn from `pool` times as many proposals, each copied `n·w/Σw` times on average.
///
/// Rows come in the order of their proposals, copies of one side by side. Blocks are resampled on their own, so memory
/// does not grow with the number of rows; only the last block depends on that number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sir {
    /// proposals per row, from 1 to 65 536
    pub pool: usize,
}

impl Default for Sir {
    fn default() -> Self {
        Self { pool: Self::POOL }
    }
}

impl Sir {
    /// Proposals per row unless another number is chosen.
    pub const POOL: usize = 4;

    pub(super) fn draw<E: From<SamplerError>>(
        self,
        exact: &Exact,
        seed: u64,
        rows: u64,
        emit: &mut Emit<E>,
    ) -> Result<Corrected, E> {
        check_setting("pool", self.pool as u64, MOST_POOL as u64)?;
        let block_rows = (MOST_POOL.min(MOST_NUMBERS / exact.dim()) / self.pool).max(1);
        let mut uniforms = Uniforms::new(seed);
        let mut sums = WeightSums::default();
        let (mut proposed, mut distinct, mut squares) = (0u64, 0u64, 0.0);
        let mut ready = Vec::new();
        for (_, count) in blocks(0..rows, block_rows) {
            let pool = (count * self.pool).max(LEAST_POOL);
            let proposals = exact.propose(seed, proposed, pool)?;
            proposed += pool as u64;
            sums.add(&proposals.log_weight);
            ready.clear();
            for (row, copies) in copies(&proposals.log_weight, count, uniforms.next())?.into_iter().enumerate() {
                (0..copies).for_each(|_| ready.extend_from_slice(proposals.row(row)));
                distinct += u64::from(copies > 0);
                squares += (copies as f64).powi(2);
            }
            emit(&ready)?;
        }
        let how = How::Sir { weight_effective: sums.effective(), distinct };
        let effective = (rows as f64).powi(2) / squares;
        Ok(Corrected { rows, proposals: proposed, effective, mean_weight: sums.mean(), how })
    }
}

/// How often each proposal is taken, `n` times in all: row `i` as often as one of the points `k + u`, `k = 0 … n − 1`,
/// lies in `(nS_{i−1}, nS_i]`, where `S_i` is the share of the first `i` weights and `u ∈ (0, 1]`. That is `n·w_i/Σw` on
/// average, and never off by 1 or more.
fn copies(log_weight: &[f64], n: usize, u: f64) -> Result<Vec<usize>, SamplerError> {
    let largest = log_weight.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return Err(SamplerError::NothingPossible);
    }
    let weight = |log_weight: &f64| (log_weight - largest).exp();
    let total: f64 = log_weight.iter().map(weight).sum();
    let (mut sum, mut taken) = (0.0, 0);
    let copies = log_weight.iter().map(|log_weight| {
        sum += weight(log_weight);
        // the last sum is the total to the last bit, so that n are taken in the end; more only by rounding, for u near 0
        let now = ((n as f64 * (sum / total) + (1.0 - u)).floor() as usize).min(n);
        let copies = now - taken;
        taken = now;
        copies
    });
    Ok(copies.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_the_share_of_the_weight_up_to_one() {
        let weights = [0.2f64, 0.0, 1.7, 0.6, 0.0];
        let n = 50;
        for shift in [0.0, -900.0, 900.0] {
            let logs = weights.map(|w| w.ln() + shift);
            let mut uniforms = Uniforms::new(9);
            for _ in 0..200 {
                let copies = copies(&logs, n, uniforms.next()).unwrap();
                assert_eq!(copies.iter().sum::<usize>(), n);
                for (&copies, weight) in copies.iter().zip(weights) {
                    let expected = n as f64 * weight / 2.5;
                    assert!((copies as f64 - expected).abs() < 1.0, "{copies} for {expected}");
                }
            }
        }
    }

    #[test]
    fn copies_are_unbiased() {
        let weights = [0.3f64, 1.1, 0.05, 0.7];
        let mut uniforms = Uniforms::new(2);
        let turns = 20_000;
        let mut mean = [0.0; 4];
        for _ in 0..turns {
            let copies = copies(&weights.map(f64::ln), 3, uniforms.next()).unwrap();
            mean.iter_mut().zip(copies).for_each(|(mean, copies)| *mean += copies as f64 / f64::from(turns));
        }
        for (mean, weight) in mean.iter().zip(weights) {
            let expected = 3.0 * weight / 2.15;
            assert!((mean - expected).abs() < 4.0 * (0.25 / f64::from(turns)).sqrt(), "{mean} for {expected}");
        }
    }

    #[test]
    fn edges_of_the_uniform_lose_and_add_no_row() {
        for u in [f64::EPSILON / 2.0, 0.5, 1.0] {
            for n in [1, 7, 4096] {
                let logs: Vec<f64> = (0..10_000).map(|i| (f64::from(i) * 0.37).sin()).collect();
                assert_eq!(copies(&logs, n, u).unwrap().iter().sum::<usize>(), n);
            }
        }
        for u in [1e-9, 0.5, 1.0] {
            assert_eq!(copies(&[0.0; 5], 5, u).unwrap(), [1; 5], "equal weights, one each");
        }
        assert!(matches!(copies(&[f64::NEG_INFINITY; 3], 2, 0.5), Err(SamplerError::NothingPossible)));
    }
}
