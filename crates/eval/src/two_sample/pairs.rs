//! Distances that are means over pairs of rows: `E h(x, x') + E h(y, y') − 2 E h(x, y)` for a function `h` of the
//! Euclidean distance. Unbiased: no row is paired with itself, so that the mean is 0 for two samples of one distribution.

use super::Rows;
use super::jackknife::{BLOCKS, jackknife};
use crate::Estimate;
use rayon::prelude::*;

/// The distance for `h` as a function of the squared distance of two rows. Both sets have equally many rows.
pub fn discrepancy(x: &Rows, y: &Rows, h: impl Fn(f64) -> f64 + Sync) -> Estimate {
    let (xx, yy, xy) = (block_sums(x, x, &h), block_sums(y, y, &h), block_sums(x, y, &h));
    let own = h(0.0) * x.per_block as f64;
    jackknife(|omit| {
        let kept = || (0..BLOCKS).filter(move |&block| Some(block) != omit);
        let rows = (kept().count() * x.per_block) as f64;
        let total = |sums: &[f64]| kept().flat_map(|g| kept().map(move |h| sums[g * BLOCKS + h])).sum::<f64>();
        let selves = own * kept().count() as f64;
        let within = |sums: &[f64]| (total(sums) - selves) / (rows * (rows - 1.0));
        within(&xx) + within(&yy) - 2.0 * total(&xy) / (rows * rows)
    })
}

/// `Σ h(|x_i − y_j|²)` over the rows of each block of `x` and each of `y`, row-major by the block of `x`.
fn block_sums(x: &Rows, y: &Rows, h: &(impl Fn(f64) -> f64 + Sync)) -> Vec<f64> {
    let same = std::ptr::eq(x, y);
    let mut sums: Vec<f64> = (0..BLOCKS)
        .into_par_iter()
        .flat_map_iter(|g| {
            let mut squares = vec![0.0; y.per_block];
            (0..BLOCKS)
                .map(move |other| if same && other < g { 0.0 } else { block_sum(x, g, y, other, h, &mut squares) })
        })
        .collect();
    if same {
        for (g, other) in (0..BLOCKS).flat_map(|g| (0..g).map(move |other| (g, other))) {
            sums[g * BLOCKS + other] = sums[other * BLOCKS + g];
        }
    }
    sums
}

fn block_sum(x: &Rows, g: usize, y: &Rows, other: usize, h: &impl Fn(f64) -> f64, squares: &mut [f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.per_block {
        squares.fill(0.0);
        for k in 0..x.dim {
            let value = x.column(g, k)[i];
            for (square, v) in squares.iter_mut().zip(y.column(other, k)) {
                *square += (value - v) * (value - v);
            }
        }
        sum += squares.iter().map(|&square| h(square)).sum::<f64>();
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::super::tests::{gaussian, rows};
    use super::*;

    #[test]
    fn it_is_the_mean_over_pairs_without_a_row_beside_itself() {
        let (a, b) = (gaussian(0, 60, 3, 0.0, 1.0), gaussian(1, 60, 3, 0.5, 1.3));
        let h = |square: f64| 1.0 / (2.0 + square);
        let square =
            |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| (f64::from(*x) - f64::from(*y)).powi(2)).sum::<f64>();
        let plain = |omit: Option<usize>| {
            let kept = || (0..60).filter(|i| Some(i % BLOCKS) != omit);
            let mean = |a: &[f32], b: &[f32], selves: bool| {
                let pairs = kept().flat_map(|i| kept().filter(move |&j| selves || i != j).map(move |j| (i, j)));
                let values: Vec<f64> = pairs.map(|(i, j)| h(square(&a[3 * i..][..3], &b[3 * j..][..3]))).collect();
                values.iter().sum::<f64>() / values.len() as f64
            };
            mean(&a, &a, false) + mean(&b, &b, false) - 2.0 * mean(&a, &b, true)
        };
        let (found, expected) = (discrepancy(&rows(3, &a), &rows(3, &b), h), jackknife(plain));
        assert!((found.mean - expected.mean).abs() < 1e-13, "{found:?} for {expected:?}");
        assert!((found.standard_error - expected.standard_error).abs() < 1e-13, "{found:?} for {expected:?}");
    }
}
