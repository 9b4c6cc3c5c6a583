//! `slurm/jobs.json`: what was submitted for a store, so that the same command finds it again.

use super::script::Purpose;
use crate::error::SweepError;
use crate::store::{read_json, write_json};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Raised when a key changes its meaning.
const FORMAT_VERSION: u32 = 1;
const FILE: &str = "slurm/jobs.json";

/// The whole file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Jobs {
    format_version: u32,
    pub jobs: Vec<Job>,
}

/// One job array.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// absent while the submission has not been answered
    pub id: Option<u64>,
    /// relative to the store, a new one for every submission
    pub script: PathBuf,
    pub tasks: usize,
    /// whether its task measures speed
    pub speed: bool,
    /// whether all of its tasks have ended
    pub ended: bool,
}

impl Job {
    pub fn purpose(&self) -> Purpose {
        if self.speed { Purpose::Speed } else { Purpose::Stages }
    }
}

impl Jobs {
    /// Those of a store, none if nothing was submitted yet.
    pub fn read(store: &Path) -> Result<Self, SweepError> {
        let none = Self { format_version: FORMAT_VERSION, jobs: Vec::new() };
        let jobs: Self = read_json(&store.join(FILE))?.unwrap_or(none);
        if jobs.format_version != FORMAT_VERSION {
            let (path, found) = (store.join(FILE), jobs.format_version);
            return Err(SweepError::Format { path, found, expected: FORMAT_VERSION });
        }
        Ok(jobs)
    }

    pub fn write(&self, store: &Path) -> Result<(), SweepError> {
        write_json(&store.join(FILE), self)
    }

    /// Those of which a task may be alive.
    pub fn open(&self) -> impl Iterator<Item = (u64, &Job)> {
        self.jobs.iter().filter(|job| !job.ended).filter_map(|job| Some((job.id?, job)))
    }

    pub fn open_ids(&self) -> Vec<u64> {
        self.open().map(|(id, _)| id).collect()
    }

    pub fn find(&self, id: u64) -> Option<&Job> {
        self.jobs.iter().find(|job| job.id == Some(id))
    }

    /// A name for the next script.
    pub fn next_script(&self) -> PathBuf {
        format!("slurm/{}.sh", self.jobs.len() + 1).into()
    }
}
