//! Why an evaluation has no answer.

use flowstill_sampler::SamplerError;
use thiserror::Error;

/// What is wrong with the numbers to evaluate, or with the request.
#[derive(Debug, Error)]
pub enum EvalError {
    #[error(
        "{what} is not finite in {bad} of {rows} rows; the flow that gives it has diverged there, or a row lies far from all others: drop such rows, or train again with a \
         smaller rate, a smaller `clip_norm` or a smaller `log_scale_clip`"
    )]
    NonFinite { what: String, bad: usize, rows: usize },
    #[error("a mean with its standard error needs at least 2 samples, got {found}; ask for more samples")]
    TooFewSamples { found: usize },
    #[error("{what} has {found} values, expected {expected}")]
    Length { what: String, expected: usize, found: usize },
    #[error(
        "teacher and student differ in dimension: {teacher} against {student}; compare a student with its own teacher"
    )]
    Dimension { teacher: usize, student: usize },
    #[error("`{key}` must be at least 1, got 0")]
    Zero { key: &'static str },
    #[error("cannot start {threads} threads: {reason}; ask for fewer")]
    Threads { threads: usize, reason: String },
    #[error(transparent)]
    Sampler(#[from] SamplerError),
}

/// Passes when every value is finite; otherwise the error counts the rows that are not.
pub fn check_finite(what: &str, values: &[f64]) -> Result<(), EvalError> {
    match values.iter().filter(|v| !v.is_finite()).count() {
        0 => Ok(()),
        bad => Err(EvalError::NonFinite { what: what.to_owned(), bad, rows: values.len() }),
    }
}

/// Passes when `found` values are as many as were expected.
pub(crate) fn check_length(what: &str, expected: usize, found: usize) -> Result<(), EvalError> {
    if found == expected { Ok(()) } else { Err(EvalError::Length { what: what.to_owned(), expected, found }) }
}

/// Passes when both sides have the same dimension.
pub(crate) fn check_dimensions(teacher: usize, student: usize) -> Result<(), EvalError> {
    if teacher == student { Ok(()) } else { Err(EvalError::Dimension { teacher, student }) }
}
