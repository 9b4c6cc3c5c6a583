//! One cell, as far as it has come.

use crate::plan::PlannedCell;
use crate::result::{CellResult, Ending, Number};
use flowstill_eval::SpeedRow;
use serde_json::{Map, Value};

/// What was planned, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    pub planned: PlannedCell,
    /// by dotted key, of all keys that any cell of the sweep sets
    pub settings: Map<String, Value>,
    /// absent until the cell has ended
    pub result: Option<CellResult>,
    /// whether someone works on it now
    pub running: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Done,
    Stopped,
    Failed,
    Running,
    Pending,
}

impl State {
    pub const ALL: [Self; 5] = [Self::Done, Self::Stopped, Self::Failed, Self::Running, Self::Pending];

    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Running => "running",
            Self::Pending => "pending",
        }
    }
}

impl Cell {
    pub fn state(&self) -> State {
        match self.result.as_ref().map(|result| &result.ending) {
            Some(Ending::Done) => State::Done,
            Some(Ending::Stopped { .. }) => State::Stopped,
            Some(Ending::Failed { .. }) => State::Failed,
            None if self.running => State::Running,
            None => State::Pending,
        }
    }

    /// The stage in which the cell ended without all results, and why.
    pub fn broken_off(&self) -> Option<(&str, &str)> {
        match &self.result.as_ref()?.ending {
            Ending::Failed { stage, reason } | Ending::Stopped { stage, reason } => Some((stage, reason)),
            Ending::Done => None,
        }
    }

    /// A metric of a cell that was done. A number that is not finite says nothing and is missing.
    pub fn metric(&self, name: &str) -> Option<Number> {
        self.done()?.metrics.get(name).copied().filter(|number| number.value.is_finite())
    }

    /// Samples per second of one sampler at one batch size, with as many threads as were measured.
    pub fn rate(&self, op: &str, batch: usize) -> Option<f64> {
        let rates = self.rates().filter(|row| row.op == op && row.batch == batch);
        Some(rates.max_by_key(|row| row.threads)?.value)
    }

    /// The measured rates, in samples per second.
    pub fn rates(&self) -> impl Iterator<Item = &SpeedRow> {
        let rows = self.done().map(|result| &result.speed[..]).unwrap_or_default();
        rows.iter().filter(|row| row.unit == "samples/s" && row.value.is_finite() && row.value > 0.0)
    }

    /// Wall-clock seconds of a stage, in whatever way the cell ended.
    pub fn seconds(&self, stage: &str) -> Option<f64> {
        self.result.as_ref()?.seconds.get(stage).copied().filter(|seconds| seconds.is_finite())
    }

    fn done(&self) -> Option<&CellResult> {
        self.result.as_ref().filter(|result| result.ending == Ending::Done)
    }
}
