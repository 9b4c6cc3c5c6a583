//! A worker: takes one stage after the other, does it, and writes what came of it.

use crate::attention::{Attention, Why};
use crate::curves::{self, Rivals};
use crate::error::SweepError;
use crate::failure::{Cause, Failure};
use crate::lease::{Asked, Lease, Leases};
use crate::marker::Done;
use crate::perform::Bench;
use crate::plan::PlannedCell;
use crate::planning::source_key;
use crate::reporter::{Race, Reporter};
use crate::result::Ending;
use crate::settle;
use crate::stage::{Kind, StageId};
use crate::standing::{Sight, Standing};
use crate::store::Store;
use flowstill_data::Dataset;
use flowstill_runner::{Experiment, RunError};
use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::fs::{self, OpenOptions};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

/// Exit code of a worker that found the disk full.
pub const DISK_FULL: u8 = 3;
/// Between two looks for work where all of it is in other hands.
const PATIENCE: Duration = Duration::from_millis(100);
/// A stage over which so many processes died without getting any further is not tried again by itself.
const MOST_DEATHS: u32 = 3;
/// Sets of data that a worker keeps in memory.
const MOST_DATA: usize = 4;

/// Which stages a worker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// all but measurements of speed
    Train,
    /// measurements of speed, which no one must disturb
    Speed,
}

/// How a worker ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// nothing is left that it could do
    Done,
    /// it was told to
    Told,
}

/// One worker.
pub struct Worker<'a> {
    sight: Sight<'a>,
    task: Task,
    told: &'a AtomicBool,
    seen: Vec<Standing>,
    leases: Leases,
    rivals: Rivals,
    data: HashMap<String, Arc<Dataset>>,
    pools: HashMap<usize, Arc<rayon::ThreadPool>>,
    /// stages for whose sake others were done again, which is tried once
    mended: HashSet<usize>,
}

impl<'a> Worker<'a> {
    /// `told` is raised when the worker is to end.
    pub fn new(sight: Sight<'a>, task: Task, told: &'a AtomicBool) -> Self {
        Self {
            sight,
            task,
            told,
            seen: vec![Standing::Open; sight.graph.nodes.len()],
            leases: Leases::default(),
            rivals: Rivals::default(),
            data: HashMap::new(),
            pools: HashMap::new(),
            mended: HashSet::new(),
        }
    }

    /// Works until nothing is left to do, or until it is told to end.
    pub fn run(&mut self) -> Result<End, SweepError> {
        loop {
            if self.told.load(Ordering::Relaxed) {
                return Ok(End::Told);
            }
            match self.next()? {
                Next::Work(place, lease) => {
                    if self.work(place, lease)? == End::Told {
                        return Ok(End::Told);
                    }
                }
                Next::Wait => std::thread::sleep(PATIENCE),
                Next::Nothing => return Ok(End::Done),
            }
        }
    }

    /// The first stage that can be done now.
    fn next(&mut self) -> Result<Next, SweepError> {
        let mut wait = false;
        let graph = self.sight.graph;
        for &place in &graph.order {
            let node = &graph.nodes[place];
            if self.seen[place] != Standing::Open || (node.id.kind == Kind::Speed) != (self.task == Task::Speed) {
                continue;
            }
            match self.needs(place) {
                Standing::Done => {}
                Standing::Open => {
                    wait |= self.task == Task::Train;
                    continue;
                }
                Standing::Failed => {
                    self.seen[place] = Standing::Failed;
                    continue;
                }
            }
            if self.look(place)? != Standing::Open {
                continue;
            }
            let cell = &self.sight.plan.cells[node.cells[0]];
            match self.leases.ask(self.sight.store, &node.id, &cell.name, mark(self.sight.store, &node.id))? {
                Asked::Held => wait = true,
                Asked::Taken(lease) => {
                    // it may have been done between the look and the lease
                    if self.look(place)? == Standing::Open {
                        return Ok(Next::Work(place, lease));
                    }
                }
            }
        }
        Ok(if wait { Next::Wait } else { Next::Nothing })
    }

    /// How the stages stand that this one needs. Those of a training were looked at before it, as they have the longer
    /// way to the end.
    fn needs(&self, place: usize) -> Standing {
        let needs = &self.sight.graph.nodes[place].needs;
        match self.task {
            Task::Train if needs.iter().any(|&need| self.seen[need] == Standing::Open) => Standing::Open,
            _ => self.sight.needs(place, &self.seen),
        }
    }

    fn look(&mut self, place: usize) -> Result<Standing, SweepError> {
        self.seen[place] = self.sight.look(place)?;
        Ok(self.seen[place])
    }

