//! Runs that are stopped on their way.

use super::desk::{Desk, Ran};
use super::outside;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Starts `run <name>.yaml --runs stopped` and returns as soon as its folder holds one of these files, from which the run
/// can go on.
pub fn started(desk: &Desk, name: &str, files: &[&str]) -> Child {
    let mut command = desk.command(&format!("run {name}.yaml --runs stopped"));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    let patience = Instant::now();
    while !files.iter().any(|file| desk.exists(&format!("stopped/{name}/{file}"))) {
        if let Some(status) = child.try_wait().expect("a child that is ours") {
            panic!("the run ended ({status}) before it left {files:?}");
        }
        assert!(patience.elapsed() < Duration::from_secs(60), "the run left no {files:?} within a minute");
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

/// Kills a run that is at work; what it left is all that the next one has.
pub fn killed(mut child: Child) {
    child.kill().expect("a run at work");
    assert_eq!(ended(child).code, None, "it was the signal that ended it");
}

/// TensorBoard itself reads curves of a resumed run as those of an unbroken one.
pub fn curves_have_no_seam(resumed: &Path, unbroken: &Path) {
    let Some(python) = outside::python() else { return };
    let scalars = |folder: &Path| {
        let read = python.script("check_tensorboard.py", &[folder.as_os_str()]);
        // kind, run, tag, number of entries, last step, last value
        read.lines().filter(|line| line.starts_with("scalar")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(scalars(resumed), scalars(unbroken));
}
