//! What the executor asks of a store.

use crate::error::SweepError;
use std::path::Path;

/// A sweep with work left in it.
pub trait Work {
    /// The store, in which workers find their stages.
    fn folder(&self) -> &Path;

    /// What is left; asked again and again, so it has to be cheap.
    ///
    /// # Errors
    /// The store cannot be read.
    fn left(&mut self) -> Result<Left, SweepError>;

    /// Called about twice a second while there is nothing else to do, for whoever shows progress.
    ///
    /// # Errors
    /// The store cannot be read.
    fn watch(&mut self) -> Result<(), SweepError> {
        Ok(())
    }

    /// A task, by its name in SLURM, broke down by itself: `how`, in words.
    ///
    /// # Errors
    /// The store cannot be written.
    fn broke(&mut self, _task: &str, _how: &str) -> Result<(), SweepError> {
        Ok(())
    }
}

/// Stages that are not done yet, and how far the sweep is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Left {
    /// stages that a worker could begin, or take over from one that is gone
    pub ready: usize,
    /// stages that a worker is at
    pub running: usize,
    /// stages that cannot begin before others are done
    pub waiting: usize,
    /// measurements of speed, which come after all others
    pub speed: usize,
    /// cells that have ended, in whichever way
    pub ended: usize,
    /// of those, the ones that failed
    pub failed: usize,
    /// grows if anything goes on: a stage ends, or a training gets further than it ever was
    pub progress: u64,
}

impl Left {
    /// Stages other than those of speed.
    pub(super) fn stages(&self) -> usize {
        self.ready + self.running + self.waiting
    }

    /// Workers that find something to do now; one is needed in any case, which may notice that a stage can begin.
    pub(super) fn workers(&self) -> usize {
        (self.ready + self.running).max(1)
    }
}
