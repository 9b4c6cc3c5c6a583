//! The workers of this machine: as many processes as fit, watched and succeeded when they die.

use crate::error::SweepError;
use crate::lease;
use crate::process;
use crate::standing::Sight;
use crate::status::{Looker, Status};
use crate::store::Store;
use crate::worker::DISK_FULL;
use std::fs::OpenOptions;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Between two looks at the workers.
const LOOK: Duration = Duration::from_millis(20);
/// Between two looks at the whole sweep.
const REPORT: Duration = Duration::from_millis(500);
/// Workers that may die one after the other before any stage is done.
const MOST_DEATHS: usize = 20;

/// What a person decides for this machine.
#[derive(Debug, Clone)]
pub struct Local {
    /// the program of which workers are made
    pub program: PathBuf,
    /// workers side by side
    pub jobs: usize,
    /// bytes of memory that they may take together
    pub memory: Option<u64>,
    /// stop everything at the first cell that fails
    pub fail_fast: bool,
}

/// How the sweep ended on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// every cell has ended
    Ended,
    Interrupted,
    /// at the first failure, as was wanted
    FailedFast,
}

/// One process at work.
struct Running {
    child: Child,
    /// closed to tell the worker to end, also by our own death
    hold: Option<ChildStdin>,
}

impl Local {
    /// Does all that is left of the sweep: trainings side by side, then the measurements of speed, alone. `report` is
    /// told how it stands.
    pub fn run(
        &self,
        sight: Sight,
        interrupted: &AtomicBool,
        report: &mut dyn FnMut(&Status),
    ) -> Result<End, SweepError> {
        let mut looker = Looker::new(sight);
        let first = looker.look()?;
        report(&first);
        let phases = [(None, self.jobs.min(first.pending())), (Some("--speed"), 1)];
        // who measures speed may find a file damaged that only the others can make again
        for (task, jobs) in phases.into_iter().chain(phases) {
            if looker.look()?.pending() == 0 {
                break;
            }
            let end = self.phase(sight.store, &mut looker, task, jobs, interrupted, report)?;
            if end != End::Ended {
                return Ok(end);
            }
        }
        let last = looker.look()?;
        report(&last);
        if last.pending() == 0 {
            lease::sweep_up(sight.store)?;
        }
        Ok(End::Ended)
    }

    fn phase(
        &self,
        store: &Store,
        looker: &mut Looker,
        task: Option<&str>,
        jobs: usize,
        interrupted: &AtomicBool,
        report: &mut dyn FnMut(&Status),
    ) -> Result<End, SweepError> {
        let mut running: Vec<Running> = Vec::new();
        let (mut wanted, mut end, mut deaths) = (jobs, End::Ended, 0);
        let log = Log::at(store.path("logs").join("workers.txt"));
        let (mut last, mut pause) = (Instant::now(), REPORT);
        let first = looker.look()?;
        let (mut known, failed_before) = (first.ended(), first.failed);
        loop {
            while running.len() < wanted {
                running.push(self.spawn(store, task)?);
            }
            let mut place = 0;
            while place < running.len() {
                let Some(status) = running[place].child.try_wait().map_err(spawn_failed)? else {
                    place += 1;
                    continue;
                };
                let ended = running.remove(place);
                match status.code() {
                    // nothing left to do for one more
                    Some(0) => wanted = wanted.min(running.len()),
                    Some(130) => {}
                    Some(code) if code == i32::from(DISK_FULL) => {
                        tell(&mut running);
                        return Err(SweepError::DiskFull { path: store.root().into() });
                    }
                    _ => {
                        lease::bury(store, ended.child.id(), &in_words(status))?;
                        deaths += 1;
                        if deaths > MOST_DEATHS {
                            tell(&mut running);
                            let said =
                                log.last().map_or_else(String::new, |line| format!(", the last saying `{line}`"));
                            let log = log.path.display();
                            let reason = format!("{deaths} workers ended by themselves{said}; see {log}");
                            return Err(SweepError::Spawn { reason });
                        }
                    }
                }
            }
            if running.is_empty() && wanted == 0 {
                return Ok(end);
            }
            if interrupted.load(Ordering::Relaxed) && end == End::Ended {
                (end, wanted) = (End::Interrupted, 0);
                tell(&mut running);
            }
            if last.elapsed() >= pause {
                last = Instant::now();
                let status = looker.look()?;
                // a look at many cells must not take the time of the rest
                pause = REPORT.max(10 * last.elapsed());
                report(&status);
                if status.ended() > known {
                    (known, deaths) = (status.ended(), 0);
                }
                if self.fail_fast && status.failed > failed_before && end == End::Ended {
                    (end, wanted) = (End::FailedFast, 0);
                    tell(&mut running);
                }
                // one after the other: who was told to go takes its time to save
                let staying = running.iter().all(|worker| worker.hold.is_some());
                if end == End::Ended && staying && self.over_budget(&running) {
                    // its stage goes on with another worker
                    wanted = wanted.min(running.len()).saturating_sub(1).max(1);
                    if let Some(newest) = running.last_mut() {
                        newest.hold = None;
                    }
                }
            }
            std::thread::sleep(LOOK);
        }
    }

    fn over_budget(&self, running: &[Running]) -> bool {
        let used: u64 = running.iter().filter_map(|worker| process::memory(worker.child.id())).sum();
        running.len() > 1 && self.memory.is_some_and(|budget| used > budget)
    }

    fn spawn(&self, store: &Store, task: Option<&str>) -> Result<Running, SweepError> {
        let logs = store.path("logs");
        let log = logs.join("workers.txt");
        std::fs::create_dir_all(&logs).map_err(|source| SweepError::write(&logs, source))?;
        let open = OpenOptions::new().create(true).append(true).open(&log);
        let errors = open.map_err(|source| SweepError::write(&log, source))?;
        let mut child = Command::new(&self.program)
            .arg("worker")
            .arg(store.root())
            .arg("--attached")
            .args(task)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(errors)
            .spawn()
            .map_err(spawn_failed)?;
        let hold = child.stdin.take();
        Ok(Running { child, hold })
    }
}

/// What the workers that this command has started say.
struct Log {
    path: PathBuf,
    /// bytes of earlier sessions
    before: u64,
}

impl Log {
    fn at(path: PathBuf) -> Self {
        let before = std::fs::metadata(&path).map_or(0, |about| about.len());
        Self { path, before }
    }

    /// The last line.
    fn last(&self) -> Option<String> {
        let said = std::fs::read(&self.path).ok()?;
        let said = String::from_utf8_lossy(said.get(self.before as usize..)?);
        said.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
    }
}

/// Tells all workers to save and end.
fn tell(running: &mut [Running]) {
    running.iter_mut().for_each(|worker| worker.hold = None);
}

fn spawn_failed(error: std::io::Error) -> SweepError {
    SweepError::Spawn { reason: error.to_string() }
}

fn in_words(status: ExitStatus) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        if let Some(signal) = status.signal() {
            return format!("signal {signal}");
        }
    }
    status.to_string()
}
