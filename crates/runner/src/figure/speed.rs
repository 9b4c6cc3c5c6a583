//! What the figures and tables of speed read from the measured rows.

use super::palette::{NAVY, SKY, Source};
use flowstill_eval::SpeedRow;
use plotters::style::RGBColor;

/// One way to draw samples: its name in the rows, and the names people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampler {
    pub op: &'static str,
    pub name: &'static str,
}

pub const SAMPLERS: [Sampler; 4] = [
    Sampler { op: "teacher_naive", name: "teacher, naive" },
    Sampler { op: "teacher_jacobi", name: "teacher, Jacobi" },
    Sampler { op: "teacher_incremental", name: "teacher, incremental" },
    Sampler { op: "student", name: "student" },
];

impl Sampler {
    pub(super) fn colour(self) -> RGBColor {
        match self.op {
            "teacher_naive" => SKY,
            "teacher_jacobi" => Source::Teacher.colour(),
            "teacher_incremental" => NAVY,
            _ => Source::Student.colour(),
        }
    }
}

/// A median and the quartiles around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    pub median: f64,
    pub quartiles: [f64; 2],
}

/// One sampler at one batch size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpeedPoint {
    pub batch: usize,
    /// samples per second
    pub rate: Spread,
    /// microseconds of one call
    pub time: Spread,
}

/// What `sampler` reached with `threads` threads, by rising batch size.
///
/// A rate that was not measured follows from the time, and the other way round; rows that are not positive numbers, or
/// of a unit that is not known, are left out.
pub fn speed_points(rows: &[SpeedRow], sampler: Sampler, threads: usize) -> Vec<SpeedPoint> {
    let own = |row: &&SpeedRow| {
        let numbers = [row.value, row.quartiles[0], row.quartiles[1]];
        row.op == sampler.op
            && row.threads == threads
            && row.batch > 0
            && numbers.iter().all(|n| *n > 0.0 && n.is_finite())
    };
    let mut batches: Vec<usize> = rows.iter().filter(own).map(|row| row.batch).collect();
    batches.sort_unstable();
    batches.dedup();
    let measured = |batch: usize, unit: &str| {
        let row = rows.iter().filter(own).find(|row| row.batch == batch && row.unit == unit)?;
        Some(Spread { median: row.value, quartiles: row.quartiles })
    };
    let points = batches.into_iter().filter_map(|batch| {
        let (rate, time) = (measured(batch, "samples/s"), measured(batch, "us"));
        let other = |spread: Spread| inverted(spread, batch);
        Some(SpeedPoint { batch, rate: rate.or(time.map(other))?, time: time.or(rate.map(other))? })
    });
    points.collect()
}

/// From time to rate or back, with the quartiles in rising order.
fn inverted(spread: Spread, batch: usize) -> Spread {
    let other = |value: f64| batch as f64 * 1e6 / value;
    let [first, third] = spread.quartiles;
    Spread { median: other(spread.median), quartiles: [other(third), other(first)] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(batch: usize, unit: &str, value: f64, quartiles: [f64; 2]) -> SpeedRow {
        let (op, unit) = ("student".into(), unit.into());
        let (hidden, effective) = (vec![4], None);
        SpeedRow { op, dim: 2, layers: 1, hidden, batch, threads: 1, value, unit, quartiles, repetitions: 3, effective }
    }

    #[test]
    fn rates_and_times_turn_into_each_other() {
        let rows = [row(100, "us", 50.0, [40.0, 100.0]), row(10, "samples/s", 1e6, [1e6, 2e6])];
        let points = speed_points(&rows, SAMPLERS[3], 1);
        assert_eq!(points.iter().map(|point| point.batch).collect::<Vec<_>>(), [10, 100]);
        assert_eq!(points[1].rate, Spread { median: 2e6, quartiles: [1e6, 2.5e6] });
        assert_eq!(points[0].time, Spread { median: 10.0, quartiles: [5.0, 10.0] });
        assert!(speed_points(&rows, SAMPLERS[3], 2).is_empty());
        assert!(speed_points(&rows, SAMPLERS[0], 1).is_empty());
    }

    #[test]
    fn a_measured_number_goes_before_a_derived_one_and_nonsense_is_left_out() {
        let rows =
            [row(10, "us", 10.0, [9.0, 11.0]), row(10, "samples/s", 2e6, [1e6, 3e6]), row(1, "us", 0.0, [0.0; 2])];
        let points = speed_points(&rows, SAMPLERS[3], 1);
        assert_eq!(points.len(), 1);
        assert_eq!((points[0].rate.median, points[0].time.median), (2e6, 10.0));
        assert!(speed_points(&[row(5, "parsec", 1.0, [1.0; 2])], SAMPLERS[3], 1).is_empty());
    }
}
