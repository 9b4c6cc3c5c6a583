//! Keeps workers alive on the cluster until nothing is left to do.

use super::cancel::{cancel, cancelled, forget};
use super::error::SlurmError;
use super::event::Event;
use super::jobs::Jobs;
use super::memory::Memory;
use super::outcome::Outcome;
use super::programs::{Programs, ask};
use super::queue::Look;
use super::script::{Purpose, Worker, logs};
use super::submission::{Submitted, Submitter, settle};
use super::task::State;
use super::tracking::{Fault, Seen, ending, look};
use super::work::{Left, Work};
use crate::error::SweepError;
use flowstill_runner::config::sweep::Slurm;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Between two looks at the work while nothing is asked of SLURM.
const WATCH: Duration = Duration::from_millis(500);

/// What SLURM is asked for, and how.
#[derive(Debug, Clone)]
pub struct Executor {
    pub programs: Programs,
    pub slurm: Slurm,
    /// of the sweep
    pub name: String,
    pub worker: Worker,
    /// cancel everything at the first cell that fails from now on
    pub fail_fast: bool,
    pub pace: Pace,
}

/// How often the controller, which many people share, is asked.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// pause after something has happened
    pub shortest: Duration,
    /// pause after nothing has happened for a while
    pub longest: Duration,
    /// submissions in a row without progress before it is given up
    pub submissions: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { shortest: Duration::from_millis(500), longest: Duration::from_secs(15), submissions: 5 }
    }
}

impl Executor {
    /// Submits, watches and replaces workers until nothing is left, or until `interrupted` is set: then the jobs go on,
    /// and the next call for the same store looks after them again.
    ///
    /// # Errors
    /// SLURM is not there or refuses the jobs, nothing goes on however often work is submitted, a worker found the disk
    /// full, or the store cannot be read or written.
    pub fn run(
        &self,
        work: &mut dyn Work,
        interrupted: &AtomicBool,
        tell: &mut dyn FnMut(Event),
    ) -> Result<Outcome, SweepError> {
        let store = absolute(work.folder())?;
        let mut jobs = Jobs::read(&store)?;
        if forget(&store)? {
            // those are ending; waiting for them would look like their being cancelled once more
            jobs.jobs.iter_mut().for_each(|job| job.ended = true);
            jobs.write(&store)?;
        }
        let mut memory = Memory::new(tell, self.pace.shortest);
        while !interrupted.load(Ordering::Relaxed) {
            if let Some(outcome) = self.turn(work, &store, &mut memory)? {
                return Ok(outcome);
            }
            wait(memory.pause, interrupted, work)?;
            memory.pause = (memory.pause * 3 / 2).min(self.pace.longest);
        }
        Ok(Outcome::Left { tasks: memory.tasks })
    }

    /// One look at the store and at SLURM, and what follows from it.
    fn turn(&self, work: &mut dyn Work, store: &Path, memory: &mut Memory<'_>) -> Result<Option<Outcome>, SweepError> {
        let left = work.left()?;
        let fails = memory.fails(left.failed);
        // every step is progress, but not news
        if memory.tell(Event::Work(Left { progress: 0, ..left })) {
            memory.pause = self.pace.shortest;
        }
        let purpose = match left {
            _ if left.stages() > 0 => Purpose::Stages,
            Left { speed: 1.., .. } => Purpose::Speed,
            _ => return self.finish(store).map(|()| Some(Outcome::Done)),
        };
        if cancelled(store) {
            // a job that was submitted meanwhile may have escaped
            cancel(&self.programs, store)?;
            return Ok(Some(Outcome::Cancelled));
        }
        if self.fail_fast && fails {
            cancel(&self.programs, store)?;
            return Ok(Some(Outcome::FailedFast));
        }
        let mut jobs = Jobs::read(store)?;
        if let Some(said) = settle(&self.programs, store, &mut jobs)? {
            memory.tell(Event::Unknown { said });
            return Ok(None);
        }
        let tasks = match look(&self.programs, &jobs.open_ids())? {
            Seen::Tasks(tasks) => tasks,
            Seen::Unknown(said) => {
                memory.tell(Event::Unknown { said });
                return Ok(None);
            }
        };
        let look = memory.queue.take(&tasks, &mut jobs, purpose, store, &self.programs)?;
        memory.tasks = look.alive();
        self.report(&look, work, memory)?;

        let by_others = look.ended.iter().any(|task| task.state == State::Cancelled);
        if memory.cancelled && look.alive() == 0 && !look.settling {
            return Ok(Some(Outcome::Cancelled));
        }
        // who cancels several jobs does so one after the other: whether all are meant shows at the next look
        memory.cancelled = by_others || (memory.cancelled && look.settling);
        if !memory.cancelled && !look.settling {
            self.replace(&left, purpose, &look, store, memory)?;
        }
        Ok(None)
    }

