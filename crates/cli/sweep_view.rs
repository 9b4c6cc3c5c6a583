//! What a person sees of a sweep: a line for each worker and a bar for all in a terminal, plain lines elsewhere.

use crate::output;
use flowstill_sweep::lease::Holder;
use flowstill_sweep::status::Status;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Shows one sweep on standard error.
pub struct View {
    quiet: bool,
    screen: Option<Screen>,
    last: Option<Instant>,
    failed: usize,
}

struct Screen {
    all: MultiProgress,
    total: ProgressBar,
    workers: Vec<ProgressBar>,
}

impl View {
    pub fn new(quiet: bool) -> Self {
        let screen = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let all = MultiProgress::new();
            let total = all.add(ProgressBar::new(0).with_style(style("{bar:30} {pos}/{len} cells {elapsed} {msg}")));
            Screen { all, total, workers: Vec::new() }
        });
        Self { quiet, screen, last: None, failed: 0 }
    }

    pub fn say(&self, line: &str) {
        if self.quiet {
            return;
        }
        match &self.screen {
            Some(screen) => screen.all.suspend(|| output::note(line)),
            None => output::note(line),
        }
    }

    pub fn show(&mut self, status: &Status) {
        if status.failed > self.failed {
            self.failed = status.failed;
            self.say(&format!("{} of {} cells have failed so far", status.failed, status.cells));
        }
        match &mut self.screen {
            Some(screen) => screen.show(status),
            None if self.quiet => {}
            None if self.last.is_some_and(|last| last.elapsed() < LINE_EVERY) => {}
            None => {
                self.last = Some(Instant::now());
                output::note(in_a_line(status));
            }
        }
    }

    pub fn close(&mut self) {
        if let Some(screen) = self.screen.take() {
            screen.workers.iter().for_each(ProgressBar::finish_and_clear);
            screen.total.finish_and_clear();
        }
    }
}

impl Screen {
    fn show(&mut self, status: &Status) {
        self.total.set_length(status.cells as u64);
        self.total.set_position(status.ended() as u64);
        self.total.set_message(left(status));
        while self.workers.len() < status.running.len() {
            let bar = ProgressBar::new(0).with_style(style("  {bar:20} {msg}"));
            self.workers.push(self.all.insert_before(&self.total, bar));
        }
        while self.workers.len() > status.running.len() {
            self.workers.pop().iter().for_each(ProgressBar::finish_and_clear);
        }
        for (bar, holder) in self.workers.iter().zip(&status.running) {
            bar.set_length(holder.progress.total.max(1));
            bar.set_position(holder.progress.step);
            bar.set_message(at_work(holder));
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// A whole sweep in one line.
pub fn in_a_line(status: &Status) -> String {
    let mut line = format!("{} of {} cells have ended", status.ended(), status.cells);
    for (count, what) in [(status.failed, "failed"), (status.stopped, "stopped early")] {
        if count > 0 {
            line += &format!(", {count} {what}");
        }
    }
    line += &format!("; {} at work{}", status.running.len(), left(status));
    line
}

/// One worker in one line.
pub fn at_work(holder: &Holder) -> String {
    let progress = &holder.progress;
    let mut line = format!("{} {}", holder.stage.kind, holder.cell);
    if progress.total > 0 {
        line += &format!(", step {}/{}", progress.step, progress.total);
    }
    if let Some(loss) = progress.loss {
        line += &format!(", loss {loss:.4}");
    }
    if let Some(seconds) = progress.seconds_left {
        line += &format!(", {} left", duration(seconds));
    }
    line
}

fn left(status: &Status) -> String {
    status.seconds_left.map_or_else(String::new, |seconds| format!(", about {} left", duration(seconds)))
}

/// Seconds as people say them.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0..120 => format!("{whole} s"),
        120..7200 => format!("{} min", (whole + 30) / 60),
        7200..172_800 => format!("{} h", (whole + 1800) / 3600),
        _ => format!("{} days", (whole + 43_200) / 86_400),
    }
}
