//! Fills the page's template.

use super::best::{example, ranked, settings};
use super::provenance::{provenance, timings, total};
use super::rows::{Rows, rows, spread_in_words};
use super::verdict::{label, unit, verdict};
use super::{Sweep, unread};
use super::{curves::POINTS, data};
use crate::results::{State, Value, influences};
use flowstill_runner::report::{fill, with_thousands};
use serde::Serialize;
use std::collections::BTreeSet;

/// Best settings that are shown with their YAML.
const BEST: usize = 3;

/// The script, whose parts use what stands before them.
const SCRIPT: &str = concat!(
    include_str!("script/page.js"),
    include_str!("script/colour.js"),
    include_str!("script/filter.js"),
    include_str!("script/table.js"),
    include_str!("script/scale.js"),
    include_str!("script/chart.js"),
    include_str!("script/effects.js"),
    include_str!("script/curves.js"),
    include_str!("script/frontier.js"),
    include_str!("script/dimensions.js"),
    include_str!("script/main.js"),
);

#[derive(Serialize)]
struct Page<'a> {
    own_style: &'static str,
    script: &'static str,
    data: String,
    title: &'a str,
    keys: &'a [String],
    verdict: String,
    facts: Vec<(String, String)>,
    rows: Rows,
    spread: &'static str,
    has_metrics: bool,
    has_baselines: bool,
    has_students: bool,
    has_student_curves: bool,
    has_teacher_curves: bool,
    unread: Vec<String>,
    points: usize,
    has_speed: bool,
    several_dims: bool,
    judged_by: &'a str,
    best: Vec<Best>,
    broken_off: Vec<Kind<'a>>,
    yaml: Option<&'a str>,
    timings: Vec<(&'static str, String)>,
    provenance: Vec<(&'static str, String)>,
}

#[derive(Serialize)]
struct Best {
    value: String,
    settings: Vec<String>,
    name: String,
    link: Option<String>,
    yaml: String,
}

/// Cells that ended in the same way without all results.
#[derive(Serialize)]
struct Kind<'a> {
    state: &'static str,
    cells: Vec<BrokenOff<'a>>,
}

#[derive(Serialize)]
struct BrokenOff<'a> {
    name: &'a str,
    settings: String,
    stage: &'a str,
    reason: &'a str,
}

/// The report as one HTML document: all data, styles and scripts inside.
pub fn render(sweep: &Sweep) -> String {
    let table = &sweep.settings;
    let judged = data::judged_by(table);
    let judged_by = judged.as_deref();
    let most = judged_by.and_then(|name| influences(table, name).into_iter().next());
    let colour_key = most.map(|influence| influence.key).or_else(|| table.keys.first().cloned());
    let dims: BTreeSet<usize> = table.all_cells().iter().flat_map(|cell| cell.rates()).map(|row| row.dim).collect();
    let page = Page {
        own_style: include_str!("style.css"),
        script: SCRIPT,
        data: data::json(sweep, judged_by, colour_key.as_deref()),
        title: &table.name,
        keys: &table.keys,
        verdict: verdict(table, judged_by),
        facts: facts(sweep, judged_by),
        rows: rows(sweep),
        spread: spread_in_words(table),
        has_metrics: judged.is_some(),
        has_baselines: table.all_cells().iter().any(|cell| cell.planned.baseline.is_some()),
        has_students: table.all_cells().iter().any(|cell| cell.planned.stages.student.is_some()),
        has_student_curves: !sweep.curves.student.is_empty(),
        has_teacher_curves: !sweep.curves.teacher.is_empty(),
        unread: unread(sweep),
        points: POINTS,
        has_speed: !dims.is_empty(),
        several_dims: dims.len() > 1,
        judged_by: judged_by.map(label).unwrap_or_default(),
        best: judged_by.map(|name| best(sweep, name)).unwrap_or_default(),
        broken_off: broken_off(sweep),
        yaml: sweep.yaml.as_deref(),
        timings: timings(sweep),
        provenance: provenance(sweep),
    };
    fill(include_str!("template.html"), page)
}

/// The numbers worth seeing at once, each with its name.
fn facts(sweep: &Sweep, judged_by: Option<&str>) -> Vec<(String, String)> {
    let table = &sweep.settings;
    let cells = table.all_cells();
    let mut facts = Vec::new();
    let mut fact = |name: &str, value: String| facts.push((name.to_owned(), value));
    let done = cells.iter().filter(|cell| cell.state() == State::Done).count();
    fact("cells done", format!("{} of {}", with_thousands(done), with_thousands(cells.len())));
    if table.rows().len() < cells.len() {
        fact("settings", with_thousands(table.rows().len()));
    }
    for (state, name) in [(State::Stopped, "stopped early"), (State::Failed, "failed")] {
        let count = cells.iter().filter(|cell| cell.state() == state).count();
        if count > 0 {
            fact(name, with_thousands(count));
        }
    }
    if let Some(name) = judged_by {
        for (baselines, who) in [(false, "best"), (true, "best baseline,")] {
            if let Some(first) = ranked(table, name, baselines).first() {
                let unit = unit(name);
                let unit = if unit.is_empty() { unit } else { format!(" ({})", unit.trim()) };
                fact(&format!("{who} {}{unit}", label(name)), Value::Measured(first.number).text());
            }
        }
    }
    if !timings(sweep).is_empty() {
        fact("time of all stages", total(sweep));
    }
    facts
}

fn best(sweep: &Sweep, judged_by: &str) -> Vec<Best> {
    let table = &sweep.settings;
    let ranked = ranked(table, judged_by, false);
    let of = |ranked: &super::best::Ranked| {
        let (place, cell) = example(sweep, ranked.row)?;
        Some(Best {
            value: format!("{} = {}{}", label(judged_by), Value::Measured(ranked.number).text(), unit(judged_by)),
            settings: settings(table, ranked.row),
            name: cell.planned.name.clone(),
            link: sweep.links[place].clone(),
            yaml: cell.planned.yaml.clone(),
        })
    };
    ranked.iter().take(BEST).filter_map(of).collect()
}

/// Failures first: they ask for something to be done.
fn broken_off(sweep: &Sweep) -> Vec<Kind<'_>> {
    let table = &sweep.cells;
    let of = |row, state: State| {
        let cell = table.cells(row).next().filter(|cell| cell.state() == state)?;
        let (stage, reason) = cell.broken_off()?;
        let settings = settings(table, row).join(", ");
        Some(BrokenOff { name: &cell.planned.name, settings, stage, reason })
    };
    let kind = |state: State| Kind {
        state: state.name(),
        cells: table.rows().iter().filter_map(|row| of(row, state)).collect(),
    };
    [State::Failed, State::Stopped].map(kind).into_iter().filter(|kind| !kind.cells.is_empty()).collect()
}
