//! A folder of its own for each test, in which the binary is started.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A working folder that goes away with the test.
pub struct Desk {
    folder: TempDir,
}

impl Desk {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A desk with one file on it.
    pub fn with(name: &str, text: impl AsRef<[u8]>) -> Self {
        let desk = Self::new();
        desk.write(name, text);
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, with the folders above it.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a name inside the desk")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
        path
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    pub fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// The binary with arguments separated by spaces, not yet started.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flowstill"));
        command.args(arguments.split_whitespace()).current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// Runs the binary with arguments separated by spaces.
    pub fn flowstill(&self, arguments: &str) -> Ran {
        self.ran(arguments, &[])
    }

    /// The same with arguments that may hold anything added at the end.
    pub fn ran(&self, arguments: &str, more: &[&OsStr]) -> Ran {
        Ran::of(self.command(arguments).args(more).output().expect("the binary starts"))
    }
}

/// How a run of the binary ended.
pub struct Ran {
    /// absent if a signal ended it
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Nothing that is typed may end in a panic, whatever else a test looks at.
    pub fn of(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let ran = Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) };
        assert!(!ran.out.contains("panicked") && !ran.err.contains("panicked"), "{}", ran.all());
        ran
    }

    pub fn all(&self) -> String {
        format!("code {:?}\nstandard output:\n{}\nstandard error:\n{}", self.code, self.out, self.err)
    }

    /// It did what it was asked.
    #[track_caller]
    pub fn well(self) -> Self {
        assert!(self.code == Some(0), "expected success, got {}", self.all());
        self
    }

    /// It ended with this code and one chain of errors; nothing was printed as a result.
    #[track_caller]
    pub fn fails(self, code: i32) -> Self {
        assert!(self.code == Some(code), "expected code {code}, got {}", self.all());
        assert!(self.err.contains("error: "), "no line begins with `error: ` in {}", self.all());
        self
    }

    /// Standard error holds each of these.
    #[track_caller]
    pub fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.err.contains(part), "`{part}` is missing in {}", self.all());
        }
        self
    }
}

/// Every file below a folder with its bytes, in the order of their names.
pub fn files_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap_or_else(|e| panic!("{}: {e}", next.display())) {
            let path = entry.expect("an entry of a folder").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).expect("a file that can be read");
                files.push((path.strip_prefix(folder).expect("it is below").to_path_buf(), bytes));
            }
        }
    }
    files.sort();
    files
}
