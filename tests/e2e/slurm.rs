//! Sweeps on a SLURM cluster: real jobs, of which some are told to end, killed, or lose their node.

use super::desk::{Desk, Ran};
use super::outside;
use super::stopping::{ended, signal};
use super::sweeping::results;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Two cells that share nothing, long enough that whatever happens meets them at work. Each task has a node of its own.
const PAIR: &str = "\
name: pair
data: {synthetic: two_moons, rows: 1000}
teacher:
  hidden: [16]
  training: {steps: 200000, batch: 64, rate: 3e-3, validate_every: 50000, checkpoint_every: 100}
student:
  training: {steps: 300, batch: 64, rate: 3e-3, validate_every: 100, checkpoint_every: 100}
evaluation: {samples: 200}
bench: {batches: [1], repetitions: 1}
sweep:
  grid: {teacher.layers: [1, 2]}
executor:
  slurm: {cpus_per_task: 2, array_parallelism: 2, timeout_min: 10, setup: [\"echo begun on $SLURMD_NODENAME\"]}
";

/// The results of [`PAIR`] from this machine alone.
fn undisturbed() -> &'static BTreeMap<String, Value> {
    static RESULTS: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
        let desk = Desk::with("pair.yaml", PAIR);
        desk.flowstill("sweep pair.yaml").well();
        results(&desk.path("runs/pair"))
    });
    &RESULTS
}

/// The cluster that `scripts/test` started, for one test at a time.
struct Cluster {
    folder: PathBuf,
    _alone: MutexGuard<'static, ()>,
}

/// A task of a job array that is at work.
#[derive(Debug)]
struct Task {
    name: String,
    node: String,
    /// of its worker
    pid: String,
}

impl Cluster {
    fn get() -> Option<Self> {
        static ALONE: Mutex<()> = Mutex::new(());
        let folder = outside::slurm()?;
        Some(Self { folder, _alone: ALONE.lock().unwrap_or_else(PoisonError::into_inner) })
    }

    /// A program that talks to this cluster.
    fn on(&self, mut command: Command) -> Command {
        command.env("SLURM_CONF", self.folder.join("slurm.conf"));
        command
    }

    /// What a program of SLURM says.
    fn ask(&self, program: &str, arguments: &str) -> String {
        self.try_to_ask(program, arguments).unwrap_or_else(|said| panic!("{program} {arguments}: {said}"))
    }

    /// The same, or what it complains of.
    fn try_to_ask(&self, program: &str, arguments: &str) -> Result<String, String> {
        let mut command = self.on(Command::new(program));
        let output = command.args(arguments.split_whitespace()).output().map_err(|e| e.to_string())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    fn sweep(&self, desk: &Desk, more: &str) -> Command {
        self.on(desk.command(&format!("sweep pair.yaml --executor slurm {more}")))
    }

    /// The sweep to its end.
    fn swept(&self, desk: &Desk) -> Ran {
        Ran::of(self.sweep(desk, "").output().expect("the binary starts"))
    }

    /// Starts the sweep and returns as soon as both of its teachers have saved something.
    fn started(&self, desk: &Desk) -> (Child, Vec<Task>) {
        let mut command = self.sweep(desk, "");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let tasks = until("both cells are at work", || {
            let tasks = self.at_work(&desk.path("runs/pair"));
            (tasks.len() == 2 || child.try_wait().expect("a child that is ours").is_some()).then_some(tasks)
        });
        assert!(tasks.len() == 2, "the sweep ended early: {}", ended(child).all());
        (child, tasks)
    }

    /// Tasks at teachers that are past their first checkpoint, in the order of their nodes.
    fn at_work(&self, sweep: &Path) -> Vec<Task> {
        let leases = std::fs::read_dir(sweep.join("../cache/leases")).into_iter().flatten().flatten();
        let mut tasks: Vec<Task> = leases
            .filter_map(|lease| {
                let lease: Value = serde_json::from_slice(&std::fs::read(lease.path()).ok()?).ok()?;
                let name = lease["task"].as_str()?.to_owned();
                let node = self.ask("squeue", &format!("-h -r -j {name} -o %N")).trim().to_owned();
                let far = lease["stage"]["kind"] == "teacher" && lease["progress"]["step"].as_u64()? > 100;
                far.then(|| Task { name, node, pid: lease["pid"].to_string() })
            })
            .collect();
        tasks.sort_by(|a, b| a.node.cmp(&b.node));
        tasks
    }
}

impl Drop for Cluster {
    /// The next test finds it idle.
    fn drop(&mut self) {
        let _ = self.try_to_ask("scancel", "--user=root");
        let says = |program: &str, arguments: &str, expected: &str| {
            self.try_to_ask(program, arguments).is_ok_and(|said| said.trim() == expected).then_some(())
        };
        let idle = waited(|| says("squeue", "-h", "")).and(waited(|| says("sinfo", "-h -o %D,%T", "2,idle")));
        // a second panic would end the tests of all others
        assert!(idle.is_some() || std::thread::panicking(), "the cluster is not idle after a minute");
    }
}

/// A node that was taken out of service, until the end of the test.
struct OutOfService<'a> {
    cluster: &'a Cluster,
    node: &'a str,
}

