//! The stages that sweeps share: what there is, who uses it, and what may go.

use crate::error::SweepError;
use crate::plan::Plan;
use crate::stage::{Kind, StageId};
use crate::store::{CACHE, Store, read_json};
use crate::{lease, leftovers, marker};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// One stage on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub kind: Kind,
    /// its folder
    pub path: PathBuf,
    pub bytes: u64,
    /// when something in it was last written
    pub modified: SystemTime,
    pub finished: bool,
    /// the sweeps whose plans name it
    pub sweeps: Vec<String>,
}

/// What is to be kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// also stages that no sweep names, if they were written within this time
    pub younger_than: Option<Duration>,
}

/// All stages beside the sweeps in `runs`, the largest first.
pub fn list(runs: &Path) -> Result<Vec<Entry>, SweepError> {
    let users = users(runs)?;
    let mut entries = Vec::new();
    for kind in Kind::ALL {
        let folder = runs.join(CACHE).join(kind.name());
        for path in folders(&folder)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let (bytes, modified) = size(&path);
            let finished = read_json::<marker::Done>(&path.join("done.json")).ok().flatten().is_some();
            let sweeps = users.get(&(kind, name)).cloned().unwrap_or_default();
            entries.push(Entry { kind, path, bytes, modified, finished, sweeps });
        }
    }
    entries.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.path.cmp(&b.path)));
    Ok(entries)
}

/// What was pruned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    pub stages: Vec<Entry>,
    /// files that killed processes had left unfinished, in other stages and in the folders of sweeps
    pub unfinished: Vec<PathBuf>,
}

/// Removes the stages that no sweep in `runs` names and nobody works on, and what killed processes have left; tells what.
/// With `rehearse` it only tells.
pub fn prune(runs: &Path, keep: Keep, rehearse: bool) -> Result<Pruned, SweepError> {
    let mut removed = Vec::new();
    let entries = list(runs)?;
    // a sweep may have begun to use them since
    let users = users(runs)?;
    for entry in entries {
        let name = entry.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if users.contains_key(&(entry.kind, name)) {
            continue;
        }
        let young = keep.younger_than.is_some_and(|age| entry.modified.elapsed().is_ok_and(|since| since < age));
        if !entry.sweeps.is_empty() || young {
            continue;
        }
        if !rehearse {
            // the marker first: what is half removed must not look finished
            let marker = entry.path.join("done.json");
            if marker.exists() {
                fs::remove_file(&marker).map_err(|source| SweepError::write(&marker, source))?;
            }
            fs::remove_dir_all(&entry.path).map_err(|source| SweepError::write(&entry.path, source))?;
        }
        removed.push(entry);
    }
    let mut unfinished = Vec::new();
    let age = keep.younger_than.unwrap_or_default().max(leftovers::ABANDONED);
    let sweeps = folders(runs)?.into_iter().filter(|folder| folder.join("plan.json").exists());
    for folder in sweeps.chain([runs.join(CACHE)]) {
        unfinished.extend(leftovers::remove(&folder, age, rehearse)?);
    }
    // in a rehearsal, those of stages that would go are still there
    unfinished.retain(|path| !removed.iter().any(|entry| path.starts_with(&entry.path)));
    Ok(Pruned { stages: removed, unfinished })
}

/// Which sweeps name a stage in their plans or hold a lease of it.
fn users(runs: &Path) -> Result<HashMap<(Kind, String), Vec<String>>, SweepError> {
    let mut users: HashMap<(Kind, String), Vec<String>> = HashMap::new();
    for folder in folders(runs)? {
        let Some(plan) = read_json::<Plan>(&folder.join("plan.json"))? else { continue };
        let store = Store::new(&folder);
        let planned = plan.cells.iter().flat_map(|cell| cell.stages()).map(|(id, _)| id);
        let held = lease::all(&store)?.into_iter().map(|(_, holder)| holder.stage);
        let stages: HashSet<StageId> = planned.chain(held).collect();
        for id in stages {
            users.entry((id.kind, id.short_key().to_owned())).or_default().push(plan.name.clone());
        }
    }
    users.values_mut().for_each(|sweeps| sweeps.sort());
    Ok(users)
}

fn folders(parent: &Path) -> Result<Vec<PathBuf>, SweepError> {
    let entries = match fs::read_dir(parent) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(SweepError::read(parent, source)),
    };
    let mut found: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    found.sort();
    Ok(found)
}

/// Bytes of all files below, and when the last of them was written.
fn size(folder: &Path) -> (u64, SystemTime) {
    let mut total = (0, SystemTime::UNIX_EPOCH);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(about) = entry.metadata() else { continue };
        let (bytes, modified) = if about.is_dir() {
            size(&entry.path())
        } else {
            (about.len(), about.modified().unwrap_or(SystemTime::UNIX_EPOCH))
        };
        total = (total.0 + bytes, total.1.max(modified));
    }
    total
}
