//! The report of a sweep: one HTML file that needs nothing but itself.
//!
//! Words and tables are written here and can be read without JavaScript; the charts are drawn by `script/` from compact
//! data in the page, so that they can be filtered, coloured and asked for names.

mod best;
mod curves;
mod data;
mod page;
mod provenance;
mod rows;
mod verdict;

use crate::error::SweepError;
use crate::results::Table;
use curves::Curves;
use flowstill_model::atomic;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What the page is made from.
struct Sweep {
    /// one row per cell
    cells: Table,
    /// one row per setting, or per cell where there is one seed
    settings: Table,
    curves: Curves,
    /// links to the reports of the cells that have one, in the order of the plan
    links: Vec<Option<String>>,
    /// the sweep as its user wrote it
    yaml: Option<String>,
}

/// Writes `report.html` and `results.csv` into the folder of a sweep, each atomically, and returns the path of the first.
/// A sweep that is not done yet has a report of what there is.
///
/// # Errors
/// If there is no sweep, one of its files cannot be read, or the two cannot be written.
pub fn write(dir: &Path) -> Result<PathBuf, SweepError> {
    let sweep = Sweep::read(dir)?;
    let csv = dir.join("results.csv");
    sweep.cells.write_csv(&csv).map_err(|source| SweepError::write(&csv, source))?;
    let html = dir.join("report.html");
    atomic::write(&html, page::render(&sweep).as_bytes()).map_err(|source| SweepError::write(&html, source))?;
    Ok(html)
}

impl Sweep {
    fn read(dir: &Path) -> Result<Self, SweepError> {
        let cells = Table::read(dir, &BTreeSet::new())?;
        let link = |name: &str| {
            let path = dir.join("cells").join(name).join("report.html");
            path.exists().then(|| format!("cells/{}/report.html", encoded(name)))
        };
        Ok(Self {
            settings: cells.over_seeds(),
            curves: Curves::read(dir, cells.all_cells())?,
            links: cells.all_cells().iter().map(|cell| link(&cell.planned.name)).collect(),
            yaml: std::fs::read_to_string(dir.join("sweep.yaml")).ok(),
            cells,
        })
    }
}

/// A folder's name as a part of an address.
fn encoded(name: &str) -> String {
    let mut address = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~,=+".contains(&byte) {
            address.push(byte.into());
        } else {
            address += &format!("%{byte:02X}");
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_folders_become_addresses() {
        assert_eq!(encoded("layers=4,seed-0.1"), "layers=4,seed-0.1");
        assert_eq!(encoded("a b#c?d%é/"), "a%20b%23c%3Fd%25%C3%A9%2F");
    }
}
