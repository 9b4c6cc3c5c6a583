//! Layer normalisation without gain and bias (Ba, Kiros & Hinton 2016, §3): `N(h) = (h − mean)/√(variance + ε)` of the
//! numbers of a token.

use crate::Real;
use crate::isa::{Instructions, dispatch};
use crate::panels::{COLUMNS, Panels};

/// `ε`: a token of which all numbers are the same becomes zero.
const EPSILON: f64 = 1e-5;

dispatch! {
    /// `y = N(h)` for rows of `width` numbers, and `1/√(variance + ε)` of each; columns that belong to nobody must be zero in
    /// `h` and are so in `y`.
    pub(super) fn normalise(width: usize, h: &Panels<R>, y: &mut Panels<R>, scale: &mut [R]) = normalise_body
}

#[inline(always)]
fn normalise_body<R: Real, I: Instructions>(width: usize, h: &Panels<R>, y: &mut Panels<R>, scale: &mut [R]) {
    let (from, to) = (h.stride(), y.stride());
    let count = h.count();
    let (h, y) = (h.data(), y.data_mut());
    let share = R::of((width as f64).recip());
    for (row, scale) in scale.iter_mut().enumerate() {
        let mut sums = [R::zero(); COLUMNS];
        for p in 0..count {
            let h = part(h, p * from + row * COLUMNS);
            for n in 0..COLUMNS {
                sums[n] += h[n];
            }
        }
        let mean = total(&sums) * share;
        let mut squares = [R::zero(); COLUMNS];
        for p in 0..count {
            let h = part(h, p * from + row * COLUMNS);
            let live = width - p * COLUMNS;
            let mut centred = [R::zero(); COLUMNS];
            for n in 0..COLUMNS {
                centred[n] = if n < live { h[n] - mean } else { R::zero() };
                squares[n] += centred[n] * centred[n];
            }
            y[p * to + row * COLUMNS..][..COLUMNS].copy_from_slice(&centred);
        }
        *scale = (total(&squares) * share + R::of(EPSILON)).sqrt().recip();
        for p in 0..count {
            for y in &mut y[p * to + row * COLUMNS..][..COLUMNS] {
                *y *= *scale;
            }
        }
    }
}

dispatch! {
    /// Adds to `dh` the gradient by `h` of rows from `first` on of what [`normalise`] made and left in `scale`, given that by
    /// `y`, with zeros in columns that belong to nobody.
    pub(super) fn normalise_backward(
        width: usize,
        y: &Panels<R>,
        scale: &[R],
        first: usize,
        dy: &Panels<R>,
        dh: &mut Panels<R>,
    ) = normalise_backward_body
}

#[inline(always)]
fn normalise_backward_body<R: Real, I: Instructions>(
    width: usize,
    y: &Panels<R>,
    scale: &[R],
    first: usize,
    dy: &Panels<R>,
    dh: &mut Panels<R>,
) {
    let (made, from, to) = (y.stride(), dy.stride(), dh.stride());
    let (count, rows) = (dy.count(), dy.rows());
    let (y, dy, dh) = (y.data(), dy.data(), dh.data_mut());
    let share = R::of((width as f64).recip());
    for (row, &scale) in scale[first..first + rows].iter().enumerate() {
        let at = (first + row) * COLUMNS;
        let (mut sums, mut products) = ([R::zero(); COLUMNS], [R::zero(); COLUMNS]);
        for p in 0..count {
            let (y, dy) = (part(y, p * made + at), part(dy, p * from + row * COLUMNS));
            for n in 0..COLUMNS {
                sums[n] += dy[n];
                products[n] += dy[n] * y[n];
            }
        }
        let (mean, along) = (total(&sums) * share, total(&products) * share);
        for p in 0..count {
            let (y, dy) = (part(y, p * made + at), part(dy, p * from + row * COLUMNS));
            let live = width - p * COLUMNS;
            let dh = &mut dh[p * to + row * COLUMNS..][..COLUMNS];
            for n in 0..COLUMNS {
                let d = scale * (dy[n] - mean - y[n] * along);
                dh[n] += if n < live { d } else { R::zero() };
            }
        }
    }
}

/// Sixteen neighbours.
#[inline(always)]
fn part<R: Real>(values: &[R], at: usize) -> [R; COLUMNS] {
    values[at..at + COLUMNS].try_into().expect("16 numbers")
}

/// The sum of sixteen, in pairs.
#[inline(always)]
fn total<R: Real>(sums: &[R; COLUMNS]) -> R {
    let mut sums = *sums;
    let mut half = COLUMNS / 2;
    while half > 0 {
        for n in 0..half {
            sums[n] += sums[n + half];
        }
        half /= 2;
    }
    sums[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::laws::noise;

    fn panels(values: &[f64], width: usize) -> Panels<f64> {
        let mut panels = Panels::default();
        panels.reshape(values.len() / width, width);
        panels.gather(values, &(0..width).collect::<Vec<_>>());
        panels
    }

    fn normalised(values: &[f64], width: usize) -> (Panels<f64>, Vec<f64>) {
        let (mut y, mut scale) = (Panels::default(), vec![0.0; values.len() / width]);
        y.reshape(scale.len(), width);
        normalise(width, &panels(values, width), &mut y, &mut scale);
        (y, scale)
    }

    fn flat(panels: &Panels<f64>, width: usize) -> Vec<f64> {
        let mut values = vec![0.0; panels.rows() * width];
        panels.scatter(&mut values, &(0..width).collect::<Vec<_>>());
        values
    }

    #[test]
    fn each_row_has_mean_zero_and_variance_one() {
        for width in [4, 16, 21, 40] {
            let values: Vec<f64> = noise(1, 3 * width, 2.0).iter().map(|v| v + 5.0).collect();
            for row in flat(&normalised(&values, width).0, width).chunks_exact(width) {
                // over width, not width − 1
                let mean = row.iter().sum::<f64>() / width as f64;
                let variance = row.iter().map(|v| v * v).sum::<f64>() / width as f64;
                assert!(mean.abs() < 1e-12 && (variance - 1.0).abs() < 1e-4, "{width}: {mean} {variance}");
            }
        }
        assert_eq!(flat(&normalised(&[3.0; 5], 5).0, 5), [0.0; 5]);
    }

    #[test]
    fn gradients_are_those_of_differences() {
        let width = 21;
        let (values, weights) = (noise(2, 2 * width, 1.0), noise(3, 2 * width, 1.0));
        let value = |values: &[f64]| {
            flat(&normalised(values, width).0, width).iter().zip(&weights).map(|(y, w)| y * w).sum::<f64>()
        };
        let (y, scale) = normalised(&values, width);
        // the second row alone
        let (mut dh, dy) = (panels(&vec![1.0; width], width), panels(&weights[width..], width));
        normalise_backward(width, &y, &scale, 1, &dy, &mut dh);
        for (i, d) in flat(&dh, width).into_iter().enumerate() {
            let moved = |step: f64| {
                let mut values = values.clone();
                values[width + i] += step;
                value(&values)
            };
            let numeric = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((d - 1.0 - numeric).abs() < 1e-8, "{i}: {d} {numeric}");
        }
    }
}
