//! Learning curves of all cells, thinned so that a thousand of them stay small.

use crate::curves as validations;
use crate::error::SweepError;
use crate::results::{Cell, METRICS};
use crate::stage::Kind;
use crate::store::{Store, read_json};
use flowstill_runner::stage::StageRecord;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

/// What a validation is called where it measures nothing else.
const VALIDATION: &str = "validation";
/// Points of a curve, at most.
pub const POINTS: usize = 60;
/// Significant digits of a value.
const DIGITS: usize = 4;

/// The curves of both stages; many share their steps, which are therefore held once.
#[derive(Debug, Default, Serialize)]
pub struct Curves {
    pub steps: Vec<Vec<u64>>,
    pub student: Vec<Curve>,
    pub teacher: Vec<Curve>,
    /// records of trainings that could not be read
    #[serde(skip)]
    pub unread: Vec<SweepError>,
}

/// One training.
#[derive(Debug, Serialize)]
pub struct Curve {
    /// whose it is; several cells share a teacher
    pub cells: Vec<usize>,
    /// index among [`Curves::steps`]
    pub steps: usize,
    /// values by the name of what was measured; not a number where they are not finite
    pub measures: BTreeMap<String, Vec<Option<f64>>>,
}

/// Values by the name of what was measured.
type Measures = Vec<(String, Vec<(u64, f64)>)>;

impl Curves {
    /// What the trainings of the cells that have ended left in their folders; of those that were ended early, the
    /// metric `judged` by which they were.
    pub fn read(dir: &Path, cells: &[Cell], judged: Option<&str>) -> Self {
        let store = Store::new(dir);
        let mut curves = Self::default();
        let mut known_steps = HashMap::new();
        let mut teachers: HashMap<&str, usize> = HashMap::new();
        let mut without: HashSet<&str> = HashSet::new();
        for (index, cell) in cells.iter().enumerate().filter(|(_, cell)| cell.result.is_some()) {
            let folder = dir.join("cells").join(&cell.planned.name);
            let measures = match curves.record(&folder.join("student.json")) {
                Some(record) => of_student(&record, judged),
                None => cell.planned.stage(Kind::Student).zip(judged).map_or_else(Vec::new, |(student, metric)| {
                    vec![(metric.to_owned(), validations::read(&store, &student, metric))]
                }),
            };
            curves.student.extend(curves_of(index, measures, &mut curves.steps, &mut known_steps));
            let Some(key) = cell.planned.stages.teacher.as_deref() else { continue };
            if let Some(&place) = teachers.get(key) {
                curves.teacher[place].cells.push(index);
            } else if !without.contains(key) {
                let reached = match curves.record(&folder.join("teacher.json")) {
                    Some(record) => record.validation_curve(),
                    None => cell
                        .planned
                        .stage(Kind::Teacher)
                        .map_or_else(Vec::new, |teacher| validations::read(&store, &teacher, VALIDATION)),
                };
                let all = vec![(VALIDATION.to_owned(), reached)];
                let curve = curves_of(index, all, &mut curves.steps, &mut known_steps);
                match curve {
                    Some(curve) => {
                        teachers.insert(key, curves.teacher.len());
                        curves.teacher.push(curve);
                    }
                    None => {
                        without.insert(key);
                    }
                }
            }
        }
        curves
    }

    /// The record of a training; none where it cannot be read, which is noted.
    fn record(&mut self, path: &Path) -> Option<StageRecord> {
        read_json(path).unwrap_or_else(|error| {
            self.unread.push(error);
            None
        })
    }
}

/// What a page compares students by, and what else they were judged by.
fn of_student(record: &StageRecord, judged: Option<&str>) -> Measures {
    let named = |name: &String| METRICS.iter().any(|metric| metric.name == name);
    let measured = record.measures.iter().filter(|name| named(name));
    let mut all: Measures = measured.map(|name| (name.clone(), record.measured(name))).collect();
    if judged == Some(VALIDATION) {
        all.push((VALIDATION.to_owned(), record.validation_curve()));
    }
    all
}

/// The thinned curve of one cell; nothing where nothing was measured.
fn curves_of(
    cell: usize,
    measures: Measures,
    steps: &mut Vec<Vec<u64>>,
    known: &mut HashMap<Vec<u64>, usize>,
) -> Option<Curve> {
    let kept = thinned(measures.first()?.1.len());
    let own: Vec<u64> = kept.iter().map(|&i| measures[0].1[i].0).collect();
    if own.is_empty() {
        return None;
    }
    let place = *known.entry(own).or_insert_with_key(|own| {
        steps.push(own.clone());
        steps.len() - 1
    });
    let values = |curve: &[(u64, f64)]| {
        let value = |&i: &usize| curve.get(i).and_then(|(_, value)| rounded(*value, DIGITS));
        kept.iter().map(value).collect()
    };
    let measures = measures.iter().map(|(name, curve)| (name.clone(), values(curve))).collect();
    Some(Curve { cells: vec![cell], steps: place, measures })
}

/// Which of `length` points are kept: the first, the last, and others at even distances.
fn thinned(length: usize) -> Vec<usize> {
    if length <= POINTS {
        return (0..length).collect();
    }
    (0..POINTS).map(|i| i * (length - 1) / (POINTS - 1)).collect()
}

/// A number with so many significant digits, if it is one.
pub fn rounded(value: f64, digits: usize) -> Option<f64> {
    if !value.is_finite() {
        return None;
    }
    Some(format!("{value:.*e}", digits - 1).parse().expect("a number that was just written"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_curve_keeps_its_ends_and_no_point_twice() {
        assert_eq!(thinned(3), [0, 1, 2]);
        for length in [61, 100, 10_000] {
            let kept = thinned(length);
            assert_eq!((kept.len(), kept[0], kept[POINTS - 1]), (POINTS, 0, length - 1));
            assert!(kept.windows(2).all(|pair| pair[0] < pair[1]), "{length}");
        }
    }

    #[test]
    fn numbers_are_cut_to_their_digits() {
        assert_eq!(rounded(0.012_345_6, 4), Some(0.01235));
        assert_eq!(rounded(-123_456.0, 4), Some(-123_500.0));
        assert_eq!(rounded(0.0, 4), Some(0.0));
        assert_eq!(rounded(f64::NAN, 4), None);
    }
}
