//! A phase of a distillation, to those who watch: its beginning and its end.

use flowstill_trainer::{End, Observer, Outcome};
use std::io;

/// What is told to an observer before each phase.
#[derive(Debug, Clone, Copy)]
pub struct PhaseStart<'a> {
    pub objective: &'static str,
    pub terms: &'a [&'static str],
    pub measures: &'a [&'static str],
    /// why this phase, where that was decided on the way
    pub reason: Option<&'a str>,
    /// steps of the phases before
    pub first_step: u64,
    /// steps of this phase, if nothing ends it earlier
    pub steps: u64,
}

/// A phase that is over, or was interrupted.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// name of its objective
    pub objective: &'static str,
    /// why this phase, where that was decided on the way
    pub reason: Option<String>,
    pub terms: Vec<&'static str>,
    pub measures: Vec<&'static str>,
    /// steps of the phases before
    pub first_step: u64,
    pub outcome: Outcome,
}

impl Finished {
    /// A phase that was interrupted before its first step.
    pub(crate) fn unbegun(objective: &'static str, first_step: u64, theta: Vec<f32>) -> Self {
        let (end, history) = (End::Interrupted, Vec::new());
        let outcome = Outcome { theta, best_step: 0, best_validation: None, steps: 0, end, history };
        Self { objective, reason: None, terms: Vec::new(), measures: Vec::new(), first_step, outcome }
    }
}

/// Someone who watches a distillation. Steps are counted through all phases. Phases of earlier sessions are told of like
/// any other, only without steps and validations.
pub trait PhaseObserver: Observer {
    fn phase(&mut self, start: &PhaseStart) -> io::Result<()>;
    fn phase_over(&mut self, finished: &Finished) -> io::Result<()>;
}

/// Nobody.
impl PhaseObserver for () {
    fn phase(&mut self, _: &PhaseStart) -> io::Result<()> {
        Ok(())
    }

    fn phase_over(&mut self, _: &Finished) -> io::Result<()> {
        Ok(())
    }
}
