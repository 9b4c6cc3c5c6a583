//! What is wrong with a question about results.

use flowstill_runner::config::nearest;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum ResultsError {
    #[error("unknown column `{name}`{near}columns: {known}")]
    UnknownColumn { name: String, near: String, known: String },
    #[error("`{text}` is no condition: {reason}")]
    Filter { text: String, reason: String },
}

impl ResultsError {
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
