//! A run that was stopped goes on as if it had not been: the same bits at the end.

use super::desk::Desk;
use super::experiment::{LONGER, TWO_MOONS, changed};
use super::finished::unbroken;
use super::stopping::{curves_have_no_seam, ended, killed, signal};
use serde_json::Value;
use std::process::Child;

/// Starts the experiment and returns as soon as this stage has left a state from which it can go on.
fn started(desk: &Desk, stage: &str) -> Child {
    super::stopping::started(desk, "longer", &[&format!("{stage}.state.safetensors")])
}

/// The same command finishes the run, with the results of a run that was never stopped.
#[track_caller]
fn goes_on(desk: &Desk, stage: &str) {
    desk.flowstill("run longer.yaml --runs stopped").well().says(&[&format!("{stage}: "), "going on after step"]);
    let result = |name: &str| desk.read(&format!("stopped/longer/{name}"));
    for name in ["teacher.safetensors", "student.safetensors"] {
        assert!(result(name) == unbroken().read(name), "{name} differs from that of an unbroken run");
    }
    let parsed = |bytes: Vec<u8>| serde_json::from_slice::<Value>(&bytes).expect("JSON");
    let (stopped, whole) = (parsed(result("metrics.json")), parsed(unbroken().read("metrics.json")));
    assert_eq!(stopped["distillation"], whole["distillation"]);
    for model in ["teacher", "student"] {
        let history = |metrics: &Value| metrics[model]["training"]["history"].clone();
        assert_eq!(history(&stopped), history(&whole));
    }
    assert!(stopped[stage]["training"]["resumed_at"].as_u64() > Some(0));
    assert!(!desk.exists(&format!("stopped/longer/{stage}.state.safetensors")));
}

#[test]
fn an_interrupt_during_the_teacher() {
    let desk = Desk::with("longer.yaml", LONGER);
    let child = started(&desk, "teacher");
    signal(&child, "INT");
    let ran = ended(child).fails(130).says(&["interrupted during the teacher after step"]);
    assert!(!desk.exists("stopped/longer/teacher.safetensors"), "{}", ran.all());
    goes_on(&desk, "teacher");
    curves_have_no_seam(&desk.path("stopped/longer/tensorboard"), &unbroken().path("tensorboard"));
}

#[test]
fn a_termination_during_the_student() {
    let desk = Desk::with("longer.yaml", LONGER);
    let child = started(&desk, "student");
    signal(&child, "TERM");
    ended(child).fails(130).says(&["interrupted during the student after step"]);
    assert!(desk.exists("stopped/longer/teacher.safetensors") && !desk.exists("stopped/longer/student.safetensors"));
    goes_on(&desk, "student");
}

#[test]
fn a_kill_during_the_teacher_and_then_the_student() {
    let desk = Desk::with("longer.yaml", LONGER);
    for stage in ["teacher", "student"] {
        killed(started(&desk, stage));
    }
    goes_on(&desk, "student");
    curves_have_no_seam(&desk.path("stopped/longer/tensorboard"), &unbroken().path("tensorboard"));
}

#[test]
fn the_state_of_another_configuration_is_refused_until_it_may_be_overwritten() {
    let desk = Desk::with("longer.yaml", LONGER);
    let child = started(&desk, "teacher");
    signal(&child, "INT");
    ended(child).fails(130);
    desk.write("longer.yaml", changed(TWO_MOONS, "seed: 3", "seed: 5"));
    desk.flowstill("run longer.yaml --runs stopped").fails(2).says(&[
        "teacher",
        "another configuration",
        "--overwrite",
    ]);
    let ran = desk.flowstill("run longer.yaml --runs stopped --overwrite").well();
    assert!(!ran.err.contains("going on"), "{}", ran.all());
}
