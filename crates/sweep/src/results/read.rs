//! From the files of a sweep to its cells.

use super::cell::Cell;
use super::error::ResultsError;
use crate::plan::{self, Plan, PlannedCell};
use crate::result::{self, CellResult};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;

/// The plan in the folder of a sweep.
///
/// # Errors
/// If there is none, or it cannot be read.
pub fn plan(dir: &Path) -> Result<Plan, ResultsError> {
    let path = dir.join("plan.json");
    let plan: Plan = json(&path)?.ok_or_else(|| ResultsError::NoSweep { folder: dir.to_owned() })?;
    known_format(&path, plan.format_version, plan::FORMAT_VERSION)?;
    Ok(plan)
}

/// A planned cell and the result it has, if that is of this plan.
///
/// # Errors
/// If there is a result that cannot be read.
pub fn cell(dir: &Path, planned: PlannedCell, running: &BTreeSet<String>) -> Result<Cell, ResultsError> {
    let path = dir.join("cells").join(&planned.name).join("result.json");
    let result: Option<CellResult> = json(&path)?;
    if let Some(result) = &result {
        known_format(&path, result.format_version, result::FORMAT_VERSION)?;
    }
    // a result of an earlier plan in the same folder is not this cell's
    let result = result.filter(|result| result.key == planned.key());
    let running = running.contains(&planned.name);
    Ok(Cell { planned, result, running })
}

/// A value from a file; nothing if the file is not there.
pub fn json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, ResultsError> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|e| ResultsError::damaged(path, e)),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(ResultsError::damaged(path, e)),
    }
}

fn known_format(path: &Path, found: u32, expected: u32) -> Result<(), ResultsError> {
    if found == expected { Ok(()) } else { Err(ResultsError::Format { path: path.to_owned(), found, expected }) }
}
