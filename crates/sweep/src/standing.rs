//! How a stage stands.

use crate::error::SweepError;
use crate::failure::Failure;
use crate::graph::Graph;
use crate::marker::Done;
use crate::plan::{Plan, PlannedCell};
use crate::result::Ending;
use crate::settle;
use crate::store::Store;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// there is something to do: the stage itself, or what follows from it
    Open,
    Done,
    /// failed for good, or one that it needs did
    Failed,
}

/// A sweep on disk.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'a> {
    pub store: &'a Store,
    pub plan: &'a Plan,
    pub graph: &'a Graph,
}

impl Sight<'_> {
    /// How a stage stands by itself, with the results of the cells that rest on it.
    pub fn look(&self, place: usize) -> Result<Standing, SweepError> {
        let node = &self.graph.nodes[place];
        if Done::load(self.store, &node.id).is_some() {
            let mut ending = node.cells.iter().copied().filter(|&cell| self.graph.ends[cell] == place);
            let settled = ending.all(|cell| self.settled(cell, true));
            return Ok(if settled { Standing::Done } else { Standing::Open });
        }
        match Failure::load(self.store, &node.id)? {
            Some(failure)
                if failure.is_final(&self.plan.rules) && node.cells.iter().all(|&cell| self.settled(cell, false)) =>
            {
                Ok(Standing::Failed)
            }
            _ => Ok(Standing::Open),
        }
    }

    /// How the stages stand that this one needs; `known` is what was seen before.
    pub fn needs(&self, place: usize, known: &[Standing]) -> Standing {
        let needs = &self.graph.nodes[place].needs;
        if needs.iter().any(|&need| known[need] == Standing::Failed) {
            return Standing::Failed;
        }
        let done = |&need: &usize| {
            known[need] == Standing::Done || Done::load(self.store, &self.graph.nodes[need].id).is_some()
        };
        if needs.iter().all(done) { Standing::Done } else { Standing::Open }
    }

    /// Whether a cell has a result that is to stay.
    pub fn has_ended(&self, cell: &PlannedCell) -> bool {
        let result = settle::load(self.store, cell).ok().flatten();
        result.is_some_and(|result| self.is_final(cell, &result.ending))
    }

    /// Whether nothing more is to be tried for a cell that ended so.
    pub fn is_final(&self, cell: &PlannedCell, ending: &Ending) -> bool {
        let (Ending::Failed { stage, .. } | Ending::Stopped { stage, .. }) = ending else { return true };
        let Some((id, _)) = cell.stages().into_iter().find(|(id, _)| id.kind.name() == stage) else { return false };
        // another sweep may have done it since
        let done = Done::load(self.store, &id).is_some();
        let failure = Failure::load(self.store, &id).ok().flatten();
        !done && failure.is_some_and(|failure| failure.is_final(&self.plan.rules))
    }

    /// Whether the cell has a result that says so; one that was damaged is none, and is made again.
    fn settled(&self, cell: usize, done: bool) -> bool {
        let result = settle::load(self.store, &self.plan.cells[cell]).ok().flatten();
        result.is_some_and(|result| (result.ending == Ending::Done) == done)
    }
}
