//! Why results cannot be shown.

use flowstill_runner::config::nearest;
use std::path::{Path, PathBuf};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum ResultsError {
    #[error("{folder} holds no sweep: there is no plan.json; name the folder of a sweep, such as runs/NAME")]
    NoSweep { folder: PathBuf },
    #[error("cannot read {path}: {reason}; delete it and run the sweep again, which makes it anew")]
    Damaged { path: PathBuf, reason: String },
    #[error("cannot read {path}: its format is {found}, this version of flowstill reads {expected}")]
    Format { path: PathBuf, found: u32, expected: u32 },
    #[error("unknown column `{name}`{near}columns: {known}")]
    UnknownColumn { name: String, near: String, known: String },
    #[error("`{text}` is no condition: {reason}")]
    Filter { text: String, reason: String },
    #[error("cannot write {path}")]
    Write { path: PathBuf, source: std::io::Error },
}

impl ResultsError {
    /// Exit code of the command: 1 where something could not be written, 2 for wrong input.
    pub fn exit_code(&self) -> u8 {
        if matches!(self, Self::Write { .. }) { 1 } else { 2 }
    }

    pub(crate) fn damaged(path: &Path, reason: impl ToString) -> Self {
        Self::Damaged { path: path.to_owned(), reason: reason.to_string() }
    }

    pub(crate) fn writing(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Write { path: path.to_owned(), source }
    }

    pub(super) fn unknown_column<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Self {
        let near = match did_you_mean(name, known.clone()) {
            near if near.is_empty() => "; ".to_owned(),
            near => near + " ",
        };
        Self::UnknownColumn { name: name.to_owned(), near, known: known.collect::<Vec<_>>().join(", ") }
    }
}

/// The end of a sentence about the unknown name `wrong`; nothing where no known one is near.
pub(super) fn did_you_mean<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> String {
    nearest(wrong, known).map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}
