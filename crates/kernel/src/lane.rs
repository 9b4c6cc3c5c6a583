//! 16 numbers at a time, 8 coordinates of two rows: for maps of each coordinate whose parameters stand side by side in panels.

use crate::Real;
use crate::made::GROUP;
use crate::panels::{COLUMNS, Panels, column_offset};

/// Numbers of 8 coordinates of two rows.
pub(crate) type Lane<R> = [R; COLUMNS];

/// The parameters of 8 coordinates of one or two rows; nothing is zero.
#[inline(always)]
pub(crate) fn take<R: Real>(p: &mut [Lane<R>], outputs: &Panels<R>, first: usize, row: usize, pair: usize) {
    let stride = outputs.stride();
    let count = p.len();
    for (k, p) in p.iter_mut().enumerate() {
        *p = pair_of(outputs.data(), column_offset(first * count + k * GROUP, stride) + row * COLUMNS, pair);
    }
}

/// Writes what [`take`] reads.
#[inline(always)]
pub(crate) fn put<R: Real>(p: &[Lane<R>], outputs: &mut Panels<R>, first: usize, row: usize, pair: usize) {
    let stride = outputs.stride();
    for (k, values) in p.iter().enumerate() {
        let at = column_offset(first * p.len() + k * GROUP, stride) + row * COLUMNS;
        for r in 0..pair {
            outputs.data_mut()[at + r * COLUMNS..][..GROUP].copy_from_slice(&values[r * GROUP..][..GROUP]);
        }
    }
}

/// The numbers of 8 neighbouring columns in one or two rows.
#[inline(always)]
pub(crate) fn pair_of<R: Real>(data: &[R], at: usize, pair: usize) -> Lane<R> {
    let mut lane = [R::zero(); COLUMNS];
    for r in 0..pair {
        lane[r * GROUP..][..GROUP].copy_from_slice(&data[at + r * COLUMNS..][..GROUP]);
    }
    lane
}
