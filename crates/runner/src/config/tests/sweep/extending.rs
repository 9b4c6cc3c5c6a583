//! Files that extend others, experiments and sweeps alike.

use super::{desk, read_in};
use crate::config::Experiment;
use flowstill_data::Source;
use std::fs;
use std::path::Path;

fn experiment(desk: &Path, text: &str) -> Experiment {
    Experiment::from_str(text, &desk.join("a.yaml")).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

#[test]
fn sections_are_merged_and_all_else_is_replaced() {
    let desk = desk();
    fs::write(
        desk.path().join("deep.yaml"),
        "extends: base.yaml\nteacher:\n  hidden: [4, 4]\n  training: {steps: 90}\n",
    )
    .unwrap();
    let plan = experiment(desk.path(), "extends: deep.yaml\nteacher: {hidden: [5], training: {warmup: 3}}\nstudent:\n");
    let teacher = plan.teacher.flow().unwrap();
    assert_eq!((plan.name.as_str(), plan.seed), ("a", 4));
    let training = teacher.training.gradient().unwrap();
    assert_eq!((teacher.architecture.hidden.clone(), training.steps, training.warmup), (vec![5], 90, 3));
    // an empty heading says nothing
    let plan = experiment(desk.path(), "extends: deep.yaml\nteacher:\n");
    assert_eq!(plan.teacher.flow().unwrap().architecture.hidden, [4, 4]);
}

#[test]
fn later_files_win_over_earlier_ones_and_this_one_over_all() {
    let desk = desk();
    fs::write(desk.path().join("one.yaml"), "extends: base.yaml\nseed: 1\nthreads: 1\nevaluation: {samples: 11}\n")
        .unwrap();
    fs::write(desk.path().join("two.yaml"), "extends: base.yaml\nthreads: 2\nevaluation: {samples: 22}\n").unwrap();
    let plan = experiment(desk.path(), "extends: [one.yaml, two.yaml]\nevaluation: {samples: 33}\n");
    // the second file brings its own base with it
    assert_eq!((plan.seed, plan.threads, plan.with_student().unwrap().evaluation.samples), (4, 2, 33));
    let plan = experiment(desk.path(), "extends: [two.yaml, one.yaml]\n");
    assert_eq!((plan.seed, plan.threads, plan.with_student().unwrap().evaluation.samples), (1, 1, 11));
    assert_eq!(experiment(desk.path(), "extends: []\ndata: {path: d.csv}\n").seed, 0);
}

#[test]
fn data_files_start_from_the_file_that_names_them() {
    let desk = desk();
    let rows = desk.path().join("far/rows.csv");
    let path = |plan: &Experiment| match &plan.data {
        Source::File { path, .. } => path.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(path(&experiment(desk.path(), "extends: far/base.yaml\n")), rows);
    assert_eq!(
        path(&experiment(desk.path(), "extends: far/base.yaml\ndata: {path: d.csv}\n")),
        desk.path().join("d.csv")
    );
    fs::write(desk.path().join("far/sweep.yaml"), "sweep:\n  grid: {data.path: [rows.csv]}\n").unwrap();
    let sweep = read_in(desk.path(), "extends: far/sweep.yaml\nsweep: {cases: [{teacher.layers: 2}]}\n").unwrap();
    assert_eq!(path(&sweep.cells[0].experiment), rows);
    fs::write(desk.path().join("far/parts.yaml"), "data: {train: rows.csv, test: rows.csv}\n").unwrap();
    let Source::Parts { train, test, .. } = experiment(desk.path(), "extends: far/parts.yaml\n").data else { panic!() };
    assert_eq!((train, test), (rows.clone(), Some(rows)));
}

#[test]
fn a_sweep_may_extend_another_one() {
    let desk = desk();
    fs::write(
        desk.path().join("grid.yaml"),
        "extends: base.yaml\nsweep:\n  grid: {teacher.layers: [2, 3]}\n  seeds: 2\n",
    )
    .unwrap();
    let sweep =
        read_in(desk.path(), "extends: grid.yaml\nsweep:\n  grid: {student.layers: [1]}\n  seeds: 1\n").unwrap();
    assert_eq!(
        super::names(&sweep),
        ["teacher.layers=2,student.layers=1,seed=0", "teacher.layers=3,student.layers=1,seed=0"]
    );
    let error = read_in(desk.path(), "extends: grid.yaml\nsweep:\n  grid: {teacher.layers: [2, 0]}\n").unwrap_err();
    assert!(error.to_string().contains("a.yaml:3:30: teacher.layers: expected"), "{error}");
    fs::write(desk.path().join("bad.yaml"), "data: {path: d.csv}\nsweep:\n  grid:\n    teacher.layers: [2, 0]\n")
        .unwrap();
    let error = read_in(desk.path(), "extends: bad.yaml\nseed: 1\n").unwrap_err();
    assert!(error.to_string().contains("bad.yaml:4:25: teacher.layers: expected"), "{error}");
    assert!(error.problems[0].file.ends_with("bad.yaml") && error.file.ends_with("a.yaml"));
}

#[test]
fn mistakes_of_all_files_are_told_at_once_and_where_they_stand() {
    let desk = desk();
    let error = Experiment::from_str(
        "extends: wrong.yaml\nstudent: {layers: 0}\nteacher: {layrs: 2}\n",
        &desk.path().join("a.yaml"),
    );
    let text = error.unwrap_err().to_string().replace(&format!("{}/", desk.path().display()), "");
    let lines: Vec<&str> = text.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(lines, ["a.yaml:2:19:", "a.yaml:3:11:", "wrong.yaml:3:15:"], "{text}");
}

#[test]
fn a_rival_in_an_extended_file_is_named_with_that_file() {
    let desk = desk();
    fs::write(desk.path().join("grid.yaml"), "extends: base.yaml\nsweep:\n  grid: {teacher.layers: [2, 3]}\n").unwrap();
    let error = read_in(desk.path(), "extends: grid.yaml\nsweep: {cases: [{teacher.layers: 4}]}\n").unwrap_err();
    let message = error.to_string().replace(&format!("{}/", desk.path().display()), "");
    assert_eq!(
        message,
        "a.yaml:2:34: sweep.cases[0].teacher.layers: is set by `sweep.grid.teacher.layers` as well; keep one of the two; \
         `sweep.grid.teacher.layers` is in grid.yaml:3"
    );
}

#[test]
fn a_name_is_of_its_own_file_alone() {
    let desk = desk();
    fs::write(desk.path().join("named.yaml"), "extends: base.yaml\nname: other\n").unwrap();
    assert_eq!(experiment(desk.path(), "extends: named.yaml\n").name, "a");
    assert_eq!(experiment(desk.path(), "extends: named.yaml\nname: own\n").name, "own");
}
