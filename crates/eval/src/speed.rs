//! How fast a sampler is.

use crate::exactness::{Effective, Yield};
use crate::timing::{Effort, Operation, Timing};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Latency is told for batches up to this size; beyond it the throughput says the same.
const LARGEST_LATENCY_BATCH: usize = 100;
/// A point is left out when one call is predicted to take this many budgets.
const PATIENCE: u32 = 5;
/// The contender whose time per row predicts that of a corrected student.
const STUDENT: &str = "student";

/// One measurement: the median over repetitions of one operation at one batch size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpeedRow {
    /// `teacher_naive`, `teacher_jacobi`, `teacher_incremental`, `student`, or the student corrected by its teacher:
    /// `student_imh`, `student_sir`, `student_rejection`
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
    /// what a sample of the teacher costs; in rows of `samples/s` whose samples are the teacher's
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<Effective>,
}

/// All measurements, and in words what was left out of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// by batch, then by operation; the latency (small batches only) before the throughput; corrected students at the
    /// largest batch only
    pub rows: Vec<SpeedRow>,
    /// one sentence for each operation and batch that would have taken too long or is impossible
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
    /// what a batch yields of the teacher's samples, nothing for samples that are not; in words why it cannot be drawn
    /// within a time
    pub yields: Box<dyn Fn(usize, Duration) -> Result<Option<Yield>, String> + Sync + 'a>,
    /// of a corrected student: the rows that it proposes for a batch, about. Small batches are all burn-in, pool or
    /// pilot, so it is measured at the largest alone
    pub proposals: Option<fn(usize) -> usize>,
}

/// Measures all contenders at each batch size, smallest first; `time` is [`crate::timing::interleaved`] except in tests.
///
/// The time of a call is predicted linearly from the next smaller batch that was measured, of a corrected student from
/// the student itself, with as much again for the teacher; a contender that would need more than [`PATIENCE`] budgets
/// for one call is left out of that batch, with a note.
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
    let limit = PATIENCE * effort.budget;
    let student = contenders.iter().position(|contender| contender.op == STUDENT);
    let mut speed = Speed::default();
    let mut seconds_per_sample: Vec<Option<f64>> = vec![None; contenders.len()];
    for (turn, &batch) in batches.iter().enumerate() {
        let mut entered = Vec::new();
        for (i, contender) in contenders.iter().enumerate() {
            let (known, rows) = match contender.proposals {
                Some(_) if turn + 1 < batches.len() => continue,
                Some(proposals) => (student.and_then(|student| seconds_per_sample[student]), 2 * proposals(batch)),
                None => (seconds_per_sample[i], batch),
            };
            let predicted = known.map_or(0.0, |seconds| seconds * rows as f64);
            let yields = if predicted > limit.as_secs_f64() {
                Err(format!("one call would take about {predicted:.0} s, the limit is {} s", limit.as_secs()))
            } else {
                (contender.yields)(batch, limit)
            };
            match yields {
                Ok(yields) => entered.push((i, yields)),
                Err(why) => speed.notes.push(format!("{} is not measured at batch {batch}: {why}", contender.op)),
            }
        }
        let mut calls: Vec<_> = entered.iter().map(|&(i, _)| move || (contenders[i].call)(batch)).collect();
        let names = entered.iter().map(|&(i, _)| contenders[i].op);
        let mut operations: Vec<Operation> = names.zip(calls.iter_mut().map(|call| call as &mut dyn FnMut())).collect();
        let timings = time(&mut operations, effort);
        for ((i, yields), timing) in entered.into_iter().zip(timings) {
            seconds_per_sample[i] = Some(timing.median() / batch as f64);
            speed.rows.extend(rows(&contenders[i], batch, threads, &timing, yields));
        }
    }
    speed
}

/// The latency, if the batch is small, and the throughput.
fn rows(contender: &Contender, batch: usize, threads: usize, timing: &Timing, yields: Option<Yield>) -> Vec<SpeedRow> {
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
        effective: None,
    };
    let mut rows = Vec::new();
    let [fast, slow] = timing.quartiles();
    if batch <= LARGEST_LATENCY_BATCH {
        rows.push(row("us", timing.median() * 1e6, [fast * 1e6, slow * 1e6]));
    }
    // the slow quartile of times is the first quartile of throughputs
    let throughput = |seconds: f64| batch as f64 / seconds;
    let effective = yields.map(|yields| Effective::of(yields, timing.median() / batch as f64));
    let row = row("samples/s", throughput(timing.median()), [throughput(slow), throughput(fast)]);
    rows.push(SpeedRow { effective, ..row });
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
        let yields = Box::new(|_, _| Ok(None));
        Contender { op, dim: 3, layers: 2, hidden: vec![8], call, yields, proposals: None }
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
    fn a_corrected_student_is_measured_once_if_it_can_be_and_is_worth_it() {
        let drawn = AtomicUsize::new(0);
        let half = Yield { share: 0.5, efficiency: 0.1, acceptance: Some(0.4) };
        let corrected = |op, proposals, yields: Result<Option<Yield>, String>| Contender {
            yields: Box::new(move |_, _| yields.clone()),
            proposals: Some(proposals),
            ..contender(op, &drawn)
        };
        let contenders = [
            contender(STUDENT, &drawn),
            corrected("student_imh", |batch| 2 * batch, Ok(Some(half))),
            // 6000 rows of two flows at a median of two milliseconds each
            corrected("student_sir", |batch| 60 * batch, Ok(Some(half))),
            corrected("student_rejection", |batch| batch, Err("hopeless".to_owned())),
        ];
        let mut turns = [10usize, 100].into_iter();
        let speed = measure_by(&contenders, &[10, 100], 1, Effort::new(9), &mut |operations, _| {
            fake(operations, turns.next().expect("each batch is measured once"))
        });
        let seen: Vec<_> =
            speed.rows.iter().filter(|r| r.unit == "samples/s").map(|r| (r.batch, r.op.as_str())).collect();
        assert_eq!(seen, [(10, STUDENT), (100, STUDENT), (100, "student_imh")]);
        assert_eq!(
            speed.notes,
            [
                "student_sir is not measured at batch 100: one call would take about 24 s, the limit is 10 s",
                "student_rejection is not measured at batch 100: hopeless"
            ]
        );
        // 2 ms per sample, of which every second one counts
        let effective: Vec<_> = speed.rows.iter().filter_map(|r| r.effective).collect();
        assert_eq!(effective, [Effective::of(half, 0.002)]);
        assert_eq!(effective[0].seconds_per_sample, 0.004);
        // a row of another version has no such key, and one without it writes none
        let json = |row: &SpeedRow| serde_json::to_value(row).unwrap();
        assert!(json(&speed.rows[0]).get("effective").is_none());
        assert_eq!(serde_json::from_value::<SpeedRow>(json(&speed.rows[0])).unwrap(), speed.rows[0]);
        let last = speed.rows.last().unwrap();
        assert_eq!(serde_json::from_value::<SpeedRow>(json(last)).unwrap(), *last);
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
