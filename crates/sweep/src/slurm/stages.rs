//! What is left of a sweep, as its store tells it.

use super::work::{Left, Work};
use crate::error::SweepError;
use crate::lease;
use crate::stage::{Kind, StageId};
use crate::standing::{Sight, Standing};
use crate::status::{Looker, Status};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// The stages of one sweep.
pub struct Stages<'a> {
    sight: Sight<'a>,
    looker: Looker<'a>,
    known: Vec<Standing>,
    /// the furthest step at which a training was seen
    steps: HashMap<StageId, u64>,
    report: &'a mut dyn FnMut(&Status),
}

impl<'a> Stages<'a> {
    /// `report` is told how the sweep stands, about twice a second.
    pub fn new(sight: Sight<'a>, report: &'a mut dyn FnMut(&Status)) -> Self {
        let known = vec![Standing::Open; sight.graph.nodes.len()];
        Self { sight, looker: Looker::new(sight), known, steps: HashMap::new(), report }
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
}

impl Work for Stages<'_> {
    fn folder(&self) -> &Path {
        self.sight.store.root()
    }

    fn left(&mut self) -> Result<Left, SweepError> {
        let status = self.look()?;
        let held: HashSet<&StageId> = status.running.iter().map(|holder| &holder.stage).collect();
        let mut left = Left { ended: status.ended(), failed: status.failed, ..Left::default() };
        // a stage stands after those that it needs
        for (place, node) in self.sight.graph.nodes.iter().enumerate() {
            if self.known[place] == Standing::Open {
                self.known[place] = self.sight.look(place)?;
            }
            let needs = self.sight.needs(place, &self.known);
            if self.known[place] == Standing::Open && needs == Standing::Failed {
                self.known[place] = Standing::Failed;
            }
            if self.known[place] != Standing::Open {
                continue;
            }
            *match node.id.kind {
                Kind::Speed => &mut left.speed,
                _ if held.contains(&node.id) => &mut left.running,
                _ if needs == Standing::Done => &mut left.ready,
                _ => &mut left.waiting,
            } += 1;
        }
        let over = self.known.iter().filter(|standing| **standing != Standing::Open).count();
        left.progress = (over + status.ended()) as u64 + self.steps.values().sum::<u64>();
        Ok(left)
    }

    fn watch(&mut self) -> Result<(), SweepError> {
        self.look().map(|_| ())
    }

    fn broke(&mut self, task: &str, how: &str) -> Result<(), SweepError> {
        lease::bury_task(self.sight.store, task, how).map(|_| ())
    }
}