impl<'a> OutOfService<'a> {
    fn new(cluster: &'a Cluster, node: &'a str, state: &str) -> Self {
        cluster.ask("scontrol", &format!("update nodename={node} state={state} reason=test"));
        Self { cluster, node }
    }
}

impl Drop for OutOfService<'_> {
    fn drop(&mut self) {
        let mut command = self.cluster.on(Command::new("scontrol"));
        // no harm if SLURM itself has taken it back, as it does with one that answers
        let _ = command.args(["update", &format!("nodename={}", self.node), "state=resume"]).output();
    }
}

/// A node whose daemon was killed, until the end of the test.
struct Lost<'a> {
    cluster: &'a Cluster,
    node: &'a str,
}

impl Drop for Lost<'_> {
    fn drop(&mut self) {
        let started = self.cluster.try_to_ask("slurmd", &format!("-N {}", self.node));
        assert!(started.is_ok() || std::thread::panicking(), "slurmd: {started:?}");
    }
}

/// Waits for something, but not for ever.
#[track_caller]
fn until<T>(what: &str, found: impl FnMut() -> Option<T>) -> T {
    waited(found).unwrap_or_else(|| panic!("it took more than a minute until {what}"))
}

/// The same; nothing if it does not come about.
fn waited<T>(mut found: impl FnMut() -> Option<T>) -> Option<T> {
    let patience = Instant::now();
    while patience.elapsed() < Duration::from_secs(60) {
        if let Some(found) = found() {
            return Some(found);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    None
}

fn send(signal: &str, pid: &str) {
    assert!(Command::new("kill").args([signal, pid]).status().expect("kill").success(), "{pid} was gone already");
}

#[track_caller]
fn same_as_undisturbed(desk: &Desk) {
    assert_eq!(results(&desk.path("runs/pair")), *undisturbed());
}

#[test]
fn the_same_bits_as_on_one_machine_in_a_folder_of_any_name() {
    let Some(cluster) = Cluster::get() else { return };
    let desk = Desk::with("pair.yaml", PAIR);
    let runs = "50% of \"them\", #1's $(x)";
    let mut command = cluster.sweep(&desk, "--runs");
    let ran = Ran::of(command.arg(OsStr::new(runs)).output().expect("the binary starts")).well();
    assert!(ran.out.contains("2 done, 0 stopped early, 0 failed, of 2 cells"), "{}", ran.all());
    assert_eq!(results(&desk.path(runs).join("pair")), *undisturbed());
    let slurm = desk.path(runs).join("pair/slurm");
    let log = std::fs::read_dir(slurm.join("logs")).expect("logs").next().expect("a log").expect("an entry").path();
    assert!(std::fs::read_to_string(log).expect("text").starts_with("begun on n"));
    let jobs: Value = serde_json::from_slice(&std::fs::read(slurm.join("jobs.json")).expect("jobs")).expect("JSON");
    let last = &jobs["jobs"].as_array().expect("a list").last().expect("a job");
    assert_eq!((&last["speed"], &last["tasks"]), (&true.into(), &1.into()), "speed was measured by a task of its own");
    let job = cluster.ask("scontrol", &format!("-o show job {}", last["id"]));
    assert!(job.contains(" OverSubscribe=NO "), "its node was not its own: {job}");
}

#[test]
fn a_task_that_is_told_to_end_saves_and_is_replaced() {
    let Some(cluster) = Cluster::get() else { return };
    let desk = Desk::with("pair.yaml", PAIR);
    let (child, tasks) = cluster.started(&desk);
    // as SLURM does before the end of a job's time
    cluster.ask("scancel", &format!("--signal=TERM --batch {}", tasks[0].name));
    ended(child).well().says(&[&format!("task {} ended as saved, by a signal", tasks[0].name)]);
    same_as_undisturbed(&desk);
    assert_eq!(resumed(&desk), 1, "of one teacher the training went on from what was saved");
}

/// How many of the teachers went on from a state that an earlier task had saved.
fn resumed(desk: &Desk) -> usize {
    let cells = std::fs::read_dir(desk.path("runs/pair/cells")).expect("cells");
    let records =
        cells.map(|cell| std::fs::read(cell.expect("an entry").path().join("teacher.json")).expect("a record"));
    let resumed = records.map(|bytes| serde_json::from_slice::<Value>(&bytes).expect("JSON")["resumed_at"].as_u64());
    resumed.filter(|step| *step > Some(0)).count()
}

#[test]
fn what_a_killed_worker_had_begun_is_done_by_another() {
    let Some(cluster) = Cluster::get() else { return };
    let desk = Desk::with("pair.yaml", PAIR);
    let (child, tasks) = cluster.started(&desk);
    send("-KILL", &tasks[1].pid);
    ended(child).well().says(&[&format!("task {} ended as FAILED", tasks[1].name)]);
    same_as_undisturbed(&desk);
    assert_eq!(resumed(&desk), 1);
}

#[test]
fn a_node_may_be_lost() {
    let Some(cluster) = Cluster::get() else { return };
    let desk = Desk::with("pair.yaml", PAIR);
    let (child, tasks) = cluster.started(&desk);
    let lost = &tasks[0];
    let daemon = std::fs::read_to_string(cluster.folder.join(format!("slurmd.{}.pid", lost.node))).expect("a daemon");
    let above = Command::new("ps").args(["-o", "ppid=", "-p", &lost.pid]).output().expect("ps").stdout;
    let _lost = Lost { cluster: &cluster, node: &lost.node };
    // the daemon, what it started for the job, and the job: nobody is left to tell the controller
    for pid in [daemon.trim(), String::from_utf8_lossy(&above).trim(), &lost.pid] {
        send("-KILL", pid);
    }
    ended(child).well();
    same_as_undisturbed(&desk);
}

/// How many tasks began on a node.
fn begun_on(desk: &Desk, node: &str) -> usize {
    let logs = std::fs::read_dir(desk.path("runs/pair/slurm/logs")).expect("logs");
    let texts = logs.map(|log| std::fs::read_to_string(log.expect("an entry").path()).expect("text"));
    texts.map(|text| text.matches(&format!("begun on {node}\n")).count()).sum()
}

#[test]
fn a_node_may_be_drained() {
    let Some(cluster) = Cluster::get() else { return };
    let desk = Desk::with("pair.yaml", PAIR);
    let (child, tasks) = cluster.started(&desk);
    let _drained = OutOfService::new(&cluster, &tasks[0].node, "drain");
    // what it had begun has to go on elsewhere
    cluster.ask("scancel", &format!("--signal=TERM --batch {}", tasks[0].name));
    ended(child).well();
    same_as_undisturbed(&desk);
    assert_eq!((resumed(&desk), begun_on(&desk, &tasks[0].node)), (1, 1));
}

#[test]
fn a_node_may_be_set_down() {
    let Some(cluster) = Cluster::get() else { return };
    let desk = Desk::with("pair.yaml", PAIR);
    let (child, tasks) = cluster.started(&desk);
    let _down = OutOfService::new(&cluster, &tasks[1].node, "down");
    ended(child).well();
    same_as_undisturbed(&desk);
    let task = cluster.ask("scontrol", &format!("-o show job {}", tasks[1].name));
    assert!(task.contains(" Restarts=1 "), "it had to begin again: {task}");
}

#[test]
fn the_time_of_a_job_may_be_shorter_than_a_training() {
    let Some(cluster) = Cluster::get() else { return };
    // SLURM looks at the times of jobs every half a minute, and gives the signal at the first look
    let desk = Desk::with("pair.yaml", PAIR.replace("timeout_min: 10", "timeout_min: 1, signal_delay_s: 55"));
    let (child, tasks) = cluster.started(&desk);
    let pid = &tasks[0].pid;
    // a training that takes until then, however fast the machine is
    send("-STOP", pid);
    // which wakes whom it signals
    until("SLURM has told the worker to save", || (!Path::new("/proc").join(pid).exists()).then_some(()));
    ended(child).well().says(&[&format!("task {} ended as saved, by a signal", tasks[0].name)]);
    same_as_undisturbed(&desk);
    assert!(resumed(&desk) > 0, "the training went on in the next job");
}

#[test]
fn jobs_go_on_without_the_command_which_finds_them_again_and_cancels_them() {
    let Some(cluster) = Cluster::get() else { return };
    let desk = Desk::with("pair.yaml", PAIR);
    let (child, tasks) = cluster.started(&desk);
    signal(&child, "INT");
    ended(child).fails(130).says(&["2 SLURM tasks", "go on: the same command looks after them again, with --cancel"]);
    let names = |tasks: &[Task]| tasks.iter().map(|task| task.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&cluster.at_work(&desk.path("runs/pair"))), names(&tasks));

    let (child, again) = cluster.started(&desk);
    assert_eq!(names(&again), names(&tasks), "nothing was submitted a second time");
    let cancelled = Ran::of(cluster.sweep(&desk, "--cancel").output().expect("the binary starts")).well();
    assert!(cancelled.all().contains("2 SLURM tasks"), "{}", cancelled.all());
    ended(child).fails(130).says(&["2 SLURM tasks of an earlier command", "the SLURM jobs were cancelled"]);

    cluster.swept(&desk).well();
    same_as_undisturbed(&desk);
    assert_eq!(resumed(&desk), 2, "both trainings were saved when they were cancelled");
}

#[test]
fn what_slurm_refuses_is_said_in_its_words() {
    let Some(cluster) = Cluster::get() else { return };
    let desk = Desk::with("pair.yaml", PAIR.replace("timeout_min: 10", "partition: elsewhere"));
    let ran = cluster.swept(&desk).fails(2);
    ran.says(&["SLURM refused the jobs", "nvalid partition", "`executor.slurm`"]);
}

#[test]
fn a_machine_without_slurm_is_told_what_to_do() {
    let desk = Desk::with("pair.yaml", PAIR);
    let mut command = desk.command("sweep pair.yaml --executor slurm");
    let ran = Ran::of(command.env("PATH", "").output().expect("the binary starts")).fails(2);
    ran.says(&["there is no `", "--executor local"]);
}
