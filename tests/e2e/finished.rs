//! Experiments that were run to their end, for all tests that only look at results.

use super::desk::Ran;
use super::experiment::{LONGER, PHASES, TWO_MOONS};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The results of an experiment and what was said on the way.
pub struct Finished {
    folder: PathBuf,
    pub ran: Ran,
    /// held to the end, so that a second run of the tests waits and does not sweep these results away
    _lock: File,
}

impl Finished {
    /// A file of the results, such as `teacher.safetensors`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// [`TWO_MOONS`], run once for all tests.
pub fn finished() -> &'static Finished {
    static RUN: OnceLock<Finished> = OnceLock::new();
    RUN.get_or_init(|| run("two_moons", TWO_MOONS))
}

/// [`LONGER`], run once and without interruption.
pub fn unbroken() -> &'static Finished {
    static RUN: OnceLock<Finished> = OnceLock::new();
    RUN.get_or_init(|| run("longer", LONGER))
}

/// [`PHASES`], likewise.
pub fn phased() -> &'static Finished {
    static RUN: OnceLock<Finished> = OnceLock::new();
    RUN.get_or_init(|| run("phases", PHASES))
}

fn run(name: &str, yaml: &str) -> Finished {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&place).expect("a folder");
    let lock = File::create(place.join("lock")).expect("a lock file");
    lock.lock().expect("a lock");
    let _ = fs::remove_dir_all(place.join("runs"));
    fs::write(place.join(format!("{name}.yaml")), yaml).expect("an experiment");
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowstill"));
    let output = command.args(["run", &format!("{name}.yaml")]).current_dir(&place).output();
    let ran = Ran::of(output.expect("the binary starts")).well();
    Finished { folder: place.join("runs").join(name), ran, _lock: lock }
}
