//! The tasks of a sweep as SLURM has just told them, and what is new about them.

use super::jobs::Jobs;
use super::programs::{Programs, ask};
use super::script::Purpose;
use super::task::{State, Task};
use crate::error::SweepError;
use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a task may take to end before it counts as gone: on a node that has died it can take hours.
const ENDING: Duration = Duration::from_secs(60);

/// Remembers which tasks have ended.
#[derive(Debug, Default)]
pub struct Queue {
    looked: bool,
    over: HashSet<String>,
    ending_since: Option<Instant>,
    last: Option<Task>,
}

/// One look at the queue.
#[derive(Debug)]
pub struct Look {
    /// whether this command has not looked before
    pub first: bool,
    pub pending: usize,
    pub running: usize,
    /// why tasks wait, in SLURM's words, each once
    pub reasons: Vec<String>,
    /// tasks that have ended since the last look
    pub ended: Vec<Task>,
    /// whether some are ending, so that it is better to wait until it is known how
    pub settling: bool,
}

impl Look {
    pub fn alive(&self) -> usize {
        self.pending + self.running
    }
}

impl Queue {
    /// Takes in what SLURM said of all jobs that are open: those without a task that is left are so no longer, and tasks
    /// that would wait for ever are cancelled. What is counted is for one purpose.
    ///
    /// # Errors
    /// `jobs.json` cannot be written, or there is no scancel.
    pub fn take(
        &mut self,
        tasks: &[Task],
        jobs: &mut Jobs,
        purpose: Purpose,
        store: &Path,
        programs: &Programs,
    ) -> Result<Look, SweepError> {
        for stuck in tasks.iter().filter(|task| task.state == State::Stuck) {
            // lost for us whether or not SLURM lets go of it
            ask(&programs.scancel, [stuck.name()])?;
        }
        let before = jobs.clone();
        for job in jobs.jobs.iter_mut().filter(|job| job.id.is_some()) {
            job.ended |=
                !tasks.iter().any(|task| Some(task.job) == job.id && (task.alive() || task.state == State::Ending));
        }
        if *jobs != before {
            jobs.write(store)?;
        }

        let ours = |task: &&Task| jobs.find(task.job).is_some_and(|job| job.purpose() == purpose);
        let tasks: Vec<&Task> = tasks.iter().filter(ours).collect();
        let count = |state| tasks.iter().filter(|task| task.state == state).count();
        let over = tasks.iter().filter(|task| task.over() || task.state == State::Stuck);
        let new: Vec<Task> = over.filter(|task| self.over.insert(task.name())).map(|&task| task.clone()).collect();
        self.last = new.last().cloned().or(self.last.take());
        if count(State::Ending) == 0 {
            self.ending_since = None;
        }
        let settling =
            count(State::Ending) > 0 && self.ending_since.get_or_insert_with(Instant::now).elapsed() < ENDING;
        let mut reasons: Vec<String> = Vec::new();
        for task in tasks.iter().filter(|task| task.state == State::Pending) {
            let reason = task.words.split_once('(').map(|(_, reason)| reason.trim_end_matches(')'));
            if let Some(reason) = reason.filter(|reason| !reasons.iter().any(|known| known == reason)) {
                reasons.push(reason.to_owned());
            }
        }
        // how the tasks of an earlier command ended is no news
        let first = !std::mem::replace(&mut self.looked, true);
        let ended = if first { Vec::new() } else { new };
        Ok(Look { first, pending: count(State::Pending), running: count(State::Running), reasons, ended, settling })
    }

    /// The task that ended last, if any did.
    pub fn last(&self) -> Option<&Task> {
        self.last.as_ref()
    }
}
