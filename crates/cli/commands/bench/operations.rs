//! `bench` of single operations on a shape or a checkpoint.

use crate::arguments::Bench as Options;
use crate::output;
use anyhow::{Context, Result, bail};
use comfy_table::{CellAlignment, Table, presets::UTF8_HORIZONTAL_ONLY};
use flowstill_eval::timing::Effort;
use flowstill_model::Checkpoint;
use flowstill_runner::bench::{Bench, BenchRow, Models, Operation, Shape, file_name};
use flowstill_runner::provenance::processor;
use std::time::Duration;

/// Rows of a call, unless the command says otherwise.
const BATCHES: [usize; 4] = [1, 100, 1000, 10_000];

pub fn measure(options: &Options, quiet: bool) -> Result<()> {
    let engine = options.engine.into();
    let models = match &options.checkpoint {
        Some(path) => Models::from_checkpoint(Checkpoint::load(path)?, engine),
        None => {
            let shape = Shape { dim: options.dim, hidden: options.hidden.clone(), layers: options.layers };
            Models::of(&shape, engine)?
        }
    };
    if let Some(folder) = &options.save_models {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        for checkpoint in models.checkpoints() {
            let path = folder.join(file_name(checkpoint.role));
            checkpoint.save(&path)?;
            output::result(path.display())?;
        }
        return Ok(());
    }
    let operations = options.ops.clone().unwrap_or_else(|| models.operations());
    let batches = options.batch.as_deref().unwrap_or(&BATCHES);
    let threads = super::threads(options);
    if options.serve {
        return serve(&models, &operations, batches, threads);
    }
    let bench = Bench::new(&models, threads, Effort::new(options.repetitions))?;
    let mut rows = Vec::new();
    for &batch in batches {
        for &operation in &operations {
            if !quiet {
                output::note(format_args!("{}, batch {batch}", operation.name()));
            }
            bench.measure(operation, batch, &mut |row| {
                let wanted = row.is_none();
                rows.extend(row);
                wanted
            })?;
            if options.json
                && let Some(row) = rows.last()
                && !output::result_if_read(serde_json::to_string(row)?)?
            {
                return Ok(());
            }
        }
    }
    if options.json {
        return Ok(());
    }
    let title = format!("medians, threads: {threads}, {}, {}", isa(&rows), processor());
    output::result(format_args!("{title}\n{}", table(&rows)))?;
    Ok(())
}

/// One measurement for each line on standard input, for programs that take turns with others on one machine.
fn serve(models: &Models, operations: &[Operation], batches: &[usize], threads: usize) -> Result<()> {
    let (&[operation], &[batch]) = (operations, batches) else {
        bail!("--serve measures one operation at one batch size; give one of --ops and one of --batch");
    };
    // as long as a turn is meant to last, the yardsticks beside it
    let effort = Effort { repetitions: 5, shortest: Duration::from_millis(20), budget: Duration::from_millis(500) };
    let bench = Bench::new(models, threads, effort)?;
    let mut broken = None;
    bench.measure(operation, batch, &mut |row| match answer(row) {
        Ok(more) => more,
        Err(error) => {
            broken = Some(error);
            false
        }
    })?;
    broken.map_or(Ok(()), Err)
}

/// Says what there is to say and waits for the next line; false at the end of the input.
fn answer(row: Option<BenchRow>) -> Result<bool> {
    let read = match row {
        None => output::result_if_read("{\"ready\": true}")?,
        Some(row) => output::result_if_read(serde_json::to_string(&row)?)?,
    };
    Ok(read && std::io::stdin().read_line(&mut String::new()).context("cannot read standard input")? > 0)
}

fn isa(rows: &[BenchRow]) -> &str {
    rows.first().map_or("", |row| row.isa.as_str())
}

fn table(rows: &[BenchRow]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY);
    table.set_header(["operation", "batch", "time", "rows/s", "GFLOP/s", "of a product", "as if dense", "limit"]);
    for row in rows {
        let (flops, share) = (row.flops > 0.0, |share: f64| format!("{:.0} %", 100.0 * share));
        let limit = row.read_seconds.filter(|_| row.weight_bytes > 0).map(|seconds| {
            let mebibytes = row.weight_bytes as f64 / f64::from(1 << 20);
            format!("{mebibytes:.1} MiB of weights read in {}: {:.2}×", time(seconds), row.seconds / seconds)
        });
        let or_dash = |show: bool, text: String| if show { text } else { "–".to_owned() };
        table.add_row([
            row.op.clone(),
            row.batch.to_string(),
            time(row.seconds),
            format!("{:.0}", row.batch as f64 / row.seconds),
            or_dash(flops, format!("{:.1}", row.flops / row.seconds / 1e9)),
            or_dash(flops, share(row.share())),
            or_dash(flops, share(row.dense_share())),
            limit.unwrap_or_default(),
        ]);
    }
    for column in table.column_iter_mut().skip(1).take(6) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

pub(super) fn time(seconds: f64) -> String {
    match seconds {
        s if s < 1e-3 => format!("{:.1} µs", s * 1e6),
        s if s < 1.0 => format!("{:.2} ms", s * 1e3),
        s => format!("{s:.2} s"),
    }
}
