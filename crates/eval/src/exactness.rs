//! What a sample of the teacher costs when its student draws it: a corrected student gives exact rows that repeat, or
//! pays for rows that are thrown away, so rows per second say too much and effective rows per second are compared.

use crate::SpeedRow;
use flowstill_sampler::{Corrected, Correction, Imh, Rejection, Sir};
use serde::{Deserialize, Serialize};

/// The teacher's sampler that a corrected student has to beat.
pub const BASELINE: &str = "teacher_incremental";

/// One way to correct the student.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Corrector {
    pub op: &'static str,
    pub correction: Correction,
    /// rows proposed for a batch, about
    pub proposals: fn(usize) -> usize,
}

/// All ways, each with its usual settings. Rejection proposes at least so many.
pub(crate) const CORRECTED: [Corrector; 3] = [
    Corrector {
        op: "student_imh",
        correction: Correction::Imh(Imh { chains: Imh::CHAINS, burn_in: Imh::BURN_IN }),
        proposals: |batch| batch + Imh::CHAINS * Imh::BURN_IN as usize,
    },
    Corrector {
        op: "student_sir",
        correction: Correction::Sir(Sir { pool: Sir::POOL }),
        proposals: |batch| batch * Sir::POOL,
    },
    Corrector {
        op: "student_rejection",
        correction: Correction::Rejection(Rejection { log_bound: None }),
        proposals: |batch| batch + Rejection::PILOT_ROWS as usize,
    },
];

/// What a batch yields of the teacher's samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Yield {
    pub share: f64,
    pub efficiency: f64,
    pub acceptance: Option<f64>,
}

impl Yield {
    /// Independent samples of the teacher itself.
    pub const ALL: Self = Self { share: 1.0, efficiency: 1.0, acceptance: None };

    pub fn of(corrected: &Corrected) -> Self {
        Self { share: corrected.share(), efficiency: corrected.efficiency(), acceptance: corrected.acceptance() }
    }
}

/// The cost of one effective sample of the teacher, and where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Effective {
    /// seconds per effective sample; the median
    pub seconds_per_sample: f64,
    /// effective samples per row that is returned
    pub share: f64,
    /// effective samples per row that is proposed, burn-in and pilot included
    pub efficiency: f64,
    /// share of the proposals that are accepted, where proposals are accepted or not
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acceptance: Option<f64>,
}

impl Effective {
    pub(crate) fn of(yields: Yield, seconds_per_row: f64) -> Self {
        let Yield { share, efficiency, acceptance } = yields;
        Self { seconds_per_sample: seconds_per_row / share, share, efficiency, acceptance }
    }
}

/// What one sampler needs for a sample of the teacher.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TeacherCost<'a> {
    pub op: &'a str,
    pub effective: Effective,
    /// its cost over that of [`BASELINE`]; absent where that was not measured
    pub ratio: Option<f64>,
}

/// [`BASELINE`] and every corrected student that was measured with `threads` threads, at the largest batch of those, in
/// the order of the rows. Nothing if no student was corrected, as in files of earlier versions.
pub fn teacher_costs(rows: &[SpeedRow], threads: usize) -> Option<(usize, Vec<TeacherCost<'_>>)> {
    let is_corrected = |row: &SpeedRow| CORRECTED.iter().any(|corrector| corrector.op == row.op);
    let measured = rows.iter().filter(|row| {
        let counts = row.effective.is_some_and(|e| e.seconds_per_sample > 0.0 && e.seconds_per_sample.is_finite());
        counts && row.threads == threads && (row.op == BASELINE || is_corrected(row))
    });
    let batch = measured.clone().filter(|row| is_corrected(row)).map(|row| row.batch).max()?;
    let mut costs: Vec<TeacherCost> = measured
        .filter(|row| row.batch == batch)
        .filter_map(|row| Some(TeacherCost { op: &row.op, effective: row.effective?, ratio: None }))
        .collect();
    if let Some(baseline) = costs.iter().find(|cost| cost.op == BASELINE).map(|cost| cost.effective) {
        for cost in &mut costs {
            cost.ratio = Some(cost.effective.seconds_per_sample / baseline.seconds_per_sample);
        }
    }
    Some((batch, costs))
}

/// Rows from which on methods are compared in words.
const LEAST_BATCH: usize = 1000;

/// Which sampler gives the teacher's samples most cheaply, in a sentence; nothing where there is nothing to compare.
pub fn cheapest_in_words(batch: usize, costs: &[TeacherCost]) -> Option<String> {
    let corrected = costs.iter().filter(|cost| cost.op != BASELINE);
    let best = corrected.min_by(|a, b| a.effective.seconds_per_sample.total_cmp(&b.effective.seconds_per_sample))?;
    // a burn-in or a pilot for a few rows says nothing of the method
    if batch < LEAST_BATCH {
        return None;
    }
    let (ratio, name) = (best.ratio?, best.op.trim_start_matches("student_"));
    let teacher = "the teacher's incremental sampler";
    Some(if ratio < 1.0 {
        format!(
            "At batch {batch} the student corrected by {name} is the cheapest source of the teacher's samples: an effective \
             sample costs {ratio:.2} times what {teacher} needs."
        )
    } else {
        format!(
            "At batch {batch} {teacher} is the cheapest source of its samples: an effective sample of the corrected student \
             costs at least {ratio:.1} times as much (by {name})."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(op: &str, batch: usize, threads: usize, seconds: f64) -> SpeedRow {
        SpeedRow {
            op: op.to_owned(),
            dim: 2,
            layers: 1,
            hidden: vec![4],
            batch,
            threads,
            value: 1.0,
            unit: "samples/s".to_owned(),
            quartiles: [1.0; 2],
            repetitions: 1,
            effective: Some(Effective::of(Yield { share: 0.5, efficiency: 0.2, acceptance: None }, seconds)),
        }
    }

    #[test]
    fn costs_are_those_of_the_largest_batch_over_the_incremental_teacher() {
        let mut rows = vec![
            row(BASELINE, 10, 2, 9.0),
            row(BASELINE, 1000, 2, 4.0),
            row("teacher_naive", 1000, 2, 50.0),
            row("student_imh", 1000, 2, 1.0),
            row("student_sir", 1000, 2, 6.0),
            row("student_rejection", 1000, 1, 0.1),
        ];
        let (batch, costs) = teacher_costs(&rows, 2).unwrap();
        let seen: Vec<_> = costs.iter().map(|cost| (cost.op, cost.ratio)).collect();
        assert_eq!(seen, [(BASELINE, Some(1.0)), ("student_imh", Some(0.25)), ("student_sir", Some(1.5))]);
        // twice the seconds per row, as every second row counts
        assert_eq!(costs[1].effective.seconds_per_sample, 2.0);
        let words = cheapest_in_words(batch, &costs).unwrap();
        assert!(
            words.starts_with("At batch 1000 the student corrected by imh") && words.contains("0.25 times"),
            "{words}"
        );
        let dear: Vec<_> = costs.iter().copied().filter(|cost| cost.op != "student_imh").collect();
        let words = cheapest_in_words(batch, &dear).unwrap();
        assert!(words.contains("incremental sampler is the cheapest") && words.contains("1.5 times"), "{words}");
        let (_, alone) = teacher_costs(&rows, 1).unwrap();
        assert_eq!((alone[0].ratio, cheapest_in_words(1000, &alone)), (None, None));
        // few rows carry the whole burn-in
        assert_eq!(cheapest_in_words(10, &costs), None);
        rows.iter_mut().for_each(|row| row.effective = None);
        assert_eq!(teacher_costs(&rows, 2), None);
    }
}
