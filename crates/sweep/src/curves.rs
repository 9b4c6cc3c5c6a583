//! The validations of students while they are trained, for those who compare themselves with them.

use crate::error::SweepError;
use crate::plan::{Plan, Stopping};
use crate::stage::{Kind, StageId};
use crate::stopping::Curve;
use crate::store::{Store, read_json};
use flowstill_runner::stage::StageRecord;
use flowstill_student::measure::MEASURES;
use flowstill_trainer::Record;
use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;

/// Where a student writes down its validations.
fn file(store: &Store, student: &StageId) -> PathBuf {
    store.path("curves").join(format!("{}.txt", student.short_key()))
}

/// The value by which `stopping` judges, of one validation.
pub fn value(stopping: &Stopping, record: &Record) -> Option<f64> {
    match MEASURES.iter().position(|measure| *measure == stopping.metric) {
        Some(place) => record.measures.get(place).copied(),
        None => Some(record.validation),
    }
}

/// Adds one validation; those of later steps, of a session that was lost, are dropped by the reader.
pub fn add(store: &Store, student: &StageId, step: u64, value: f64) -> Result<(), SweepError> {
    let path = file(store, student);
    let failed = |source| SweepError::write(&path, source);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut open = std::fs::OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
    open.write_all(format!("{step} {value}\n").as_bytes()).map_err(failed)
}

/// The curve of one student as far as it came.
pub fn read(store: &Store, student: &StageId) -> Curve {
    let text = std::fs::read_to_string(file(store, student)).unwrap_or_default();
    let mut curve: Curve = Vec::new();
    for line in text.lines() {
        let point = line.split_once(' ').and_then(|(step, value)| Some((step.parse().ok()?, value.parse().ok()?)));
        // a line that was torn by a kill is none
        let Some((step, value)) = point else { continue };
        curve.retain(|(earlier, _)| *earlier < step);
        curve.push((step, value));
    }
    curve
}

/// Curves of all students of a plan but one; what is finished is read once.
#[derive(Debug, Default)]
pub struct Rivals {
    finished: HashMap<StageId, Curve>,
}

impl Rivals {
    pub fn curves(&mut self, store: &Store, plan: &Plan, stopping: &Stopping, own: &StageId) -> Vec<Curve> {
        let mut students: Vec<StageId> = plan.cells.iter().filter_map(|cell| cell.stage(Kind::Student)).collect();
        students.sort();
        students.dedup();
        students.iter().filter(|student| *student != own).map(|student| self.curve(store, stopping, student)).collect()
    }

    fn curve(&mut self, store: &Store, stopping: &Stopping, student: &StageId) -> Curve {
        if let Some(curve) = self.finished.get(student) {
            return curve.clone();
        }
        let record: Option<StageRecord> = read_json(&store.stage(student).path("student.json")).ok().flatten();
        match record {
            Some(record) => {
                let points = record.history.iter().filter_map(|r| Some((r.step, value(stopping, r)?)));
                let curve: Curve = points.collect();
                self.finished.insert(student.clone(), curve.clone());
                curve
            }
            None => read(store, student),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_was_lost_is_overwritten_and_a_torn_line_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("sweep"));
        let student = StageId { kind: Kind::Student, key: "0123456789abcdef0123456789".to_owned() };
        for (step, value) in [(10, 3.0), (20, 2.0), (30, 1.0), (20, 2.5)] {
            add(&store, &student, step, value).unwrap();
        }
        let path = file(&store, &student);
        let torn = std::fs::read_to_string(&path).unwrap() + "3";
        std::fs::write(&path, torn).unwrap();
        assert_eq!(read(&store, &student), vec![(10, 3.0), (20, 2.5)]);
    }
}
