//! How the work of one command ended.

use std::fmt;

/// How [`Executor::run`](super::Executor::run) ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// nothing is left to do
    Done,
    /// the jobs go on without us
    Left { tasks: usize },
    /// somebody cancelled the jobs
    Cancelled,
    /// a cell failed, and the jobs were cancelled as was wanted
    FailedFast,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => write!(f, "the SLURM jobs are done"),
            Self::Left { tasks: 0 } => write!(f, "interrupted; no SLURM task is there, the same command goes on"),
            Self::Left { tasks } => write!(
                f,
                "interrupted; {tasks} SLURM tasks are running or pending and go on: the same command looks after them again, \
                 with --cancel it cancels them"
            ),
            Self::FailedFast => write!(f, "a cell failed, so the SLURM jobs were cancelled"),
            Self::Cancelled => write!(f, "the SLURM jobs were cancelled; the same command goes on with what is left"),
        }
    }
}
