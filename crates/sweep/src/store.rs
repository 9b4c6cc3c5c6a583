//! The folder of a sweep, and the stages that all sweeps beside it share.

use crate::error::SweepError;
use crate::graph::Graph;
use crate::leftovers;
use crate::plan::{FORMAT_VERSION, Plan};
use crate::stage::{Kind, StageId};
use flowstill_model::atomic;
use flowstill_runner::folder::Folder;
use flowstill_runner::provenance::VERSION;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The folder beside the sweeps in which their stages are.
pub const CACHE: &str = "cache";

/// `runs/<sweep>/` and `runs/cache/`.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
    cache: PathBuf,
}

impl Store {
    /// The sweep in the folder `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        // `.` and `..` do not say what they are in
        let named = if root.file_name().is_some() { root.clone() } else { root.canonicalize().unwrap_or_default() };
        let cache = named.parent().unwrap_or(Path::new("")).join(CACHE);
        Self { root, cache }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The folder of a cell, which looks like that of a single run.
    pub fn cell(&self, name: &str) -> Folder {
        Folder::new(self.root.join("cells").join(name))
    }

    /// The folder in which a stage is done.
    pub fn stage(&self, id: &StageId) -> Folder {
        Folder::new(self.cache_of(id.kind).join(id.short_key()))
    }

    pub fn cache_of(&self, kind: Kind) -> PathBuf {
        self.cache.join(kind.name())
    }

    /// Where the leases of all sweeps are: stages are shared by them.
    pub fn leases(&self) -> PathBuf {
        self.cache.join("leases")
    }

    /// The name of the sweep's folder.
    pub fn name(&self) -> String {
        self.root.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// What is known of a stage that did not succeed.
    pub fn failure(&self, id: &StageId) -> PathBuf {
        self.root.join("failures").join(format!("{id}.json"))
    }

    /// Takes the folder for the sweep in `file` and writes its plan. Nobody else can do the same until the lock that
    /// comes back is dropped, or its process dies.
    pub fn settle_in(&self, file: &Path, plan: &Plan) -> Result<File, SweepError> {
        if self.root.file_name().is_some_and(|name| name == CACHE) {
            let reason = format!("a sweep cannot be called `{CACHE}`, where stages are kept; give another `name`");
            return Err(SweepError::Refused(reason));
        }
        let path = self.path("lock");
        let failed = |source| SweepError::write(&path, source);
        std::fs::create_dir_all(&self.root).map_err(failed)?;
        let lock = File::create(&path).map_err(failed)?;
        if let Err(TryLockError::WouldBlock) = lock.try_lock() {
            let folder = self.root.display();
            let reason = format!("another `flowstill sweep` is at work in {folder}; see `flowstill status {folder}`");
            return Err(SweepError::Refused(reason));
        }
        // a plan that cannot be read is one of another version
        if !self.plan().is_ok_and(|known| known == *plan) {
            let text = std::fs::read(file).map_err(|source| SweepError::read(file, source))?;
            let copy = self.path("sweep.yaml");
            atomic::write(&copy, &text).map_err(|source| SweepError::write(&copy, source))?;
            write_json(&self.path("plan.json"), plan)?;
        }
        Ok(lock)
    }

    /// Removes what killed processes have left unfinished in the folders that belong to this plan.
    pub fn tidy(&self, graph: &Graph) -> Result<(), SweepError> {
        let stages = graph.nodes.iter().map(|node| self.stage(&node.id).root().to_owned());
        for folder in stages.chain([self.root.clone(), self.leases()]) {
            leftovers::remove(&folder, leftovers::ABANDONED, false)?;
        }
        Ok(())
    }

    /// The plan, which must be of this version of flowstill: others have other keys.
    pub fn plan(&self) -> Result<Plan, SweepError> {
        let path = self.path("plan.json");
        let plan: Plan = read_json(&path)?.ok_or_else(|| SweepError::NoSweep { folder: self.root.clone() })?;
        if plan.version != VERSION || plan.format_version != FORMAT_VERSION {
            let (folder, planned) = (self.root.clone(), plan.version);
            return Err(SweepError::OtherVersion { folder, planned, own: VERSION });
        }
        Ok(plan)
    }
}

/// Writes a value as indented JSON, atomically.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), SweepError> {
    let mut text = serde_json::to_string_pretty(value).expect("structs of numbers and texts have a JSON form");
    text.push('\n');
    atomic::write(path, text.as_bytes()).map_err(|source| SweepError::write(path, source))
}

/// Reads a value back; nothing if the file is not there.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, SweepError> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|e| SweepError::Damaged { path: path.into(), reason: e.to_string() }),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(source) => Err(SweepError::read(path, source)),
    }
}
