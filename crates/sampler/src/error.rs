//! What can be wrong with a model or with what is asked of it.

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
    #[error("{operation} was given {len} numbers, expected whole rows of {dim}")]
    Shape { operation: &'static str, len: usize, dim: usize },
    #[error("{operation} was given NaN in row {row}, column {column} (counted from 0); drop or repair the row")]
    NotANumber { operation: &'static str, row: usize, column: usize },
    #[error("the tolerance of the Jacobi method must be a finite number, at least 0, got {0}")]
    Tolerance(f64),
    #[error("{rows} rows of {dim} from row {first_row} on do not fit into memory; draw them in chunks")]
    TooManyRows { first_row: u64, rows: usize, dim: usize },
}
