//! Why a sweep could not be planned, run or read.

use crate::results::ResultsError;
use crate::slurm::SlurmError;
use flowstill_runner::RunError;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum SweepError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Results(#[from] ResultsError),
    #[error(transparent)]
    Slurm(#[from] SlurmError),
    #[error("{folder} holds no sweep: there is no plan.json; name the folder of a sweep, such as runs/NAME")]
    NoSweep { folder: PathBuf },
    #[error("cannot read {path}: {reason}; delete it and run the sweep again, which makes it anew")]
    Damaged { path: PathBuf, reason: String },
    #[error("cannot read {path}: its format is {found}, this version of flowstill reads {expected}")]
    Format { path: PathBuf, found: u32, expected: u32 },
    #[error("cannot read {path}")]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {path}")]
    Write { path: PathBuf, source: io::Error },
    #[error("no space is left to write {path}; free some, and the same command goes on")]
    DiskFull { path: PathBuf },
    #[error("{folder} was planned by flowstill {planned}, this is {own}; run `flowstill sweep` again to plan it anew")]
    OtherVersion { folder: PathBuf, planned: String, own: &'static str },
    #[error("cannot start a worker: {reason}")]
    Spawn { reason: String },
    #[error("interrupted: what was begun is saved; the same command goes on")]
    Interrupted,
    #[error(
        "{failed} of {cells} cells failed; see the report and `flowstill status {folder}`, and pass --retry 1 to try \
         them again"
    )]
    CellsFailed { failed: usize, cells: usize, folder: PathBuf },
    #[error("{pending} of {cells} cells have no result; see {folder}/logs, and run the same command again")]
    Unfinished { pending: usize, cells: usize, folder: PathBuf },
    #[error("{0}")]
    Refused(String),
}

impl SweepError {
    /// A failed write of `path`.
    pub fn write(path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path: path.into() },
            _ => Self::Write { path: path.into(), source },
        }
    }

    pub fn read(path: &Path, source: io::Error) -> Self {
        Self::Read { path: path.into(), source }
    }

    /// Exit code of the command.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Run(error) => error.exit_code(),
            Self::Slurm(error) => error.exit_code(),
            Self::Results(_)
            | Self::NoSweep { .. }
            | Self::Damaged { .. }
            | Self::Format { .. }
            | Self::Read { .. } => 2,
            Self::OtherVersion { .. } | Self::Refused(_) => 2,
            Self::Interrupted => 130,
            Self::CellsFailed { .. } | Self::Unfinished { .. } => 1,
            Self::Write { .. } | Self::DiskFull { .. } | Self::Spawn { .. } => 1,
        }
    }
}
