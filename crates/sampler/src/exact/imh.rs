//! Independence Metropolis–Hastings (Hastings 1970; Tierney 1994, §2.3.3; Liu 1996).

use super::uniforms::Uniforms;
use super::weights::WeightSums;
use super::{Corrected, Emit, Exact, How, Proposals, check_setting};
use crate::{SamplerError, blocks};

/// All chains step at once, and their proposals have to fit into memory.
const MOST_CHAINS: u64 = 1 << 13;

/// A chain at `x` moves to the next proposal `x' ~ q` with probability `min(1, w(x')/w(x))`, else stays: its
/// stationary distribution is the teacher, whatever the student. Where `w ≤ M` everywhere, `k` steps bring it there up
/// to a total variation of `(1 − 1/M)^k` (Mengersen & Tweedie 1996, Theorem 2.1).
///
/// All chains step together. Rows come step by step, within a step chain by chain: row `i` is the state of chain
/// `i mod chains` after `burn_in + ⌊i/chains⌋` steps, whatever the number of rows. A chain starts at its first proposal,
/// which counts as a step of the burn-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imh {
    /// independent chains, from 1 to 8192
    pub chains: usize,
    /// steps of each chain that are thrown away, at least 1
    pub burn_in: u64,
}

impl Default for Imh {
    fn default() -> Self {
        Self { chains: Self::CHAINS, burn_in: Self::BURN_IN }
    }
}

impl Imh {
    /// Chains unless others are chosen.
    pub const CHAINS: usize = 64;
    /// Steps of burn-in unless others are chosen.
    pub const BURN_IN: u64 = 100;

    pub(super) fn draw<E: From<SamplerError>>(
        self,
        exact: &Exact,
        seed: u64,
        rows: u64,
        emit: &mut Emit<E>,
    ) -> Result<Corrected, E> {
        check_setting("number of chains", self.chains as u64, MOST_CHAINS)?;
        check_setting("burn-in", self.burn_in, u64::from(u32::MAX))?;
        let chains = self.chains as u64;
        let steps = self.burn_in.saturating_add(rows.div_ceil(chains));
        let block_steps = (exact.block_rows() / self.chains).max(1);
        let mut states = Chains::new(self.chains, exact.dim());
        let mut uniforms = Uniforms::new(seed);
        let mut sums = WeightSums::default();
        let mut left = rows;
        let mut ready = Vec::new();
        for (first_step, count) in blocks(0..steps, block_steps) {
            let proposals = exact.propose(seed, first_step.saturating_mul(chains), count * self.chains)?;
            sums.add(&proposals.log_weight);
            ready.clear();
            for step in 0..count {
                let wanted = if first_step + (step as u64) < self.burn_in { 0 } else { left.min(chains) as usize };
                states.step(&proposals, step * self.chains, wanted, &mut uniforms);
                states.emit(wanted, &mut ready)?;
                left -= wanted as u64;
            }
            emit(&ready)?;
        }
        let acceptance = states.accepted as f64 / states.offered as f64;
        let how = How::Imh { chains: self.chains, burn_in: self.burn_in, acceptance };
        let (proposals, effective) = (steps * chains, states.effective());
        Ok(Corrected { rows, proposals, effective, mean_weight: sums.mean(), how })
    }
}

/// Where the chains are and how they got there.
struct Chains {
    dim: usize,
    /// chains × dim
    values: Vec<f32>,
    /// −∞ before the first possible proposal: anything possible is accepted then
    log_weight: Vec<f64>,
    /// rows emitted since the chain moved last
    run: Vec<u64>,
    /// Σ of the squared lengths of runs that are over
    squares: f64,
    /// proposals since the burn-in, and those that were accepted
    offered: u64,
    accepted: u64,
    emitted: u64,
}

impl Chains {
    fn new(chains: usize, dim: usize) -> Self {
        let (values, log_weight) = (vec![0.0; chains * dim], vec![f64::NEG_INFINITY; chains]);
        Self { dim, values, log_weight, run: vec![0; chains], squares: 0.0, offered: 0, accepted: 0, emitted: 0 }
    }

    /// One step of every chain with the proposals from `first` on; those of the first `counted` chains count.
    fn step(&mut self, proposals: &Proposals, first: usize, counted: usize, uniforms: &mut Uniforms) {
        for chain in 0..self.log_weight.len() {
            let proposed = proposals.log_weight[first + chain];
            let moves = uniforms.happens(proposed - self.log_weight[chain]);
            if moves {
                self.values[chain * self.dim..][..self.dim].copy_from_slice(proposals.row(first + chain));
                self.log_weight[chain] = proposed;
                self.squares += square(self.run[chain]);
                self.run[chain] = 0;
            }
            if chain < counted {
                self.offered += 1;
                self.accepted += u64::from(moves);
            }
        }
    }

