//! How a sweep stands, as anyone can tell who sees its folder.

use crate::error::SweepError;
use crate::failure::{Cause, Failure};
use crate::lease::{self, Holder, Leases};
use crate::marker::Done;
use crate::plan::PlannedCell;
use crate::result::Ending;
use crate::settle;
use crate::stage::Kind;
use crate::standing::Sight;
use std::path::PathBuf;

/// Cells by state, and who is at work.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Status {
    pub cells: usize,
    pub done: usize,
    pub failed: usize,
    pub stopped: usize,
    /// alive, by stage
    pub running: Vec<Holder>,
    /// whose process is gone; the next worker succeeds them
    pub dead: Vec<Holder>,
    /// seconds until all is done if the running processes go on alone, once something is known of their speed
    pub seconds_left: Option<f64>,
}

impl Status {
    pub fn ended(&self) -> usize {
        self.done + self.failed + self.stopped
    }

    pub fn pending(&self) -> usize {
        self.cells - self.ended()
    }
}

/// Looks again and again, and remembers what cannot change any more.
pub struct Looker<'a> {
    sight: Sight<'a>,
    leases: Leases,
    /// how the cells ended that had ended when last looked at
    endings: Vec<Option<Ending>>,
    /// seconds that the stages took that are done
    seconds: Vec<Option<f64>>,
    fault: Option<SweepError>,
}

impl<'a> Looker<'a> {
    pub fn new(sight: Sight<'a>) -> Self {
        Self {
            sight,
            leases: Leases::default(),
            endings: vec![None; sight.plan.cells.len()],
            seconds: vec![None; sight.graph.nodes.len()],
            fault: None,
        }
    }

    pub fn look(&mut self) -> Result<Status, SweepError> {
        self.fault = None;
        let mut status = Status { cells: self.sight.plan.cells.len(), ..Status::default() };
        for (ending, cell) in self.endings.iter_mut().zip(&self.sight.plan.cells) {
            if ending.is_none() {
                // one that was damaged is made again, and a failure that is to be tried again is no end
                let result = settle::load(self.sight.store, cell).unwrap_or_else(|error| {
                    if !matches!(error, SweepError::Damaged { .. }) {
                        self.fault = Some(error);
                    }
                    None
                });
                *ending = result.map(|result| result.ending).filter(|ending| self.sight.is_final(cell, ending));
            }
            match ending {
                Some(Ending::Done) => status.done += 1,
                Some(Ending::Failed { .. }) => status.failed += 1,
                Some(Ending::Stopped { .. }) => status.stopped += 1,
                None => {}
            }
        }
        let leases: Vec<(PathBuf, Holder)> = lease::all(self.sight.store)?;
        for (path, holder) in leases {
            if self.leases.alive(&path, &holder) { &mut status.running } else { &mut status.dead }.push(holder);
        }
        status.seconds_left = self.seconds_left(&status.running);
        Ok(status)
    }

    /// By the multiply-adds left, and the rate at which those were done that are done; measurements of speed, which
    /// come one after the other at the end, by the mean of those that were made.
    fn seconds_left(&mut self, running: &[Holder]) -> Option<f64> {
        let (mut left, mut spent, mut work) = (0.0, 0.0, 0.0);
        let (mut unmeasured, mut measured, mut measuring) = (0.0, 0.0, 0.0);
        for (place, node) in self.sight.graph.nodes.iter().enumerate() {
            if self.seconds[place].is_none() {
                self.seconds[place] = Done::load(self.sight.store, &node.id).map(|done| done.seconds);
            }
            match self.seconds[place] {
                Some(seconds) if node.id.kind != Kind::Speed => {
                    spent += seconds;
                    work += node.cost;
                }
                Some(seconds) => {
                    measured += 1.0;
                    measuring += seconds;
                }
                None if node.cells.iter().all(|&cell| self.endings[cell].is_some()) => {}
                None if node.id.kind == Kind::Speed => unmeasured += 1.0,
                None => left += node.cost,
            }
        }
        for holder in running {
            let node = self.sight.graph.nodes.iter().find(|node| node.id == holder.stage);
            if let (Some(node), Some(seconds_left)) = (node, holder.progress.seconds_left) {
                let done = holder.progress.seconds / (holder.progress.seconds + seconds_left).max(1e-9);
                left -= node.cost * done;
                spent += holder.progress.seconds;
                work += node.cost * done;
            }
        }
        let trainings = (work > 0.0).then(|| left.max(0.0) * (spent / work) / running.len() as f64);
        let speeds = if measured > 0.0 { unmeasured * measuring / measured } else { 0.0 };
        trainings.filter(|_| !running.is_empty()).map(|seconds| seconds + speeds)
    }

    /// How many of the cells that failed may succeed if they are tried again.
    pub fn passing(&self) -> usize {
        let may_pass = |(ending, cell): &(&Option<Ending>, &PlannedCell)| {
            let Some(Ending::Failed { stage, .. }) = ending else { return false };
            let id = cell.stages().into_iter().map(|(id, _)| id).find(|id| id.kind.name() == stage);
            let failure = id.and_then(|id| Failure::load(self.sight.store, &id).ok().flatten());
            failure.is_some_and(|failure| failure.cause == Cause::Passing)
        };
        self.endings.iter().zip(&self.sight.plan.cells).filter(may_pass).count()
    }

    /// Why the last look could not tell of some cell whether it has ended.
    pub fn fault(&mut self) -> Option<SweepError> {
        self.fault.take()
    }

    /// Why cells failed, each reason with the names of its cells.
    pub fn failures(&self) -> Vec<(String, Vec<&str>)> {
        let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
        for (ending, cell) in self.endings.iter().zip(&self.sight.plan.cells) {
            if let Some(Ending::Failed { stage, reason }) = ending {
                let said = format!("{stage}: {reason}");
                match reasons.iter_mut().find(|(known, _)| *known == said) {
                    Some((_, cells)) => cells.push(&cell.name),
                    None => reasons.push((said, vec![&cell.name])),
                }
            }
        }
        reasons
    }
}
