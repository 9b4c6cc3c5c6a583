//! Statistics of importance weights `w = p/q`, computed from their logarithms.
//!
//! Weights of flows span hundreds of nats, so none is exponentiated on its own where it could overflow: sums go
//! through [`log_mean_exp`], and ratios use weights divided by their mean, which lie between 0 and `n`. Nothing is
//! clipped, except that a *result* above the largest `f64` (a mean log-weight above 709) is reported as `f64::MAX`.
//!
//! Standard errors of ratios come from the delta method: with `g(A, B)` of two sample means, they are
//! `sd(f)/√n` of the influence values `f_i = ∂g/∂A·(a_i − A) + ∂g/∂B·(b_i − B)`. Every estimate here rests on the
//! samples at hand: a region that no sample reached is in neither the value nor its standard error.

use crate::error::{check_finite, check_length};
use crate::{Estimate, EvalError, Side};

/// `log w = log p − log q` at samples of one side; finite, at least two.
#[derive(Debug, Clone, PartialEq)]
pub struct LogWeights(Vec<f64>);

impl LogWeights {
    /// From the log-densities of teacher (`log_p`) and student (`log_q`) at the same samples, drawn from side `at`.
    ///
    /// # Errors
    /// Different lengths, fewer than two samples, or a density that is not finite somewhere: named, rows counted.
    pub fn new(at: Side, log_p: &[f64], log_q: &[f64]) -> Result<Self, EvalError> {
        check_length(&format!("the student's log-density at {at} samples"), log_p.len(), log_q.len())?;
        check_finite(&format!("the teacher's log-density at {at} samples"), log_p)?;
        check_finite(&format!("the student's log-density at {at} samples"), log_q)?;
        if log_p.len() < 2 {
            return Err(EvalError::TooFewSamples { found: log_p.len() });
        }
        Ok(Self(log_p.iter().zip(log_q).map(|(p, q)| p - q).collect()))
    }

    /// `log w` of each sample, in nats.
    pub fn values(&self) -> &[f64] {
        &self.0
    }

    /// The mean of `log w`: `KL(p‖q)` at teacher samples, `−KL(q‖p)` at student samples. Nats.
    pub fn mean_log(&self) -> Estimate {
        Estimate::of_finite(self.0.iter().copied())
    }

    /// `E_q[w]` at student samples.
    pub fn mean(&self) -> Estimate {
        let log_mean = log_mean_exp(self.0.iter().copied());
        let relative = Estimate::of_finite(self.0.iter().map(|l| (l - log_mean).exp()));
        Estimate {
            mean: log_mean.exp().min(f64::MAX),
            // one exponential: the relative error of a tiny mean may be large, and of a huge one small
            standard_error: (log_mean + relative.standard_error.ln()).exp().min(f64::MAX),
        }
    }

    /// Effective sample size as a share of the samples, at student samples: `(E_q w)² / E_q w²`, between `1/n` and 1.
    ///
    /// Blind to what the student never draws; compare [`LogWeights::ess_at_teacher`].
    pub fn ess_at_student(&self) -> Estimate {
        let log_mean = log_mean_exp(self.0.iter().copied());
        // u = w / mean w: then A = E u = 1, B = E u², g = A²/B
        let u = self.0.iter().map(|l| (l - log_mean).exp());
        let ess = u.clone().count() as f64 / u.clone().map(|u| u * u).sum::<f64>();
        // ∂g/∂A = 2A/B, ∂g/∂B = −A²/B²
        let influence = Estimate::of_finite(u.map(|u| 2.0 * ess * u - (ess * u).powi(2)));
        Estimate { mean: ess.min(1.0), standard_error: influence.standard_error }
    }

    /// The same share seen from teacher samples: `1 / (E_p[w]·E_p[1/w])`, at most 1.
    ///
    /// A q-expectation is a p-expectation with one factor `1/w`: `E_q[f] = E_p[f/w]`. So `E_q[w²] = E_p[w]` and, where
    /// `p` covers `q`, `E_p[1/w] = E_q[1] = 1`: the share `(E_q w)²/E_q w²` becomes `1/E_p[w]`. The factor
    /// `E_p[1/w]`, whose true value is 1, is the self-normalisation that corresponds to `(E_q w)²` in the reverse
    /// share: it makes the estimate independent of the scale of `w` and at most 1 (Cauchy–Schwarz), and near `q = p`
    /// it cancels the first-order noise of the mean weight.
    ///
    /// Modes that the student lost have huge weights and bring this to 0. So does a single sample in a tail where the
    /// student falls off faster; the standard error, in proportion to the share, is then nearly 0 as well and says
    /// little. Read it beside `KL(p‖q)`, which such a sample moves by its log-weight over `n` only.
    pub fn ess_at_teacher(&self) -> Estimate {
        let log_a = log_mean_exp(self.0.iter().copied());
        let log_b = log_mean_exp(self.0.iter().map(|l| -l));
        let ess = (-log_a - log_b).exp();
        // g = 1/(A·B): ∂g/∂A·(w − A) = −g·(w/A − 1), and likewise for B
        let influence = Estimate::of_finite(self.0.iter().map(|l| ess * ((l - log_a).exp() + (-l - log_b).exp())));
        Estimate { mean: ess.min(1.0), standard_error: influence.standard_error }
    }

