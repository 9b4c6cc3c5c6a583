//! What can be wrong with a model or with what is asked of it.

use crate::base::{LEAST, MOST};
use flowstill_model::{CheckpointError, SpecError};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum SamplerError {
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error("the model describes an impossible flow: {0}")]
    Spec(#[from] SpecError),
    #[error("the model has {found} parameters where its specification needs {expected}")]
    ParameterCount { expected: usize, found: usize },
    #[error("parameter `{name}` holds the value {value}; train again or take an earlier checkpoint")]
    NonFiniteParameter { name: String, value: f32 },
    #[error("the model's {what} has {found} entries for {dim} dimensions")]
    Width { what: &'static str, found: usize, dim: usize },
    #[error("the standardisation of column {column} is mean {mean}, sd {sd}; expected finite numbers and sd > 0")]
    Standardizer { column: usize, mean: f64, sd: f64 },
    #[error("in the model, {0}")]
    Pixels(String),
    #[error("student and teacher take pixels differently; correct a student by its own teacher")]
    OtherPixels,
    #[error("{operation} was given {len} numbers, expected whole rows of {dim}")]
    Shape { operation: &'static str, len: usize, dim: usize },
    #[error("{operation} was given NaN in row {row}, column {column} (counted from 0); drop or repair the row")]
    NotANumber { operation: &'static str, row: usize, column: usize },
    #[error("the tolerance of the Jacobi method must be a finite number, at least 0, got {0}")]
    Tolerance(f64),
    #[error("the temperature must be a number from {LEAST} to {MOST}, got {0}")]
    Temperature(f64),
    #[error(
        "student and teacher differ in dimension: {student} against {teacher}; correct a student by its own teacher"
    )]
    OtherDimension { student: usize, teacher: usize },
    #[error(
        "student and teacher are standardised differently: column {column} by mean and sd {student:?} against {teacher:?}; \
         correct a student by its own teacher"
    )]
    OtherStandardizer { column: usize, student: (f64, f64), teacher: (f64, f64) },
    #[error("an ensemble needs a model")]
    NoMember,
    #[error(
        "model {index} of the ensemble (counted from 0) has the columns {found}, the first one {expected}; expected models of \
             the same data"
    )]
    OtherColumns { index: usize, found: String, expected: String },
    #[error(
        "model {index} of the ensemble (counted from 0) takes pixels differently from the first one; expected models of the \
             same pictures"
    )]
    MemberPixels { index: usize },
    #[error("the {what} must be from 1 to {most}, got {found}")]
    Setting { what: &'static str, most: u64, found: u64 },
    #[error(
        "the student's row {row} (counted from 0) has log p = {log_p} and log q = {log_q}, which is no weight; one of the \
         flows has diverged there: train it again"
    )]
    Weight { row: u64, log_p: f64, log_q: f64 },
    #[error(
        "the teacher gives no density to anything that the student proposes; correct a student by its own teacher, or \
         train it again"
    )]
    NothingPossible,
    #[error("the log-bound must be a finite number, got {0}")]
    Bound(f64),
    #[error(
        "a proposal has log p − log q = {log_weight:.3}, above the given log-bound {log_bound}, which is therefore none; \
         give a larger one, or none to have it estimated"
    )]
    Exceeded { log_bound: f64, log_weight: f64 },
    #[error(
        "rejection would accept {:.2e} of the proposals, measured under the log-bound {log_bound:.2}, which is hopeless; \
         use another correction, or a student closer to its teacher",
        rate
    )]
    Hopeless { rate: f64, log_bound: f64 },
    #[error("a transport needs flows of one dimension, got one from {from} to {to}")]
    TransportDimension { from: usize, to: usize },
    #[error(
        "transport lost row {row} (counted from 0): it lies so far out that numbers overflow on the way; drop or repair it"
    )]
    Lost { row: usize },
    #[error("{rows} rows of {dim} from row {first_row} on do not fit into memory; draw them in chunks")]
    TooManyRows { first_row: u64, rows: usize, dim: usize },
}

impl SamplerError {
    /// The same about rows that follow after `first` others.
    pub(crate) fn counted_from(self, first: usize) -> Self {
        match self {
            Self::NotANumber { operation, row, column } => Self::NotANumber { operation, row: first + row, column },
            Self::Lost { row } => Self::Lost { row: first + row },
            other => other,
        }
    }
}
