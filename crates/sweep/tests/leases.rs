//! Two workers never do one stage, and a dead one is succeeded.

use flowstill_sweep::lease::{self, Asked, Holder, Leases, Progress};
use flowstill_sweep::stage::{Kind, StageId};
use flowstill_sweep::{Store, process};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

struct Bench {
    _folder: TempDir,
    store: Store,
    stage: StageId,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("sweep"));
        let stage = StageId { kind: Kind::Student, key: "0123456789abcdef0123456789abcdef".to_owned() };
        Self { _folder: folder, store, stage }
    }

    fn ask(&self, leases: &mut Leases, mark: &str) -> Asked {
        leases.ask(&self.store, &self.stage, "cell", mark.to_owned()).unwrap()
    }

    #[track_caller]
    fn taken(&self, mark: &str) -> Box<lease::Lease> {
        match self.ask(&mut Leases::patient(Duration::ZERO), mark) {
            Asked::Taken(lease) => lease,
            Asked::Held => panic!("somebody holds the lease"),
        }
    }

    /// A lease of another process, as it would have written it.
    fn foreign(&self, host: &str, pid: u32, began: u64, deaths: u32, ended: Option<&str>) -> PathBuf {
        let holder = Holder {
            stage: self.stage.clone(),
            sweep: "sweep".to_owned(),
            cell: "cell".to_owned(),
            host: host.to_owned(),
            pid,
            task: None,
            began,
            beat: 7,
            progress: Progress::default(),
            ended: ended.map(str::to_owned),
            deaths,
            mark: "here".to_owned(),
        };
        let path = self.store.leases().join(format!("{}.4.json", self.stage));
        std::fs::create_dir_all(self.store.leases()).unwrap();
        std::fs::write(&path, serde_json::to_string(&holder).unwrap()).unwrap();
        path
    }
}

/// A process that is over.
fn dead() -> u32 {
    let mut child = Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    child.id()
}

#[test]
fn a_lease_is_held_until_it_is_given_back() {
    let bench = Bench::new();
    let lease = bench.taken("");
    assert!(matches!(bench.ask(&mut Leases::default(), ""), Asked::Held));
    drop(lease);
    bench.taken("");
    assert_eq!(lease::all(&bench.store).unwrap(), vec![]);
}

#[test]
fn of_many_who_ask_at_once_one_gets_it() {
    let bench = Bench::new();
    bench.foreign(&process::host(), dead(), 1, 0, None);
    for _ in 0..20 {
        let asked: Vec<Asked> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8).map(|_| scope.spawn(|| bench.ask(&mut Leases::patient(Duration::ZERO), ""))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(asked.iter().filter(|asked| matches!(asked, Asked::Taken(_))).count(), 1);
    }
}

#[test]
fn who_died_here_is_succeeded_at_once_and_a_later_process_of_its_number_is_not_it() {
    let bench = Bench::new();
    bench.foreign(&process::host(), dead(), 1, 0, None);
    assert_eq!(bench.taken("here").holder.deaths, 0, "nobody said that it died of the stage");
    // the test itself has the number, but began at another time
    bench.foreign(&process::host(), std::process::id(), 1, 0, None);
    bench.taken("here");
    bench.foreign(&process::host(), std::process::id(), process::began(std::process::id()).unwrap(), 0, None);
    assert!(matches!(bench.ask(&mut Leases::default(), ""), Asked::Held));
}

#[test]
fn who_is_just_gone_has_a_moment_for_last_words() {
    let bench = Bench::new();
    let path = bench.foreign(&process::host(), dead(), 1, 2, None);
    let mut leases = Leases::default();
    assert!(matches!(bench.ask(&mut leases, "here"), Asked::Held));
    let told = std::fs::read_to_string(&path).unwrap().replace("\"deaths\":2", "\"ended\":\"signal 9\",\"deaths\":2");
    std::fs::write(&path, told).unwrap();
    match bench.ask(&mut leases, "here") {
        Asked::Taken(lease) => assert_eq!(lease.holder.deaths, 3),
        Asked::Held => panic!("it has said how it ended"),
    }
}

#[test]
fn a_lease_that_was_torn_is_no_lease_for_long() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.store.leases()).unwrap();
    std::fs::write(bench.store.leases().join(format!("{}.0.json", bench.stage)), "").unwrap();
    let mut leases = Leases::patient(Duration::from_millis(20));
    assert!(matches!(bench.ask(&mut leases, ""), Asked::Held));
    std::thread::sleep(Duration::from_millis(30));
    assert!(matches!(bench.ask(&mut leases, ""), Asked::Taken(_)));
}

#[test]
fn deaths_count_where_the_stage_did_not_get_any_further() {
    let bench = Bench::new();
    bench.foreign(&process::host(), dead(), 1, 2, Some("signal 9"));
    assert_eq!(bench.taken("here").holder.deaths, 3);
    bench.foreign(&process::host(), dead(), 1, 2, Some("signal 9"));
    assert_eq!(bench.taken("further").holder.deaths, 1);
}

#[test]
fn a_holder_elsewhere_is_dead_once_it_was_silent_for_long() {
    let bench = Bench::new();
    let path = bench.foreign("elsewhere", 1, 1, 0, None);
    let mut leases = Leases::patient(Duration::from_millis(30));
    assert!(matches!(bench.ask(&mut leases, ""), Asked::Held));
    std::thread::sleep(Duration::from_millis(40));
    let beating = std::fs::read_to_string(&path).unwrap().replace("\"beat\":7", "\"beat\":8");
    std::fs::write(&path, beating).unwrap();
    assert!(matches!(bench.ask(&mut leases, ""), Asked::Held), "it has written since");
    std::thread::sleep(Duration::from_millis(40));
    assert!(matches!(bench.ask(&mut leases, ""), Asked::Taken(_)));
}

#[test]
fn who_was_thought_dead_learns_of_it() {
    let bench = Bench::new();
    let mut lost = bench.taken("");
    assert!(lost.beat(Progress { step: 5, ..Progress::default() }).unwrap());
    let (path, holder) = lease::all(&bench.store).unwrap().remove(0);
    assert_eq!((holder.progress.step, holder.beat), (5, 1));
    // a successor gives its lease back, and with it those before
    std::fs::remove_file(path).unwrap();
    assert!(!lost.beat(Progress::default()).unwrap());
}

#[test]
fn the_end_of_a_process_is_noted_on_its_leases_alone() {
    let bench = Bench::new();
    let pid = dead();
    bench.foreign(&process::host(), pid, 1, 0, None);
    let other = StageId { kind: Kind::Teacher, ..bench.stage.clone() };
    let asked = Leases::default().ask(&bench.store, &other, "cell", String::new()).unwrap();
    assert_eq!(lease::bury(&bench.store, pid, "signal 9").unwrap(), 1);
    let ended: Vec<_> = lease::all(&bench.store).unwrap().into_iter().map(|(_, holder)| holder.ended).collect();
    assert_eq!(ended, vec![Some("signal 9".to_owned()), None]);
    drop(asked);
}