    /// Total variation distance `½∫|p − q| = E_q[(1 − w)₊]` at student samples, between 0 and 1.
    pub fn total_variation(&self) -> Estimate {
        Estimate::of_finite(self.0.iter().map(|l| (-l.exp_m1()).max(0.0)))
    }
}

/// `log (1/n · Σ e^{x_i})` without overflow: the largest term is taken out of the sum.
pub fn log_mean_exp(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = values.clone().fold(f64::NEG_INFINITY, f64::max);
    let (mut n, mut sum) = (0.0, 0.0);
    for v in values {
        n += 1.0;
        sum += (v - largest).exp();
    }
    largest + (sum / n).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(log_w: &[f64]) -> LogWeights {
        LogWeights::new(Side::Student, log_w, &vec![0.0; log_w.len()]).unwrap()
    }

    #[test]
    fn a_small_example_by_hand() {
        // w = 1/2, 3/2: mean 1, mean square 5/4, mean inverse 4/3
        let w = weights(&[0.5f64.ln(), 1.5f64.ln()]);
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-14, "{a} against {b}");
        close(w.mean().mean, 1.0);
        close(w.mean().standard_error, 0.5);
        close(w.ess_at_student().mean, 0.8);
        close(w.ess_at_teacher().mean, 0.75);
        close(w.total_variation().mean, 0.25);
        close(w.mean_log().mean, 0.75f64.ln() / 2.0);
    }

    #[test]
    fn equal_densities_are_perfect_without_spread() {
        let w = weights(&[0.0; 7]);
        for (e, truth) in [
            (w.mean(), 1.0),
            (w.ess_at_student(), 1.0),
            (w.ess_at_teacher(), 1.0),
            (w.total_variation(), 0.0),
            (w.mean_log(), 0.0),
        ] {
            assert_eq!(e, Estimate { mean: truth, standard_error: 0.0 });
        }
    }

    #[test]
    fn shares_ignore_the_scale_of_the_weights() {
        let base = [0.3, -1.2, 0.9, 0.0];
        let shifted = base.map(|l| l + 650.0);
        let (a, b) = (weights(&base), weights(&shifted));
        for (x, y) in [(a.ess_at_student(), b.ess_at_student()), (a.ess_at_teacher(), b.ess_at_teacher())] {
            assert!((x.mean - y.mean).abs() < 1e-12 && (x.standard_error - y.standard_error).abs() < 1e-12);
        }
    }

    #[test]
    fn extreme_weights_stay_numbers() {
        for log_w in [[700.0, -700.0, 0.0], [-700.0; 3], [700.0; 3], [1e4, 0.0, -1e4], [-1e4, -1e4, -2e4]] {
            let w = weights(&log_w);
            for e in [w.mean(), w.ess_at_student(), w.ess_at_teacher(), w.total_variation(), w.mean_log()] {
                assert!(e.mean.is_finite() && e.standard_error.is_finite(), "{log_w:?}: {e:?}");
            }
        }
        let one_counts = weights(&[700.0, -700.0, 0.0]);
        assert!((one_counts.ess_at_student().mean - 1.0 / 3.0).abs() < 1e-12);
        assert!((one_counts.total_variation().mean - 1.0 / 3.0).abs() < 1e-12);
        assert!((one_counts.mean().mean.ln() - (700.0 - 3f64.ln())).abs() < 1e-9);
        assert_eq!(one_counts.ess_at_teacher().mean, 0.0);
        assert_eq!(weights(&[1e4; 3]).mean().mean, f64::MAX);
    }

    #[test]
    fn errors_name_the_density_and_count_the_rows() {
        let bad = LogWeights::new(Side::Teacher, &[0.0, 1.0, 2.0], &[f64::INFINITY, 0.0, f64::NAN]).unwrap_err();
        let start = "the student's log-density at teacher samples is not finite in 2 of 3 rows";
        assert!(bad.to_string().starts_with(start), "{bad}");
        let short = LogWeights::new(Side::Student, &[0.0, 1.0], &[0.0]).unwrap_err();
        assert!(short.to_string().contains("1 values, expected 2"), "{short}");
        assert!(matches!(LogWeights::new(Side::Student, &[0.0], &[0.0]), Err(EvalError::TooFewSamples { found: 1 })));
    }
}
