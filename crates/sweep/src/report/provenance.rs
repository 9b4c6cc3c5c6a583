//! Where the numbers come from, and what they took.

use super::Sweep;
use crate::stage::Kind;
use flowstill_runner::report::{duration, with_thousands};
use std::collections::{BTreeMap, BTreeSet};

/// Names and values, in the order in which they are shown.
pub fn provenance(sweep: &Sweep) -> Vec<(&'static str, String)> {
    let cells = sweep.cells.all_cells();
    let listed = |values: BTreeSet<String>| values.into_iter().collect::<Vec<_>>().join(", ");
    let hosts: BTreeSet<String> = cells.iter().filter_map(|cell| Some(cell.result.as_ref()?.host.clone())).collect();
    let seeds: BTreeSet<u64> = cells.iter().map(|cell| cell.planned.seed).collect();
    let threads: BTreeSet<String> =
        cells.iter().flat_map(|cell| cell.rates()).map(|row| row.threads.to_string()).collect();
    let seeds: Vec<String> = seeds.into_iter().map(|seed| seed.to_string()).collect();
    let keys = sweep.cells.keys.join(", ");
    let rows = [
        ("flowstill", sweep.cells.version.clone()),
        ("cells", with_thousands(cells.len())),
        ("varied", keys),
        ("seeds", seeds.join(", ")),
        ("machines", listed(hosts)),
        ("threads of the measurements of speed", listed(threads)),
    ];
    rows.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// Wall-clock time of each kind of stage; a stage that cells share took its time once.
pub fn timings(sweep: &Sweep) -> Vec<(&'static str, String)> {
    let seconds = seconds(sweep);
    let mut rows: Vec<(&str, String)> = seconds
        .iter()
        .filter(|(_, (stages, _))| *stages > 0)
        .map(|(stage, (stages, seconds))| {
            (
                *stage,
                format!(
                    "{} in {} stage{}",
                    duration(*seconds),
                    with_thousands(*stages),
                    if *stages == 1 { "" } else { "s" }
                ),
            )
        })
        .collect();
    if !rows.is_empty() {
        rows.push(("together", total(sweep)));
    }
    rows
}

/// All stages one after the other.
pub fn total(sweep: &Sweep) -> String {
    duration(seconds(sweep).iter().map(|(_, (_, seconds))| seconds).sum())
}

/// Number of stages and their seconds.
fn seconds(sweep: &Sweep) -> [(&'static str, (usize, f64)); 4] {
    Kind::ALL.map(|kind| {
        let mut once: BTreeMap<&str, f64> = BTreeMap::new();
        for cell in sweep.cells.all_cells() {
            if let (Some(key), Some(seconds)) = (cell.planned.stages.get(kind), cell.seconds(kind.name())) {
                once.insert(key, seconds);
            }
        }
        (kind.name(), (once.len(), once.values().sum()))
    })
}
