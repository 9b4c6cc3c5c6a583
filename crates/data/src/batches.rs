//! Mini-batches by position: the rows of step `s` are a pure function of (seed, s), so a resumed run sees the very
//! batches that an uninterrupted one would have seen.

use flowstill_kernel::noise::{Purpose, stream};

use crate::dataset::Rows;
use crate::permutation::permutation;

/// The order in which training rows are served. Every epoch is a new permutation; the rows left over when the batch
/// does not divide their number wait for another epoch.
#[derive(Debug, Clone)]
pub struct Batches {
    rows: u32,
    batch: usize,
    seed: u64,
    epoch: Option<u64>,
    order: Vec<u32>,
}

impl Batches {
    /// Batches of `batch` out of `rows` rows; a batch larger than the data is all of it, one of zero is one row.
    ///
    /// # Panics
    /// If there are no rows or more than 2³² − 1: a [`Dataset`](crate::Dataset) never has so few or so many.
    pub fn new(rows: usize, batch: usize, seed: u64) -> Self {
        assert!(rows > 0, "there is no batch of no rows");
        let count = u32::try_from(rows).expect("a dataset holds fewer than 2³² rows");
        Self { rows: count, batch: batch.clamp(1, rows), seed, epoch: None, order: Vec::new() }
    }

    /// Rows in a batch.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// Whole batches in an epoch, at least one.
    pub fn batches_per_epoch(&self) -> u64 {
        (self.rows as usize / self.batch) as u64
    }

    /// The rows of step `step` (from 0).
    pub fn indices(&mut self, step: u64) -> &[u32] {
        let per_epoch = self.batches_per_epoch();
        let (epoch, within) = (step / per_epoch, (step % per_epoch) as usize);
        if self.epoch != Some(epoch) {
            self.order = permutation(&mut stream(self.seed, Purpose::Batches, epoch), self.rows);
            self.epoch = Some(epoch);
        }
        &self.order[within * self.batch..(within + 1) * self.batch]
    }
}

/// Copies the rows at `indices` into `out`, row-major; what `out` held before is dropped.
pub fn gather(rows: &Rows, indices: &[u32], out: &mut Vec<f32>) {
    out.clear();
    out.reserve(indices.len() * rows.dim);
    for &i in indices {
        out.extend_from_slice(rows.row(i as usize));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_start_sees_the_same_batches() {
        let mut from_start = Batches::new(103, 10, 5);
        let all: Vec<Vec<u32>> = (0..35).map(|s| from_start.indices(s).to_vec()).collect();
        for first in [1, 9, 10, 24] {
            let mut resumed = Batches::new(103, 10, 5);
            for step in first..35 {
                assert_eq!(resumed.indices(step), all[step as usize], "step {step} from {first}");
            }
        }
        assert_ne!(Batches::new(103, 10, 6).indices(0), all[0]);
    }

    #[test]
    fn an_epoch_serves_no_row_twice_and_epochs_differ() {
        let mut batches = Batches::new(103, 10, 5);
        assert_eq!(batches.batches_per_epoch(), 10);
        let mut epoch: Vec<u32> = (0..10).flat_map(|s| batches.indices(s).to_vec()).collect();
        let next: Vec<u32> = (10..20).flat_map(|s| batches.indices(s).to_vec()).collect();
        assert_ne!(epoch, next);
        epoch.sort_unstable();
        epoch.dedup();
        assert_eq!(epoch.len(), 100);
    }

    #[test]
    fn odd_batch_sizes_are_clamped() {
        let mut whole = Batches::new(7, 100, 0);
        assert_eq!((whole.batch(), whole.batches_per_epoch(), whole.indices(3).len()), (7, 1, 7));
        assert_eq!(Batches::new(7, 0, 0).batch(), 1);
    }

    #[test]
    fn gather_copies_rows() {
        let rows = Rows { dim: 2, values: vec![0.0, 1.0, 10.0, 11.0, 20.0, 21.0] };
        let mut out = vec![9.0; 50];
        gather(&rows, &[2, 0, 2], &mut out);
        assert_eq!(out, [20.0, 21.0, 0.0, 1.0, 20.0, 21.0]);
    }
}
