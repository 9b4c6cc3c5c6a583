//! Energy distance (Székely & Rizzo, "Energy statistics: a class of statistics based on distances", 2013).

use super::Rows;
use super::pairs::discrepancy;
use crate::Estimate;

/// Unbiased `2 E|x − y| − E|x − x'| − E|y − y'|` with Euclidean lengths, in the units of the rows. Of two samples of one
/// distribution its mean is 0 and half of its values are negative.
pub fn energy_distance(x: &Rows, y: &Rows) -> Estimate {
    discrepancy(x, y, |square| -square.sqrt())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{gaussian, repeated, rows};
    use super::*;

    /// `E|N(m, v)|` by the midpoint rule.
    fn mean_length(m: f64, v: f64) -> f64 {
        let (sd, step) = (v.sqrt(), 1e-3);
        let density = |z: f64| (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
        (-9000..9000).map(|i| (f64::from(i) + 0.5) * step).map(|z| (m + sd * z).abs() * density(z) * step).sum()
    }

    #[test]
    fn gaussians_on_a_line_have_the_value_of_the_integral() {
        let (m, sd) = (0.4f32, 1.3f32);
        let (m64, v) = (f64::from(m), f64::from(sd).powi(2));
        let truth = 2.0 * mean_length(m64, 1.0 + v) - mean_length(0.0, 2.0) - mean_length(0.0, 2.0 * v);
        let (mean, calibration) = repeated(80, |i| {
            let (x, y) = (gaussian(2 * i, 400, 1, 0.0, 1.0), gaussian(2 * i + 1, 400, 1, m, sd));
            energy_distance(&rows(1, &x), &rows(1, &y))
        });
        assert!((mean.mean - truth).abs() < 3.5 * mean.standard_error, "{mean:?} for {truth}");
        assert!((0.8..1.3).contains(&calibration), "{calibration}");
    }

    #[test]
    fn it_scales_with_the_rows_and_is_zero_in_the_mean_for_one_distribution() {
        let (x, y) = (gaussian(0, 200, 2, 0.0, 1.0), gaussian(1, 200, 2, 1.0, 1.0));
        let scaled = |x: &[f32]| x.iter().map(|v| v * 8.0).collect::<Vec<f32>>();
        let (one, eight) = (
            energy_distance(&rows(2, &x), &rows(2, &y)),
            energy_distance(&rows(2, &scaled(&x)), &rows(2, &scaled(&y))),
        );
        assert!((eight.mean - 8.0 * one.mean).abs() < 1e-10 && one.mean > 5.0 * one.standard_error, "{one:?}");
        let (mean, calibration) = repeated(100, |i| {
            let (x, y) = (gaussian(2 * i, 200, 3, 0.0, 1.0), gaussian(2 * i + 1, 200, 3, 0.0, 1.0));
            energy_distance(&rows(3, &x), &rows(3, &y))
        });
        assert!(mean.mean.abs() < 3.5 * mean.standard_error, "{mean:?}");
        assert!((1.0..1.9).contains(&calibration), "{calibration}");
    }
}
