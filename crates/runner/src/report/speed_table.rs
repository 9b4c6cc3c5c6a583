//! The table of speed: one row per batch size, one column per sampler, and what the student gains over two of them; and
//! a small one of what the teacher's own samples cost, from it and from the corrected student.

use super::numbers::{rate, significant, times, with_thousands};
use crate::figure::{SAMPLERS, Sampler, SpeedPoint, speed_points};
use flowstill_eval::exactness::{BASELINE, cheapest_in_words};
use flowstill_eval::{SpeedRow, TeacherCost, teacher_costs};
use serde::Serialize;

/// Rows measured with one number of threads.
#[derive(Debug, Serialize)]
pub struct SpeedTable {
    pub threads: usize,
    pub rows: Vec<BatchRow>,
    /// whether the student stands beside a teacher's sampler
    pub compared: bool,
    /// absent where no student was corrected
    exact: Option<ExactTable>,
}

/// What an effective sample of the teacher costs, at one batch size.
#[derive(Debug, Serialize)]
struct ExactTable {
    batch: String,
    rows: Vec<CostRow>,
    verdict: Option<String>,
}

#[derive(Debug, Serialize)]
struct CostRow {
    name: String,
    /// empty where proposals are not accepted or refused
    acceptance: String,
    share: String,
    efficiency: String,
    seconds: String,
    over_teacher: String,
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
    SpeedTable { threads, rows: batches.into_iter().map(row).collect(), compared, exact: exact(rows, threads) }
}

fn exact(rows: &[SpeedRow], threads: usize) -> Option<ExactTable> {
    let (batch, costs) = teacher_costs(rows, threads)?;
    let verdict = cheapest_in_words(batch, &costs);
    Some(ExactTable { batch: with_thousands(batch), rows: costs.iter().map(cost).collect(), verdict })
}

fn cost(cost: &TeacherCost) -> CostRow {
    let percent = |share: f64| format!("{} %", significant(100.0 * share, 3));
    CostRow {
        name: match cost.op.strip_prefix("student_") {
            Some(correction) => format!("student, {correction}"),
            None => SAMPLERS.iter().find(|sampler| sampler.op == BASELINE).map_or(BASELINE, |s| s.name).to_owned(),
        },
        acceptance: cost.effective.acceptance.map_or_else(String::new, percent),
        share: percent(cost.effective.share),
        efficiency: percent(cost.effective.efficiency),
        seconds: format!("{} µs", significant(1e6 * cost.effective.seconds_per_sample, 3)),
        over_teacher: cost.ratio.map_or_else(String::new, times),
    }
}

fn cell(point: Option<&SpeedPoint>) -> Cell {
    point.map_or_else(Cell::default, |point| Cell {
        median: rate(point.rate.median),
        quartiles: format!("{} – {}", rate(point.rate.quartiles[0]), rate(point.rate.quartiles[1])),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example::full;

    #[test]
    fn the_teachers_samples_have_a_cost_wherever_a_student_was_corrected() {
        let mut rows = full(9).speed;
        let table = &speed_tables(&rows)[0];
        let exact = table.exact.as_ref().expect("a corrected student");
        assert_eq!(exact.batch, "10\u{202f}000");
        let seen: Vec<_> =
            exact.rows.iter().map(|r| (r.name.as_str(), r.acceptance.as_str(), r.share.as_str())).collect();
        assert_eq!(seen, [("teacher, incremental", "", "100 %"), ("student, imh", "90.0 %", "80.0 %")]);
        // (9000 + 8·10⁴)/10⁴ µs per row, of which 80 % count, over (120 + 4·10⁴)/10⁴ µs
        assert_eq!((exact.rows[1].seconds.as_str(), exact.rows[1].over_teacher.as_str()), ("11.1 µs", "2.8×"));
        assert!(exact.verdict.as_ref().is_some_and(|words| words.contains("at least 2.8 times")), "{exact:?}");
        rows.iter_mut().for_each(|row| row.effective = None);
        assert!(speed_tables(&rows)[0].exact.is_none());
    }
}
