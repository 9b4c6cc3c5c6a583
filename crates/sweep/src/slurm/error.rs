//! What is wrong with SLURM, or with what it was asked for.

use std::path::PathBuf;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum SlurmError {
    #[error(
        "there is no `{program}` on this machine; start the sweep where SLURM jobs are submitted, usually a cluster's login \
         node, or run it here with `--executor local`"
    )]
    Missing { program: PathBuf },
    #[error("cannot start {program}")]
    Start { program: PathBuf, source: std::io::Error },
    #[error("SLURM refused the jobs: {said}; the keys of `executor.slurm` become options of sbatch, see {script}")]
    Refused { said: String, script: PathBuf },
    #[error("SLURM did not cancel the jobs: {said}; try again, or use scancel on {jobs}")]
    NotCancelled { said: String, jobs: String },
    /// what is forgotten here goes on there
    #[error(
        "cannot read {path}, which tells of the jobs that SLURM has: {reason}; cancel them first, with `scancel --user=$USER \
         --name='flowstill-{name}'`, then delete the file"
    )]
    Jobs { path: PathBuf, reason: String, name: String },
    #[error("{what} cannot be told to SLURM: {reason}")]
    Unwritable { what: String, reason: &'static str },
    #[error(
        "gave up after {submissions} submissions in a row without progress: the last task ended as {ending}; {log}; once \
         the cause is gone, the same command goes on"
    )]
    NoProgress { submissions: u32, ending: String, log: String },
}

impl SlurmError {
    /// Exit code of the command: 1 the sweep failed, 2 wrong input.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Missing { .. } | Self::Refused { .. } | Self::Unwritable { .. } | Self::Jobs { .. } => 2,
            Self::Start { .. } | Self::NotCancelled { .. } | Self::NoProgress { .. } => 1,
        }
    }
}
