//! Base draws, addressed by row.

use crate::SamplerError;
use crate::chain::SHARD_ROWS;
use flowstill_kernel::noise::{Purpose, fill_gaussian};
use rayon::prelude::*;

/// Which stream of standard normal rows a sample starts from. A plain seed is the stream for sampling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    pub seed: u64,
    pub purpose: Purpose,
}

impl From<u64> for Stream {
    fn from(seed: u64) -> Self {
        Self { seed, purpose: Purpose::Sample }
    }
}

impl Stream {
    /// Rows `first_row..first_row + rows` of the stream, rows × dim. Errors: more than fits into memory.
    pub fn rows(self, first_row: u64, rows: usize, dim: usize) -> Result<Vec<f32>, SamplerError> {
        let too_many = || SamplerError::TooManyRows { first_row, rows, dim };
        first_row.checked_add(rows as u64).ok_or_else(too_many)?;
        let len = rows.checked_mul(dim).ok_or_else(too_many)?;
        let mut draws = Vec::new();
        draws.try_reserve_exact(len).map_err(|_| too_many())?;
        draws.resize(len, 0.0);
        let fill = |first: u64, out: &mut [f32]| fill_gaussian(self.seed, self.purpose, 0, first, dim, out);
        if rows <= SHARD_ROWS {
            fill(first_row, &mut draws);
        } else {
            let shards = draws.par_chunks_mut(SHARD_ROWS * dim).enumerate();
            shards.for_each(|(shard, out)| fill(first_row + (shard * SHARD_ROWS) as u64, out));
        }
        Ok(draws)
    }
}
