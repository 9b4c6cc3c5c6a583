//! How close a student is to its teacher.

use crate::error::check_length;
use crate::marginal::{correlation_error, marginal_ks};
use crate::weights::LogWeights;
use crate::{AgainstData, CellCoverage, Estimate, EvalError, ModeCoverage, psis};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Distances between teacher `p` and student `q`, in nats where they are divergences; `w = p/q`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// `KL(q‖p) = E_q[log q − log p]`
    pub kl_reverse: Estimate,
    /// `KL(p‖q) = E_p[log p − log q]`
    pub kl_forward: Estimate,
    /// `KL(p‖q) / dim`
    pub kl_forward_per_dim: Estimate,
    /// effective sample size of student samples as a share of their number, `(E_q w)² / E_q w²`
    pub ess_reverse: Estimate,
    /// the same seen from teacher samples, `1 / E_p w`, self-normalised as [`LogWeights::ess_at_teacher`] says; unlike
    /// the reverse one it sees modes that the student lost
    pub ess_forward: Estimate,
    /// `E_q[w]`: 1 when the student misses nothing
    pub mean_weight: Estimate,
    /// `E_q[(1 − w)₊]`, between 0 and 1
    pub total_variation: Estimate,
    /// share of samples that the best possible classifier assigns to the right side, `½ + TV/2`: ½ when nobody can tell
    /// student from teacher; absent from files of earlier versions
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classifier_accuracy: Option<Estimate>,
    /// tail shape of the weights at student samples, as [`psis::Smoothed`] says; absent for fewer than 21 samples
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub psis_k: Option<f64>,
    /// largest absolute difference between the two correlation matrices of samples
    pub correlation_error: f64,
    /// per coordinate, Kolmogorov–Smirnov distance between teacher and student marginals
    pub marginal_ks: Vec<f64>,
    /// absent for fewer than 80 samples
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cell_coverage: Option<CellCoverage>,
    /// only where the modes of the target are known
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modes: Option<ModeCoverage>,
    /// both sides beside test rows; absent where there are too few of them
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against_data: Option<AgainstData>,
    /// samples drawn from each side
    pub samples: usize,
}

/// One of the two flows: whose density, or whose samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Teacher,
    Student,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Teacher => "teacher",
            Self::Student => "student",
        })
    }
}

/// Samples of one side with both log-densities, one per row, in nats; all in the same space.
#[derive(Debug, Clone, PartialEq)]
pub struct Draws {
    /// `rows × dim`, row-major
    pub x: Vec<f32>,
    /// the teacher's log-density
    pub log_p: Vec<f64>,
    /// the student's log-density
    pub log_q: Vec<f64>,
}

impl Draws {
    fn check(&self, side: Side, dim: usize, rows: usize) -> Result<(), EvalError> {
        let samples = format!("the set of {side} samples");
        check_length(&samples, rows * dim, self.x.len())?;
        check_length(&format!("the teacher's log-density at {side} samples"), rows, self.log_p.len())?;
        let bad = self.x.chunks_exact(dim).filter(|row| row.iter().any(|v| !v.is_finite())).count();
        if bad > 0 {
            return Err(EvalError::NonFinite { what: samples, bad, rows });
        }
        Ok(())
    }
}