    /// Tells what is new, and the work which of its workers are gone.
    fn report(&self, look: &Look, work: &mut dyn Work, memory: &mut Memory<'_>) -> Result<(), SweepError> {
        memory.answered();
        if look.first && look.alive() > 0 {
            memory.tell(Event::Attached { tasks: look.alive() });
        }
        for task in &look.ended {
            let ending = ending(&self.programs, task);
            match ending.fault {
                Fault::Outside => {}
                Fault::Worker => work.broke(&task.name(), &ending.words)?,
                Fault::Disk => {
                    // the mark may not fit on the disk: then the other tasks find it full themselves
                    let _ = cancel(&self.programs, work.folder());
                    return Err(SweepError::DiskFull { path: work.folder().into() });
                }
            }
            if task.words != "COMPLETED" {
                memory.tell(Event::Lost { task: task.name(), ending: ending.words });
            }
        }
        let Look { pending, running, ref reasons, .. } = *look;
        if look.alive() > 0 {
            memory.tell(Event::Queue { pending, running, reasons: reasons.clone() });
        }
        Ok(())
    }

    /// Submits as many tasks as are missing.
    fn replace(
        &self,
        left: &Left,
        purpose: Purpose,
        look: &Look,
        store: &Path,
        memory: &mut Memory<'_>,
    ) -> Result<(), SweepError> {
        let most = self.slurm.array_parallelism.map_or(usize::MAX, |most| most.max(1) as usize);
        let wanted = match purpose {
            Purpose::Stages => left.workers().min(most),
            Purpose::Speed => 1,
        };
        let mut missing = wanted.saturating_sub(look.alive());
        if missing == 0 {
            return Ok(());
        }
        if memory.patience.fruitless(left.progress) >= self.pace.submissions {
            // as long as one works, it may get on
            return if look.alive() > 0 { Ok(()) } else { Err(self.no_progress(left, store, memory).into()) };
        }
        if purpose == Purpose::Speed {
            self.withdraw(store)?;
        }
        memory.patience.submitted(left.progress);
        let submitter = Submitter {
            programs: &self.programs,
            slurm: &self.slurm,
            name: &self.name,
            worker: &self.worker,
            store: store.to_path_buf(),
        };
        let speed = purpose == Purpose::Speed;
        while missing > 0 {
            match submitter.submit(missing, purpose)? {
                Submitted::Job { id, tasks } => {
                    missing -= tasks;
                    memory.tasks += tasks;
                    memory.tell(Event::Submitted { job: id, tasks, speed });
                }
                Submitted::Unknown(said) => {
                    memory.tell(Event::Unknown { said });
                    break;
                }
                Submitted::Refused(error) if memory.tasks == 0 => return Err(error.into()),
                Submitted::Refused(error) => {
                    memory.tell(Event::NoMore { said: error.to_string() });
                    break;
                }
            }
        }
        Ok(())
    }

    /// Tasks that have not begun would find nothing to do.
    fn withdraw(&self, store: &Path) -> Result<(), SweepError> {
        let ids = Jobs::read(store)?.open_ids();
        if !ids.is_empty() {
            let words = std::iter::once("--state=PENDING".to_owned()).chain(ids.iter().map(u64::to_string));
            // if it fails, they begin and end again
            ask(&self.programs.scancel, words)?;
        }
        Ok(())
    }

    fn finish(&self, store: &Path) -> Result<(), SweepError> {
        self.withdraw(store)?;
        let mut jobs = Jobs::read(store)?;
        jobs.jobs.iter_mut().for_each(|job| job.ended = true);
        if jobs.jobs.is_empty() { Ok(()) } else { jobs.write(store) }
    }

    fn no_progress(&self, left: &Left, store: &Path, memory: &Memory<'_>) -> SlurmError {
        let last = memory.queue.last();
        let ending = last.map_or_else(|| "unknown, SLURM has forgotten it".into(), |task| task.words.clone());
        let path = last.map(|task| logs(store).join(format!("{}.log", task.name())));
        let log = match path.as_ref().map(|path| (path, std::fs::read(path))) {
            Some((path, Ok(bytes))) => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let end = text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
                format!("its log {} ends with `{end}`", path.display())
            }
            _ => format!("it left no log in {}, so look at the state of the nodes", logs(store).display()),
        };
        SlurmError::NoProgress { submissions: memory.patience.fruitless(left.progress), ending, log }
    }
}

/// Sleeps, but not through an interrupt, and not without a look at the work now and then.
fn wait(pause: Duration, interrupted: &AtomicBool, work: &mut dyn Work) -> Result<(), SweepError> {
    let (start, mut looked) = (Instant::now(), Instant::now());
    while start.elapsed() < pause && !interrupted.load(Ordering::Relaxed) {
        std::thread::sleep(pause.saturating_sub(start.elapsed()).min(Duration::from_millis(50)));
        if looked.elapsed() > WATCH {
            looked = Instant::now();
            work.watch()?;
        }
    }
    Ok(())
}

/// The folder as tasks name it, which begin elsewhere.
pub(super) fn absolute(folder: &Path) -> Result<PathBuf, SweepError> {
    std::path::absolute(folder).map_err(|source| SweepError::read(folder, source))
}
