//! Work on a batch, cut into shards whose number depends on the batch alone and whose results are combined in a
//! fixed order: the same bits for any number of threads.

use rayon::prelude::*;
use std::ops::Range;

/// Rows of a shard, a multiple of the kernel's row tile. Weight panels are packed once per shard, so fewer rows cost more
/// packing; more rows leave fewer shards to share among threads.
pub const SHARD_ROWS: usize = 126;

/// The row ranges of a batch; one only if the rows of a batch depend on each other.
pub fn ranges(rows: usize, couples_rows: bool) -> Vec<Range<usize>> {
    let size = if couples_rows { rows.max(1) } else { SHARD_ROWS };
    (0..rows).step_by(size).map(|start| start..(start + size).min(rows)).collect()
}

/// Evaluates every shard in the current rayon pool and returns the results in order.
pub fn map<T: Send, Failure: Send>(
    ranges: &[Range<usize>],
    work: impl Fn(Range<usize>) -> Result<T, Failure> + Sync,
) -> Result<Vec<T>, Failure> {
    ranges.par_iter().map(|range| work(range.clone())).collect()
}

/// Adds the vectors to `total`, first to last.
pub fn add_in_order<'a>(total: &mut [f32], parts: impl Iterator<Item = &'a [f32]>) {
    for part in parts {
        total.iter_mut().zip(part).for_each(|(sum, &value)| *sum += value);
    }
}
