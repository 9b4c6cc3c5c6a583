//! What there is to tell while jobs are at work.

use super::work::Left;
use std::fmt;

/// Told when it happens, or when it is different from what was told before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// tasks of an earlier command are looked after again
    Attached {
        tasks: usize,
    },
    Submitted {
        job: u64,
        tasks: usize,
        speed: bool,
    },
    /// SLURM takes no more jobs now; those that it has go on
    NoMore {
        said: String,
    },
    /// tasks that wait in the queue, with SLURM's reasons, and tasks at work
    Queue {
        pending: usize,
        running: usize,
        reasons: Vec<String>,
    },
    /// a task ended otherwise than by finding nothing more to do
    Lost {
        task: String,
        ending: String,
    },
    /// SLURM does not answer; its jobs may well go on
    Unknown {
        said: String,
    },
    Work(Left),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attached { tasks } => write!(f, "{tasks} SLURM tasks of an earlier command are still there"),
            Self::Submitted { job, tasks, speed: false } => write!(f, "submitted job {job}, tasks: {tasks}"),
            Self::Submitted { job, speed: true, .. } => {
                write!(f, "submitted job {job}, which measures speed on a node of its own")
            }
            Self::NoMore { said } => write!(f, "SLURM takes no more jobs now: {said}"),
            Self::Queue { pending, running, reasons } => {
                write!(f, "SLURM tasks: {running} running, {pending} pending")?;
                if reasons.is_empty() { Ok(()) } else { write!(f, " ({})", reasons.join(", ")) }
            }
            Self::Lost { task, ending } => write!(f, "SLURM task {task} ended as {ending}"),
            Self::Unknown { said } => write!(f, "SLURM does not answer, its jobs may go on: {said}"),
            Self::Work(left) => {
                write!(f, "cells: {} ended", left.ended)?;
                if left.failed > 0 {
                    write!(f, ", {} failed", left.failed)?;
                }
                write!(f, "; stages: {} running, {} ready, {} waiting", left.running, left.ready, left.waiting)
            }
        }
    }
}
