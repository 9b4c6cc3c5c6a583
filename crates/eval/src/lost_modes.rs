//! Lost modes, seen while there is time to do something about them.

use crate::Estimate;
use crate::warnings::{LEAST_MEAN_WEIGHT, above, short};

/// Near its teacher a student has two equal divergences; a forward one of so many reverse ones, and a nat more, is of modes
/// that it never draws.
const MISSING: f64 = 3.0;
const SMALL_KL: f64 = 1.0;

/// What a validation in the middle of a distillation knows, as plain numbers. One that was not measured is NaN, and says
/// nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DuringTraining {
    /// `KL(p‖q)` at teacher samples, in nats
    pub kl_forward: f64,
    /// `KL(q‖p)` at student samples, in nats
    pub kl_reverse: f64,
    /// `E_q[w]` at student samples
    pub mean_weight: f64,
    /// effective sample size of the student samples as a share of their number
    pub ess: f64,
    /// how many student samples these are
    pub samples: usize,
}

/// Whether a student in training leaves out part of its teacher, in a sentence that names the evidence and the way out.
///
/// Either of two will do. The mean weight is below 0.9 by three standard errors, `E_q[w]·√((1/ess − 1)/n)`. Or the forward
/// divergence is above three times the reverse one by a nat: near the teacher both are equal, and only the forward one
/// grows with what the student never draws.
pub fn lost_modes(now: &DuringTraining) -> Option<String> {
    let relative = ((1.0 / now.ess - 1.0).max(0.0) / now.samples as f64).sqrt();
    let weight = Estimate { mean: now.mean_weight, standard_error: now.mean_weight * relative };
    let missed = above(weight) < LEAST_MEAN_WEIGHT;
    let unreached = now.kl_forward > MISSING * now.kl_reverse + SMALL_KL;
    let evidence: Vec<String> = [
        missed.then(|| format!("E_q[w] is {} where 1 means that nothing is missed", short(now.mean_weight))),
        unreached.then(|| {
            let (forward, reverse) = (short(now.kl_forward), short(now.kl_reverse));
            format!("KL(teacher‖student) is {forward} nats against {reverse} in the other direction")
        }),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!evidence.is_empty()).then(|| {
        format!(
            "the student leaves out part of the teacher: {}; reverse KL alone does not bring a lost mode back, a start from \
             the teacher or a forward term in the objective does",
            evidence.join(", and ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_training_that_loses_modes_says_so_and_a_good_one_nothing() {
        let good = DuringTraining { kl_forward: 0.2, kl_reverse: 0.15, mean_weight: 0.99, ess: 0.8, samples: 2000 };
        assert_eq!(lost_modes(&good), None);
        let half = lost_modes(&DuringTraining { mean_weight: 0.5, ..good }).unwrap();
        assert!(half.contains("E_q[w] is 0.50") && !half.contains("KL("), "{half}");
        let far = lost_modes(&DuringTraining { kl_forward: 68.0, kl_reverse: 2.0, ..good }).unwrap();
        assert!(far.contains("68.00 nats against 2.00") && !far.contains("E_q"), "{far}");
        // one effective sample in ten, of two hundred: 0.7 ± 0.15
        assert_eq!(lost_modes(&DuringTraining { mean_weight: 0.7, ess: 0.1, samples: 200, ..good }), None);
        let early = DuringTraining { kl_forward: 9.0, kl_reverse: 6.0, mean_weight: 0.95, ess: 0.01, samples: 2000 };
        assert_eq!(lost_modes(&early), None, "far from the teacher in both directions");
        let unknown = DuringTraining { kl_forward: f64::NAN, mean_weight: f64::NAN, ..good };
        assert_eq!(lost_modes(&unknown), None);
        let nowhere = DuringTraining { kl_forward: f64::INFINITY, ..good };
        assert!(lost_modes(&nowhere).is_some());
    }
}
