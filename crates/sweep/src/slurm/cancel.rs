//! The end of all jobs of a sweep, by wish.

use super::error::SlurmError;
use super::jobs::Jobs;
use super::programs::{Programs, ask};
use super::submission::settle;
use super::tracking::{Seen, look};
use crate::error::SweepError;
use flowstill_model::atomic;
use std::io::ErrorKind;
use std::path::Path;

/// A file of its own, which no other writer can undo: whoever looks after the jobs has to end.
const MARK: &str = "slurm/cancelled";

/// Whether [`cancel`] was called since [`forget`].
pub fn cancelled(store: &Path) -> bool {
    store.join(MARK).exists()
}

/// Begins anew; returns whether there was anything to forget.
///
/// # Errors
/// The mark cannot be removed.
pub fn forget(store: &Path) -> Result<bool, SweepError> {
    let path = store.join(MARK);
    match std::fs::remove_file(&path) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
        Err(source) => Err(SweepError::write(&path, source)),
    }
}

/// Cancels the jobs of the sweep in `store` and returns how many tasks were pending or running. Its workers are told to
/// save; whoever looks after the jobs, in whichever terminal, ends.
///
/// # Errors
/// SLURM cannot be asked, or does not do it.
pub fn cancel(programs: &Programs, store: &Path) -> Result<usize, SweepError> {
    let store = &super::executor::absolute(store)?;
    if Jobs::read(store)?.jobs.is_empty() {
        return Ok(0);
    }
    let mark = store.join(MARK);
    atomic::write(&mark, b"").map_err(|source| SweepError::write(&mark, source))?;
    let mut jobs = Jobs::read(store)?;
    let list = |jobs: &Jobs| jobs.open_ids().iter().map(u64::to_string).collect::<Vec<_>>();
    let refused = |said, jobs: &Jobs| Err(SlurmError::NotCancelled { said, jobs: list(jobs).join(" ") }.into());
    if let Some(said) = settle(programs, store, &mut jobs)? {
        return refused(said, &jobs);
    }
    let tasks = match look(programs, &jobs.open_ids())? {
        Seen::Tasks(tasks) => tasks.iter().filter(|task| task.alive()).count(),
        Seen::Unknown(said) => return refused(said, &jobs),
    };
    if tasks > 0 {
        let answer = ask(&programs.scancel, list(&jobs))?;
        // a job that has ended in the meantime is no failure
        if !answer.well && !answer.forgotten() {
            return refused(answer.complaint(), &jobs);
        }
    }
    Ok(tasks)
}
