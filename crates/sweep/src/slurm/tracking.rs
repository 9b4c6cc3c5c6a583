//! What SLURM knows of our tasks, asked of whichever program answers.

use super::programs::{Programs, ask};
use super::task::{SQUEUE_FORMAT, Task, from_sacct, from_scontrol, from_squeue};
use crate::error::SweepError;
use crate::worker::DISK_FULL;

/// What was learnt.
pub enum Seen {
    /// of these jobs; those that are not among the tasks have ended so long ago that SLURM has forgotten them
    Tasks(Vec<Task>),
    /// nothing, and why: nobody may conclude from it that a task is gone
    Unknown(String),
}

/// Asks squeue, which shows ended tasks for some minutes, then scontrol, then the accounts.
///
/// # Errors
/// There is no squeue.
pub fn look(programs: &Programs, jobs: &[u64]) -> Result<Seen, SweepError> {
    if jobs.is_empty() {
        return Ok(Seen::Tasks(Vec::new()));
    }
    let list = jobs.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
    let squeue = ask(&programs.squeue, ["-h", "-r", "-t", "all", "-j", &list, "-o", SQUEUE_FORMAT])?;
    if squeue.well {
        return Ok(Seen::Tasks(from_squeue(&squeue.out)));
    }
    if squeue.forgotten() {
        return Ok(Seen::Tasks(Vec::new()));
    }
    if squeue.unreachable() {
        return Ok(Seen::Unknown(squeue.complaint()));
    }
    Ok(match by_scontrol(programs, jobs).or_else(|| by_sacct(programs, &list)) {
        Some(tasks) => Seen::Tasks(tasks),
        None => Seen::Unknown(squeue.complaint()),
    })
}

fn by_scontrol(programs: &Programs, jobs: &[u64]) -> Option<Vec<Task>> {
    let mut tasks = Vec::new();
    for job in jobs {
        let answer = ask(&programs.scontrol, ["-o", "show", "job", &job.to_string()]).ok()?;
        if !answer.well && !answer.forgotten() {
            return None;
        }
        tasks.extend(from_scontrol(&answer.out));
    }
    Some(tasks)
}

fn by_sacct(programs: &Programs, list: &str) -> Option<Vec<Task>> {
    let answer = ask(&programs.sacct, ["-X", "-n", "-P", "-j", list, "-o", "JobID,State"]).ok()?;
    // accounts lag behind: a job that they do not have yet is not one that has ended
    let tasks = from_sacct(&answer.out);
    (answer.well && list.split(',').all(|job| tasks.iter().any(|task| task.job.to_string() == job))).then_some(tasks)
}

/// How a task ended.
pub struct End {
    pub words: String,
    pub fault: Fault,
}

/// What is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// SLURM, a person, or nothing
    Outside,
    /// its own worker
    Worker,
    /// a disk that is full
    Disk,
}

/// How a task that is over ended. Of one that failed, scontrol also knows the exit code, by which a worker that was told
/// to save, or that found the disk full, is told apart from one that broke.
pub fn ending(programs: &Programs, task: &Task) -> End {
    let failed = task.words.starts_with("FAILED");
    if failed && let Ok(answer) = ask(&programs.scontrol, ["-o", "show", "job", &task.name()]) {
        let ended_with = |code: u8| answer.out.contains(&format!(" ExitCode={code}:0 "));
        if ended_with(130) {
            return End { words: "saved, by a signal".into(), fault: Fault::Outside };
        }
        if ended_with(DISK_FULL) {
            return End { words: "told that the disk is full".into(), fault: Fault::Disk };
        }
    }
    let broke = failed || task.words.starts_with("OUT_OF_MEMORY");
    End { words: task.words.clone(), fault: if broke { Fault::Worker } else { Fault::Outside } }
}
