//! The best settings, and which others are as good as far as one can tell.

use super::Sweep;
use crate::result::Number;
use crate::results::{Better, Cell, Column, Row, Spread, State, Table, Value, metric};

/// Two means closer than this many standard errors of their difference are not told apart.
const ERRORS: f64 = 2.0;

/// One setting with what it reached.
pub struct Ranked<'a> {
    pub row: &'a Row,
    pub number: Number,
}

/// The settings that have the metric, the best first; `baselines` alone, or all others.
pub fn ranked<'a>(table: &'a Table, name: &str, baselines: bool) -> Vec<Ranked<'a>> {
    let column = Column::Metric(name.to_owned());
    let more = metric(name).is_some_and(|metric| metric.better == Better::More);
    let of = |row: &'a Row| match table.value(row, &column) {
        Value::Measured(number) => Some(Ranked { row, number }),
        _ => None,
    };
    let is_baseline = |row: &&Row| table.cells(row).any(|cell| cell.planned.baseline.is_some());
    let mut all: Vec<_> = table.rows().iter().filter(|row| is_baseline(row) == baselines).filter_map(of).collect();
    all.sort_by(|a, b| a.number.value.total_cmp(&b.number.value));
    if more {
        all.reverse();
    }
    all
}

/// How many of the others are not told apart from the first; nothing where errors are not known.
pub fn ties(table: &Table, ranked: &[Ranked]) -> Option<usize> {
    let error = |ranked: &Ranked| {
        let error = ranked.number.error?;
        Some(match table.spread {
            Spread::Measurement => error,
            Spread::Seeds => {
                let done = table.cells(ranked.row).filter(|cell| cell.state() == State::Done).count();
                error / (done as f64).sqrt()
            }
        })
    };
    let (first, others) = ranked.split_first()?;
    let own = error(first)?;
    let tied = |other: &&Ranked| {
        let gap = (other.number.value - first.number.value).abs();
        error(other).is_some_and(|error| gap < ERRORS * own.hypot(error))
    };
    (!others.is_empty()).then(|| others.iter().filter(tied).count())
}

/// What a row sets, as `teacher.layers = 4`.
pub fn settings(table: &Table, row: &Row) -> Vec<String> {
    let given = |key: &String| match table.value(row, &Column::Setting(key.clone())) {
        Value::Missing => None,
        value => Some(format!("{key} = {}", value.text())),
    };
    table.keys.iter().filter_map(given).collect()
}

/// The first cell of a row that was done, with its place in the plan.
pub fn example<'a>(sweep: &'a Sweep, row: &Row) -> Option<(usize, &'a Cell)> {
    let cells = sweep.settings.all_cells();
    let places = sweep.settings.places(row).iter();
    places.map(|&place| (place, &cells[place])).find(|(_, cell)| cell.state() == State::Done)
}
