//! A sweep where the machine is too small: a full disk, and less memory than was allowed.

use super::desk::Desk;
use super::experiment::changed;
use super::sweeping::{SMALL, results};
use std::path::PathBuf;
use std::process::Command;

/// A small disk in memory, which goes away with it.
struct Disk {
    path: PathBuf,
}

impl Disk {
    /// Nothing where this user may not mount.
    fn new(desk: &Desk, size: &str) -> Option<Self> {
        let path = desk.path("disk");
        std::fs::create_dir_all(&path).expect("a folder");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(&path).output();
        if mounted.is_ok_and(|ran| ran.status.success()) {
            return Some(Self { path });
        }
        println!("skipped: only root may mount the small disk that this test fills");
        None
    }

    fn grow(&self, size: &str) {
        let ran = Command::new("mount").args(["-o", &format!("remount,size={size}")]).arg(&self.path).status();
        assert!(ran.expect("mount starts").success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.path).status();
    }
}

#[test]
fn a_full_disk_ends_the_sweep_and_loses_nothing() {
    let desk = Desk::with("small.yaml", SMALL);
    let Some(disk) = Disk::new(&desk, "300k") else { return };
    let ran = desk.flowstill("sweep small.yaml --runs disk").fails(1);
    ran.says(&["no space is left to write disk/small", "the same command goes on"]);
    disk.grow("50m");
    desk.flowstill("sweep small.yaml --runs disk").well();
    desk.flowstill("sweep small.yaml").well();
    let results = results(&desk.path("disk/small"));
    assert_eq!(results, super::sweeping::results(&desk.path("runs/small")));
    assert!(results.values().all(|result| result["state"] == "done"), "a full disk is no fault of any cell");
}

#[test]
fn workers_that_take_too_much_memory_give_way() {
    let yaml = changed(SMALL, "training: {steps: 150", "training: {steps: 3000");
    let desk = Desk::with("small.yaml", format!("{yaml}  limits: {{memory: 1MB}}\n"));
    desk.flowstill("sweep small.yaml --jobs 2").well();
    let told = String::from_utf8(desk.read("runs/small/logs/workers.txt")).expect("text");
    assert!(told.contains("told to end: what was begun is saved"), "one of two gave way: {told}");
    let free = Desk::with("small.yaml", yaml);
    free.flowstill("sweep small.yaml").well();
    assert_eq!(results(&desk.path("runs/small")), results(&free.path("runs/small")));
}
