//! What a student is distilled from and compared with: a trained flow, or a known density.

use super::StageRecord;
use super::train::Stage;
use crate::error::RunError;
use crate::truth::Truth;
use flowstill_eval as eval;
use flowstill_flow::{Engine, FrozenFlow, Target};
use flowstill_sampler::Sampler;

/// The teacher of a student.
pub enum Teacher {
    Trained(Box<Stage>),
    Known(Truth),
}

impl Teacher {
    /// The frozen density.
    pub fn target(&self, engine: Engine) -> Result<Box<dyn Target>, RunError> {
        match self {
            Self::Trained(stage) => FrozenFlow::on(&stage.checkpoint.spec, &stage.checkpoint.theta, engine)
                .map(|flow| Box::new(flow) as Box<dyn Target>)
                .map_err(|source| RunError::Flow { stage: "student", source }),
            Self::Known(truth) => Ok(Box::new(truth.clone())),
        }
    }
}

/// A teacher ready to be measured.
pub enum Opened {
    Flow { sampler: Sampler, record: StageRecord },
    Truth(Truth),
}

impl Opened {
    pub fn new(teacher: Teacher) -> Result<Self, RunError> {
        Ok(match teacher {
            Teacher::Trained(stage) => {
                let Stage { checkpoint, record } = *stage;
                Self::Flow { sampler: Sampler::from_checkpoint(checkpoint)?, record }
            }
            Teacher::Known(truth) => Self::Truth(truth),
        })
    }

    /// The sampler, if the teacher is a flow.
    pub fn sampler(&self) -> Option<&Sampler> {
        match self {
            Self::Flow { sampler, .. } => Some(sampler),
            Self::Truth(_) => None,
        }
    }

    /// The density.
    pub fn density(&self) -> &dyn eval::Teacher {
        match self {
            Self::Flow { sampler, .. } => sampler,
            Self::Truth(truth) => truth,
        }
    }
}
