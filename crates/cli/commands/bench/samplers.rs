//! `bench --teacher --student`: how fast both sample, side by side.

use crate::arguments::Bench;
use crate::output;
use anyhow::{Result, bail};
use comfy_table::{Table, presets::UTF8_HORIZONTAL_ONLY};
use flowstill_eval::exactness::cheapest_in_words;
use flowstill_eval::{SpeedRow, measure, ratio, teacher_costs};
use flowstill_model::Role;
use flowstill_runner::RunError;
use flowstill_runner::provenance::processor;
use flowstill_sampler::Sampler;
use std::path::Path;

const OPS: [&str; 4] = ["teacher_naive", "teacher_jacobi", "teacher_incremental", "student"];

/// Rows drawn in one call, unless the command says otherwise.
const BATCHES: [usize; 5] = [1, 10, 100, 1000, 10_000];

pub fn compare(options: &Bench, teacher: &Path, student: &Path) -> Result<()> {
    let teacher = Sampler::load(teacher)?;
    let student = Sampler::load(student)?;
    for (flag, wanted, sampler) in [("--teacher", Role::Teacher, &teacher), ("--student", Role::Student, &student)] {
        if sampler.role() != wanted {
            bail!("{flag} holds a {}; expected a {}", sampler.role().name(), wanted.name());
        }
    }
    let threads = super::threads(options);
    let batches = options.batch.as_deref().unwrap_or(&BATCHES);
    let speed = measure(&teacher, &student, batches, options.repetitions, threads).map_err(RunError::from)?;
    if options.json {
        for row in &speed.rows {
            output::result(serde_json::to_string(row)?)?;
        }
    } else {
        print_table(&speed.rows, batches, threads)?;
        print_costs(&speed.rows, threads)?;
    }
    for note in &speed.notes {
        output::note(format_args!("note: {note}"));
    }
    Ok(())
}

fn print_table(rows: &[SpeedRow], batches: &[usize], threads: usize) -> Result<(), RunError> {
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY);
    table.set_header(["batch", "teacher naive", "Jacobi", "incremental", "student", "÷ naive", "÷ incremental"]);
    for &batch in batches {
        let cell = |op: &str| {
            let row = rows.iter().find(|r| r.op == op && r.batch == batch && r.unit == "samples/s");
            row.map_or_else(|| "–".to_owned(), |r| format!("{:.0}/s", r.value))
        };
        let times = |op: &str| ratio(rows, "student", op, batch).map_or_else(|| "–".to_owned(), |r| format!("{r:.2}×"));
        let mut line = vec![batch.to_string()];
        line.extend(OPS.map(cell));
        line.extend([times("teacher_naive"), times("teacher_incremental")]);
        table.add_row(line);
    }
    let title = format!("samples per second with log-density, medians, threads: {threads}, {}", processor());
    output::result(format_args!("{title}\n{table}"))
}

/// What the teacher's samples cost, where the student was corrected.
fn print_costs(rows: &[SpeedRow], threads: usize) -> Result<(), RunError> {
    let Some((batch, costs)) = teacher_costs(rows, threads) else { return Ok(()) };
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY);
    table.set_header([
        "sampler",
        "accepted",
        "effective/row",
        "effective/proposal",
        "time per effective sample",
        "÷ teacher",
    ]);
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    for cost in &costs {
        table.add_row([
            cost.op.replace('_', " "),
            cost.effective.acceptance.map_or_else(|| "–".to_owned(), percent),
            percent(cost.effective.share),
            percent(cost.effective.efficiency),
            super::operations::time(cost.effective.seconds_per_sample),
            cost.ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}×")),
        ]);
    }
    let verdict = cheapest_in_words(batch, &costs).unwrap_or_default();
    output::result(format_args!("\nsamples of the teacher, batch {batch}\n{table}\n{verdict}"))
}
