//! What the page's script draws from, as compact JSON.

use super::Sweep;
use super::best::ranked;
use super::curves::{Curves, rounded};
use crate::results::{Better, Column, Row, Spread, Table, Value, metric};
use flowstill_runner::report::with_thousands;
use serde::Serialize;
use serde_json::Value as Json;

/// Significant digits of the numbers in the table.
const DIGITS: usize = 6;

#[derive(Serialize)]
struct Data<'a> {
    columns: Vec<Head>,
    keys: &'a [String],
    /// rows of the table
    groups: Vec<Group>,
    cells: Vec<CellData<'a>>,
    curves: &'a Curves,
    batches: Vec<usize>,
    /// the metric that is shown first
    metric: Option<&'a str>,
    /// the key by which cells are coloured at first
    colour_key: Option<&'a str>,
    over_seeds: bool,
}

/// One column, for people and for the script.
#[derive(Serialize)]
pub struct Head {
    pub name: String,
    pub label: String,
    pub unit: &'static str,
    pub better: &'static str,
    kind: &'static str,
}

#[derive(Serialize)]
struct Group {
    cells: Vec<usize>,
    baseline: Option<String>,
    /// in the order of the columns
    values: Vec<Json>,
    errors: Vec<Option<f64>>,
}

#[derive(Serialize)]
struct CellData<'a> {
    name: &'a str,
    seed: u64,
    state: &'static str,
    report: Option<&'a str>,
    /// columns of the data, where speed was measured
    dim: Option<usize>,
    values: Vec<Json>,
}

/// The data as JSON that may stand inside a script element. `metric` is what the page judges by, `colour_key` the key that
/// matters most.
pub fn json(sweep: &Sweep, metric: Option<&str>, colour_key: Option<&str>) -> String {
    let (cells, settings) = (&sweep.cells, &sweep.settings);
    let columns = settings.columns();
    let group = |row: &Row| {
        let values: Vec<Value> = columns.iter().map(|column| settings.value(row, column)).collect();
        Group {
            cells: settings.places(row).to_vec(),
            baseline: settings.cells(row).next().and_then(|cell| cell.planned.baseline.clone()),
            errors: values.iter().map(error).collect(),
            values: values.iter().map(plain).collect(),
        }
    };
    let each = cells.all_cells().iter().zip(&sweep.links).map(|(cell, link)| CellData {
        name: &cell.planned.name,
        seed: cell.planned.seed,
        state: cell.state().name(),
        report: link.as_deref(),
        dim: cell.rates().next().map(|row| row.dim),
        values: columns.iter().map(|column| plain(&cells.of_cell(cell, column))).collect(),
    });
    let data = Data {
        columns: columns.iter().map(head).collect(),
        keys: &settings.keys,
        groups: settings.rows().iter().map(group).collect(),
        cells: each.collect(),
        curves: &sweep.curves,
        batches: settings.batches(),
        metric,
        colour_key,
        over_seeds: settings.spread == Spread::Seeds,
    };
    // no text of a user can end the script
    serde_json::to_string(&data).expect("texts and finite numbers have a JSON form").replace('<', "\\u003c")
}

/// A column's name for people and what the script needs to know of it.
pub fn head(column: &Column) -> Head {
    let of = |label: String, unit, better, kind| Head { name: column.to_string(), label, unit, better, kind };
    match column {
        Column::Metric(name) => {
            let known = metric(name);
            let better = match known.map(|metric| metric.better) {
                Some(Better::Less) => "less",
                Some(Better::More) => "more",
                _ => "",
            };
            let label = known.map_or(name.as_str(), |metric| metric.label);
            of(label.to_owned(), known.map_or("", |metric| metric.unit), better, "metric")
        }
        Column::Speed { op, batch } => {
            let label = format!("{}, batch {}", op.replace('_', " "), with_thousands(*batch));
            of(label, "samples/s", "more", "speed")
        }
        Column::Seconds(stage) => of(format!("{stage}, time"), "s", "less", "seconds"),
        Column::Setting(key) => of(key.clone(), "", "", "setting"),
        _ => of(column.to_string(), "", "", "other"),
    }
}

/// Numbers with as many digits as anyone looks at.
fn plain(value: &Value) -> Json {
    match value {
        Value::Missing => Json::Null,
        Value::Plain(json) => json.clone(),
        Value::Measured(number) => short(number.value),
    }
}

/// Whole numbers without a decimal point.
fn short(value: f64) -> Json {
    match rounded(value, DIGITS) {
        Some(value) if value.fract() == 0.0 && value.abs() < 1e15 => Json::from(value as i64),
        value => value.map_or(Json::Null, Json::from),
    }
}

fn error(value: &Value) -> Option<f64> {
    match value {
        Value::Measured(number) => number.error.and_then(|error| rounded(error, 3)),
        _ => None,
    }
}

/// The metric by which a sweep is judged: the forward divergence, or the first of what else was measured, as the
/// likelihood of teachers without students. What baselines alone have does not tell the others apart.
pub fn judged_by(table: &Table) -> Option<String> {
    let metrics = || {
        table.columns().iter().filter_map(|column| match column {
            Column::Metric(name) => Some(name),
            _ => None,
        })
    };
    let own = metrics().find(|name| *name == "kl_forward").into_iter().chain(metrics());
    own.clone().find(|name| !ranked(table, name, false).is_empty()).or_else(|| own.clone().next()).cloned()
}
