//! The validations of students, and of teachers alone, while they are trained, for those who compare themselves with them.

use crate::error::SweepError;
use crate::plan::{Plan, Stopping};
use crate::stage::StageId;
use crate::stopping::Curve;
use crate::store::{Store, read_json};
use flowstill_runner::stage::StageRecord;
use flowstill_student::measure::MEASURES;
use flowstill_trainer::Record;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

/// Where a training writes down its validations, as values of one metric.
fn file(store: &Store, training: &StageId, metric: &str) -> PathBuf {
    store.path("curves").join(format!("{}.{metric}.txt", training.short_key()))
}

/// The value by which `stopping` judges, of one validation.
pub fn value(stopping: &Stopping, record: &Record) -> Option<f64> {
    match MEASURES.iter().position(|measure| *measure == stopping.metric) {
        Some(place) => record.measures.get(place).copied(),
        None => Some(record.validation),
    }
}

/// Adds one validation; those of later steps, of a session that was lost, are dropped by the reader.
pub fn add(store: &Store, training: &StageId, metric: &str, step: u64, value: f64) -> Result<(), SweepError> {
    let path = file(store, training, metric);
    let failed = |source| SweepError::write(&path, source);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut open = std::fs::OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
    open.write_all(format!("({step} {value})\n").as_bytes()).map_err(failed)
}

/// The point of one line; none of a line that was torn by a kill, alone or with the next one behind it.
fn point(line: &str) -> Option<(u64, f64)> {
    let (step, value) = line.strip_prefix('(')?.strip_suffix(')')?.split_once(' ')?;
    Some((step.parse().ok()?, value.parse().ok()?))
}

/// The curve of one training as far as it came.
pub fn read(store: &Store, training: &StageId, metric: &str) -> Curve {
    let mut growing = Growing::new(file(store, training, metric));
    growing.follow();
    growing.curve
}

/// A curve whose file grows.
#[derive(Debug)]
struct Growing {
    path: PathBuf,
    /// bytes that have been read
    read: u64,
    curve: Curve,
    /// whether its training is done, so that nothing more will come
    whole: bool,
}

impl Growing {
    fn new(path: PathBuf) -> Self {
        Self { path, read: 0, curve: Vec::new(), whole: false }
    }

    /// Whether it may tell more of the steps up to `step`.
    fn is_behind(&self, step: u64) -> bool {
        !self.whole && self.curve.last().is_none_or(|(last, _)| *last < step)
    }

    /// Reads what is new. What cannot be read is not there yet.
    fn follow(&mut self) {
        let length = std::fs::metadata(&self.path).map_or(0, |about| about.len());
        if length == self.read {
            return;
        }
        if length < self.read {
            (self.read, self.curve) = (0, Vec::new());
        }
        let Ok(new) = self.rest() else { return };
        // a line without its end may still be in writing
        let whole = new.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        for (step, value) in String::from_utf8_lossy(&new[..whole]).lines().filter_map(point) {
            self.curve.retain(|(earlier, _)| *earlier < step);
            self.curve.push((step, value));
        }
        self.read += whole as u64;
    }

    fn rest(&self) -> std::io::Result<Vec<u8>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.read))?;
        let mut new = Vec::new();
        file.read_to_end(&mut new)?;
        Ok(new)
    }
}

/// Curves of all trainings of a plan that are compared, of which only what is new is read.
#[derive(Debug, Default)]
pub struct Rivals {
    all: Vec<(StageId, Growing)>,
}

impl Rivals {
    /// Those of all but `own` that are of its kind, as far as they tell of the steps up to `step`.
    pub fn curves<'a>(
        &'a mut self,
        store: &Store,
        plan: &Plan,
        stopping: &Stopping,
        own: &'a StageId,
        step: u64,
    ) -> impl Iterator<Item = &'a Curve> {
        if self.all.is_empty() {
            let all: BTreeSet<StageId> = plan.cells.iter().filter_map(|cell| cell.stage(cell.raced())).collect();
            let path = |id: &StageId| file(store, id, &stopping.metric);
            self.all = all.into_iter().map(|id| (id.clone(), Growing::new(path(&id)))).collect();
        }
        let rivals = move |id: &StageId| id != own && id.kind == own.kind;
        let others = self.all.iter_mut().filter(|(id, _)| rivals(id));
        for (id, growing) in others.filter(|(_, growing)| growing.is_behind(step)) {
            growing.follow();
            // one that another sweep has trained left no curve here, or only the part that was trained here
            if growing.is_behind(step)
                && let Some(curve) = finished(store, id, stopping)
            {
                (growing.curve, growing.whole) = (curve, true);
            }
        }
        self.all.iter().filter(move |(id, _)| rivals(id)).map(|(_, growing)| &growing.curve)
    }
}