impl Quality {
    /// All distances between teacher and student, from equally many samples of each; what needs the data is left out. Each estimate has a standard error; those of
    /// means are exact for any weights of finite variance, those of ratios are of first order (delta method).
    ///
    /// # Errors
    /// Lengths that do not fit, fewer than two samples, or values that are not finite (named, rows counted).
    pub fn of(dim: usize, teacher: &Draws, student: &Draws) -> Result<Self, EvalError> {
        if dim == 0 {
            return Err(EvalError::Zero { key: "dim" });
        }
        let samples = student.log_q.len();
        teacher.check(Side::Teacher, dim, samples)?;
        student.check(Side::Student, dim, samples)?;
        let at_teacher = LogWeights::new(Side::Teacher, &teacher.log_p, &teacher.log_q)?;
        let at_student = LogWeights::new(Side::Student, &student.log_p, &student.log_q)?;
        let (kl_forward, total_variation) = (at_teacher.mean_log(), at_student.total_variation());
        Ok(Self {
            kl_reverse: at_student.mean_log().scaled(-1.0),
            kl_forward,
            kl_forward_per_dim: kl_forward.scaled(1.0 / dim as f64),
            ess_reverse: at_student.ess_at_student(),
            ess_forward: at_teacher.ess_at_teacher(),
            mean_weight: at_student.mean(),
            total_variation,
            classifier_accuracy: Some(accuracy(total_variation)),
            psis_k: psis::smooth(&at_student).map(|smoothed| smoothed.k),
            correlation_error: correlation_error(dim, &teacher.x, &student.x),
            marginal_ks: marginal_ks(dim, &teacher.x, &student.x),
            cell_coverage: CellCoverage::of(dim, &teacher.x, &student.x),
            modes: None,
            against_data: None,
            samples,
        })
    }
}

fn accuracy(total_variation: Estimate) -> Estimate {
    let half = total_variation.scaled(0.5);
    Estimate { mean: 0.5 + half.mean, ..half }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draws(rows: usize, dim: usize) -> Draws {
        Draws {
            x: (0..rows * dim).map(|i| (i * i % 7) as f32).collect(),
            log_p: vec![-1.0; rows],
            log_q: vec![-1.5; rows],
        }
    }

    #[test]
    fn per_dim_and_accuracy_follow_from_the_others() {
        let q = Quality::of(4, &draws(10, 4), &draws(10, 4)).unwrap();
        assert_eq!((q.kl_forward.mean, q.kl_forward_per_dim.mean, q.kl_reverse.mean), (0.5, 0.125, -0.5));
        assert_eq!((q.correlation_error, q.marginal_ks, q.samples), (0.0, vec![0.0; 4], 10));
        let told = accuracy(Estimate { mean: 0.3, standard_error: 0.02 });
        assert_eq!(told, Estimate { mean: 0.65, standard_error: 0.01 });
    }

    #[test]
    fn files_of_earlier_versions_are_read_and_what_is_absent_is_not_written() {
        let written = serde_json::to_string(&Quality::of(2, &draws(10, 2), &draws(10, 2)).unwrap()).unwrap();
        for absent in ["psis_k", "cell_coverage", "modes", "against_data"] {
            assert!(!written.contains(absent), "{absent} in {written}");
        }
        let start = written.find("\"classifier_accuracy\"").unwrap();
        let end = written.find("\"correlation_error\"").unwrap();
        let earlier = format!("{}{}", &written[..start], &written[end..]);
        let read: Quality = serde_json::from_str(&earlier).unwrap();
        assert_eq!(read.classifier_accuracy, None);
        assert_eq!(
            Quality { classifier_accuracy: Some(accuracy(read.total_variation)), ..read },
            serde_json::from_str(&written).unwrap()
        );
    }

    #[test]
    fn broken_inputs_are_errors_that_say_which() {
        let good = draws(5, 2);
        let message = |t: &Draws, s: &Draws| Quality::of(2, t, s).unwrap_err().to_string();
        let mut bad = good.clone();
        bad.x[3] = f32::NAN;
        assert!(message(&good, &bad).starts_with("the set of student samples is not finite in 1 of 5 rows"));
        let mut bad = good.clone();
        bad.log_p[0] = f64::NEG_INFINITY;
        assert!(message(&bad, &good).starts_with("the teacher's log-density at teacher samples is not finite in 1 of"));
        assert!(message(&draws(4, 2), &good).contains("8 values, expected 10"));
        assert!(matches!(Quality::of(0, &good, &good), Err(EvalError::Zero { key: "dim" })));
    }
}
