//! The phases of `recipe: auto`.
//!
//! A student first comes near its teacher by whatever forgives no lost mode, and is then refined by the objective whose
//! gradient is the least noisy where it stands:
//!
//! 1. **near**: warm start by trajectories, if each layer of the teacher has one of the student's; if not,
//!    reconstruction together with the forward KL; for a density that cannot be sampled, the reverse KL with its
//!    cross-entropy weighted from a tenth up to one.
//! 2. **between**, only if the path gradient is no less noisy than the plain one where the first phase ended, which
//!    tells that the student is still far: the forward and the reverse KL together, until it is near.
//! 3. **fine**: the path gradient of the reverse KL, for all steps that are left; the plain one if it is still the less
//!    noisy.
//!
//! Every phase but the first keeps its start if it finds nothing better.

use crate::annealed::Annealed;
use crate::fit::Finished;
use crate::objectives::path_gradient::PathGradient;
use crate::objectives::reverse_kl::ReverseKl;
use crate::recipe::{Objective, Phase};
use crate::source::{Rows, Source};
use crate::variance;
use crate::warm_start::pairing::Pairing;
use flowstill_flow::{Draws, Engine, FlowError};
use flowstill_kernel::noise::Purpose;
use flowstill_model::FlowSpec;
use flowstill_trainer::{Settings, Until};

/// The next phase follows from what has been measured.
pub struct Auto {
    settings: Settings,
    kind: Kind,
    /// where rows of the target come from
    rows: Rows,
}

/// What the first phase can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// layers pair up
    Warm,
    /// a trained flow of another shape
    Flow,
    /// a density with draws
    Sampled,
    /// a density alone
    Density,
    /// a student whose rows are coupled by batch normalisation
    Coupled,
}

/// Effective samples that end the phase between: the student is near.
const NEAR: f64 = 0.5;

impl Auto {
    /// # Errors
    /// A target that cannot be evaluated.
    pub fn new(source: &Source, student: &FlowSpec, settings: Settings, seed: u64) -> Result<Self, FlowError> {
        let draws = Draws { seed, purpose: Purpose::Validation, index: 1 };
        let kind = match source.target.as_flow() {
            _ if student.couples_rows() => Kind::Coupled,
            Some(teacher) if Pairing::new(teacher.spec(), student).is_ok() => Kind::Warm,
            Some(_) => Kind::Flow,
            None if source.target.sample(draws, 0, &mut vec![0.0; source.dim()])? => Kind::Sampled,
            None => Kind::Density,
        };
        let rows = if source.data.is_empty() { Rows::Teacher } else { Rows::Both };
        Ok(Self { settings, kind, rows })
    }

    /// The next phase and why, or none if all is done. `theta` is what the last one ended with.
    pub fn next(
        &self,
        source: &Source,
        spec: &FlowSpec,
        theta: &[f32],
        done: &[Finished],
        seed: u64,
        engine: Engine,
    ) -> Result<Option<(Phase, String)>, FlowError> {
        let used: u64 = done.iter().map(|phase| phase.outcome.steps).sum();
        let left = self.settings.steps.saturating_sub(used);
        if left == 0 || (self.kind == Kind::Coupled && !done.is_empty()) {
            return Ok(None);
        }
        if done.is_empty() {
            return Ok(Some(self.near()));
        }
        let last = done[done.len() - 1].objective;
        if last == "path_gradient" || last == "reverse_kl" && done.len() > 1 {
            return Ok(None);
        }
        let one = Annealed::constant(1.0);
        let (path, plain) = (PathGradient { cross_entropy_weight: one }, ReverseKl { cross_entropy_weight: one });
        let ratio = variance::ratio([&path, &plain], spec, theta, *source, seed, engine)?;
        let found = format!("the path gradient has {ratio:.2} times the variance of the plain one");
        let pays = ratio < 1.0;
        let sampled = self.kind != Kind::Density;
        if !pays && sampled && last != "mixed" && left > 1 {
            let objective = Objective::Mixed {
                forward_weight: Annealed::constant(0.5),
                rows: Rows::Teacher,
                cross_entropy_weight: one,
                path: false,
            };
            let mut phase = self.phase(objective, left / 2, 1.0);
            phase.training.until = vec![Until { measure: "ess_reverse".to_owned(), bound: NEAR, at_least: true }];
            return Ok(Some((phase, found)));
        }
        let objective = if pays {
            Objective::PathGradient { cross_entropy_weight: one }
        } else {
            Objective::ReverseKl { cross_entropy_weight: one }
        };
        Ok(Some((self.phase(objective, left, 1.0), found)))
    }

    /// The first phase.
    fn near(&self) -> (Phase, String) {
        let steps = self.settings.steps;
        let one = Annealed::constant(1.0);
        let (objective, share, rate, why) = match self.kind {
            Kind::Warm => {
                // regression on known numbers takes larger steps than estimates from samples
                (Objective::WarmStart { rows: self.rows }, 3, 1.5, "each layer of the teacher has one of the student's")
            }
            Kind::Flow => (
                Objective::Reconstruction { rows: self.rows, forward_weight: one },
                2,
                1.0,
                "student and teacher do not pair up layer by layer",
            ),
            Kind::Sampled => {
                (Objective::ForwardKl { rows: Rows::Teacher }, 2, 1.0, "the target is a density that can be sampled")
            }
            Kind::Density => (
                Objective::ReverseKl { cross_entropy_weight: Annealed { from: 0.1, to: 1.0 } },
                2,
                1.0,
                "the target is a density that cannot be sampled",
            ),
            Kind::Coupled => (
                Objective::ReverseKl { cross_entropy_weight: one },
                1,
                1.0,
                "batch normalisation leaves no other objective",
            ),
        };
        (self.phase(objective, (steps / share).max(1), rate), why.to_owned())
    }

    fn phase(&self, objective: Objective, steps: u64, rate: f64) -> Phase {
        let warmup = self.settings.warmup.min(steps / 10);
        let training = Settings { steps, warmup, rate: self.settings.rate * rate, ..self.settings.clone() };
        Phase { objective, training }
    }
}
