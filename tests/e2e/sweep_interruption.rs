//! Sweeps that are interrupted or killed lose nothing, and clear away what they left.

use super::desk::{Desk, Ran, files_below};
use super::experiment::changed;
use super::stopping::{ended, signal};
use super::sweeping::{SMALL, results};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// Starts a sweep and returns as soon as a stage is at work.
fn started(desk: &Desk, arguments: &str) -> Child {
    let mut command = desk.command(arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    let leases = desk.path("runs/cache/leases");
    let patience = Instant::now();
    while std::fs::read_dir(&leases).map_or(0, Iterator::count) == 0 {
        assert!(child.try_wait().expect("a child").is_none(), "the sweep ended before it was at work");
        assert!(patience.elapsed() < Duration::from_secs(60), "the sweep did not begin within a minute");
        std::thread::sleep(Duration::from_millis(2));
    }
    child
}

#[test]
fn an_interrupt_saves_all_and_the_same_command_goes_on() {
    let yaml = changed(SMALL, "training: {steps: 150", "training: {steps: 6000");
    let desk = Desk::with("small.yaml", &yaml);
    let child = started(&desk, "sweep small.yaml --jobs 2");
    // a second one in the same folder would take the same cores
    desk.flowstill("sweep small.yaml").fails(2).says(&["another `flowstill sweep` is at work in runs/small"]);
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, "INT");
    ended(child).fails(130).says(&["interrupted: what was begun is saved; the same command goes on"]);
    assert_eq!(files_below(&desk.path("runs/cache/leases")), vec![], "leases are given back");
    // how often states are saved is no part of what is trained
    desk.write("small.yaml", changed(&yaml, "checkpoint_every: 20", "checkpoint_every: 70"));
    desk.flowstill("sweep small.yaml").well();
    let whole = Desk::with("small.yaml", yaml);
    whole.flowstill("sweep small.yaml").well();
    assert_eq!(results(&desk.path("runs/small")), results(&whole.path("runs/small")));
}

#[test]
fn kills_at_any_moment_lose_nothing() {
    let yaml = changed(SMALL, "training: {steps: 150", "training: {steps: 1500");
    let desk = Desk::with("small.yaml", &yaml);
    let mut moment = 40;
    let ran = loop {
        let mut command = desk.command("sweep small.yaml --jobs 2");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        if moment > 2000 {
            break Ran::of(child.wait_with_output().expect("a child"));
        }
        std::thread::sleep(Duration::from_millis(moment));
        moment = moment * 7 / 4;
        child.kill().expect("a child that is ours");
        child.wait().expect("a child that is ours");
    };
    ran.well();
    let whole = Desk::with("small.yaml", yaml);
    whole.flowstill("sweep small.yaml").well();
    assert_eq!(results(&desk.path("runs/small")), results(&whole.path("runs/small")));
}

#[test]
fn a_stage_that_kills_its_process_is_given_up() {
    let yaml = changed(SMALL, "training: {steps: 150", "training: {steps: 100000");
    let yaml = changed(&yaml, "checkpoint_every: 20}\nstudent", "checkpoint_every: 100000}\nstudent");
    let yaml =
        changed(&yaml, "    teacher.layers: [1, 2]\n    student.hidden: [[8], [16]]\n", "    student.hidden: [[8]]\n");
    let desk = Desk::with("small.yaml", yaml);
    let mut child = started(&desk, "sweep small.yaml");
    let mut killed = Vec::new();
    while child.try_wait().expect("a child").is_none() {
        // files come and go while they are read
        for lease in std::fs::read_dir(desk.path("runs/cache/leases")).into_iter().flatten().flatten() {
            let text = std::fs::read(lease.path()).unwrap_or_default();
            let Ok(holder) = serde_json::from_slice::<Value>(&text) else { continue };
            let pid = holder["pid"].as_u64().expect("a process");
            if holder["ended"].is_null() && !killed.contains(&pid) && killed.len() < 3 {
                killed.push(pid);
                Command::new("sh").args(["-c", &format!("kill -KILL {pid}")]).status().expect("a shell");
            }
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    ended(child).fails(1).says(&["teacher: its process was killed 3 times at the same place", "memory"]);
}

#[test]
fn what_killed_processes_left_goes_when_nobody_can_be_at_it() {
    let desk = Desk::with("small.yaml", SMALL);
    desk.flowstill("sweep small.yaml").well();
    let left = |age: u64| {
        let teacher = std::fs::read_dir(desk.path("runs/cache/teacher")).expect("teachers").next().expect("one");
        let teacher = teacher.expect("an entry").path();
        let files =
            [teacher.join(".writing-x"), desk.path("runs/cache/leases/.lease-x"), desk.path("runs/small/.writing-x")];
        for file in &files {
            let file = std::fs::File::create(file).expect("a file");
            file.set_modified(SystemTime::now() - Duration::from_secs(age)).expect("a time");
        }
        files
    };
    let there = |files: &[PathBuf]| files.iter().filter(|file| file.exists()).count();
    let files = left(7200);
    desk.flowstill("cache prune --older-than 1").well().says(&["removed: 0 stages, 0.0 MB\n"]);
    desk.flowstill("cache prune --dry-run").well().says(&["would be removed: 0 stages, 0.0 MB, 3 files that killed"]);
    assert_eq!(there(&files), 3);
    desk.flowstill("cache prune").well().says(&["removed: 0 stages, 0.0 MB, 3 files that killed processes left"]);
    assert_eq!(there(&files), 0);
    let files = left(7200);
    desk.flowstill("sweep small.yaml").well();
    assert_eq!(there(&files), 0);
    let files = left(600);
    desk.flowstill("sweep small.yaml").well();
    desk.flowstill("cache prune").well();
    assert_eq!(there(&files), 3, "somebody may be at it, on whichever machine");
}
