//! Job arrays for SLURM, each submitted once even if the answer is lost.

use super::error::SlurmError;
use super::jobs::{Job, Jobs};
use super::programs::{Answer, Programs, ask};
use super::quoting::text;
use super::script::{Purpose, Worker, logs, script};
use crate::error::SweepError;
use flowstill_model::atomic;
use flowstill_runner::config::sweep::Slurm;
use std::path::{Path, PathBuf};

/// SLURM's own default for the number of tasks in an array.
const MAX_ARRAY_SIZE: usize = 1001;

/// What does not change from one submission to the next.
pub struct Submitter<'a> {
    pub programs: &'a Programs,
    pub slurm: &'a Slurm,
    /// of the sweep
    pub name: &'a str,
    pub worker: &'a Worker,
    /// absolute
    pub store: PathBuf,
}

/// How a submission ended.
pub enum Submitted {
    /// as this job
    Job { id: u64, tasks: usize },
    /// nobody knows; [`settle`] finds out
    Unknown(String),
    /// and why
    Refused(SlurmError),
}

impl Submitter<'_> {
    /// Submits one array of at most `tasks` tasks, fewer if SLURM takes no larger one.
    ///
    /// # Errors
    /// The script cannot be written, or sbatch is missing.
    pub fn submit(&self, tasks: usize, purpose: Purpose) -> Result<Submitted, SweepError> {
        let tasks = tasks.min(self.max_array_size()?);
        let mut jobs = Jobs::read(&self.store)?;
        let name = jobs.next_script();
        let path = self.store.join(&name);
        let script = script(self.slurm, self.name, self.worker, &self.store, purpose)?;
        atomic::write(&path, script.as_bytes()).map_err(|source| SweepError::write(&path, source))?;
        let logs = logs(&self.store);
        std::fs::create_dir_all(&logs).map_err(|source| SweepError::write(&logs, source))?;

        // written down first: after a kill in between, the job is found by its script
        let at = jobs.jobs.len();
        jobs.jobs.push(Job { id: None, script: name, tasks, speed: purpose == Purpose::Speed, ended: false });
        jobs.write(&self.store)?;
        let at_once = self.slurm.array_parallelism.map_or_else(String::new, |most| format!("%{most}"));
        let array = format!("--array=0-{}{at_once}", tasks - 1);
        let answer = ask(&self.programs.sbatch, ["--parsable", &array, text(&path)?])?;
        if answer.unreachable() {
            return Ok(Submitted::Unknown(answer.complaint()));
        }
        let Some(id) = id(&answer) else {
            jobs.jobs[at].ended = true;
            jobs.write(&self.store)?;
            return Ok(Submitted::Refused(SlurmError::Refused { said: answer.complaint(), script: path }));
        };
        jobs.jobs[at].id = Some(id);
        jobs.write(&self.store)?;
        Ok(Submitted::Job { id, tasks })
    }

    /// Tasks that an array may have.
    fn max_array_size(&self) -> Result<usize, SweepError> {
        let answer = ask(&self.programs.scontrol, ["show", "config"])?;
        let mut values = answer.out.lines().filter_map(|line| line.split_once('='));
        let value = values.find(|(key, _)| key.trim() == "MaxArraySize");
        let size = value.and_then(|(_, size)| size.trim().parse().ok()).unwrap_or(MAX_ARRAY_SIZE);
        Ok(size.max(1))
    }
}

/// The number in what `sbatch --parsable` prints: `12`, or `12;cluster`, possibly below a site's greeting.
fn id(answer: &Answer) -> Option<u64> {
    let last = answer.out.lines().rev().find(|line| !line.trim().is_empty())?;
    if answer.well { last.split(';').next()?.trim().parse().ok() } else { None }
}

/// Finds out what became of submissions without an answer; says why if it could not.
///
/// # Errors
/// `jobs.json` cannot be written, or there is no squeue.
pub fn settle(programs: &Programs, store: &Path, jobs: &mut Jobs) -> Result<Option<String>, SweepError> {
    if jobs.jobs.iter().all(|job| job.ended || job.id.is_some()) {
        return Ok(None);
    }
    let answer = ask(&programs.squeue, ["--me", "-h", "-t", "all", "-o", "%F|%o"])?;
    if !answer.well {
        return Ok(Some(answer.complaint()));
    }
    for job in jobs.jobs.iter_mut().filter(|job| !job.ended && job.id.is_none()) {
        let script = store.join(&job.script);
        let mut queue = answer.out.lines().filter_map(|line| line.split_once('|'));
        job.id = queue.find(|(_, command)| Path::new(command) == script).and_then(|(id, _)| id.trim().parse().ok());
        // SLURM never heard of it
        job.ended = job.id.is_none();
    }
    jobs.write(store)?;
    Ok(None)
}
