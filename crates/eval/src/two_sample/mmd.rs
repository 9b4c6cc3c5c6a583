//! Maximum mean discrepancy (Gretton, Borgwardt, Rasch, Schölkopf & Smola, "A kernel two-sample test", 2012).

use super::Rows;
use super::pairs::discrepancy;
use crate::Estimate;

/// Widths of the kernels in units of the median distance, the widest first; each is half of the one before.
const WIDEST: f64 = 4.0;
const WIDTHS: usize = 5;
/// Rows whose distances give the median.
const MEDIAN_ROWS: usize = 500;

/// Unbiased `MMD² = E k(x, x') + E k(y, y') − 2 E k(x, y)` with `k` the mean of five Gaussian kernels
/// `exp(−|x − y|²/2s²)`, `s` = 4, 2, 1, ½ and ¼ times `width`. Of two samples of one distribution its mean is 0 and half of
/// its values are negative; it is at most 2.
pub fn mmd_squared(x: &Rows, y: &Rows, width: f64) -> Estimate {
    let widest = -0.5 / (WIDEST * width).powi(2);
    discrepancy(x, y, |square| {
        // a kernel of half the width is the fourth power
        let mut kernel = (widest * square).exp();
        let mut sum = kernel;
        for _ in 1..WIDTHS {
            kernel = kernel.powi(4);
            sum += kernel;
        }
        sum / WIDTHS as f64
    })
}

/// The median distance between two different rows, from the first 500; positive.
pub fn median_distance(x: &Rows) -> f64 {
    let blocks = super::BLOCKS;
    let rows = (x.per_block * blocks).min(MEDIAN_ROWS);
    let value = |row: usize, k: usize| x.column(row % blocks, k)[row / blocks];
    let square = |i: usize, j: usize| (0..x.dim).map(|k| (value(i, k) - value(j, k)).powi(2)).sum::<f64>();
    let mut squares: Vec<f64> = (1..rows).flat_map(|i| (0..i).map(move |j| square(i, j))).collect();
    let middle = squares.len() / 2;
    let (_, &mut median, _) = squares.select_nth_unstable_by(middle, f64::total_cmp);
    // more than half of the rows are equal: any width tells the others apart from them
    if median > 0.0 { median.sqrt() } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{gaussian, repeated, rows};
    use super::*;

    #[test]
    fn gaussians_have_the_value_of_the_closed_form() {
        // E exp(−d²/2s²) for d ~ N(m, v) in each coordinate: (1 + v/s²)^(−½)·exp(−m²/2(s² + v))
        let (dim, m, width) = (2, 0.5, 1.5);
        let kernel = |m: f64, v: f64| {
            let each =
                |s: f64| ((1.0 + v / (s * s)).powf(-0.5) * (-m * m / (2.0 * (s * s + v))).exp()).powi(dim as i32);
            [4.0, 2.0, 1.0, 0.5, 0.25].map(|factor| each(factor * width)).iter().sum::<f64>() / 5.0
        };
        let sd: f64 = 1.2;
        let truth = kernel(0.0, 2.0) + kernel(0.0, 2.0 * sd * sd) - 2.0 * kernel(m, 1.0 + sd * sd);
        let (mean, calibration) = repeated(60, |i| {
            let (x, y) = (gaussian(2 * i, 400, dim, 0.0, 1.0), gaussian(2 * i + 1, 400, dim, m as f32, sd as f32));
            mmd_squared(&rows(dim, &x), &rows(dim, &y), width)
        });
        assert!((mean.mean - truth).abs() < 3.5 * mean.standard_error, "{mean:?} for {truth}");
        assert!((0.8..1.3).contains(&calibration), "{calibration}");
    }

    #[test]
    fn two_samples_of_one_distribution_have_mean_zero_and_errors_that_are_not_too_small() {
        let (mean, calibration) = repeated(100, |i| {
            let (x, y) = (gaussian(2 * i, 200, 3, 0.0, 1.0), gaussian(2 * i + 1, 200, 3, 0.0, 1.0));
            mmd_squared(&rows(3, &x), &rows(3, &y), 2.0)
        });
        assert!(mean.mean.abs() < 3.5 * mean.standard_error, "{mean:?}");
        assert!((1.0..1.9).contains(&calibration), "{calibration}");
    }

    #[test]
    fn the_median_distance_follows_the_scale() {
        // differences are N(0, 2) in one coordinate: the median of |d| is 0.6745·√2
        let median = median_distance(&rows(1, &gaussian(0, 2000, 1, 3.0, 10.0)));
        assert!((median - 9.54).abs() < 0.5, "{median}");
        assert_eq!(median_distance(&rows(1, &[2.0; 60])), 1.0);
    }
}
