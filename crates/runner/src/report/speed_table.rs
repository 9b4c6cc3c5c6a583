//! The table of speed: one row per batch size, one column per sampler, and what the student gains over two of them.

use super::numbers::{rate, times, with_thousands};
use crate::figure::{SAMPLERS, Sampler, SpeedPoint, speed_points};
use flowstill_eval::SpeedRow;
use serde::Serialize;

/// Rows measured with one number of threads.
#[derive(Debug, Serialize)]
pub struct SpeedTable {
    pub threads: usize,
    pub rows: Vec<BatchRow>,
    /// whether the student stands beside a teacher's sampler
    pub compared: bool,
}

/// One batch size.
#[derive(Debug, Serialize)]
pub struct BatchRow {
    batch: String,
    /// in the order of [`measured`]; empty where not measured
    rates: Vec<Cell>,
    over_naive: String,
    over_incremental: String,
}

/// A median and the quartiles around it.
#[derive(Debug, Default, Serialize)]
pub struct Cell {
    median: String,
    quartiles: String,
}

/// The student's rate over that of a teacher's sampler, by rising batch size.
pub type Ratios = Vec<(usize, f64)>;

/// The samplers that were measured at all; there are none of a teacher that is no flow.
pub fn measured(rows: &[SpeedRow]) -> Vec<Sampler> {
    SAMPLERS.into_iter().filter(|sampler| rows.iter().any(|row| row.op == sampler.op)).collect()
}

/// One table for each number of threads, the largest first.
pub fn speed_tables(rows: &[SpeedRow]) -> Vec<SpeedTable> {
    let mut threads: Vec<usize> = rows.iter().map(|row| row.threads).collect();
    threads.sort_unstable();
    threads.dedup();
    threads.into_iter().rev().map(|threads| table(rows, threads)).filter(|table| !table.rows.is_empty()).collect()
}

/// How many times faster the student is than the sampler `op` of the teacher, with `threads` threads.
pub fn ratios(rows: &[SpeedRow], op: &str, threads: usize) -> Ratios {
    let of = |op: &str| {
        let sampler = SAMPLERS.into_iter().find(|sampler| sampler.op == op);
        sampler.map(|sampler| speed_points(rows, sampler, threads)).unwrap_or_default()
    };
    let teacher = of(op);
    let ratio = |student: SpeedPoint| {
        let other = teacher.iter().find(|point| point.batch == student.batch)?;
        Some((student.batch, student.rate.median / other.rate.median))
    };
    of("student").into_iter().filter_map(ratio).collect()
}

fn table(rows: &[SpeedRow], threads: usize) -> SpeedTable {
    let samplers = measured(rows);
    let series: Vec<_> = samplers.iter().map(|sampler| speed_points(rows, *sampler, threads)).collect();
    let mut batches: Vec<usize> = series.iter().flatten().map(|point| point.batch).collect();
    batches.sort_unstable();
    batches.dedup();
    let naive = ratios(rows, "teacher_naive", threads);
    let incremental = ratios(rows, "teacher_incremental", threads);
    let gain = |ratios: &Ratios, batch: usize| {
        ratios.iter().find(|(other, _)| *other == batch).map_or_else(String::new, |(_, ratio)| times(*ratio))
    };
    let row = |batch: usize| BatchRow {
        batch: with_thousands(batch),
        rates: series.iter().map(|points| cell(points.iter().find(|point| point.batch == batch))).collect(),
        over_naive: gain(&naive, batch),
        over_incremental: gain(&incremental, batch),
    };
    let compared = samplers.iter().any(|sampler| sampler.op != "student");
    SpeedTable { threads, rows: batches.into_iter().map(row).collect(), compared }
}

fn cell(point: Option<&SpeedPoint>) -> Cell {
    point.map_or_else(Cell::default, |point| Cell {
        median: rate(point.rate.median),
        quartiles: format!("{} – {}", rate(point.rate.quartiles[0]), rate(point.rate.quartiles[1])),
    })
}
