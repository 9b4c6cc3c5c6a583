//! The folder of a sweep, and the stages that all sweeps beside it share.

use crate::error::SweepError;
use crate::plan::{FORMAT_VERSION, Plan};
use crate::stage::{Kind, StageId};
use flowstill_model::atomic;
use flowstill_runner::folder::Folder;
use flowstill_runner::provenance::VERSION;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;
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
        let cache = match root.parent() {
            Some(parent) => parent.join(CACHE),
            None => PathBuf::from(CACHE),
        };
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

    /// Where leases are.
    pub fn leases(&self) -> PathBuf {
        self.root.join("leases")
    }

    /// What is known of a stage that did not succeed.
    pub fn failure(&self, id: &StageId) -> PathBuf {
        self.root.join("failures").join(format!("{id}.json"))
    }

    /// The plan, which must be of this version of flowstill: others have other keys.
    pub fn plan(&self) -> Result<Plan, SweepError> {
        let path = self.path("plan.json");
        let missing = || SweepError::NoSweep { folder: self.root.clone(), reason: "there is no plan.json".to_owned() };
        let plan: Plan = read_json(&path)?.ok_or_else(missing)?;
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
    match std::fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text)
            .map(Some)
            .map_err(|e| SweepError::Damaged { path: path.into(), reason: e.to_string() }),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SweepError::read(path, source)),
    }
}
