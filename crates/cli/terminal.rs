//! What a person sees while a run works: a progress bar with loss and time left in a terminal, plain lines elsewhere.

use crate::output;
use flowstill_runner::Console;
use flowstill_trainer::{Record, StepReport};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Between two plain lines of progress.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Progress goes to standard error; standard output is for results.
pub struct Terminal {
    quiet: bool,
    interactive: bool,
    bar: Option<ProgressBar>,
    who: String,
    total: u64,
    started: Instant,
    started_at: u64,
    last_line: Instant,
    best: Option<f64>,
}

impl Terminal {
    pub fn new(quiet: bool) -> Self {
        Self {
            quiet,
            interactive: std::io::stderr().is_terminal(),
            bar: None,
            who: String::new(),
            total: 0,
            started: Instant::now(),
            started_at: 0,
            last_line: Instant::now(),
            best: None,
        }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| output::note(text)),
            None => output::note(text),
        }
    }

    fn best(&self) -> String {
        self.best.map_or_else(String::new, |best| format!(", best validation {best:.4}"))
    }
}

impl Console for Terminal {
    fn say(&mut self, line: &str) {
        if !self.quiet {
            self.line(line);
        }
    }

    fn warn(&mut self, line: &str) {
        self.line(&format!("warning: {line}"));
    }

    fn training(&mut self, who: &str, done: u64, total: u64) {
        self.who = who.to_owned();
        self.total = total;
        self.started = Instant::now();
        self.started_at = done;
        self.last_line = Instant::now();
        self.best = None;
        if self.quiet {
            return;
        }
        let from = if done > 0 { format!(", going on after step {done}") } else { String::new() };
        if self.interactive {
            let style = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {elapsed}<{eta} {msg}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = ProgressBar::new(total).with_style(style).with_prefix(self.who.clone());
            bar.set_position(done);
            bar.reset_eta();
            self.bar = Some(bar);
            if done > 0 {
                self.line(&format!("{who}{from}"));
            }
        } else {
            self.line(&format!("{who}: {total} steps{from}"));
        }
    }

    fn step(&mut self, report: &StepReport, terms: &[&str]) {
        let name = terms.first().copied().unwrap_or("loss");
        let loss = report.terms.first().copied().unwrap_or(f64::NAN);
        if let Some(bar) = &self.bar {
            bar.set_position(report.step);
            if report.step.is_multiple_of(10) {
                bar.set_message(format!("{name} {loss:.4}{}", self.best()));
            }
        } else if !self.quiet && self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            let rate = self.started.elapsed().as_secs_f64() / (report.step - self.started_at).max(1) as f64;
            let left = rate * (self.total - report.step) as f64;
            let text = format!(
                "{}: step {}/{}, {name} {loss:.4}{}, {left:.0} s left",
                self.who,
                report.step,
                self.total,
                self.best()
            );
            self.line(&text);
        }
    }

    fn validation(&mut self, record: &Record) {
        if record.best {
            self.best = Some(record.validation);
        }
    }

    fn trained(&mut self) {
        // one that failed before it began has nothing to tell
        let who = std::mem::take(&mut self.who);
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        if !self.quiet && !who.is_empty() {
            self.line(&format!("{who}: {:.0} s{}", self.started.elapsed().as_secs_f64(), self.best()));
        }
    }
}
