//! From the files of a sweep to its cells.

use super::cell::Cell;
use super::settings::settings;
use crate::error::SweepError;
use crate::plan::{self, Plan, PlannedCell};
use crate::result::{self, CellResult};
use crate::store::read_json;
use std::collections::BTreeSet;
use std::path::Path;

/// The plan in the folder of a sweep.
///
/// # Errors
/// If there is none, or it cannot be read.
pub fn plan(dir: &Path) -> Result<Plan, SweepError> {
    let path = dir.join("plan.json");
    let plan: Plan = read_json(&path)?.ok_or_else(|| SweepError::NoSweep { folder: dir.to_owned() })?;
    known_format(&path, plan.format_version, plan::FORMAT_VERSION)?;
    Ok(plan)
}

/// A planned cell with its values of `keys`, and the result it has, if that is of this plan.
///
/// # Errors
/// If there is a result that cannot be read.
pub fn cell(dir: &Path, planned: PlannedCell, keys: &[String], running: &BTreeSet<String>) -> Result<Cell, SweepError> {
    let path = dir.join("cells").join(&planned.name).join("result.json");
    let result: Option<CellResult> = read_json(&path)?;
    if let Some(result) = &result {
        known_format(&path, result.format_version, result::FORMAT_VERSION)?;
    }
    // a result of an earlier plan in the same folder is not this cell's
    let result = result.filter(|result| result.key == planned.key());
    let running = running.contains(&planned.name);
    Ok(Cell { settings: settings(&planned, keys), planned, result, running })
}

fn known_format(path: &Path, found: u32, expected: u32) -> Result<(), SweepError> {
    if found == expected { Ok(()) } else { Err(SweepError::Format { path: path.to_owned(), found, expected }) }
}
