//! What is left of a sweep, as its store tells it.

use super::work::{Left, Work};
use crate::error::SweepError;
use crate::graph::{Graph, Node};
use crate::lease;
use crate::marker::Done;
use crate::plan::Plan;
use crate::stage::{Kind, StageId};
use crate::status::{Looker, Status};
use crate::store::Store;

use std::collections::{HashMap, HashSet};
use std::path::Path;

/// The stages of one sweep.
pub struct Stages<'a> {
    store: &'a Store,
    graph: &'a Graph,
    looker: Looker<'a>,
    done: Vec<bool>,
    /// the furthest step at which a training was seen
    steps: HashMap<StageId, u64>,
    report: &'a mut dyn FnMut(&Status),
}

impl<'a> Stages<'a> {
    /// `report` is told how the sweep stands, about twice a second.
    pub fn new(store: &'a Store, plan: &'a Plan, graph: &'a Graph, report: &'a mut dyn FnMut(&Status)) -> Self {
        let (looker, done) = (Looker::new(store, plan, graph), vec![false; graph.nodes.len()]);
        Self { store, graph, looker, done, steps: HashMap::new(), report }
    }

    fn look(&mut self) -> Result<Status, SweepError> {
        let status = self.looker.look()?;
        for holder in status.running.iter().chain(&status.dead) {
            let furthest = self.steps.entry(holder.stage.clone()).or_default();
            *furthest = holder.progress.step.max(*furthest);
        }
        (self.report)(&status);
        Ok(status)
    }

    /// Whether there is something to do about a stage, be it only to write what came of a cell.
    fn open(&self, place: usize, node: &Node) -> bool {
        let awaits = |&cell: &usize| !self.looker.ended(cell) && (!self.done[place] || self.graph.ends[cell] == place);
        node.cells.iter().any(awaits)
    }
}

impl Work for Stages<'_> {
    fn folder(&self) -> &Path {
        self.store.root()
    }

    fn left(&mut self) -> Result<Left, SweepError> {
        let status = self.look()?;
        for (done, node) in self.done.iter_mut().zip(&self.graph.nodes) {
            *done = *done || Done::load(self.store, &node.id).is_some();
        }
        let held: HashSet<&StageId> = status.running.iter().map(|holder| &holder.stage).collect();
        let mut left = Left { done: status.done, failed: status.ended() - status.done, ..Left::default() };
        let nodes = self.graph.nodes.iter().enumerate();
        for (_, node) in nodes.filter(|(place, node)| self.open(*place, node)) {
            *match node.id.kind {
                Kind::Speed => &mut left.speed,
                _ if held.contains(&node.id) => &mut left.running,
                _ if node.needs.iter().all(|&need| self.done[need]) => &mut left.ready,
                _ => &mut left.waiting,
            } += 1;
        }
        let done = self.done.iter().filter(|done| **done).count() + status.ended();
        left.progress = done as u64 + self.steps.values().sum::<u64>();
        Ok(left)
    }

    fn watch(&mut self) -> Result<(), SweepError> {
        self.look().map(|_| ())
    }

    fn broke(&mut self, task: &str, how: &str) -> Result<(), SweepError> {
        lease::bury_task(self.store, task, how).map(|_| ())
    }
}
