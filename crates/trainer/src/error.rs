//! Why training stopped without a model.

use std::path::PathBuf;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum TrainError {
    #[error(
        "training diverged at step {step}: {what}{}; try a smaller rate, a longer warmup or a smaller clip_norm",
        last_loss.map_or_else(String::new, |loss| format!("; the last finite loss was {loss:.4}"))
    )]
    Diverged { step: u64, what: String, last_loss: Option<f64> },
    #[error("cannot evaluate the objective")]
    Objective(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    Refused(Box<dyn std::error::Error + Send + Sync>),
    #[error("cannot record the progress of training")]
    Observer(#[source] std::io::Error),
    #[error("cannot write the training state {path}")]
    WriteState { path: PathBuf, source: std::io::Error },
    #[error("cannot read the training state {path}: {reason}; delete the file to start again")]
    ReadState { path: PathBuf, reason: String },
    #[error("the training state {path} belongs to another configuration; delete the file to start again")]
    OtherRun { path: PathBuf },
}
