//! `run`: all results, once.

use super::desk::{Desk, files_below};
use super::experiment::{TWO_MOONS, changed, csv, on_file};
use super::finished::finished;

#[test]
fn a_run_writes_every_result() {
    let run = finished();
    for name in [
        "teacher.safetensors",
        "student.safetensors",
        "teacher.json",
        "student.json",
        "metrics.json",
        "config.yaml",
        "report.html",
        "figures/teacher-nll.svg",
        "figures/student-kl.svg",
        "figures/student-ess.svg",
        "figures/student-entropies.svg",
        "figures/marginals.svg",
        "figures/pairs.svg",
        "figures/densities.svg",
        "figures/quality-speed.svg",
        "figures/latency.svg",
    ] {
        assert!(run.read(name).len() > 100, "{name} is next to empty");
    }
    for stage in ["teacher", "student"] {
        assert!(!run.path(&format!("{stage}.state.safetensors")).exists(), "a finished {stage} needs no state");
        let events = files_below(&run.path(&format!("tensorboard/{stage}")));
        assert_eq!(events.len(), 1, "{events:?}");
        assert!(events[0].0.to_string_lossy().starts_with("events.out.tfevents."));
    }
    let left: Vec<_> = files_below(run.folder()).into_iter().map(|(path, _)| path).collect();
    assert!(left.iter().all(|path| !path.to_string_lossy().contains(".writing-")), "{left:?}");
    for part in ["test log-likelihood", "KL(teacher‖student)", "KL(student‖teacher)", "report.html"] {
        assert!(run.ran.out.contains(part), "`{part}` is missing in {}", run.ran.all());
    }
}

#[test]
fn the_resolved_configuration_runs_again_to_the_same_results() {
    let desk = Desk::with("again.yaml", finished().read("config.yaml"));
    desk.flowstill("train again.yaml -q").well();
    assert_eq!(desk.read("runs/two_moons/teacher.safetensors"), finished().read("teacher.safetensors"));
    assert_eq!(desk.read("runs/two_moons/config.yaml"), finished().read("config.yaml"));
}

#[test]
fn a_second_run_does_nothing_again_and_another_configuration_is_refused() {
    let desk = Desk::with("a.yaml", TWO_MOONS);
    let first = desk.flowstill("run a.yaml --runs out").well();
    let results = files_below(&desk.path("out"));

    let second = desk.flowstill("run a.yaml --runs out").well().says(&["trained earlier", "distilled earlier"]);
    assert!(files_below(&desk.path("out")) == results, "a second run changed files");
    assert_eq!(second.out, first.out);

    // another student: the teacher can stay
    desk.write("a.yaml", changed(TWO_MOONS, "steps: 120", "steps: 60"));
    desk.flowstill("run a.yaml --runs out").fails(2).says(&[
        "out/a",
        "student",
        "another configuration",
        "--overwrite",
    ]);
    assert!(files_below(&desk.path("out")) == results, "a refused run changed files");
    desk.flowstill("run a.yaml --runs out --overwrite").well().says(&["trained earlier", "student: 60 steps"]);
    let teacher = |files: &[(std::path::PathBuf, Vec<u8>)]| {
        files.iter().find(|(path, _)| path.ends_with("teacher.safetensors")).map(|(_, bytes)| bytes.clone())
    };
    assert_eq!(teacher(&files_below(&desk.path("out"))), teacher(&results));

    // another teacher: all is done anew
    desk.write("a.yaml", changed(TWO_MOONS, "seed: 3", "seed: 4"));
    desk.flowstill("run a.yaml --runs out").fails(2).says(&["teacher of another configuration"]);
    desk.flowstill("run a.yaml --runs out --overwrite").well().says(&["teacher: 200 steps", "student: 120 steps"]);
    desk.flowstill("run a.yaml --runs out").well().says(&["trained earlier", "distilled earlier"]);
}

#[test]
fn a_file_of_ones_own_is_one_key_and_relative_to_the_experiment() {
    let desk = Desk::new();
    desk.write("study/rows.csv", csv(&["a", "b", "c"], 300));
    desk.write("study/mine.yaml", on_file("rows.csv"));
    desk.flowstill("run study/mine.yaml -q").well();
    let described = desk.flowstill("describe runs/mine/student.safetensors").well();
    assert!(described.out.contains("a, b, c"), "{}", described.all());
}

#[test]
fn quiet_says_nothing_but_the_results() {
    let desk = Desk::with("a.yaml", TWO_MOONS);
    let ran = desk.flowstill("run a.yaml -q").well();
    assert_eq!(ran.err, "");
    assert!(ran.out.contains("report.html"));
}
