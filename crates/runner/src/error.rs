//! Why a run ended without its results.

use crate::config::ConfigError;
use flowstill_data::DataError;
use flowstill_eval::EvalError;
use flowstill_flow::FlowError;
use flowstill_model::CheckpointError;
use flowstill_sampler::SamplerError;
use flowstill_trainer::TrainError;
use std::error::Error;
use std::io::ErrorKind;
use std::path::PathBuf;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum RunError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    Sampler(#[from] SamplerError),
    #[error(transparent)]
    Eval(#[from] EvalError),
    #[error("{stage}")]
    Train { stage: &'static str, source: TrainError },
    #[error("{stage}")]
    Flow { stage: &'static str, source: FlowError },
    #[error(
        "{folder} holds a {stage} of another configuration, data, engine or version; choose another `name`, or pass --overwrite to replace what differs"
    )]
    OtherConfiguration { folder: PathBuf, stage: &'static str },
    #[error(
        "{folder} holds a sweep, as plan.json tells; give the experiment another `name`, or another folder by --runs"
    )]
    HoldsSweep { folder: PathBuf },
    #[error(
        "another flowstill is at work in {folder}; wait for its end, or give the experiment another `name`, or another folder \
         by --runs"
    )]
    Taken { folder: PathBuf },
    #[error("{path} is missing; run `flowstill {command}` first")]
    MissingStage { path: PathBuf, command: &'static str },
    #[error(
        "`{name}` has no student, as `student: none` says, and nothing is distilled or compared; `flowstill run` fits its teacher and \
         tells how likely the test rows are, or write the keys of a student in place of `none`"
    )]
    NoStudent { name: String },
    #[error("the {who} cannot be built for these data")]
    Architecture { who: &'static str, source: flowstill_model::SpecError },
    #[error("{teacher} cannot be the teacher here: {reason}; use a teacher trained on the same data")]
    UnfitTeacher { teacher: PathBuf, reason: String },
    #[error(
        "{teacher} cannot be the teacher here: the experiment distils from a known density; leave out --teacher, or set \
         `teacher: {{model: maf}}`"
    )]
    NeedlessTeacher { teacher: PathBuf },
    #[error("there is no learning rate to find: the teacher {reason}; give `teacher: {{model: maf}}` or another flow")]
    NoRate { reason: &'static str },
    #[error("cannot start {threads} threads: {reason}; set fewer `threads`")]
    Threads { threads: usize, reason: String },
    #[error("cannot write {path}")]
    Write { path: PathBuf, source: std::io::Error },
    #[error("cannot read {path}: {reason}; delete it to compute it again")]
    Read { path: PathBuf, reason: String },
    #[error("interrupted during the {stage} after step {step}; the same command goes on from there")]
    Interrupted { stage: &'static str, step: u64 },
    #[error("interrupted during the comparison; the same command makes it again")]
    InterruptedComparison,
    #[error(
        "the data have changed since the sweep was planned; run `flowstill sweep` again, with --retry 1 if they are as \
         they were"
    )]
    ChangedData,
    #[error("a fault in flowstill itself: {reason}")]
    Fault { reason: String },
    #[error("interrupted: no file was written")]
    InterruptedSampling,
}

impl RunError {
    /// Whether a disk was full, which is no fault of the experiment.
    pub fn disk_full(&self) -> bool {
        let full = |kind| matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
        let causes = std::iter::successors(Some(self as &dyn Error), |&error| error.source());
        let mut kinds = causes.filter_map(|error| match error.downcast_ref() {
            Some(FlowError::Trajectories { kind, .. }) => Some(*kind),
            _ => error.downcast_ref::<std::io::Error>().map(std::io::Error::kind),
        });
        kinds.any(full)
    }

    /// Exit code of the command: 1 a run failed, 2 wrong input, 130 interrupted and resumable.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Interrupted { .. } | Self::InterruptedComparison | Self::InterruptedSampling => 130,
            Self::Train { source, .. } => match source {
                TrainError::ReadState { .. } | TrainError::OtherRun { .. } | TrainError::Refused(_) => 2,
                TrainError::Diverged { .. }
                | TrainError::Objective(_)
                | TrainError::Observer(_)
                | TrainError::WriteState { .. } => 1,
            },
            Self::Checkpoint(CheckpointError::Write { .. }) => 1,
            Self::Data(DataError::Write { .. } | DataError::DiskFull { .. }) => 1,
            Self::Eval(EvalError::Dimension { .. } | EvalError::Zero { .. } | EvalError::Sampler(_)) => 2,
            Self::Eval(_) | Self::Flow { .. } | Self::Write { .. } | Self::Threads { .. } | Self::Fault { .. } => 1,
            _ => 2,
        }
    }
}
