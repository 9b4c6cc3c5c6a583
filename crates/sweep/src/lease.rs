//! Who works on a stage: a file that only one worker can make.
//!
//! A lease is `leases/<stage>.<n>.json`, and the highest `n` counts. It is made by linking a finished file to its name,
//! which fails where the name exists, on network file systems as well. Its holder writes it anew every second; a holder
//! that died is succeeded by whoever makes the next `n`. Whoever has a lease looks again whether the stage was done in
//! the meantime, and results are the same bits whoever made them, so that even a holder that was only thought dead does
//! no harm.

use crate::error::SweepError;
use crate::leftovers::LEASE;
use crate::process;
use crate::stage::StageId;
use crate::store::Store;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A holder on another machine that has not written for so long is dead. The reader's own clock measures it: clocks of
/// machines differ.
pub const STALE: Duration = Duration::from_secs(30);

/// A lease that was last written so long ago is dead at first sight; clocks do not differ so much.
const LONG_AGO: Duration = Duration::from_secs(600);
/// Whoever started a process that is gone has this time to say how it ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What a holder tells of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Holder {
    pub stage: StageId,
    /// the sweep that it works for
    pub sweep: String,
    /// the first cell of it that needs the stage
    pub cell: String,
    pub host: String,
    pub pid: u32,
    /// the task of SLURM that its process is, if it is one
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// when its process began, which tells it from a later one of the same number
    pub began: u64,
    /// grows every time that the holder writes
    pub beat: u64,
    pub progress: Progress,
    /// how its process ended, written by whoever started it
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// how many processes died over this stage without getting any further
    pub deaths: u32,
    /// how far the stage was when this lease was taken
    pub mark: String,
}

/// How far a training is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    pub step: u64,
    pub total: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// seconds since this session of the stage began
    pub seconds: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_left: Option<f64>,
}

/// A lease that this process holds; given back when dropped.
#[derive(Debug)]
pub struct Lease {
    path: PathBuf,
    pub holder: Holder,
}

