//! A cluster of shell scripts, and a store that changes as a test wants it to.

use super::*;

/// What happens at each look at the store, which is the beginning of a turn; they are counted from 1.
pub(super) type Script<'a> = &'a dyn Fn(&World, u32);

/// A store and a cluster.
pub(super) struct World<'a> {
    pub(super) folder: TempDir,
    pub(super) left: Cell<Left>,
    pub(super) turn: Cell<u32>,
    pub(super) script: Cell<Script<'a>>,
    pub(super) interrupted: AtomicBool,
    pub(super) told: RefCell<Vec<String>>,
}

impl Work for &World<'_> {
    fn folder(&self) -> &Path {
        self.store()
    }

    fn broke(&mut self, task: &str, how: &str) -> Result<(), SweepError> {
        self.told.borrow_mut().push(format!("{task} broke: {how}"));
        Ok(())
    }

    fn left(&mut self) -> Result<Left, SweepError> {
        self.turn.set(self.turn.get() + 1);
        assert!(self.turn.get() < 200, "it does not end; so far {:?}", self.told.borrow());
        self.script.get()(self, self.turn.get());
        Ok(self.left.get())
    }
}

pub(super) const PROGRAMS: [&str; 5] = ["sbatch", "squeue", "scontrol", "sacct", "scancel"];

impl<'a> World<'a> {
    /// A store with this many stages that are ready.
    pub(super) fn new(ready: usize, script: Script<'a>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("bin")).unwrap();
        let fake = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/slurm/fake_slurm.sh");
        for program in PROGRAMS {
            std::os::unix::fs::symlink(&fake, folder.path().join("bin").join(program)).unwrap();
        }
        let left = Cell::new(Left { ready, ..Left::default() });
        let (turn, script, told) = (Cell::new(0), Cell::new(script), RefCell::default());
        Self { folder, left, turn, script, interrupted: AtomicBool::new(false), told }
    }

    pub(super) fn store(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn programs(&self) -> Programs {
        Programs::at(&self.folder.path().join("bin"))
    }

    pub(super) fn executor(&self, array_parallelism: Option<u64>) -> Executor {
        Executor {
            programs: self.programs(),
            slurm: Slurm { array_parallelism, ..Slurm::default() },
            name: "moons".into(),
            worker: Worker { binary: "/opt/flowstill".into(), start_in: "/home/a".into() },
            fail_fast: false,
            pace: Pace { shortest: Duration::from_millis(1), longest: Duration::from_millis(2), submissions: 3 },
        }
    }

    pub(super) fn run(&self, parallelism: u64) -> Result<Outcome, SweepError> {
        self.turn.set(0);
        let tell = &mut |event: Event| self.told.borrow_mut().push(event.to_string());
        self.executor(Some(parallelism)).run(&mut &*self, &self.interrupted, tell)
    }

    /// Runs with other things happening.
    pub(super) fn run_again(&self, script: Script<'a>) -> Result<Outcome, SweepError> {
        self.script.set(script);
        self.run(2)
    }

    /// Makes SLURM do something, or say it of a task.
    pub(super) fn put(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join("bin").join(name), text).unwrap();
    }

    pub(super) fn task(&self, task: &str, state: &str) {
        self.put(&format!("tasks/{task}"), state);
    }

    pub(super) fn take_away(&self, name: &str) {
        fs::remove_file(self.folder.path().join("bin").join(name)).unwrap();
    }

    pub(super) fn progress(&self) {
        self.left.set(Left { progress: self.left.get().progress + 1, ..self.left.get() });
    }

    pub(super) fn done(&self) {
        self.left.set(Left { ended: 1, ..Left::default() });
    }

    /// Arrays of the submissions, in their order.
    pub(super) fn arrays(&self) -> Vec<String> {
        let asked = self.asked("sbatch");
        asked.iter().map(|line| line.split(' ').nth(2).unwrap().trim_start_matches("--array=").to_owned()).collect()
    }

    pub(super) fn asked(&self, program: &str) -> Vec<String> {
        let asked = fs::read_to_string(self.folder.path().join("bin/asked")).unwrap_or_default();
        asked.lines().filter(|line| line.starts_with(program)).map(str::to_owned).collect()
    }

    #[track_caller]
    pub(super) fn was_told(&self, part: &str) {
        assert!(self.told.borrow().iter().any(|line| line.contains(part)), "`{part}` is missing in {:?}", self.told);
    }
}
