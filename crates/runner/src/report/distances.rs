//! The table of distances from test rows, which need no density.

use super::Report;
use super::numbers::{estimate, with_thousands};
use flowstill_eval::Distance;
use serde::Serialize;

/// One row of the table.
#[derive(Debug, Serialize)]
pub struct DistanceRow {
    name: &'static str,
    student: String,
    teacher: String,
    null: String,
}

/// All rows with the number of rows compared, or nothing when samples were not compared with test rows.
pub fn distances(report: &Report) -> Option<(String, Vec<DistanceRow>)> {
    let against = report.quality.as_ref()?.against_data.as_ref()?;
    let row = |name, distance: Distance| DistanceRow {
        name,
        student: estimate(distance.student),
        teacher: estimate(distance.teacher),
        null: estimate(distance.null),
    };
    let rows = vec![
        row("sliced Wasserstein", against.sliced_wasserstein),
        row("energy", against.energy),
        row("MMD²", against.mmd_squared),
    ];
    Some((with_thousands(against.rows), rows))
}
