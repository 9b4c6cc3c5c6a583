//! The gradient of the weights and biases of a masked linear map, inside the staircase only.

use crate::isa::{Instructions, dispatch};
use crate::linear::computed;
use crate::panels::{COLUMNS, Panels};
use crate::tile::{accumulate, by_tiles};
use crate::{Linear, Real};

/// `dW += xᵀ·dy` inside the staircase and `db += Σ_rows dy`, into the map's place in `d_theta`. The columns of `dy` that
/// belong to nobody must be zero.
pub(crate) fn backward_parameters<R: Real>(linear: &Linear, x: &Panels<R>, dy: &Panels<R>, d_theta: &mut [R]) {
    assert_eq!(x.rows(), dy.rows());
    for (p, panel) in linear.panels().iter().enumerate() {
        let at = linear.weight.start + panel.offset;
        let d_weight = &mut d_theta[at..at + panel.depth * COLUMNS];
        let width = computed(linear.columns - p * COLUMNS);
        weight_gradient(x, dy.panel(p), d_weight, width);
        // afterwards: a choice within the product's tile costs it 7 %
        mask(&panel.ragged, &mut d_weight[panel.full * COLUMNS..]);
        let at = linear.bias.start + p * COLUMNS;
        add_rows(dy.panel(p), &mut d_theta[at..at + COLUMNS]);
    }
}

dispatch! {
    /// Adds `xᵀ·dy` to a panel of weight gradients.
    fn weight_gradient(
        x: &Panels<R>,
        dy: &[R],
        d_weight: &mut [R],
        width: usize,
    ) = weight_gradient_body
}

#[inline(always)]
fn weight_gradient_body<R: Real, I: Instructions>(x: &Panels<R>, dy: &[R], d_weight: &mut [R], width: usize) {
    if width == COLUMNS {
        weight_gradient_of_width::<R, I, COLUMNS>(x, dy, d_weight);
    } else {
        weight_gradient_of_width::<R, I, { COLUMNS / 2 }>(x, dy, d_weight);
    }
}

#[inline(always)]
fn weight_gradient_of_width<R: Real, I: Instructions, const N: usize>(x: &Panels<R>, dy: &[R], d_weight: &mut [R]) {
    assert!(dy.len() == x.rows() * COLUMNS && d_weight.len() <= x.count() * COLUMNS * COLUMNS);
    for (q, d_weight) in d_weight.chunks_mut(COLUMNS * COLUMNS).enumerate() {
        let x = x.panel(q);
        let inputs = d_weight.len() / COLUMNS;
        let mut k = 0;
        if inputs == COLUMNS && I::WIDE {
            block::<R, I, COLUMNS, N>(x, dy, k, d_weight);
        } else {
            by_tiles!(k, inputs, M => block::<R, I, M, N>(x, dy, k, d_weight));
        }
    }
}

/// Inputs `k..k + M` of the panel `x`.
#[inline(always)]
fn block<R: Real, I: Instructions, const M: usize, const N: usize>(x: &[R], dy: &[R], k: usize, d_weight: &mut [R]) {
    assert!(k + M <= COLUMNS && x.len() == dy.len());
    let rows = &mut d_weight[k * COLUMNS..(k + M) * COLUMNS];
    let mut sum = [[R::zero(); N]; M];
    // SAFETY: both panels have len/16 rows, and columns k..k + M exist in a panel.
    unsafe {
        accumulate::<R, I, M, N>(&mut sum, dy.len() / COLUMNS, x.as_ptr().add(k), 1, COLUMNS, dy.as_ptr());
    }
    for m in 0..M {
        let row = &mut rows[m * COLUMNS..][..N];
        for n in 0..N {
            row[n] += sum[m][n];
        }
    }
}

dispatch! {
    /// Sets the entries of the rows that `keep` does not allow to zero.
    fn mask(keep: &[[bool; COLUMNS]], rows: &mut [R]) = mask_body
}

#[inline(always)]
fn mask_body<R: Real, I: Instructions>(keep: &[[bool; COLUMNS]], rows: &mut [R]) {
    for (keep, row) in keep.iter().zip(rows.chunks_exact_mut(COLUMNS)) {
        for n in 0..COLUMNS {
            row[n] = if keep[n] { row[n] } else { R::zero() };
        }
    }
}

dispatch! {
    /// Adds the sum of all rows of the panel `dy`.
    fn add_rows(dy: &[R], out: &mut [R]) = add_rows_body
}

#[inline(always)]
fn add_rows_body<R: Real, I: Instructions>(dy: &[R], out: &mut [R]) {
    let mut sum = [R::zero(); COLUMNS];
    for row in dy.chunks_exact(COLUMNS) {
        for n in 0..COLUMNS {
            sum[n] += row[n];
        }
    }
    out.iter_mut().zip(sum).for_each(|(out, sum)| *out += sum);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::Plain;

    /// Blocks of 16 inputs run on AVX-512 only; their code is the same on any processor.
    #[cfg(target_arch = "x86_64")]
    #[test]
    fn wide_blocks_do_what_narrow_ones_do() {
        use crate::isa::Wide;
        let numbers = |n: usize, phase: f64| (0..n).map(|i| (i as f64 * 0.7 + phase).sin()).collect::<Vec<f64>>();
        for rows in [1, 2, 7, 96] {
            let mut x = Panels::default();
            x.reshape(rows, 40);
            let values = numbers(x.data().len(), 0.1);
            x.data_mut().copy_from_slice(&values);
            let dy = numbers(rows * COLUMNS, 0.2);
            for inputs in [1, 15, 16, 17, 40] {
                for width in [COLUMNS / 2, COLUMNS] {
                    let (mut wide, mut narrow) = (numbers(inputs * COLUMNS, 0.3), numbers(inputs * COLUMNS, 0.3));
                    weight_gradient_body::<f64, Wide>(&x, &dy, &mut wide, width);
                    weight_gradient_body::<f64, Plain>(&x, &dy, &mut narrow, width);
                    let same = wide.iter().zip(&narrow).all(|(a, b)| (a - b).abs() < 1e-12);
                    assert!(same, "{rows} rows, {inputs} inputs, width {width}");
                }
            }
        }
    }
}
