//! Sweeps of teachers alone, and of teachers beside cells with students.

use super::{desk, names, read, read_in};

#[test]
fn cells_have_students_or_none() {
    let alone =
        read("data: {synthetic: two_moons}\nstudent: none\nsweep: {grid: {teacher.layers: [1, 2]}, seeds: 2}\n");
    assert_eq!(alone.cells.len(), 4);
    assert!(alone.cells.iter().all(|cell| cell.experiment.distillation.is_none()));

    let baseline = read(
        "data: {synthetic: two_moons}
evaluation: {samples: 500}
bench: none
sweep:
  grid: {student.hidden: [[8], [16]]}
  baselines: {alone: {student: none, evaluation: none}}
",
    );
    let has = |cell: &crate::config::sweep::Cell| cell.experiment.distillation.is_some();
    assert_eq!(baseline.cells.iter().map(has).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(baseline.keys, ["student.hidden"]);

    let both = read("data: {synthetic: two_moons}\nsweep: {grid: {student: [none, {hidden: [8]}, {hidden: [9]}]}}\n");
    assert_eq!(both.cells.iter().map(has).collect::<Vec<_>>(), [false, true, true], "{:?}", names(&both));

    let joined = read(
        "data: {synthetic: two_moons}\nstudent: none\nsweep: {cases: [{name: a}, {name: b, student.layers: 2}]}\n",
    );
    assert_eq!(joined.cells.iter().map(has).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn teachers_alone_are_stopped_by_their_validations_only() {
    let of = |metric: &str, student: &str| {
        let text = format!(
            "data: {{synthetic: two_moons}}\nstudent: none\nsweep:\n  cases: [{{name: a}}, {{name: b, {student}}}]\n  \
             stop: {{rule: median{metric}}}\n"
        );
        let desk = desk();
        read_in(desk.path(), &text).map(|sweep| sweep.stopping.unwrap().metric).map_err(|error| error.to_string())
    };
    assert_eq!(of("", "teacher.layers: 2").unwrap(), "validation");
    assert_eq!(of(", metric: kl_forward", "student.layers: 2").unwrap(), "kl_forward");
    let error = of(", metric: kl_forward", "teacher.layers: 2").unwrap_err();
    assert!(
        error.ends_with(
            "a.yaml:5:32: sweep.stop.metric: `kl_forward` is measured of students, and no cell has one; take `validation`, by \
             which teachers are compared"
        ),
        "{error}"
    );
}
