//! The programs of SLURM.

use super::error::SlurmError;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Names or paths of the programs through which we talk to SLURM.
#[derive(Debug, Clone)]
pub struct Programs {
    pub sbatch: PathBuf,
    pub squeue: PathBuf,
    pub scontrol: PathBuf,
    pub sacct: PathBuf,
    pub scancel: PathBuf,
}

impl Default for Programs {
    /// Those on the search path.
    fn default() -> Self {
        Self::at(Path::new(""))
    }
}

impl Programs {
    /// Those of one folder.
    pub fn at(folder: &Path) -> Self {
        let program = |name| folder.join(name);
        Self {
            sbatch: program("sbatch"),
            squeue: program("squeue"),
            scontrol: program("scontrol"),
            sacct: program("sacct"),
            scancel: program("scancel"),
        }
    }
}

/// What a program said.
pub struct Answer {
    pub well: bool,
    pub out: String,
    pub err: String,
}

impl Answer {
    /// The controller could not be asked; it may still have heard us.
    pub fn unreachable(&self) -> bool {
        let signs =
            ["Unable to contact", "Connection refused", "timed out", "onnection failure", "Zero Bytes", "Broken pipe"];
        !self.well && signs.iter().any(|sign| self.err.contains(sign))
    }

    /// SLURM does not know the job any more.
    pub fn forgotten(&self) -> bool {
        !self.well && self.err.contains("Invalid job id")
    }

    /// Its complaint, without what is said in every one of them.
    pub fn complaint(&self) -> String {
        let lines = self.err.lines().map(str::trim).filter(|line| !line.is_empty());
        let said: Vec<&str> = lines.map(|line| line.split_once("error: ").map_or(line, |(_, said)| said)).collect();
        if said.is_empty() { "it failed without a word".into() } else { said.join("; ") }
    }
}

/// Runs a program to its end.
///
/// # Errors
/// It cannot be started.
pub fn ask<S: AsRef<std::ffi::OsStr>>(
    program: &Path,
    arguments: impl IntoIterator<Item = S>,
) -> Result<Answer, SlurmError> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    // filters that a person has set for looking at the queue would hide our tasks
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SQUEUE_")) {
        command.env_remove(name);
    }
    // Ctrl-C is for us: a submission that it broke off would leave jobs that nobody knows of
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let output = command.output().map_err(|source| match source.kind() {
        ErrorKind::NotFound => SlurmError::Missing { program: program.into() },
        _ => SlurmError::Start { program: program.into(), source },
    })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Answer { well: output.status.success(), out: text(&output.stdout), err: text(&output.stderr) })
}
