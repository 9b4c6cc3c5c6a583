//! The end of a cell: its folder filled, its result written.

use crate::error::SweepError;
use crate::failure::{Cause, Failure};
use crate::leftovers::{LINKING, unfinished};
use crate::marker::Done;
use crate::perform::Bench;
use crate::plan::{Plan, PlannedCell};
use crate::process;
use crate::result::{CellResult, Ending, FORMAT_VERSION};
use crate::stage::{Kind, StageId};
use crate::store::{Store, read_json, write_json};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Files of stages that are no use in the folder of a cell.
const OWN: [&str; 6] = ["done.json", "log.txt", "config.yaml", "evaluation.json", "speed.json", "samples.safetensors"];

/// Where the result of a cell is.
pub fn path(store: &Store, cell: &PlannedCell) -> PathBuf {
    store.cell(&cell.name).path("result.json")
}

/// The result of a cell if it has ended in this plan.
pub fn load(store: &Store, cell: &PlannedCell) -> Result<Option<CellResult>, SweepError> {
    let found: Option<CellResult> = read_json(&path(store, cell))?;
    Ok(found.filter(|result| result.key == cell.key() && result.format_version == FORMAT_VERSION))
}

/// Writes the result of a cell all of whose stages are done.
pub fn done(bench: &Bench) -> Result<(), SweepError> {
    let (store, cell) = (bench.store, bench.cell);
    clear(store, cell)?;
    link_stages(store, cell)?;
    let (metrics, speed) = bench.publish()?;
    let result = CellResult { metrics, speed, ..empty(store, cell, Ending::Done) };
    write_json(&path(store, cell), &result)
}

/// Writes the result of a cell one of whose stages did not succeed.
pub fn failed(store: &Store, cell: &PlannedCell, failure: &Failure) -> Result<(), SweepError> {
    clear(store, cell)?;
    link_stages(store, cell)?;
    let (stage, reason) = (failure.stage.kind.name().to_owned(), failure.reason.clone());
    let ending = match failure.cause {
        Cause::Stopped => Ending::Stopped { stage, reason },
        Cause::Lasting | Cause::Passing => Ending::Failed { stage, reason },
    };
    write_json(&path(store, cell), &empty(store, cell, ending))
}

/// Empties the folder of a cell: the report of an earlier plan would stand beside a result that says otherwise.
fn clear(store: &Store, cell: &PlannedCell) -> Result<(), SweepError> {
    let folder = store.cell(&cell.name);
    Ok(folder.remove(folder.root())?)
}

/// Has the cells settled again in whose folders files are missing that the cache can give: their results are forgotten,
/// and the next worker finds all stages done.
pub fn reopen_incomplete(store: &Store, plan: &Plan) -> Result<(), SweepError> {
    plan.cells.par_iter().try_for_each(|cell| match load(store, cell).ok().flatten() {
        Some(result) if is_incomplete(store, cell, &result.ending) => {
            let path = path(store, cell);
            fs::remove_file(&path).map_err(|source| SweepError::write(&path, source))
        }
        _ => Ok(()),
    })
}

fn is_incomplete(store: &Store, cell: &PlannedCell, ending: &Ending) -> bool {
    let folder = store.cell(&cell.name);
    let done = |id: &StageId| Done::load(store, id).is_some();
    let missing = |name: &str| !folder.path(name).exists();
    if *ending == Ending::Done {
        let stages = cell.stages();
        let trained = stages.iter().map(|(id, _)| id.kind.name()).filter(|kind| ["teacher", "student"].contains(kind));
        let files = trained.flat_map(|kind| [format!("{kind}.json"), format!("{kind}.safetensors")]);
        let measured: &[&str] =
            if cell.stage(Kind::Student).is_some() { &["metrics.json", "report.html"] } else { &["teacher_test.json"] };
        let mut files = files.chain(measured.iter().map(|name| (*name).to_owned()));
        // what the cache has lost would be trained again, which nobody has asked for
        return files.any(|name| missing(&name)) && stages.iter().all(|(id, _)| done(id));
    }
    let teacher = cell.stage(Kind::Teacher);
    teacher.is_some_and(|id| (missing("teacher.json") || missing("teacher.safetensors")) && done(&id))
}

fn empty(store: &Store, cell: &PlannedCell, ending: Ending) -> CellResult {
    let mut seconds = BTreeMap::new();
    for (id, _) in cell.stages() {
        if let Some(done) = Done::load(store, &id) {
            seconds.insert(id.kind.name().to_owned(), done.seconds);
        }
    }
    CellResult {
        format_version: FORMAT_VERSION,
        cell: cell.name.clone(),
        key: cell.key().to_owned(),
        settings: cell.settings.clone(),
        baseline: cell.baseline.clone(),
        seed: cell.seed,
        ending,
        metrics: BTreeMap::new(),
        speed: Vec::new(),
        seconds,
        host: process::host(),
    }
}

/// Puts what the stages have made into the folder of the cell, without a second copy where the file system can.
fn link_stages(store: &Store, cell: &PlannedCell) -> Result<(), SweepError> {
    let target = store.cell(&cell.name);
    for kind in [Kind::Teacher, Kind::Student] {
        let Some(id) = cell.stage(kind) else { continue };
        let from = store.stage(&id);
        link_tree(from.root(), target.root()).map_err(|source| SweepError::write(target.root(), source))?;
    }
    Ok(())
}

fn link_tree(from: &Path, to: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(from) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e),
    };
    fs::create_dir_all(to)?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let text = name.to_string_lossy();
        if OWN.contains(&&*text) || text.contains(".state.") || unfinished(&text) {
            continue;
        }
        let target = to.join(&name);
        if entry.file_type()?.is_dir() {
            link_tree(&entry.path(), &target)?;
            continue;
        }
        // under a name of its own first: a file that is linked already must not be written into
        let own = to.join(format!("{LINKING}{}-{text}", std::process::id()));
        let _ = fs::remove_file(&own);
        if fs::hard_link(entry.path(), &own).is_err() {
            fs::copy(entry.path(), &own)?;
        }
        fs::rename(&own, &target)?;
        // which leaves both names where they were one file before
        let _ = fs::remove_file(&own);
    }
    Ok(())
}
