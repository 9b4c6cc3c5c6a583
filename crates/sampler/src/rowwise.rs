//! A map of rows in either direction.

use flowstill_kernel::Real;
use flowstill_kernel::rows::{RowMap, RowSpec};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

#[derive(Clone)]
pub(crate) struct Rowwise<R> {
    map: Arc<dyn RowMap<R> + Send + Sync>,
    kind: &'static str,
    /// whether this direction is computed rather than solved for
    outright: bool,
    theta: Range<usize>,
}

impl<R: Real> Rowwise<R> {
    /// The map with parameters at `theta`.
    pub fn new(map: &RowSpec, dim: usize, outright: bool, theta: Range<usize>) -> Self {
        Self { map: map.build(dim).into(), kind: map.kind(), outright, theta }
    }

    /// Maps whole rows in place and adds each row's log-det of the map.
    pub fn apply(&self, theta: &[R], values: &mut [R], log_det: &mut [f64], buffer: &mut Vec<R>) {
        let theta = &theta[self.theta.clone()];
        buffer.resize(buffer.len().max(2 * values.len()), R::zero());
        let (mapped, back) = buffer[..2 * values.len()].split_at_mut(values.len());
        let mut added = vec![0.0; log_det.len()];
        if self.outright {
            self.map.map_rows(theta, values, mapped, &mut added);
            log_det.iter_mut().zip(added).for_each(|(sum, added)| *sum += added);
        } else {
            self.map.solve_rows(theta, values, mapped);
            self.map.map_rows(theta, mapped, back, &mut added);
            log_det.iter_mut().zip(added).for_each(|(sum, added)| *sum -= added);
        }
        values.copy_from_slice(mapped);
    }
}

impl<R> fmt::Debug for Rowwise<R> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("Rowwise").field("kind", &self.kind).field("outright", &self.outright).finish_non_exhaustive()
    }
}
