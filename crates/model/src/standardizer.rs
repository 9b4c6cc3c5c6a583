//! Standardisation of the data: `x_std = (x − mean) / sd`, per column, by the training part.

use serde::{Deserialize, Serialize};

/// Per-column mean and standard deviation. Flows live in the standardised space; densities are reported in data
/// space, where `log p(x) = log p_std(x_std) − Σ log sd`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standardizer {
    pub mean: Vec<f64>,
    pub sd: Vec<f64>,
}

impl Standardizer {
    /// The map that changes nothing.
    pub fn identity(dim: usize) -> Self {
        Self { mean: vec![0.0; dim], sd: vec![1.0; dim] }
    }

    /// Column means and (population) standard deviations of `rows`, row-major.
    pub fn fit(rows: &[f64], dim: usize) -> Self {
        let mut moments = Moments::new(dim);
        moments.add(rows);
        moments.standardizer()
    }

    pub fn dim(&self) -> usize {
        self.mean.len()
    }

    /// Data space → standardised space, row-major.
    pub fn standardize(&self, rows: &[f64]) -> Vec<f32> {
        let dim = self.dim();
        rows.iter().enumerate().map(|(i, x)| ((x - self.mean[i % dim]) / self.sd[i % dim]) as f32).collect()
    }

    /// Standardised space → data space, row-major.
    pub fn restore(&self, rows: &[f32]) -> Vec<f64> {
        let dim = self.dim();
        rows.iter().enumerate().map(|(i, &x)| f64::from(x) * self.sd[i % dim] + self.mean[i % dim]).collect()
    }

    /// `log|det dx/dx_std| = Σ log sd`: subtract it from a standardised log-density to get the one in data space.
    pub fn log_det(&self) -> f64 {
        self.sd.iter().map(|s| s.ln()).sum()
    }
}

/// Column means and sums of squares, by Welford's method: rows may come in parts.
#[derive(Debug, Clone)]
pub struct Moments {
    rows: usize,
    mean: Vec<f64>,
    sum_of_squares: Vec<f64>,
}

impl Moments {
    pub fn new(dim: usize) -> Self {
        Self { rows: 0, mean: vec![0.0; dim], sum_of_squares: vec![0.0; dim] }
    }

    /// Further rows, row-major.
    pub fn add(&mut self, rows: &[f64]) {
        for row in rows.chunks_exact(self.mean.len()) {
            self.rows += 1;
            for ((m, s), &x) in self.mean.iter_mut().zip(&mut self.sum_of_squares).zip(row) {
                let before = x - *m;
                *m += before / self.rows as f64;
                *s += before * (x - *m);
            }
        }
    }

    /// What standardises the rows so far.
    pub fn standardizer(self) -> Standardizer {
        let n = self.rows.max(1) as f64;
        Standardizer { mean: self.mean, sd: self.sum_of_squares.into_iter().map(|s| (s / n).sqrt()).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fit_then_standardize_has_mean_zero_and_sd_one_even_far_from_the_origin() {
        let rows: Vec<f64> = (0..1000).flat_map(|i| [1e8 + f64::from(i % 10), -3.0 + 0.01 * f64::from(i)]).collect();
        let scaler = Standardizer::fit(&rows, 2);
        let z = scaler.standardize(&rows);
        for column in 0..2 {
            let values: Vec<f64> = z.iter().skip(column).step_by(2).map(|&v| f64::from(v)).collect();
            let mean = values.iter().sum::<f64>() / 1000.0;
            let variance = values.iter().map(|v| v * v).sum::<f64>() / 1000.0;
            assert!(mean.abs() < 1e-6 && (variance - 1.0).abs() < 1e-6, "{mean} {variance}");
        }
        for (back, x) in scaler.restore(&z).iter().zip(&rows) {
            assert!((back - x).abs() < 1e-6, "{back} {x}");
        }
    }

    #[test]
    fn log_det_is_that_of_the_map_to_data_space() {
        let scaler = Standardizer { mean: vec![0.0; 2], sd: vec![2.0, 0.5] };
        assert!(scaler.log_det().abs() < 1e-15);
        let scaler = Standardizer { mean: vec![0.0; 1], sd: vec![3.0] };
        assert!((scaler.log_det() - 3.0f64.ln()).abs() < 1e-15);
    }
}
