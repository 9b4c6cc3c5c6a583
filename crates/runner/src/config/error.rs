//! What is wrong with an experiment: every problem found, in the order of the file.

use super::locate::Location;
use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Everything wrong with one file and those that it extends. Displayed as one line per problem, `FILE:LINE:COLUMN: KEY: MESSAGE`, without the
/// parts that do not apply.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct ConfigError {
    /// the file as the user named it
    pub file: PathBuf,
    /// at least one, those of this file first, each file's in line order; problems without a place come first
    pub problems: Vec<Problem>,
}

/// One mistake, with what was expected, what was found and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// where it stands, which may be a file that this one extends
    pub file: PathBuf,
    pub location: Option<Location>,
    /// the key, dotted from the top of the file; empty if the problem is with the file as a whole
    pub key: String,
    pub message: String,
}

impl ConfigError {
    /// One problem with the file as a whole.
    pub(super) fn whole(file: &Path, location: Option<Location>, message: String) -> Self {
        let problem = Problem { file: file.to_owned(), location, key: String::new(), message };
        Self { file: file.to_owned(), problems: vec![problem] }
    }

    /// Sorts the problems by place and drops those that aliases and merges repeat.
    pub(super) fn several(file: &Path, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| (problem.file != file, problem.file.clone(), problem.location));
        let mut seen = HashSet::new();
        problems.retain(|problem| {
            problem.location.is_none_or(|at| seen.insert((problem.file.clone(), at, problem.message.clone())))
        });
        Self { file: file.to_owned(), problems }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            // a name in the file may hold anything, and each problem has its line
            f.write_str(&problem.to_string().replace(char::is_control, " "))?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some(Location { line, column }) = self.location {
            write!(f, "{line}:{column}:")?;
        }
        if !self.key.is_empty() {
            write!(f, " {}:", self.key)?;
        }
        write!(f, " {}", self.message)
    }
}
