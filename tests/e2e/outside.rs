//! Programs that are not ours. `scripts/test` installs them and says where they are.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A Python with the packages of `scripts/requirements.txt`.
pub struct Python(PathBuf);

/// The Python of `FLOWSTILL_PYTHON`; without one the test says why it looks at nothing.
pub fn python() -> Option<Python> {
    named("FLOWSTILL_PYTHON").map(Python)
}

/// The browser of `FLOWSTILL_CHROMIUM`, likewise.
pub fn chromium() -> Option<PathBuf> {
    named("FLOWSTILL_CHROMIUM")
}

/// The folder of a SLURM cluster, that of `FLOWSTILL_SLURM`, likewise.
pub fn slurm() -> Option<PathBuf> {
    named("FLOWSTILL_SLURM")
}

fn named(variable: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable).filter(|path| !path.is_empty());
    if path.is_none() {
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        // not by `eprintln!`, which the test harness keeps to itself when a test passes
        let _ = writeln!(io::stderr(), "{test}: skipped what needs {variable}, which is not set; scripts/test sets it");
    }
    path.map(PathBuf::from)
}

impl Python {
    /// Runs a script of `scripts/` and returns what it prints.
    #[track_caller]
    pub fn script(&self, name: &str, arguments: &[&OsStr]) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts").join(name);
        let output = Command::new(&self.0).arg(script).args(arguments).output().expect("python starts");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{name} found fault:\n{out}\n{err}");
        out.into_owned()
    }
}
