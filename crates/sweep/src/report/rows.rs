//! The rows of the page's table, as text.

use super::Sweep;
use super::data::{Head, head};
use crate::results::{Cell, Column, Row, Spread, Table, Value};
use serde::Serialize;

/// The columns and rows of the page's table.
#[derive(Serialize)]
pub struct Rows {
    columns: Vec<Header>,
    /// how many of the columns are settings
    settings: usize,
    groups: Vec<Group>,
    /// style rules that write the columns' names beside their values, for screens without room for a table
    labels: String,
}

#[derive(Serialize)]
struct Header {
    #[serde(flatten)]
    head: Head,
    /// the label where it may be broken
    parts: Vec<String>,
    number: bool,
}

/// One setting, or one cell.
#[derive(Serialize)]
struct Group {
    index: usize,
    baseline: Option<String>,
    /// of the first cell
    name: String,
    texts: Vec<String>,
    /// how many cells stand behind it; they follow where there are several
    count: usize,
    place: usize,
    link: Option<String>,
    cells: Vec<Single>,
}

#[derive(Serialize)]
struct Single {
    place: usize,
    name: String,
    state: &'static str,
    link: Option<String>,
    /// of the columns that are no settings
    texts: Vec<String>,
}

pub fn rows(sweep: &Sweep) -> Rows {
    let table = &sweep.settings;
    let columns = columns(table);
    let settings = columns.iter().filter(|column| matches!(column, Column::Setting(_))).count();
    let header = |column: &Column| {
        let head = head(column);
        let parts = head.label.split_inclusive('.').map(str::to_owned).collect();
        Header { parts, number: !matches!(column, Column::Setting(_) | Column::State), head }
    };
    let group = |(index, row): (usize, &Row)| {
        let places = table.places(row);
        let single = |&place: &usize| single(sweep, place, &columns[settings..]);
        let first = &table.all_cells()[places[0]];
        Group {
            index,
            baseline: first.planned.baseline.clone(),
            name: first.planned.name.clone(),
            texts: table.texts(row, &columns),
            count: places.len(),
            place: places[0],
            link: sweep.links[places[0]].clone(),
            cells: if places.len() > 1 { places.iter().map(single).collect() } else { Vec::new() },
        }
    };
    Rows {
        labels: labels(&columns, settings),
        columns: columns.iter().map(header).collect(),
        settings,
        groups: table.rows().iter().enumerate().map(group).collect(),
    }
}

fn labels(columns: &[Column], settings: usize) -> String {
    let mut rules = String::from("@media (max-width: 640px) {\n");
    for (index, column) in columns.iter().enumerate() {
        let label = in_style(&head(column).label);
        // the name of the row comes first
        rules += &format!(".results td:nth-child({}):not(.single td)::before", index + 2);
        if index >= settings {
            rules += &format!(", .results .single td:nth-child({})::before", index - settings + 2);
        }
        rules += &format!(" {{ content: \"{label} \"; }}\n");
    }
    rules + "}\n"
}

/// A text between the quotes of a style sheet.
fn in_style(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || " .,_-()‖".contains(c);
    text.chars().map(|c| if plain(c) { c.to_string() } else { format!("\\{:x} ", u32::from(c)) }).collect()
}

/// Settings, how far a row is, and the numbers that matter; the name stands in front of them.
fn columns(table: &Table) -> Vec<Column> {
    let (settings, others): (Vec<_>, Vec<_>) =
        table.overview().into_iter().partition(|column| matches!(column, Column::Setting(_)));
    let varied = |column: &Column| matches!(column, Column::Setting(key) if table.keys.contains(key));
    let named = |column: &Column| matches!(column, Column::Cell | Column::Baseline | Column::Seeds);
    let others = others.into_iter().filter(|column| !named(column));
    settings.into_iter().filter(varied).chain(others).collect()
}

fn single(sweep: &Sweep, place: usize, columns: &[Column]) -> Single {
    let cell: &Cell = &sweep.cells.all_cells()[place];
    Single {
        place,
        name: cell.planned.name.clone(),
        state: cell.state().name(),
        link: sweep.links[place].clone(),
        texts: columns
            .iter()
            .map(|column| sweep.cells.of_cell(cell, column))
            .map(|value: Value| value.text())
            .collect(),
    }
}

/// What ± means in the table.
pub fn spread_in_words(table: &Table) -> &'static str {
    match table.spread {
        Spread::Seeds => {
            "mean ± standard deviation over seeds; in rows of single cells ± the standard error of the measurement"
        }
        Spread::Measurement => "± the standard error of the measurement",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_ends_a_style_sheet() {
        assert_eq!(in_style("KL(p‖q)"), "KL(p‖q)");
        assert_eq!(in_style("a\"}</style>"), "a\\22 \\7d \\3c \\2f style\\3e ");
    }
}
