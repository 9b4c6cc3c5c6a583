//! The table itself: rows over cells, and what stands in them.

use super::cell::{Cell, State};
use super::column::Column;
use super::error::ResultsError;
use super::filter::Filter;
use super::metric::{METRICS, OVERVIEW};
use super::read;
use super::sort::Sort;
use super::statistics::mean_and_sd;
use super::value::Value;
use crate::error::SweepError;
use crate::plan::Plan;
use crate::result::Number;
use rayon::prelude::*;
use serde_json::Value as Json;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// What stands after ± in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// the standard error of the measurement
    Measurement,
    /// the standard deviation over the seeds of otherwise equal settings
    Seeds,
}

/// One row: the indices of its cells, one unless over seeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(Vec<usize>);

/// Results of a sweep. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Table {
    /// name of the sweep
    pub name: String,
    /// version of flowstill that planned it
    pub version: String,
    /// keys that are varied
    pub keys: Vec<String>,
    /// the metric by which cells are ended early, if they are
    pub stopped_by: Option<String>,
    /// these, and behind them those that only baselines set
    all_keys: Vec<String>,
    pub spread: Spread,
    cells: Arc<[Cell]>,
    rows: Vec<Row>,
    columns: Vec<Column>,
}

impl Table {
    /// The sweep in the folder `dir`, one row per cell in the order of the plan; `running` are the names of the cells that
    /// someone works on.
    ///
    /// # Errors
    /// If there is no sweep, or one of its files cannot be read.
    pub fn read(dir: &Path, running: &BTreeSet<String>) -> Result<Self, SweepError> {
        let plan = read::plan(dir)?;
        let keys = keys(&plan);
        let cells: Vec<Cell> = plan
            .cells
            .into_par_iter()
            .map(|planned| read::cell(dir, planned, &keys, running))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            name: plan.name,
            version: plan.version,
            stopped_by: plan.rules.stopping.map(|stopping| stopping.metric),
            spread: Spread::Measurement,
            rows: (0..cells.len()).map(|index| Row(vec![index])).collect(),
            columns: columns(&keys, &cells, Spread::Measurement),
            cells: cells.into(),
            keys: plan.keys,
            all_keys: keys,
        })
    }

    /// One row for cells that differ in their seed alone, in the order of their first cells: mean ± standard deviation of
    /// those that were done. Where no two cells do, ± stays the error of the measurement.
    pub fn over_seeds(&self) -> Self {
        let mut places = BTreeMap::new();
        let mut rows: Vec<Row> = Vec::new();
        for &index in self.rows.iter().flat_map(|row| &row.0) {
            let planned = &self.cells[index].planned;
            let place = *places
                .entry((&planned.baseline, Json::from(planned.settings.clone()).to_string()))
                .or_insert(rows.len());
            match rows.get_mut(place) {
                Some(row) => row.0.push(index),
                None => rows.push(Row(vec![index])),
            }
        }
        if rows.iter().all(|row| row.0.len() == 1) {
            return self.clone();
        }
        let columns = columns(&self.all_keys, &self.cells, Spread::Seeds);
        Self { rows, columns, spread: Spread::Seeds, ..self.clone() }
    }

    /// The rows for which all conditions hold. A condition on the name, the state, the seed or the host holds for a row
    /// over seeds if it holds for one of its cells. Conditions on metrics belong after [`Table::over_seeds`]: before it
    /// they would leave out unlucky seeds.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn filter(&self, filters: &[Filter]) -> Result<Self, ResultsError> {
        let conditions: Vec<(&Filter, &Column)> = filters
            .iter()
            .map(|filter| Ok((filter, filter.column_of(&self.columns)?)))
            .collect::<Result<_, ResultsError>>()?;
        let holds = |row: &Row, filter: &Filter, column: &Column| {
            if column.of_single_cells() {
                self.cells(row).any(|cell| filter.holds(&self.of_cell(cell, column)))
            } else {
                filter.holds(&self.value(row, column))
            }
        };
        let rows = self.rows.iter().filter(|row| conditions.iter().all(|(filter, column)| holds(row, filter, column)));
        Ok(Self { rows: rows.cloned().collect(), ..self.clone() })
    }

    /// The rows in another order; rows that are alike stay as they were.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn sort(&self, sorts: &[Sort]) -> Result<Self, ResultsError> {
        let by: Vec<(&Column, bool)> = sorts
            .iter()
            .map(|sort| Ok((find(&self.columns, &sort.column)?, sort.descending)))
            .collect::<Result<_, ResultsError>>()?;
        let mut keyed: Vec<(Vec<Value>, Row)> = self
            .rows
            .iter()
            .map(|row| (by.iter().map(|(column, _)| self.value(row, column)).collect(), row.clone()))
            .collect();
        keyed.sort_by(|(a, _), (b, _)| {
            let each = a.iter().zip(b).zip(&by).map(|((a, b), (_, descending))| match (a, b) {
                (Value::Missing, _) | (_, Value::Missing) => a.order(b),
                _ if *descending => b.order(a),
                _ => a.order(b),
            });
            each.fold(Ordering::Equal, Ordering::then)
        });
        Ok(Self { rows: keyed.into_iter().map(|(_, row)| row).collect(), ..self.clone() })
    }

    /// The columns of these names alone, in their order.
    ///
    /// # Errors
    /// If one is not known.
    pub fn select<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<Self, ResultsError> {
        let columns =
            names.into_iter().map(|name| find(&self.columns, name.trim()).cloned()).collect::<Result<_, _>>()?;
        Ok(Self { columns, ..self.clone() })
    }

    /// All columns, or those that were selected.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The columns that fit a screen: what is varied, how far it is, and the numbers that matter most.
    pub fn overview(&self) -> Vec<Column> {
        let present = |name: &&str| self.columns.iter().any(|c| matches!(c, Column::Metric(own) if own == name));
        let metrics: Vec<&str> = METRICS.iter().map(|metric| metric.name).filter(present).take(OVERVIEW).collect();
        let batch = self.batches().last().copied();
        let shown = |column: &&Column| match column {
            Column::Cell => self.spread == Spread::Measurement,
            Column::Seeds | Column::State | Column::Baseline | Column::Setting(_) => true,
            Column::Metric(name) => metrics.contains(&name.as_str()),
            Column::Speed { op, batch: size } => op == "student" && Some(*size) == batch,
            _ => false,
        };
        self.columns.iter().filter(shown).cloned().collect()
    }

    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The cells behind a row.
    pub fn cells<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = &'a Cell> {
        row.0.iter().map(|&index| &self.cells[index])
    }

    /// All cells of the sweep, in the order of the plan, whatever rows are left.
    pub fn all_cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Places of the row's cells among [`Table::all_cells`].
    pub fn places<'a>(&self, row: &'a Row) -> &'a [usize] {
        &row.0
    }

    /// The batch sizes at which some sampler's rate was measured, rising.
    pub fn batches(&self) -> Vec<usize> {
        let all: BTreeSet<usize> = self.cells.iter().flat_map(Cell::rates).map(|row| row.batch).collect();
        all.into_iter().collect()
    }

    /// What stands in a row under a column.
    pub fn value(&self, row: &Row, column: &Column) -> Value {
        if let [only] = row.0[..]
            && self.spread == Spread::Measurement
        {
            return self.of_cell(&self.cells[only], column);
        }
        let each = || self.cells(row).map(|cell| self.of_cell(cell, column));
        if column.is_measured() {
            let numbers: Vec<f64> = each().filter_map(|value| value.number()).collect();
            return mean_and_sd(&numbers)
                .map_or(Value::Missing, |(value, error)| Value::Measured(Number { value, error }));
        }
        match column {
            Column::State => Value::Plain(self.states(row).into()),
            Column::Seeds => Value::Plain(self.cells(row).filter(|cell| cell.state() == State::Done).count().into()),
            Column::Cell | Column::Seed | Column::Stage | Column::Reason | Column::Host => list(each()),
            // the same in all of them
            _ => each().next().unwrap_or(Value::Missing),
        }
    }

    /// A row as text, one for each of `columns`.
    pub fn texts(&self, row: &Row, columns: &[Column]) -> Vec<String> {
        columns.iter().map(|column| self.value(row, column).text()).collect()
    }

    /// What stands under a column for one cell.
    pub fn of_cell(&self, cell: &Cell, column: &Column) -> Value {
        let plain = |value: Option<Json>| value.map_or(Value::Missing, Value::Plain);
        let measured = |number: Option<Number>| number.map_or(Value::Missing, Value::Measured);
        let planned = &cell.planned;
        match column {
            Column::Cell => plain(Some(planned.name.as_str().into())),
            Column::State => plain(Some(cell.state().name().into())),
            Column::Seed => plain(Some(planned.seed.into())),
            Column::Seeds => plain(Some(usize::from(cell.state() == State::Done).into())),
            Column::Baseline => plain(planned.baseline.as_deref().map(Json::from)),
            Column::Setting(key) => plain(cell.settings.get(key).filter(|value| !value.is_null()).cloned()),
            Column::Metric(name) => measured(cell.metric(name)),
            Column::Speed { op, batch } => measured(cell.rate(op, *batch).map(Number::from)),
            Column::Seconds(stage) => measured(cell.seconds(stage).map(Number::from)),
            Column::Stage => plain(cell.broken_off().map(|(stage, _)| stage.into())),
            Column::Reason => plain(cell.broken_off().map(|(_, reason)| reason.into())),
            Column::Host => plain(cell.result.as_ref().map(|result| result.host.as_str().into())),
        }
    }

    /// `done`, or `2 done, 1 failed`.
    fn states(&self, row: &Row) -> String {
        let count = |state| (self.cells(row).filter(|cell| cell.state() == state).count(), state);
        let present: Vec<_> = State::ALL.map(count).into_iter().filter(|(count, _)| *count > 0).collect();
        match &present[..] {
            [(_, state)] => state.name().to_owned(),
            several => several.iter().map(|(n, state)| format!("{n} {}", state.name())).collect::<Vec<_>>().join(", "),
        }
    }
}