    /// Adds the states of the first chains. Errors: a chain that has met nothing possible yet.
    fn emit(&mut self, chains: usize, ready: &mut Vec<f32>) -> Result<(), SamplerError> {
        if self.log_weight[..chains].contains(&f64::NEG_INFINITY) {
            return Err(SamplerError::NothingPossible);
        }
        self.run[..chains].iter_mut().for_each(|run| *run += 1);
        self.emitted += chains as u64;
        ready.extend_from_slice(&self.values[..chains * self.dim]);
        Ok(())
    }

    /// `n²/ΣL²` with the lengths `L` of all runs: what `n/(1 + 2Σ_k ρ_k)` is for a quantity independent of the weight,
    /// whose autocorrelation `ρ_k` is the probability not to move in `k` steps.
    fn effective(&self) -> f64 {
        square(self.emitted) / (self.squares + self.run.iter().copied().map(square).sum::<f64>())
    }
}

fn square(count: u64) -> f64 {
    (count as f64).powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One-dimensional proposals numbered from `first` on.
    fn proposals(first: usize, log_weight: &[f64]) -> Proposals {
        let values = (0..log_weight.len()).map(|i| (first + i) as f32).collect();
        Proposals { values, log_weight: log_weight.to_vec() }
    }

    #[test]
    fn equal_weights_return_the_proposals() {
        let (mut chains, mut ready) = (Chains::new(2, 1), Vec::new());
        let mut uniforms = Uniforms::new(0);
        for step in 0..500 {
            chains.step(&proposals(2 * step, &[7.25; 2]), 0, 2, &mut uniforms);
            chains.emit(2, &mut ready).unwrap();
        }
        assert!(ready.iter().enumerate().all(|(i, &value)| value == i as f32));
        assert_eq!((chains.accepted, chains.offered, chains.effective()), (1000, 1000, 1000.0));
    }

    #[test]
    fn a_chain_spends_its_time_in_proportion_to_the_weights() {
        // two states proposed alike, one weighing three times the other: w/w' instead of w'/w would swap them
        let (mut chains, mut ready) = (Chains::new(1, 1), Vec::new());
        let (mut uniforms, mut coin) = (Uniforms::new(3), Uniforms::new(4));
        let n = 40_000;
        for _ in 0..n {
            let heavy = coin.happens(0.5f64.ln());
            let (value, log_weight) = if heavy { (1.0, 3f64.ln() + 800.0) } else { (0.0, 800.0) };
            chains.step(&Proposals { values: vec![value], log_weight: vec![log_weight] }, 0, 1, &mut uniforms);
            chains.emit(1, &mut ready).unwrap();
        }
        let share = f64::from(ready.iter().sum::<f32>()) / f64::from(n);
        // ¾ ± √(¾·¼·τ/n), τ below 3
        assert!((share - 0.75).abs() < 0.016, "{share}");
        // moves between unlike states: heavy → light 1/6 of the time, light → heavy ½; like states "move" too
        let expected = 0.75 * (0.5 + 0.5 / 3.0) + 0.25;
        assert!((chains.accepted as f64 / f64::from(n) - expected).abs() < 0.01);
    }

    #[test]
    fn runs_of_geometric_length_have_the_autocorrelation_time_of_their_rate() {
        // a move with probability a whatever the state: τ = (2 − a)/a
        let mut uniforms = Uniforms::new(5);
        for a in [0.9f64, 0.5, 0.1] {
            let (mut chains, mut ready) = (Chains::new(16, 1), Vec::new());
            let n = 50_000;
            for step in 0..n {
                // a proposal is possible with probability a, and as good as any other
                let possible = |uniforms: &mut Uniforms| step == 0 || uniforms.happens(a.ln());
                let weights: Vec<f64> =
                    (0..16).map(|_| if possible(&mut uniforms) { 0.0 } else { f64::NEG_INFINITY }).collect();
                chains.step(&proposals(0, &weights), 0, 16, &mut uniforms);
                chains.emit(16, &mut ready).unwrap();
            }
            let tau = 16.0 * f64::from(n) / chains.effective();
            assert!((tau / ((2.0 - a) / a) - 1.0).abs() < 0.03, "{tau} at {a}");
        }
    }

    #[test]
    fn an_impossible_row_is_no_state() {
        let (mut chains, mut ready) = (Chains::new(1, 1), Vec::new());
        let mut uniforms = Uniforms::new(0);
        chains.step(&proposals(0, &[f64::NEG_INFINITY]), 0, 1, &mut uniforms);
        assert!(matches!(chains.emit(1, &mut ready), Err(SamplerError::NothingPossible)));
        chains.step(&proposals(1, &[-5000.0]), 0, 1, &mut uniforms);
        chains.step(&proposals(2, &[f64::NEG_INFINITY]), 0, 1, &mut uniforms);
        chains.emit(1, &mut ready).unwrap();
        assert_eq!(ready, [1.0]);
    }
}
