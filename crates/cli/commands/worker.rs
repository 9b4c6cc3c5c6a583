//! `worker`: one process of a sweep.

use crate::arguments::Worker as Options;
use crate::interrupt;
use crate::output;
use anyhow::Result;
use flowstill_sweep::worker::{DISK_FULL, End, Task};
use flowstill_sweep::{Graph, Sight, Store, SweepError, Worker};
use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};

pub fn worker(options: &Options) -> Result<()> {
    let told = interrupt::flag()?;
    if options.attached {
        end_with_parent(told);
    }
    let store = Store::new(&options.folder);
    let plan = store.plan()?;
    let graph = Graph::new(&plan);
    let task = if options.speed { Task::Speed } else { Task::Train };
    match Worker::new(Sight { store: &store, plan: &plan, graph: &graph }, task, told).run() {
        Ok(End::Done) => Ok(()),
        Ok(End::Told) => {
            output::note("told to end: what was begun is saved");
            std::process::exit(130)
        }
        Err(full @ SweepError::DiskFull { .. }) => {
            output::note(format_args!("error: {full}"));
            std::process::exit(DISK_FULL.into())
        }
        Err(other) => Err(other.into()),
    }
}

/// The parent holds the other end of standard input: it closes it to end us, and death closes it as well.
fn end_with_parent(told: &'static AtomicBool) {
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        let mut rest = [0; 64];
        while input.read(&mut rest).is_ok_and(|read| read > 0) {}
        told.store(true, Ordering::Relaxed);
    });
}
