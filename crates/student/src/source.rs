//! What a student learns from.

use flowstill_flow::{Draws, FlowError, Target};
use flowstill_kernel::noise::{Purpose, stream};
use rand_chacha::rand_core::RngCore;
use serde::{Deserialize, Serialize};

/// A target density, and rows from it where there are any.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub target: &'a dyn Target,
    /// the training rows behind the target, standardised, row-major; empty without any
    pub data: &'a [f32],
}

/// Which rows an objective is given that wants rows of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rows {
    /// training rows: the target is only an approximation of where they come from
    Data,
    /// fresh draws from the target
    Teacher,
    /// half of each
    Both,
}

impl Source<'_> {
    pub fn dim(&self) -> usize {
        self.target.dim()
    }

    /// Fills `x` with the rows `first..` of the batch that `draws` name, of which the first half are training rows if
    /// both are wanted. Row `i` depends on `draws` and `i` alone.
    ///
    /// # Errors
    /// A target that cannot be sampled, or no training rows, where they are wanted.
    pub fn fill(&self, rows: Rows, draws: Draws, first: usize, count: usize, x: &mut [f32]) -> Result<(), FlowError> {
        let dim = self.dim();
        let from_data = match rows {
            Rows::Data => count,
            Rows::Teacher => 0,
            Rows::Both => count / 2,
        };
        let cut = (from_data.saturating_sub(first) * dim).min(x.len());
        let (data, teacher) = x.split_at_mut(cut);
        if !data.is_empty() {
            let available = (self.data.len() / dim) as u64;
            if available == 0 {
                return Err(FlowError::NoRows("training rows"));
            }
            let mut rng = stream(draws.seed, Purpose::DataRows, draws.index);
            // two words for each row
            rng.set_word_pos(2 * first as u128);
            for row in data.chunks_exact_mut(dim) {
                let at = ((u128::from(rng.next_u64()) * u128::from(available)) >> 64) as usize;
                row.copy_from_slice(&self.data[at * dim..][..dim]);
            }
        }
        let first_drawn = (first + cut / dim) as u64;
        if !teacher.is_empty() && !self.target.sample(draws, first_drawn, teacher)? {
            return Err(FlowError::NoRows("draws from the target, which cannot be sampled"));
        }
        Ok(())
    }
}
