//! What can go wrong when a flow is evaluated.

use std::io;
use std::path::PathBuf;
use thiserror::Error;

#[derive(Debug, Error, Clone, PartialEq)]
pub enum FlowError {
    #[error("expected rows of {expected} coordinates, got {got}")]
    Width { expected: usize, got: usize },
    #[error("expected {expected} parameters, got {got}")]
    Parameters { expected: usize, got: usize },
    #[error(transparent)]
    Spec(#[from] flowstill_model::SpecError),
    #[error("batch_norm maps only in its normalising direction while training; fold it first")]
    NotFolded,
    #[error("layer {layer} ({kind}) gives a value that is not finite")]
    NonFinite { layer: usize, kind: &'static str },
    #[error("there are no {0}")]
    NoRows(&'static str),
    #[error("{0} looks inside of the teacher, which is a density and not a trained flow")]
    NotAFlow(&'static str),
    #[error("{0}")]
    NoConditionals(String),
    #[error("cannot keep the trajectories {path}: {reason}")]
    Trajectories { path: PathBuf, reason: String, kind: io::ErrorKind },
    #[error("the reference engine drops no hidden units; train with the fused one, or without `dropout`")]
    NoDropout,
    #[error("interrupted")]
    Interrupted,
}