/// The column of this name.
pub(super) fn find<'a>(columns: &'a [Column], name: &str) -> Result<&'a Column, ResultsError> {
    columns.iter().find(|column| column.to_string() == name).ok_or_else(|| {
        let known: Vec<String> = columns.iter().map(Column::to_string).collect();
        ResultsError::unknown_column(name, known.iter().map(String::as_str))
    })
}

/// What several cells have, each once.
fn list(values: impl Iterator<Item = Value>) -> Value {
    let mut present: Vec<Json> = Vec::new();
    for value in values {
        if let Value::Plain(json) = value
            && !present.contains(&json)
        {
            present.push(json);
        }
    }
    match present.len() {
        0 => Value::Missing,
        1 => Value::Plain(present.remove(0)),
        _ => Value::Plain(present.into()),
    }
}

/// The keys that any cell sets: those that are varied, and behind them the others by letter.
fn keys(plan: &Plan) -> Vec<String> {
    let set: BTreeSet<&String> = plan.cells.iter().flat_map(|cell| cell.settings.keys()).collect();
    let others = set.into_iter().filter(|key| !plan.keys.contains(key));
    plan.keys.iter().chain(others).cloned().collect()
}

/// Every column for which some cell has a value.
fn columns(keys: &[String], cells: &[Cell], spread: Spread) -> Vec<Column> {
    let mut columns = vec![Column::Cell, Column::State, Column::Seed];
    if spread == Spread::Seeds {
        columns.push(Column::Seeds);
    }
    if cells.iter().any(|cell| cell.planned.baseline.is_some()) {
        columns.push(Column::Baseline);
    }
    columns.extend(keys.iter().cloned().map(Column::Setting));

    let results = || cells.iter().filter_map(|cell| cell.result.as_ref());
    let present: BTreeSet<&str> = results().flat_map(|result| result.metrics.keys()).map(String::as_str).collect();
    let known = METRICS.iter().map(|metric| metric.name).filter(|name| present.contains(name));
    let added = present.iter().copied().filter(|name| METRICS.iter().all(|metric| metric.name != *name));
    columns.extend(known.chain(added).map(|name| Column::Metric(name.to_owned())));

    let speeds: BTreeSet<(&str, usize)> =
        cells.iter().flat_map(Cell::rates).map(|row| (row.op.as_str(), row.batch)).collect();
    columns.extend(speeds.into_iter().map(|(op, batch)| Column::Speed { op: op.to_owned(), batch }));
    let stages: BTreeSet<&String> = results().flat_map(|result| result.seconds.keys()).collect();
    columns.extend(stages.into_iter().cloned().map(Column::Seconds));
    if cells.iter().any(|cell| cell.broken_off().is_some()) {
        columns.extend([Column::Stage, Column::Reason]);
    }
    columns.push(Column::Host);
    columns
}
