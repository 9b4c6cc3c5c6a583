//! Whose a folder is, who may write to it, and what is said where nobody may.

use super::desk::{Desk, Ran};
use super::experiment::{TWO_MOONS, changed};
use super::sweeping::SMALL;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

/// A sweep of two cells that is as good as done when it begins.
fn tiny() -> String {
    let yaml = changed(SMALL, "    teacher.layers: [1, 2]\n", "");
    changed(&changed(&yaml, "steps: 150", "steps: 10"), "steps: 120", "steps: 10")
}

/// The program as a user to whom permissions apply.
fn ran(desk: &Desk, arguments: &str) -> Ran {
    use std::os::unix::process::CommandExt;
    let mut command = desk.command(arguments);
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    Ran::of(command.output().expect("the binary starts"))
}

fn is_root() -> bool {
    fs::metadata("/proc/self").expect("this process").uid() == 0
}

/// Any user but root.
const NOBODY: u32 = 65_534;

/// Gives all that is on the desk to the user of [`ran`].
fn give(desk: &Desk) {
    if is_root() {
        let owner = format!("{NOBODY}:{NOBODY}");
        assert!(Command::new("chown").args(["-R", &owner]).arg(desk.path("")).status().expect("chown").success());
    }
}

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("permissions");
}

#[test]
fn a_sweep_and_a_run_do_not_share_a_folder() {
    let desk = Desk::with("two_moons.yaml", changed(TWO_MOONS, "seed: 3", "name: same\nseed: 3"));
    desk.write("sweep.yaml", changed(&tiny(), "name: small", "name: same"));
    desk.flowstill("train two_moons.yaml").well();
    for command in ["sweep sweep.yaml", "sweep sweep.yaml --dry-run"] {
        let ran = desk.flowstill(command).fails(2);
        ran.says(&["runs/same holds a single run, as teacher.safetensors tells", "`name`", "--runs"]);
    }
    assert!(!desk.exists("runs/same/plan.json"));
    desk.flowstill("sweep sweep.yaml --runs other").well();
    let report = desk.read("other/same/report.html");
    for command in ["run", "train", "distill", "eval"] {
        let ran = desk.flowstill(&format!("{command} two_moons.yaml --runs other --overwrite")).fails(2);
        ran.says(&["other/same holds a sweep, as plan.json tells", "`name`", "--runs"]);
    }
    assert!(desk.read("other/same/report.html") == report);
}

#[test]
fn two_processes_do_not_work_in_one_folder() {
    let desk = Desk::with("two_moons.yaml", TWO_MOONS);
    desk.flowstill("train two_moons.yaml").well();
    let lock = fs::File::open(desk.path("runs/two_moons/lock")).expect("a lock");
    lock.lock().expect("nobody else");
    for command in ["run", "train", "distill", "eval"] {
        let ran = desk.flowstill(&format!("{command} two_moons.yaml --overwrite")).fails(2);
        ran.says(&["another flowstill is at work in runs/two_moons", "`name`", "--runs"]);
    }
    drop(lock);
    desk.flowstill("train two_moons.yaml").well();
}

#[test]
fn what_belongs_to_others_is_left_alone() {
    let desk = Desk::with("small.yaml", tiny());
    give(&desk);
    ran(&desk, "sweep small.yaml").well();
    let stage = |kind: &str| {
        let entry = fs::read_dir(desk.path(&format!("runs/cache/{kind}"))).expect(kind).next().expect("one");
        entry.expect("an entry").path()
    };
    let (unreadable, kept) = (stage("teacher"), stage("student"));
    let left = fs::File::create(kept.join(".writing-x")).expect("a file");
    left.set_modified(SystemTime::now() - Duration::from_secs(7200)).expect("a time");
    fs::create_dir_all(desk.path("runs/cache/teacher/of_nobody/tensorboard")).expect("a folder");
    give(&desk);
    let locked = desk.path("runs/cache/teacher/of_nobody/tensorboard");
    fs::write(locked.join("events"), "").expect("a file");
    for (path, mode) in [(&unreadable, 0o311), (&kept, 0o555), (&locked, 0o555)] {
        allow(path, mode);
    }
    ran(&desk, "sweep small.yaml").well();
    let pruned = ran(&desk, "cache prune").well();
    for path in [&unreadable, &kept.join(".writing-x"), &desk.path("runs/cache/teacher/of_nobody")] {
        let path = path.strip_prefix(desk.path("")).expect("below");
        let line = format!("out of reach: {}: Permission denied", path.display());
        assert!(pruned.err.contains(&line), "{line} in {}", pruned.all());
    }
    for path in [&unreadable, &kept, &locked] {
        allow(path, 0o755);
    }
}

#[test]
fn what_cannot_be_written_or_read_is_named() {
    let desk = Desk::with("small.yaml", tiny());
    fs::create_dir_all(desk.path("runs/cache")).expect("a folder");
    give(&desk);
    allow(&desk.path("runs/cache"), 0o555);
    let refused =
        ran(&desk, "sweep small.yaml").fails(1).says(&["workers ended by themselves, the last saying `error: "]);
    assert!(refused.err.contains("Permission denied") && !refused.err.contains(".writing-"), "{}", refused.all());
    allow(&desk.path("runs/cache"), 0o755);
    ran(&desk, "sweep small.yaml").well();

    allow(&desk.path("runs/small"), 0o555);
    let refused = ran(&desk, "sweep small.yaml").fails(1);
    assert!(refused.out.contains("2 done"), "the numbers come first: {}", refused.all());
    assert!(
        refused.err.contains("results.csv: Permission denied") && !refused.err.contains(".writing-"),
        "{}",
        refused.all()
    );
    allow(&desk.path("runs/small"), 0o755);

    allow(&desk.path("runs/small/cells"), 0o000);
    for command in ["status", "results"] {
        let refused = ran(&desk, &format!("{command} runs/small")).fails(2);
        refused.says(&["cannot read runs/small/cells/", "/result.json: Permission denied"]);
    }
    allow(&desk.path("runs/small/cells"), 0o755);
}

#[test]
fn cells_of_an_earlier_plan_are_named_and_stay() {
    let desk = Desk::with("small.yaml", tiny());
    desk.flowstill("sweep small.yaml").well();
    let before = fs::read_dir(desk.path("runs/small/cells")).expect("cells").count();
    desk.write("small.yaml", changed(&tiny(), "[[8], [16]]", "[[8]]"));
    desk.flowstill("sweep small.yaml").well().says(&["1 folder is in runs/small/cells that this plan does not have"]);
    assert_eq!(fs::read_dir(desk.path("runs/small/cells")).expect("cells").count(), before);
}
