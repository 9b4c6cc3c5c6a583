//! The phases of `recipe: auto`.
//!
//! A student first comes near its teacher by whatever forgives no lost mode, and is then refined from both sides, late
//! and with small steps, by the gradient that is the least noisy where it stands:
//!
//! 1. **near**: warm start by trajectories, if each layer of the teacher has one of the student's; if not,
//!    reconstruction together with the forward KL; for a density that cannot be sampled, the reverse KL with its
//!    cross-entropy weighted from a tenth up to one.
//! 2. **fine**: forward and reverse KL together, the reverse part by its path gradient where that has been measured to be
//!    the less noisy, else by the plain one. Without draws from the target, the reverse KL alone.
//!
//! A sharp teacher makes steps that are right for one student ruin another. So a fine phase ends as soon as it has not
//! gained for a while, gives back the best it had, and another one with a quarter of its rate takes the steps that are
//! left; four of them at most.

use crate::annealed::Annealed;
use crate::objectives::path_gradient::PathGradient;
use crate::objectives::reverse_kl::ReverseKl;
use crate::phase::Finished;
use crate::recipe::{Objective, Phase};
use crate::source::{Rows, Source};
use crate::variance;
use crate::warm_start::pairing::Pairing;
use flowstill_flow::{Draws, Engine, FlowError};
use flowstill_kernel::noise::Purpose;
use flowstill_model::FlowSpec;
use flowstill_trainer::Settings;

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

/// Rate of the first fine phase, next to that of the settings, and how much smaller that of each later one is.
const FINE: f64 = 0.25;
const FINER: f64 = 0.25;

/// Fine phases at most: the rate of a fifth would be too small to change anything.
const FINE_PHASES: usize = 4;

/// Validations without a gain that end a fine phase.
const PATIENCE: u32 = 4;

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
        let fine = done.len().saturating_sub(1);
        if left == 0 || fine == FINE_PHASES || (self.kind == Kind::Coupled && !done.is_empty()) {
            return Ok(None);
        }
        if done.is_empty() {
            return Ok(Some(self.near()));
        }
        let one = Annealed::constant(1.0);
        let (path, plain) = (PathGradient { cross_entropy_weight: one }, ReverseKl { cross_entropy_weight: one });
        let ratio = variance::ratio([&path, &plain], spec, theta, *source, seed, engine)?;
        let why = format!("the path gradient has {ratio:.2} times the variance of the plain one");
        let path = ratio < 1.0;
        let objective = match self.kind {
            Kind::Density if path => Objective::PathGradient { cross_entropy_weight: one },
            Kind::Density => Objective::ReverseKl { cross_entropy_weight: one },
            _ => {
                let forward_weight = Annealed::constant(0.5);
                Objective::Mixed { forward_weight, rows: Rows::Teacher, cross_entropy_weight: one, path }
            }
        };
        let mut phase = self.phase(objective, left, FINE * FINER.powi(fine as i32));
        phase.training.patience = Some(phase.training.patience.unwrap_or(PATIENCE).max(1));
        Ok(Some((phase, why)))
    }

    /// The first phase.
    fn near(&self) -> (Phase, String) {
        let steps = self.settings.steps;
        let one = Annealed::constant(1.0);
        let (objective, share, rate, why) = match self.kind {
            Kind::Warm => {
                // regression on known numbers takes larger steps than estimates from samples
                (Objective::WarmStart { rows: self.rows }, 3, 2.0, "each layer of the teacher has one of the student's")
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
