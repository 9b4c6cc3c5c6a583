//! What a worker makes of all that a training has to say: progress in its lease, lines in a log, a verdict.

use crate::attention::{Attention, Why};
use crate::curves::{self, Rivals};
use crate::lease::Progress;
use crate::plan::{Plan, Stopping};
use crate::stage::StageId;
use crate::stopping::Curve;
use crate::store::Store;
use flowstill_runner::Console;
use flowstill_trainer::{Record, StepReport};
use std::fs::File;
use std::io::Write;
use std::time::Instant;

/// Listens to one stage.
pub struct Reporter<'a> {
    pub attention: &'a Attention,
    pub log: Option<File>,
    pub started: Instant,
    pub first: u64,
    /// of a training that may be ended early
    pub race: Option<Race<'a>>,
}

/// One training among the others.
pub struct Race<'a> {
    pub store: &'a Store,
    pub plan: &'a Plan,
    pub stopping: &'a Stopping,
    pub training: StageId,
    pub rivals: &'a mut Rivals,
    pub own: Curve,
}

impl Race<'_> {
    /// Why the training ends now, if it does. What cannot be written or read decides nothing.
    fn verdict(&mut self, record: &Record) -> Option<String> {
        let stopping = self.stopping;
        let value = curves::value(stopping, record)?;
        self.own.retain(|(step, _)| *step < record.step);
        self.own.push((record.step, value));
        let _ = curves::add(self.store, &self.training, &stopping.metric, record.step, value);
        stopping.verdict(&self.own, |step| self.rivals.curves(self.store, self.plan, stopping, &self.training, step))
    }
}

impl Reporter<'_> {
    fn line(&mut self, text: &str) {
        if let Some(log) = &mut self.log {
            let _ = writeln!(log, "{text}");
        }
    }
}

impl Console for Reporter<'_> {
    fn say(&mut self, line: &str) {
        self.line(line);
    }

    fn warn(&mut self, line: &str) {
        self.line(&format!("warning: {line}"));
    }

    fn training(&mut self, who: &str, done: u64, total: u64) {
        self.line(&format!("{who}: {total} steps, {done} of them done earlier"));
        (self.started, self.first) = (Instant::now(), done);
        *self.attention.progress.lock().expect("nobody panics with it") =
            Progress { step: done, total, ..Progress::default() };
    }

    fn step(&mut self, report: &StepReport, _: &[&str]) {
        let mut progress = self.attention.progress.lock().expect("nobody panics with it");
        progress.step = report.step;
        progress.loss = report.terms.first().copied().filter(|loss| loss.is_finite());
        progress.seconds = self.started.elapsed().as_secs_f64();
        let rate = progress.seconds / (report.step - self.first).max(1) as f64;
        progress.seconds_left = Some(rate * progress.total.saturating_sub(report.step) as f64);
    }

    fn validation(&mut self, record: &Record) {
        self.line(&format!("step {}: validation {}", record.step, record.validation));
        let total = self.attention.progress.lock().expect("nobody panics with it").total;
        // one that is at its end has nothing left to save
        let going = record.step < total;
        if let Some(reason) = self.race.as_mut().and_then(|race| race.verdict(record)).filter(|_| going) {
            self.attention.ask(Why::Behind(reason));
        }
    }

    fn trained(&mut self) {}
}
