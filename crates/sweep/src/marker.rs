//! `done.json`, in the folder of every stage that is done.

use crate::error::SweepError;
use crate::process;
use crate::stage::StageId;
use crate::store::{Store, read_json, write_json};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Done {
    pub key: String,
    /// wall-clock time, of the last session only
    pub seconds: f64,
    pub host: String,
}

impl Done {
    pub fn save(store: &Store, id: &StageId, seconds: f64) -> Result<(), SweepError> {
        let done = Self { key: id.key.clone(), seconds, host: process::host() };
        write_json(&store.stage(id).path("done.json"), &done)
    }

    /// Has a stage done again.
    pub fn remove(store: &Store, id: &StageId) -> Result<(), SweepError> {
        let path = store.stage(id).path("done.json");
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(SweepError::write(&path, source)),
            _ => Ok(()),
        }
    }

    /// The marker of a stage, if it is done. One that was torn, on a disk that lies about what it has written, is none.
    pub fn load(store: &Store, id: &StageId) -> Option<Self> {
        let done: Self = read_json(&store.stage(id).path("done.json")).ok()??;
        (done.key == id.key).then_some(done)
    }
}
