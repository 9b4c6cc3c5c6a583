//! How fast a sampler is.

use crate::timing::{Effort, Operation, Timing};
use serde::{Deserialize, Serialize};

/// Latency is told for batches up to this size; beyond it the throughput says the same.
const LARGEST_LATENCY_BATCH: usize = 100;
/// A point is left out when one call is predicted to take this many budgets.
const PATIENCE: f64 = 5.0;

/// One measurement: the median over repetitions of one operation at one batch size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpeedRow {
    /// `teacher_naive`, `teacher_jacobi`, `teacher_incremental` or `student`
    pub op: String,
    pub dim: usize,
    /// number of autoregressive layers
    pub layers: usize,
    pub hidden: Vec<usize>,
    pub batch: usize,
    pub threads: usize,
    /// samples per second, or microseconds per call, as `unit` says; the median
    pub value: f64,
    /// `samples/s` or `us`
    pub unit: String,
    /// first and third quartile of the same
    pub quartiles: [f64; 2],
    pub repetitions: usize,
}

/// All measurements, and in words what was left out of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// by batch, then by operation; the latency (small batches only) before the throughput
    pub rows: Vec<SpeedRow>,
    /// one sentence for each operation and batch that would have taken too long
    pub notes: Vec<String>,
}

/// How many times faster `op_a` is than `op_b` at one batch size, by throughput; `None` when either is not measured.
pub fn ratio(rows: &[SpeedRow], op_a: &str, op_b: &str, batch: usize) -> Option<f64> {
    let throughput =
        |op: &str| rows.iter().find(|r| r.op == op && r.batch == batch && r.unit == "samples/s").map(|r| r.value);
    Some(throughput(op_a)? / throughput(op_b)?)
}

/// A way of sampling to be measured.
pub(crate) struct Contender<'a> {
    /// name of the operation in the rows
    pub op: &'static str,
    pub dim: usize,
    pub layers: usize,
    pub hidden: Vec<usize>,
    /// draws one batch of the given size, with log-densities
    pub call: Box<dyn Fn(usize) + Sync + 'a>,
}

/// Measures all contenders at each batch size, smallest first; `time` is [`crate::timing::interleaved`] except in tests.
///
/// The time of a call is predicted linearly from the next smaller batch that was measured; a contender that would
/// need more than [`PATIENCE`] budgets for one call is left out of that batch, with a note.
pub(crate) fn measure_by(
    contenders: &[Contender],
    batches: &[usize],
    threads: usize,
    effort: Effort,
    time: &mut dyn FnMut(&mut [Operation], Effort) -> Vec<Timing>,
) -> Speed {
    let mut batches = batches.to_vec();
    batches.sort_unstable();
    batches.dedup();
    let limit = PATIENCE * effort.budget.as_secs_f64();
    let mut speed = Speed::default();
    let mut seconds_per_sample: Vec<Option<f64>> = vec![None; contenders.len()];
    for batch in batches {
        let mut entered = Vec::new();
        for (i, contender) in contenders.iter().enumerate() {
            let predicted = seconds_per_sample[i].map_or(0.0, |s| s * batch as f64);
            if predicted > limit {
                speed.notes.push(format!(
                    "{} is not measured at batch {batch}: one call would take about {predicted:.0} s, the limit is {limit:.0} s",
                    contender.op
                ));
            } else {
                entered.push(i);
            }
        }
        let mut calls: Vec<_> = entered.iter().map(|&i| move || (contenders[i].call)(batch)).collect();
        let names = entered.iter().map(|&i| contenders[i].op);
        let mut operations: Vec<Operation> = names.zip(calls.iter_mut().map(|call| call as &mut dyn FnMut())).collect();
        let timings = time(&mut operations, effort);
        for (i, timing) in entered.into_iter().zip(timings) {
            seconds_per_sample[i] = Some(timing.median() / batch as f64);
            speed.rows.extend(rows(&contenders[i], batch, threads, &timing));
        }
    }
    speed
}