    /// Does one stage, and settles the cells that end with it.
    fn work(&mut self, place: usize, mut lease: Box<Lease>) -> Result<End, SweepError> {
        let node = &self.sight.graph.nodes[place];
        let id = &node.id;
        let before = Failure::load(self.sight.store, id)?;
        if let Some(failure) = before.as_ref().filter(|failure| failure.is_final(&self.sight.plan.rules)) {
            return self.settle_failed(place, failure);
        }
        if lease.holder.deaths >= MOST_DEATHS {
            let reason = format!(
                "its process was killed {} times at the same place; perhaps the memory does not suffice: run fewer \
                 cells at once with --jobs, or make it smaller",
                lease.holder.deaths
            );
            let failure = Failure::new(id, Cause::Passing, reason, before.as_ref());
            failure.save(self.sight.store)?;
            return self.after_failure(place, &failure);
        }
        let started = Instant::now();
        let attention = Attention::default();
        let worked = match Done::load(self.sight.store, id) {
            Some(_) => Ok(()),
            None => self.perform(place, &attention, &mut lease),
        };
        match (worked, attention.why()) {
            (Ok(()), _) => {
                if Done::load(self.sight.store, id).is_none() {
                    Done::save(self.sight.store, id, started.elapsed().as_secs_f64())?;
                }
                self.settle_done(place)
            }
            (Err(_), Some(Why::Told)) => Ok(End::Told),
            (Err(RunError::Interrupted { .. } | RunError::InterruptedComparison), Some(Why::Lost)) => Ok(End::Done),
            (Err(RunError::Interrupted { step, .. }), Some(Why::Time)) => {
                let limit = self.sight.plan.rules.time_limit.unwrap_or_default();
                let reason = format!("not done after {limit} s, which is `sweep.limits.time`; it was at step {step}");
                let failure = Failure::new(id, Cause::Passing, reason, before.as_ref());
                failure.save(self.sight.store)?;
                self.after_failure(place, &failure)
            }
            (Err(RunError::Interrupted { .. }), Some(Why::Behind(reason))) => {
                let failure = Failure::stopped(id, reason, self.sight.plan.rules.stopping.as_ref());
                failure.save(self.sight.store)?;
                self.after_failure(place, &failure)
            }
            (Err(error), _) if error.disk_full() => {
                Err(SweepError::DiskFull { path: self.sight.store.stage(id).root().into() })
            }
            (Err(error), _) if is_of_a_file(&error) && self.mended.insert(place) => {
                self.reopen(place)?;
                Ok(End::Done)
            }
            (Err(error), _) => {
                let failure = Failure::of(id, &error, before.as_ref());
                failure.save(self.sight.store)?;
                self.after_failure(place, &failure)
            }
        }
    }

    fn after_failure(&mut self, place: usize, failure: &Failure) -> Result<End, SweepError> {
        if failure.is_final(&self.sight.plan.rules) { self.settle_failed(place, failure) } else { Ok(End::Done) }
    }

    fn settle_failed(&mut self, place: usize, failure: &Failure) -> Result<End, SweepError> {
        for &cell in &self.sight.graph.nodes[place].cells {
            settle::failed(self.sight.store, &self.sight.plan.cells[cell], failure)?;
        }
        self.seen[place] = Standing::Failed;
        Ok(End::Done)
    }

    fn settle_done(&mut self, place: usize) -> Result<End, SweepError> {
        let node = &self.sight.graph.nodes[place];
        for &cell in node.cells.iter().filter(|&&cell| self.sight.graph.ends[cell] == place) {
            let planned = &self.sight.plan.cells[cell];
            let known = settle::load(self.sight.store, planned).ok().flatten();
            if known.is_some_and(|result| result.ending == Ending::Done) {
                continue;
            }
            match self.publish(planned) {
                Ok(()) => {}
                Err(SweepError::Run(error)) if error.disk_full() => {
                    return Err(SweepError::DiskFull { path: self.sight.store.root().into() });
                }
                Err(SweepError::Run(error)) => {
                    // what the stage has left may be what is wrong
                    Done::remove(self.sight.store, &node.id)?;
                    if is_of_a_file(&error) && self.mended.insert(place) {
                        self.reopen(place)?;
                        return Ok(End::Done);
                    }
                    let before = Failure::load(self.sight.store, &node.id)?;
                    let failure = Failure::of(&node.id, &error, before.as_ref());
                    failure.save(self.sight.store)?;
                    return self.after_failure(place, &failure);
                }
                Err(other) => return Err(other),
            }
        }
        self.seen[place] = Standing::Done;
        Ok(End::Done)
    }

