//! The phases of `recipe: auto`.

use crate::annealed::Annealed;
use crate::fit::Finished;
use crate::recipe::{Objective, Phase};
use crate::source::{Rows, Source};
use crate::warm_start::pairing::Pairing;
use flowstill_flow::{Engine, FlowError};
use flowstill_model::FlowSpec;
use flowstill_trainer::Settings;

/// The next phase follows from what has been measured.
pub struct Auto {
    settings: Settings,
    warm: bool,
}

impl Auto {
    pub fn new(source: &Source, student: &FlowSpec, settings: Settings) -> Self {
        let warm = source.target.as_flow().is_some_and(|teacher| Pairing::new(teacher.spec(), student).is_ok());
        Self { settings, warm }
    }

    /// The next phase and why, or none if all is done.
    pub fn next(
        &mut self,
        _source: &Source,
        _spec: &FlowSpec,
        _theta: &[f32],
        done: &[Finished],
        _seed: u64,
        _engine: Engine,
    ) -> Result<Option<(Phase, String)>, FlowError> {
        let steps = self.settings.steps;
        Ok(match (done.len(), self.warm) {
            (0, true) => Some((
                Phase {
                    objective: Objective::WarmStart { rows: Rows::Both },
                    training: Settings { steps: steps / 2, ..self.settings.clone() },
                },
                "each layer of the teacher has one of the student's".to_owned(),
            )),
            (1, true) => Some((
                Phase {
                    objective: Objective::PathGradient { cross_entropy_weight: Annealed::constant(1.0) },
                    training: Settings { steps: steps - steps / 2, ..self.settings.clone() },
                },
                "warm".to_owned(),
            )),
            _ => None,
        })
    }
}