impl Lease {
    /// Tells how far it is. Wrong if the lease is no longer this holder's: then the work must end.
    pub fn beat(&mut self, progress: Progress) -> Result<bool, SweepError> {
        if !self.path.exists() {
            return Ok(false);
        }
        self.holder.beat += 1;
        self.holder.progress = progress;
        replace(&self.path, &self.holder).map_err(|source| SweepError::write(&self.path, source))?;
        Ok(true)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // those before it first: while one is there, the highest must be
        if let (Some(folder), Some(stage)) = (self.path.parent(), stage_of(&self.path)) {
            for (_, path) in generations(folder, &stage).unwrap_or_default() {
                if path != self.path {
                    let _ = std::fs::remove_file(path);
                }
            }
        }
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Looks at leases and takes them, as one process.
#[derive(Debug)]
pub struct Leases {
    patience: Duration,
    /// when a foreign holder was last seen to have written
    seen: HashMap<PathBuf, (u64, Instant)>,
}

/// What came of asking for a lease.
#[derive(Debug)]
pub enum Asked {
    Taken(Box<Lease>),
    /// somebody alive has it
    Held,
}

impl Default for Leases {
    fn default() -> Self {
        Self::patient(STALE)
    }
}

impl Leases {
    /// With another time after which a silent holder is dead.
    pub fn patient(patience: Duration) -> Self {
        Self { patience, seen: HashMap::new() }
    }

    /// Takes the lease of `stage` if nobody alive has it. `mark` says how far the stage is.
    pub fn ask(&mut self, store: &Store, stage: &StageId, cell: &str, mark: String) -> Result<Asked, SweepError> {
        let folder = store.leases();
        let failed = |source| SweepError::write(&folder, source);
        let known = generations(&folder, &stage.to_string()).map_err(failed)?;
        let (mut next, mut deaths) = (0, 0);
        if let Some((generation, path)) = known.last() {
            match read(path) {
                Some(holder) if self.alive(path, &holder) => return Ok(Asked::Held),
                Some(holder) => {
                    let counts = u32::from(holder.ended.is_some());
                    deaths = if holder.mark == mark { holder.deaths + counts } else { counts };
                }
                // given back while we looked
                None if !path.exists() => {}
                // torn by a power cut, if it stays so
                None if !self.silent(path, u64::MAX) => return Ok(Asked::Held),
                None => {}
            }
            next = generation + 1;
        }
        let path = folder.join(format!("{stage}.{next}.json"));
        let holder = Holder {
            stage: stage.clone(),
            sweep: store.name(),
            cell: cell.to_owned(),
            host: process::host(),
            pid: std::process::id(),
            task: process::slurm_task(),
            began: process::began(std::process::id()).unwrap_or_default(),
            beat: 0,
            progress: Progress::default(),
            ended: None,
            deaths,
            mark,
        };
        match create(&path, &holder) {
            Ok(()) => Ok(Asked::Taken(Box::new(Lease { path, holder }))),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(Asked::Held),
            Err(source) => Err(SweepError::write(&path, source)),
        }
    }

    /// Whether the holder's process is there, or may be.
    pub fn alive(&mut self, path: &Path, holder: &Holder) -> bool {
        if holder.ended.is_some() {
            return false;
        }
        if holder.host == process::host() && process::known() {
            if process::began(holder.pid) == Some(holder.began) {
                return true;
            }
            // whoever started it may still have to say how it ended
            return !self.silent_for(path, holder.beat, self.patience.min(LAST_WORDS));
        }
        let age = std::fs::metadata(path).and_then(|about| about.modified()).ok().and_then(|at| at.elapsed().ok());
        age.is_none_or(|age| age <= LONG_AGO) && !self.silent(path, holder.beat)
    }

    fn silent(&mut self, path: &Path, beat: u64) -> bool {
        self.silent_for(path, beat, self.patience)
    }

    /// Whether nothing was heard since another look, so long ago.
    fn silent_for(&mut self, path: &Path, beat: u64, patience: Duration) -> bool {
        let (known, since) = self.seen.entry(path.into()).or_insert((beat, Instant::now()));
        if *known != beat {
            (*known, *since) = (beat, Instant::now());
        }
        since.elapsed() >= patience
    }
}

/// All leases that are held for a sweep, the highest of each stage.
pub fn all(store: &Store) -> Result<Vec<(PathBuf, Holder)>, SweepError> {
    let folder = store.leases();
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(SweepError::read(&folder, source)),
    };
    let mut highest: HashMap<String, (u32, PathBuf)> = HashMap::new();
    for entry in entries.flatten() {
        let path = entry.path();
        if let (Some(stage), Some(n)) = (stage_of(&path), generation_of(&path)) {
            let best = highest.entry(stage).or_insert_with(|| (n, path.clone()));
            if n > best.0 {
                *best = (n, path);
            }
        }
    }
    let mut found: Vec<_> = highest.into_values().filter_map(|(_, path)| Some((path.clone(), read(&path)?))).collect();
    let sweep = store.name();
    found.retain(|(_, holder)| holder.sweep == sweep);
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

/// Removes what dead workers left of a sweep that has ended.
pub fn sweep_up(store: &Store) -> Result<(), SweepError> {
    let mut leases = Leases::patient(Duration::ZERO);
    for (path, holder) in all(store)? {
        if holder.host == process::host() && !leases.alive(&path, &holder) {
            std::fs::remove_file(&path).map_err(|source| SweepError::write(&path, source))?;
        }
    }
    Ok(())
}

/// Notes on every lease of the process `pid` of this machine how it ended; says how many there were.
pub fn bury(store: &Store, pid: u32, how: &str) -> Result<usize, SweepError> {
    bury_those(store, how, |holder| holder.host == process::host() && holder.pid == pid)
}

/// The same for a task of SLURM, on whichever machine.
pub fn bury_task(store: &Store, task: &str, how: &str) -> Result<usize, SweepError> {
    bury_those(store, how, |holder| holder.task.as_deref() == Some(task))
}

fn bury_those(store: &Store, how: &str, which: impl Fn(&Holder) -> bool) -> Result<usize, SweepError> {
    let mut count = 0;
    for (path, mut holder) in all(store)? {
        if which(&holder) && holder.ended.is_none() {
            holder.ended = Some(how.to_owned());
            replace(&path, &holder).map_err(|source| SweepError::write(&path, source))?;
            count += 1;
        }
    }
    Ok(count)
}

/// The leases of one stage by their number.
fn generations(folder: &Path, stage: &str) -> io::Result<Vec<(u32, PathBuf)>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(e),
    };
    let mut found: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| stage_of(path).as_deref() == Some(stage))
        .filter_map(|path| Some((generation_of(&path)?, path)))
        .collect();
    found.sort();
    Ok(found)
}

/// `teacher-0123` of `leases/teacher-0123.4.json`.
fn stage_of(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?.strip_suffix(".json")?;
    Some(name.rsplit_once('.')?.0.to_owned())
}

fn generation_of(path: &Path) -> Option<u32> {
    let name = path.file_name()?.to_str()?.strip_suffix(".json")?;
    name.rsplit_once('.')?.1.parse().ok()
}

fn read(path: &Path) -> Option<Holder> {
    serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()
}

/// Makes the file, whole, if there is none of its name.
fn create(path: &Path, holder: &Holder) -> io::Result<()> {
    let finished = written(path, holder)?;
    std::fs::hard_link(finished.path(), path)
}

/// Puts a new file in the place of the old one. Not synced: after a power cut nobody holds anything.
fn replace(path: &Path, holder: &Holder) -> io::Result<()> {
    written(path, holder)?.persist(path).map_err(|e| e.error)?;
    Ok(())
}

fn written(path: &Path, holder: &Holder) -> io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(LEASE).tempfile_in(folder)?;
    file.write_all(serde_json::to_string(holder)?.as_bytes())?;
    Ok(file)
}