    fn publish(&mut self, cell: &PlannedCell) -> Result<(), SweepError> {
        let (experiment, data) = self.open(cell)?;
        let pool = self.pool(experiment.threads)?;
        let stop = AtomicBool::new(false);
        let bench = Bench { store: self.sight.store, cell, experiment: &experiment, data: &data, stop: &stop };
        let work = AssertUnwindSafe(|| pool.install(|| settle::done(&bench)));
        catch_unwind(work).unwrap_or_else(|panic| Err(RunError::Fault { reason: said(&*panic) }.into()))
    }

    /// Has the stages done again that this one rests on, of whose files something is missing or damaged; what is whole
    /// is found to be so.
    fn reopen(&mut self, place: usize) -> Result<(), SweepError> {
        for &need in &self.sight.graph.nodes[place].needs {
            Done::remove(self.sight.store, &self.sight.graph.nodes[need].id)?;
            self.seen[need] = Standing::Open;
            self.reopen(need)?;
        }
        Ok(())
    }

    /// The work of a stage itself, watched.
    fn perform(&mut self, place: usize, attention: &Attention, lease: &mut Lease) -> Result<(), RunError> {
        let node = &self.sight.graph.nodes[place];
        let (store, plan, told) = (self.sight.store, self.sight.plan, self.told);
        let cell = &plan.cells[node.cells[0]];
        let (experiment, data) = self.open(cell)?;
        let pool = self.pool(experiment.threads)?;
        let folder = store.stage(&node.id);
        folder.create()?;
        let log = OpenOptions::new().create(true).append(true).open(folder.path("log.txt")).ok();
        // what others are compared with is not ended by the comparison
        let may_end = |cell: &PlannedCell| cell.raced() == node.id.kind && cell.baseline.is_none();
        let races = node.cells.iter().all(|&cell| may_end(&plan.cells[cell]));
        let race = plan.rules.stopping.as_ref().filter(|_| races).map(|stopping| Race {
            store,
            plan,
            stopping,
            training: node.id.clone(),
            own: curves::read(store, &node.id, &stopping.metric),
            rivals: &mut self.rivals,
        });
        let mut console = Reporter { attention, log, started: Instant::now(), first: 0, race };
        let bench = Bench { store, cell, experiment: &experiment, data: &data, stop: &attention.stop };
        if bench.key(node.id.kind).as_ref() != Some(&node.id.key) {
            return Err(RunError::ChangedData);
        }
        let limit = plan.rules.time_limit.map(Duration::from_secs_f64);
        let (over, done) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || attention.watch(told, limit, lease, &done));
            let work = AssertUnwindSafe(|| pool.install(|| bench.perform(node.id.kind, &mut console)));
            let worked = catch_unwind(work);
            drop(over);
            worked.unwrap_or_else(|panic| Err(RunError::Fault { reason: said(&*panic) }))
        })
    }

    /// The experiment of a cell and its data, which the next cell may share.
    fn open(&mut self, cell: &PlannedCell) -> Result<(Experiment, Arc<Dataset>), RunError> {
        let experiment = Experiment::from_str(&cell.yaml, Path::new(&format!("{}.yaml", cell.name)))?;
        let key = source_key(&experiment.data);
        if let Some(data) = self.data.get(&key) {
            return Ok((experiment, data.clone()));
        }
        if self.data.len() >= MOST_DATA {
            self.data.clear();
        }
        let data = Arc::new(flowstill_data::load(&experiment.data)?);
        self.data.insert(key, data.clone());
        Ok((experiment, data))
    }

    fn pool(&mut self, threads: usize) -> Result<Arc<rayon::ThreadPool>, RunError> {
        if let Some(pool) = self.pools.get(&threads) {
            return Ok(pool.clone());
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(|e| RunError::Threads { threads, reason: e.to_string() })?;
        Ok(self.pools.entry(threads).or_insert(Arc::new(pool)).clone())
    }
}

/// Whether the error tells of a file of an earlier stage, which can be made again.
fn is_of_a_file(error: &RunError) -> bool {
    matches!(
        error,
        RunError::MissingStage { .. }
            | RunError::Checkpoint(_)
            | RunError::Read { .. }
            | RunError::OtherConfiguration { .. }
    )
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("it did not say more").to_owned()
}

enum Next {
    Work(usize, Box<Lease>),
    /// what is left is in other hands, or rests on what is
    Wait,
    Nothing,
}

/// How far a stage is: sizes and times of the states that its training has saved.
fn mark(store: &Store, id: &StageId) -> String {
    let Ok(entries) = fs::read_dir(store.stage(id).root()) else { return String::new() };
    let mut states: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().contains(".state."))
        .filter_map(|entry| {
            let about = entry.metadata().ok()?;
            let modified = about.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
            Some(format!("{}:{}:{}", entry.file_name().to_string_lossy(), about.len(), modified.as_millis()))
        })
        .collect();
    states.sort();
    states.join(" ")
}