/// The curve of a training that is done.
fn finished(store: &Store, training: &StageId, stopping: &Stopping) -> Option<Curve> {
    let record: StageRecord = read_json(&store.stage(training).path(&format!("{}.json", training.kind))).ok()??;
    Some(record.history.iter().filter_map(|record| Some((record.step, value(stopping, record)?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::StoppingRule;
    use crate::stage::Kind;
    use crate::store::write_json;
    use serde_json::json;

    fn student(n: usize) -> StageId {
        StageId { kind: Kind::Student, key: format!("{n:020}abcdef") }
    }

    #[test]
    fn a_session_that_was_lost_is_overwritten_and_a_torn_line_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("sweep"));
        let student = student(1);
        for (step, value) in [(10, 3.0), (20, 2.0), (30, 1.0), (20, 2.5)] {
            add(&store, &student, "kl_forward", step, value).unwrap();
        }
        let mut growing = Growing::new(file(&store, &student, "kl_forward"));
        growing.follow();
        assert_eq!(growing.curve, vec![(10, 3.0), (20, 2.5)]);
        let torn = std::fs::read_to_string(&growing.path).unwrap() + "(3";
        std::fs::write(&growing.path, torn).unwrap();
        growing.follow();
        // whoever goes on writes behind what was torn
        add(&store, &student, "kl_forward", 30, 1.5).unwrap();
        growing.follow();
        add(&store, &student, "kl_forward", 40, 1.25).unwrap();
        growing.follow();
        assert_eq!(growing.curve, vec![(10, 3.0), (20, 2.5), (40, 1.25)]);
        assert_eq!(read(&store, &student, "kl_forward"), growing.curve);
        assert_eq!(read(&store, &student, "ess_reverse"), vec![], "of another metric nothing is known");
    }

    #[test]
    fn teachers_alone_are_rivals_of_each_other_and_of_no_student() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("sweep"));
        let teacher = |n: usize| StageId { kind: Kind::Teacher, ..student(n) };
        let cell = |n: usize| {
            let mut stages = json!({"teacher": teacher(n).key, "evaluation": "e"});
            if n >= 2 {
                stages["student"] = json!(student(n + 10).key);
            }
            json!({"name": n.to_string(), "settings": {}, "seed": 0, "stages": stages, "yaml": ""})
        };
        let cells: Vec<_> = (0..4).map(cell).collect();
        let plan = json!({"format_version": 1, "version": "", "name": "", "keys": [], "cells": cells});
        let plan: Plan = serde_json::from_value(plan).unwrap();
        let rule = StoppingRule::Median { after: 10, least: 1 };
        let stopping = Stopping { metric: "validation".to_owned(), smaller_is_better: true, rule };
        for (id, value) in [(teacher(1), 1.0), (teacher(2), 2.0), (student(12), 3.0), (student(13), 4.0)] {
            add(&store, &id, "validation", 10, value).unwrap();
        }
        let mut rivals = Rivals::default();
        let mut seen =
            |own: StageId| -> Vec<Curve> { rivals.curves(&store, &plan, &stopping, &own, 10).cloned().collect() };
        assert_eq!(seen(teacher(0)), [vec![(10, 1.0)]], "the third teacher has a student, which is what is compared");
        assert_eq!(seen(student(12)), [vec![(10, 4.0)]]);
    }

    #[test]
    fn of_rivals_only_what_is_needed_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("sweep"));
        let cell = |n| {
            let stages = json!({"student": student(n).key, "evaluation": "e"});
            json!({"name": n.to_string(), "settings": {}, "seed": 0, "stages": stages, "yaml": ""})
        };
        let cells: Vec<_> = (0..3).map(cell).collect();
        let plan = json!({"format_version": 1, "version": "", "name": "", "keys": [], "cells": cells});
        let plan: Plan = serde_json::from_value(plan).unwrap();
        let rule = StoppingRule::Halving { first: 10, factor: 2 };
        let stopping = Stopping { metric: "kl_forward".to_owned(), smaller_is_better: true, rule };
        let own = student(0);
        let mut rivals = Rivals::default();
        let mut seen = |step| -> Vec<Curve> { rivals.curves(&store, &plan, &stopping, &own, step).cloned().collect() };
        let validate = |n, step, value| add(&store, &student(n), "kl_forward", step, value).unwrap();
        validate(0, 10, 9.0);
        validate(1, 10, 1.0);
        assert_eq!(seen(10), [vec![(10, 1.0)], vec![]]);
        validate(1, 20, 0.5);
        validate(2, 10, 2.0);
        assert_eq!(seen(10), [vec![(10, 1.0)], vec![(10, 2.0)]], "the first was there already");
        assert_eq!(seen(20), [vec![(10, 1.0), (20, 0.5)], vec![(10, 2.0)]]);
        // another sweep in the same folder goes on with it, to its end
        let history = [(10, 2.0), (20, 1.0), (30, 0.75)].map(|(step, value)| {
            json!({"step": step, "terms": [], "validation": value, "measures": vec![value; MEASURES.len()], "rate": 1.0, "gradient_norm": 1.0, "best": true})
        });
        let record = json!({
            "key": "", "steps": 30, "best_step": 30, "best_validation": 0.75, "ended": "", "seconds": 1.0, "resumed_at": 10,
            "terms": [], "measures": ["kl_forward"], "history": history
        });
        write_json(&store.stage(&student(2)).path("student.json"), &record).unwrap();
        assert_eq!(seen(20), [vec![(10, 1.0), (20, 0.5)], vec![(10, 2.0), (20, 1.0), (30, 0.75)]]);
    }
}
