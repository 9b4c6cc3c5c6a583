//! `results`: the numbers of a sweep as a table.

use crate::arguments::Results as Options;
use crate::output;
use anyhow::Result;
use comfy_table::presets::{ASCII_MARKDOWN, NOTHING};
use flowstill_sweep::results::{Column, Filter, ResultsError, Sort, Table, Value};
use flowstill_sweep::{Graph, Sight, Store, SweepError, status};
use std::collections::BTreeSet;
use std::path::Path;

pub fn results(options: &Options) -> Result<()> {
    let table = Table::read(&options.folder, &at_work(&options.folder))?;
    let table = arranged(table, options).map_err(SweepError::from)?;
    if let Some(path) = &options.csv {
        table.write_csv(path).map_err(|source| SweepError::write(path, source))?;
    }
    if let Some(path) = &options.jsonl {
        table.write_json_lines(path).map_err(|source| SweepError::write(path, source))?;
    }
    if options.csv.is_some() || options.jsonl.is_some() {
        return Ok(());
    }
    if table.rows().is_empty() {
        output::note("nothing meets these conditions");
        return Ok(());
    }
    let columns: Vec<Column> = match options.columns {
        Some(_) => table.columns().to_vec(),
        None => filled(&table),
    };
    let mut printed = comfy_table::Table::new();
    printed.load_preset(if options.markdown { ASCII_MARKDOWN } else { NOTHING });
    printed.set_header(columns.iter().map(ToString::to_string));
    for row in table.rows() {
        printed.add_row(table.texts(row, &columns));
    }
    output::result(printed)?;
    if !options.each && !options.markdown {
        output::note("mean ± standard deviation over the seeds of each setting; single cells with --each");
    }
    Ok(())
}

fn arranged(mut table: Table, options: &Options) -> Result<Table, ResultsError> {
    if !options.each {
        table = table.over_seeds();
    }
    if let Some(conditions) = &options.filter {
        table = table.filter(&Filter::read_all(conditions)?)?;
    }
    if let Some(order) = &options.sort {
        table = table.sort(&Sort::read_all(order))?;
    }
    match &options.columns {
        Some(names) => table.select(names.iter().map(String::as_str)),
        None => Ok(table),
    }
}

/// The columns of the overview in which anything stands.
fn filled(table: &Table) -> Vec<Column> {
    let stands = |column: &Column| table.rows().iter().any(|row| table.value(row, column) != Value::Missing);
    table.overview().into_iter().filter(stands).collect()
}

/// The cells that somebody is at work on; none where the plan cannot be read, of which the table tells.
fn at_work(folder: &Path) -> BTreeSet<String> {
    let store = Store::new(folder);
    let Ok(plan) = store.plan() else { return BTreeSet::new() };
    let graph = Graph::new(&plan);
    let status = status::Looker::new(Sight { store: &store, plan: &plan, graph: &graph }).look();
    status.map(|status| status.running.into_iter().map(|holder| holder.cell).collect()).unwrap_or_default()
}
