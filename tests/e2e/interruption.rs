//! A run that was stopped goes on as if it had not been: the same bits at the end.

use super::desk::{Desk, Ran};
use super::experiment::{LONGER, TWO_MOONS, changed};
use super::finished::unbroken;
use super::outside;
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Starts the experiment and returns as soon as this stage has left a state from which it can go on.
pub fn started(desk: &Desk, stage: &str) -> Child {
    let mut command = desk.command("run longer.yaml --runs stopped");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    let state = format!("stopped/longer/{stage}.state.safetensors");
    let patience = Instant::now();
    while !desk.exists(&state) {
        if let Some(status) = child.try_wait().expect("a child that is ours") {
            panic!("the run ended ({status}) before its {stage} left a state");
        }
        assert!(patience.elapsed() < Duration::from_secs(60), "the {stage} left no state within a minute");
        std::thread::sleep(Duration::from_millis(2));
    }
    child
}

pub fn signal(child: &Child, name: &str) {
    let status = Command::new("sh").args(["-c", &format!("kill -{name} {}", child.id())]).status();
    assert!(status.expect("a shell").success(), "the run was over before the signal came");
}

pub fn ended(child: Child) -> Ran {
    Ran::of(child.wait_with_output().expect("a child that is ours"))
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
    curves_have_no_seam(&desk);
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
        let mut child = started(&desk, stage);
        child.kill().expect("a run at work");
        assert_eq!(ended(child).code, None, "it was the signal that ended it");
    }
    goes_on(&desk, "student");
    curves_have_no_seam(&desk);
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

/// TensorBoard itself reads curves of a resumed run as those of an unbroken one.
fn curves_have_no_seam(desk: &Desk) {
    let Some(python) = outside::python() else { return };
    let scalars = |folder: PathBuf| {
        let read = python.script("check_tensorboard.py", &[folder.as_os_str()]);
        // kind, run, tag, number of entries, last step, last value
        read.lines().filter(|line| line.starts_with("scalar")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(scalars(desk.path("stopped/longer/tensorboard")), scalars(unbroken().path("tensorboard")));
}
