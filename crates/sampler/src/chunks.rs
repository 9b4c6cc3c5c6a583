//! Many rows in constant memory.

use crate::{Sampler, SamplerError, Stream};
use std::ops::Range;

/// Cuts `rows` into consecutive (first row, number of rows) of at most `block_rows` (at least 1).
///
/// ```
/// let cut: Vec<_> = flowstill_sampler::blocks(0..10, 4).collect();
/// assert_eq!(cut, [(0, 4), (4, 4), (8, 2)]);
/// ```
pub fn blocks(rows: Range<u64>, block_rows: usize) -> impl Iterator<Item = (u64, usize)> {
    let mut next = rows.start;
    std::iter::from_fn(move || {
        let left = rows.end.checked_sub(next).filter(|&left| left > 0)?;
        let taken = usize::try_from(left).unwrap_or(usize::MAX).min(block_rows.max(1));
        let first = next;
        next += taken as u64;
        Some((first, taken))
    })
}

impl Sampler {
    /// The rows `rows` of a stream in data space, `chunk_rows` (at least 1) at a time: the same numbers as one call
    /// of [`Sampler::sample_data`], in the memory of one chunk.
    pub fn chunks(
        &self,
        stream: impl Into<Stream>,
        rows: Range<u64>,
        chunk_rows: usize,
    ) -> impl Iterator<Item = Result<Vec<f64>, SamplerError>> {
        let stream = stream.into();
        blocks(rows, chunk_rows).map(move |(first_row, rows)| self.sample_data(stream, first_row, rows))
    }
}
