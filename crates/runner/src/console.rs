//! Whoever shows a person what is going on; the terminal of the command, or nobody.

use flowstill_trainer::{Record, StepReport};

/// Receives what a run has to say while it runs.
pub trait Console: Send {
    /// One line worth reading.
    fn say(&mut self, line: &str);
    /// Something a reader must know before trusting the result.
    fn warn(&mut self, line: &str);
    /// Training of `who` (`teacher` or `student`) begins, after `done` of `total` steps done earlier.
    fn training(&mut self, who: &str, done: u64, total: u64);
    /// `terms` names the numbers of the report, the loss first.
    fn step(&mut self, report: &StepReport, terms: &[&str]);
    fn validation(&mut self, record: &Record);
    /// Training is over, one way or another.
    fn trained(&mut self);
}

/// Nobody.
impl Console for () {
    fn say(&mut self, _: &str) {}
    fn warn(&mut self, _: &str) {}
    fn training(&mut self, _: &str, _: u64, _: u64) {}
    fn step(&mut self, _: &StepReport, _: &[&str]) {}
    fn validation(&mut self, _: &Record) {}
    fn trained(&mut self) {}
}
