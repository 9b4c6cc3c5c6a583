//! A number that was estimated from samples, with the uncertainty of that estimate.

use crate::EvalError;
use crate::error::check_finite;
use serde::{Deserialize, Serialize};

/// A mean and the standard error of that mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub mean: f64,
    pub standard_error: f64,
}

impl Estimate {
    /// The mean of independent values with the standard error `sd/√n`, `sd` over `n − 1`.
    ///
    /// For a test log-likelihood pass one log-density per test row, in nats.
    ///
    /// # Errors
    /// Fewer than two values, or any that is not finite.
    pub fn of(values: &[f64]) -> Result<Self, EvalError> {
        Self::named("the value to average", values)
    }

    /// [`Estimate::of`] with an error that says what was averaged, such as "the teacher's log-density".
    pub fn named(what: &str, values: &[f64]) -> Result<Self, EvalError> {
        check_finite(what, values)?;
        if values.len() < 2 {
            return Err(EvalError::TooFewSamples { found: values.len() });
        }
        Ok(Self::of_finite(values.iter().copied()))
    }

    /// The same times a known constant.
    pub fn scaled(self, factor: f64) -> Self {
        Self { mean: self.mean * factor, standard_error: self.standard_error * factor.abs() }
    }

    /// Two passes, so that a large mean does not eat the digits of a small spread. At least two finite values.
    pub(crate) fn of_finite(values: impl Iterator<Item = f64> + Clone) -> Self {
        let (mut n, mut sum) = (0.0, 0.0);
        for v in values.clone() {
            n += 1.0;
            sum += v;
        }
        let mean = sum / n;
        let squares: f64 = values.map(|v| (v - mean).powi(2)).sum();
        Self { mean, standard_error: (squares / (n - 1.0) / n).sqrt() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_standard_error_of_a_small_example() {
        // deviations −2, 0, 2: sample variance 4, standard error sqrt(4/3)
        let e = Estimate::of(&[1.0, 3.0, 5.0]).unwrap();
        assert_eq!(e.mean, 3.0);
        assert!((e.standard_error - (4.0f64 / 3.0).sqrt()).abs() < 1e-15);
        let s = e.scaled(-0.5);
        assert!(s.mean == -1.5 && s.standard_error == 0.5 * e.standard_error);
    }

    #[test]
    fn a_large_offset_does_not_hide_the_spread() {
        let e = Estimate::of(&[1e9 + 1.0, 1e9 + 3.0, 1e9 + 5.0]).unwrap();
        assert!((e.standard_error - (4.0f64 / 3.0).sqrt()).abs() < 1e-9);
    }

    #[test]
    fn too_few_or_broken_values_are_errors() {
        assert!(matches!(Estimate::of(&[]), Err(EvalError::TooFewSamples { found: 0 })));
        assert!(matches!(Estimate::of(&[1.0]), Err(EvalError::TooFewSamples { found: 1 })));
        let message =
            Estimate::named("the teacher's log-density", &[1.0, f64::NAN, f64::NEG_INFINITY]).unwrap_err().to_string();
        assert!(message.starts_with("the teacher's log-density is not finite in 2 of 3 rows"), "{message}");
    }
}
