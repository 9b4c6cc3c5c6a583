//! The forward product for one row: as fast as its weights can be read.
//!
//! A tile of one row would wait for its own additions. Four panels side by side keep the arithmetic busy, and the
//! reader of four streams ahead of it.

use crate::isa::{Instructions, dispatch, multiply_add};
use crate::panels::COLUMNS;
use crate::{Linear, Real};

/// Panels side by side.
const SIDE: usize = 4;

dispatch! {
    /// `y = x·W + b` for one row; `x` and `y` are its columns, panel after panel. The same bits as for the row in a
    /// larger batch.
    pub(crate) fn row_product(linear: &Linear, theta: &[R], x: &[R], y: &mut [R]) = row_product_body
}

#[inline(always)]
fn row_product_body<R: Real, I: Instructions>(linear: &Linear, theta: &[R], x: &[R], y: &mut [R]) {
    let weight = &theta[linear.weight.clone()];
    let bias = &theta[linear.bias.clone()];
    let panels = linear.panels();
    for (first, y) in y.chunks_mut(SIDE * COLUMNS).enumerate().map(|(i, y)| (i * SIDE, y)) {
        let side = &panels[first..(first + SIDE).min(panels.len())];
        let mut sums = [[R::zero(); COLUMNS]; SIDE];
        let shared = if side.len() == SIDE { side.iter().map(|panel| panel.depth).min().unwrap_or(0) } else { 0 };
        if shared > 0 {
            let rows: [&[R]; SIDE] = std::array::from_fn(|i| &weight[side[i].offset..][..shared * COLUMNS]);
            for (l, &x) in x[..shared].iter().enumerate() {
                for i in 0..SIDE {
                    let row = &rows[i][l * COLUMNS..][..COLUMNS];
                    for n in 0..COLUMNS {
                        sums[i][n] = multiply_add::<R, I>(x, row[n], sums[i][n]);
                    }
                }
            }
        }
        for (i, panel) in side.iter().enumerate() {
            let rest = &weight[panel.offset + shared * COLUMNS..][..(panel.depth - shared) * COLUMNS];
            let mut sum = sums[i];
            for (row, &x) in rest.chunks_exact(COLUMNS).zip(&x[shared..panel.depth]) {
                for n in 0..COLUMNS {
                    sum[n] = multiply_add::<R, I>(x, row[n], sum[n]);
                }
            }
            let bias = &bias[(first + i) * COLUMNS..][..COLUMNS];
            for n in 0..COLUMNS {
                y[i * COLUMNS + n] = sum[n] + bias[n];
            }
        }
    }
}
