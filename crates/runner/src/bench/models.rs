//! The flows that operations are measured on.

use super::Operation;
use flowstill_flow::{Engine, FlowError};
use flowstill_model::init::initial_parameters;
use flowstill_model::{
    Architecture, Checkpoint, FlowSpec, LayerSpec, Layout, Orientation, Provenance, Role, Standardizer,
};
use flowstill_sampler::SamplerError;
use flowstill_trainer::TrainError;
use thiserror::Error;

/// Why something could not be measured.
#[derive(Debug, Error)]
pub enum BenchError {
    #[error("`{operation}` needs a {needed}, and there is only a {found}; leave it out of --ops")]
    Missing { operation: &'static str, needed: &'static str, found: &'static str },
    #[error("{what} would take {wanted} numbers, expected at most {MOST_NUMBERS}; ask for less")]
    TooLarge { what: &'static str, wanted: usize },
    #[error("cannot start {threads} threads: {reason}; use fewer")]
    Threads { threads: usize, reason: String },
    #[error(transparent)]
    Flow(#[from] FlowError),
    #[error(transparent)]
    Sampler(#[from] SamplerError),
    #[error(transparent)]
    Train(#[from] TrainError),
}

/// Numbers that a model or a batch may have: 4 GB of each.
pub(super) const MOST_NUMBERS: usize = 1_000_000_000;

/// Sizes of a teacher and a student that are made for measuring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    pub dim: usize,
    pub hidden: Vec<usize>,
    pub layers: usize,
}

/// A teacher, a student, or both.
pub struct Models {
    pub(super) teacher: Option<Checkpoint>,
    pub(super) student: Option<Checkpoint>,
    pub(super) engine: Engine,
}

impl Models {
    /// A teacher and a student of that shape with random weights, their orders reversed from layer to layer, relu.
    ///
    /// # Errors
    /// A shape with more weights than anybody measures.
    pub fn of(shape: &Shape, engine: Engine) -> Result<Self, BenchError> {
        let architecture =
            Architecture { layers: shape.layers, hidden: shape.hidden.clone(), ..Architecture::default() };
        let wanted = Layout::plain_len(&architecture.spec(shape.dim, Orientation::Maf, 0));
        if wanted > MOST_NUMBERS {
            return Err(BenchError::TooLarge { what: "the model", wanted });
        }
        let checkpoint = |role, orientation| {
            let spec = architecture.spec(shape.dim, orientation, 0);
            let layout = Layout::new(&spec);
            // hidden layers as training starts them, output layers small but not zero
            let mut theta = initial_parameters(&spec, 0);
            for (i, t) in theta.iter_mut().enumerate().filter(|(_, t)| **t == 0.0) {
                *t = 0.02 * (i as f32 * 0.7).sin();
            }
            layout.mask(&mut theta);
            let columns = (0..shape.dim).map(|i| format!("x{i}")).collect();
            let (standardizer, provenance) = (Standardizer::identity(shape.dim), Provenance::default());
            Checkpoint { role, spec, standardizer, pixels: None, columns, provenance, theta }
        };
        Ok(Self {
            teacher: Some(checkpoint(Role::Teacher, Orientation::Maf)),
            student: Some(checkpoint(Role::Student, Orientation::Iaf)),
            engine,
        })
    }

    /// A trained flow.
    pub fn from_checkpoint(checkpoint: Checkpoint, engine: Engine) -> Self {
        match checkpoint.role {
            Role::Teacher => Self { teacher: Some(checkpoint), student: None, engine },
            Role::Student => Self { teacher: None, student: Some(checkpoint), engine },
        }
    }

    /// What there is.
    pub fn checkpoints(&self) -> impl Iterator<Item = &Checkpoint> {
        self.teacher.iter().chain(&self.student)
    }

    /// The operations that the models can do.
    pub fn operations(&self) -> Vec<Operation> {
        Operation::ALL.into_iter().filter(|operation| self.check(*operation).is_ok()).collect()
    }

    pub(super) fn teacher_spec(&self) -> Option<&FlowSpec> {
        self.teacher.as_ref().map(|model| &model.spec)
    }

    pub(super) fn student_spec(&self) -> Option<&FlowSpec> {
        self.student.as_ref().map(|model| &model.spec)
    }

    fn any_spec(&self) -> &FlowSpec {
        self.teacher_spec().or(self.student_spec()).expect("there is a teacher or a student")
    }

    pub(super) fn dim(&self) -> usize {
        self.any_spec().dim
    }

    fn conditioners(&self) -> impl Iterator<Item = &flowstill_model::Autoregressive> {
        self.any_spec().layers.iter().filter_map(|layer| match layer {
            LayerSpec::Autoregressive(a) => Some(a),
            _ => None,
        })
    }

    pub(super) fn layers(&self) -> usize {
        self.conditioners().count()
    }

    pub(super) fn hidden(&self) -> usize {
        self.conditioners().next().and_then(|a| a.hidden.first().copied()).unwrap_or(0)
    }

    pub(super) fn check(&self, operation: Operation) -> Result<(), BenchError> {
        let missing = |needed, found| Err(BenchError::Missing { operation: operation.name(), needed, found });
        match (&self.teacher, &self.student) {
            (None, _) if operation.needs_teacher() => missing("teacher", "student"),
            (_, None) if operation.needs_student() => missing("student", "teacher"),
            _ => Ok(()),
        }
    }
}
