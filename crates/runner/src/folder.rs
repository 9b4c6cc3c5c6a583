//! The folder of one run and the files in it.

use crate::config::Experiment;
use crate::error::RunError;
use flowstill_model::atomic;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// `runs/<name>/`.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The folder `root`, which need not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn checkpoint(&self, stage: &str) -> PathBuf {
        self.path(&format!("{stage}.safetensors"))
    }

    /// Where an unfinished training keeps its state.
    pub fn state(&self, stage: &str) -> PathBuf {
        self.path(&format!("{stage}.state.safetensors"))
    }

    pub fn tensorboard(&self, stage: &str) -> PathBuf {
        self.path("tensorboard").join(stage)
    }

    /// Makes the folder where needed.
    pub fn create(&self) -> Result<(), RunError> {
        std::fs::create_dir_all(&self.root).map_err(|source| RunError::Write { path: self.root.clone(), source })
    }

    /// Takes the folder, which is made where needed: no other process gets it until the lock that comes back is dropped, or
    /// this process dies. A file system without locks keeps nobody out.
    pub fn claim(&self) -> Result<File, RunError> {
        self.create()?;
        let path = self.path("lock");
        let lock = File::create(&path).map_err(|source| RunError::Write { path, source })?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => Err(RunError::Taken { folder: self.root.clone() }),
            _ => Ok(lock),
        }
    }

    /// Writes the resolved configuration, beside results that it has just led to.
    pub fn write_configuration(&self, experiment: &Experiment) -> Result<(), RunError> {
        self.write("config.yaml", experiment.to_yaml().expect("a checked experiment has a YAML form").as_bytes())
    }

    /// Writes a file atomically, creating folders as needed.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunError> {
        let path = self.path(name);
        atomic::write(&path, bytes).map_err(|source| RunError::Write { path, source })
    }

    /// Writes a value as indented JSON.
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), RunError> {
        let mut text = serde_json::to_string_pretty(value).expect("results are structs of finite numbers and texts");
        text.push('\n');
        self.write(name, text.as_bytes())
    }

    /// Reads a value back; nothing if the file is not there.
    pub fn read_json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, RunError> {
        let path = self.path(name);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(RunError::Read { path, reason: e.to_string() }),
        };
        serde_json::from_str(&text).map(Some).map_err(|e| RunError::Read { path, reason: e.to_string() })
    }

    /// Removes whatever an unfinished training of `stage` keeps: the states of its phases and their caches.
    pub fn remove_states(&self, stage: &str) -> Result<(), RunError> {
        let Ok(entries) = std::fs::read_dir(&self.root) else { return Ok(()) };
        let prefix = format!("{stage}.state.");
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with(&prefix) {
                self.remove(&entry.path())?;
            }
        }
        Ok(())
    }

    /// Removes a file or a folder if it is there.
    pub fn remove(&self, path: &Path) -> Result<(), RunError> {
        let removed = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
        match removed {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(RunError::Write { path: path.into(), source: e }),
            _ => Ok(()),
        }
    }
}
