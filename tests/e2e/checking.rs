//! `check`: every mistake at once, before anything runs.

use super::desk::Desk;
use super::experiment::{TWO_MOONS, csv, on_file};

#[test]
fn a_good_experiment_is_printed_as_it_was_understood() {
    let desk = Desk::with("a.yaml", TWO_MOONS);
    let ran = desk.flowstill("check a.yaml").well().says(&["a.yaml"]);
    for part in ["two_moons", "log_scale_clip", "checkpoint_every: 20", "recipe: auto"] {
        assert!(ran.out.contains(part), "`{part}` is missing in {}", ran.all());
    }
    assert!(!desk.exists("runs"), "check runs nothing");
    // what it prints is an experiment itself
    desk.write("resolved.yaml", &ran.out);
    assert_eq!(desk.flowstill("check resolved.yaml").well().out, ran.out);
}

#[test]
fn all_mistakes_are_told_with_their_lines() {
    let desk = Desk::with(
        "bad.yaml",
        "\
data: {synthetic: two_moon}
teacher:
  hiden: [16]
  layers: 0
  training:
    steps: many
    rate: -1e-3
seed: 1
student: {objective: forwards_kl}
",
    );
    let ran = desk.flowstill("check bad.yaml").fails(2).says(&[
        "bad.yaml:1:19: data.synthetic:",
        "two_moons",
        "bad.yaml:3:3: teacher: unknown key `hiden`; did you mean `hidden`?",
        "bad.yaml:4:11: teacher.layers:",
        "bad.yaml:6:12: teacher.training.steps:",
        "bad.yaml:7:11: teacher.training.rate: expected a number above 0, got -0.001",
        "bad.yaml:9:22: student.objective:",
    ]);
    assert_eq!(ran.err.matches("bad.yaml:").count(), 6, "{}", ran.all());
    assert_eq!(ran.out, "");
    // the same mistakes stop a run before it starts
    let run = desk.flowstill("run bad.yaml").fails(2);
    assert_eq!(run.err, ran.err);
    assert!(!desk.exists("runs"));
}

#[test]
fn the_rows_are_checked_as_well() {
    let desk = Desk::with("a.yaml", on_file("rows.csv"));
    desk.write("rows.csv", csv(&["a", "b"], 100));
    desk.flowstill("check a.yaml").well();
    desk.write("rows.csv", csv(&["a", "b"], 100) + "1,2,3\n");
    desk.flowstill("check a.yaml").fails(2).says(&["rows.csv", "line 102 has 3 fields, expected 2"]);
}