/// The latency, if the batch is small, and the throughput.
fn rows(contender: &Contender, batch: usize, threads: usize, timing: &Timing) -> Vec<SpeedRow> {
    let row = |unit: &str, value: f64, quartiles: [f64; 2]| SpeedRow {
        op: contender.op.to_owned(),
        dim: contender.dim,
        layers: contender.layers,
        hidden: contender.hidden.clone(),
        batch,
        threads,
        value,
        unit: unit.to_owned(),
        quartiles,
        repetitions: timing.repetitions(),
    };
    let mut rows = Vec::new();
    let [fast, slow] = timing.quartiles();
    if batch <= LARGEST_LATENCY_BATCH {
        rows.push(row("us", timing.median() * 1e6, [fast * 1e6, slow * 1e6]));
    }
    // the slow quartile of times is the first quartile of throughputs
    let throughput = |seconds: f64| batch as f64 / seconds;
    rows.push(row("samples/s", throughput(timing.median()), [throughput(slow), throughput(fast)]));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn contender<'a>(op: &'static str, drawn: &'a AtomicUsize) -> Contender<'a> {
        let call = Box::new(move |batch| {
            drawn.fetch_add(batch, Ordering::Relaxed);
        });
        Contender { op, dim: 3, layers: 2, hidden: vec![8], call }
    }

    /// Calls each operation once and says that one sample takes 1 ms, of the operation `slow` 100 times as long.
    fn fake(operations: &mut [Operation], batch: usize) -> Vec<Timing> {
        let timing = |(name, call): &mut Operation| {
            call();
            let seconds = batch as f64 * if *name == "slow" { 0.1 } else { 0.001 };
            Timing::new(name, 1, vec![seconds, 2.0 * seconds, 3.0 * seconds])
        };
        operations.iter_mut().map(timing).collect()
    }

    fn measured() -> (Speed, usize) {
        let drawn = AtomicUsize::new(0);
        let contenders = [contender("slow", &drawn), contender("quick", &drawn)];
        let mut turns = [1usize, 10, 1000].into_iter();
        let speed = measure_by(&contenders, &[1000, 1, 10, 1], 4, Effort::new(9), &mut |operations, _| {
            fake(operations, turns.next().expect("each batch is measured once"))
        });
        (speed, drawn.load(Ordering::Relaxed))
    }

    #[test]
    fn rows_have_latency_for_small_batches_and_throughput_for_all_and_slow_points_become_notes() {
        let (speed, samples_drawn) = measured();
        assert_eq!(samples_drawn, 1 + 1 + 10 + 10 + 1000);
        let seen: Vec<_> = speed.rows.iter().map(|r| (r.batch, r.op.as_str(), r.unit.as_str())).collect();
        let small = |batch| {
            [(batch, "slow", "us"), (batch, "slow", "samples/s"), (batch, "quick", "us"), (batch, "quick", "samples/s")]
        };
        assert_eq!(seen, [&small(1)[..], &small(10)[..], &[(1000, "quick", "samples/s")]].concat());
        assert_eq!(
            speed.notes,
            ["slow is not measured at batch 1000: one call would take about 200 s, the limit is 10 s"]
        );
        let first = &speed.rows[0];
        assert_eq!(
            (first.dim, first.layers, &first.hidden[..], first.threads, first.repetitions),
            (3, 2, &[8][..], 4, 3)
        );
    }

    #[test]
    fn medians_quartiles_and_ratios_are_in_the_unit_of_the_row() {
        let (speed, _) = measured();
        let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-12, "{a} against {b}");
        let (latency, throughput) = (&speed.rows[0], &speed.rows[1]);
        close(latency.value, 200_000.0);
        close(latency.quartiles[0], 150_000.0);
        close(latency.quartiles[1], 250_000.0);
        close(throughput.value, 5.0);
        close(throughput.quartiles[0], 4.0);
        close(throughput.quartiles[1], 1.0 / 0.15);
        close(ratio(&speed.rows, "quick", "slow", 10).unwrap(), 100.0);
        assert_eq!(ratio(&speed.rows, "quick", "slow", 1000), None);
    }
}
