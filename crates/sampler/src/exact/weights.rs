//! Importance weights `w = p/q` by their logarithms, and sums of them.

use super::MeanWeight;
use crate::SamplerError;

/// `log w = log p − log q` of proposals; `first_row` is the number of the first, for errors.
///
/// A row that the teacher finds impossible has −∞. Errors: a row whose weight is NaN or +∞.
pub(super) fn log_weights(log_p: &[f64], log_q: &[f64], first_row: u64) -> Result<Vec<f64>, SamplerError> {
    let weight = |(row, (&log_p, &log_q)): (usize, (&f64, &f64))| match log_p - log_q {
        _ if log_p == f64::NEG_INFINITY && !log_q.is_nan() => Ok(f64::NEG_INFINITY),
        weight if weight.is_finite() => Ok(weight),
        _ => Err(SamplerError::Weight { row: first_row + row as u64, log_p, log_q }),
    };
    log_p.iter().zip(log_q).enumerate().map(weight).collect()
}

/// Running `Σw` and `Σw²`, divided by the largest weight and its square so that nothing overflows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct WeightSums {
    count: u64,
    largest: f64,
    sum: f64,
    squares: f64,
}

impl Default for WeightSums {
    fn default() -> Self {
        Self { count: 0, largest: f64::NEG_INFINITY, sum: 0.0, squares: 0.0 }
    }
}

impl WeightSums {
    pub fn add(&mut self, log_weights: &[f64]) {
        for &log_weight in log_weights {
            self.count += 1;
            if log_weight > self.largest {
                let factor = (self.largest - log_weight).exp();
                self.sum *= factor;
                self.squares *= factor * factor;
                self.largest = log_weight;
            }
            if log_weight > f64::NEG_INFINITY {
                let relative = (log_weight - self.largest).exp();
                self.sum += relative;
                self.squares += relative * relative;
            }
        }
    }

    /// Log of the largest weight; −∞ of none.
    pub fn largest(&self) -> f64 {
        self.largest
    }

    /// Log of the mean weight; −∞ if all are 0.
    pub fn log_mean(&self) -> f64 {
        self.largest + (self.sum / self.count as f64).ln()
    }

    /// The mean weight with its standard error, `sd/√n`; 0 if all are 0.
    pub fn mean(&self) -> MeanWeight {
        let (n, mean) = (self.count as f64, self.log_mean().exp());
        let relative = ((n / self.effective() - 1.0).max(0.0) / n).sqrt();
        MeanWeight { mean, standard_error: if mean > 0.0 { mean * relative } else { 0.0 } }
    }

    /// `(Σw)²/Σw²`, between 1 and the number of weights; 0 if all are 0.
    pub fn effective(&self) -> f64 {
        if self.squares > 0.0 { self.sum * self.sum / self.squares } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_rows_weigh_nothing_and_broken_ones_are_named() {
        let (inf, nan) = (f64::INFINITY, f64::NAN);
        assert_eq!(log_weights(&[1.0, -inf, -inf], &[3.0, 2.0, -inf], 0).unwrap(), [-2.0, -inf, -inf]);
        for (log_p, log_q) in [(nan, 0.0), (0.0, nan), (-inf, nan), (0.0, -inf), (inf, 0.0)] {
            let message = log_weights(&[0.0, log_p], &[0.0, log_q], 40).unwrap_err().to_string();
            assert!(message.contains("row 41") && message.contains("log p"), "{message}");
        }
    }

    #[test]
    fn sums_do_not_depend_on_the_scale_or_on_the_blocks() {
        let weights = [0.5f64, 1.5, 0.0, 3.0];
        let logs = weights.map(f64::ln);
        for shift in [0.0, 900.0, -900.0] {
            let mut sums = WeightSums::default();
            let shifted = logs.map(|log| log + shift);
            sums.add(&shifted[..1]);
            sums.add(&shifted[1..]);
            assert!((sums.effective() - 25.0 / 11.5).abs() < 1e-12, "{sums:?}");
            assert!((sums.log_mean() - shift - 1.25f64.ln()).abs() < 1e-12, "{sums:?}");
            // mean square 2.875, variance 1.3125, of four
            let (MeanWeight { mean, standard_error }, scale) = (sums.mean(), f64::exp(shift.min(0.0)));
            let expected = [1.25 * scale, (1.3125f64 / 4.0).sqrt() * scale];
            assert!(shift > 0.0 || [mean, standard_error].iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12));
            assert_eq!(sums.largest(), shifted[3]);
        }
        let mut nothing = WeightSums::default();
        nothing.add(&[f64::NEG_INFINITY; 3]);
        assert_eq!((nothing.effective(), nothing.largest()), (0.0, f64::NEG_INFINITY));
        assert_eq!(nothing.mean(), MeanWeight { mean: 0.0, standard_error: 0.0 });
    }
}
