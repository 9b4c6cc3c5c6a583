//! The units of work.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What is done in a stage, in the order in which a cell needs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Teacher,
    Student,
    Evaluation,
    /// measured while nothing else runs
    Speed,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Teacher, Self::Student, Self::Evaluation, Self::Speed];

    pub fn name(self) -> &'static str {
        match self {
            Self::Teacher => "teacher",
            Self::Student => "student",
            Self::Evaluation => "evaluation",
            Self::Speed => "speed",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One stage: what is done, and the hash of all that it depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StageId {
    pub kind: Kind,
    pub key: String,
}

impl StageId {
    /// As its files are called: the beginning of a SHA-256 is enough to tell stages apart.
    pub fn short_key(&self) -> &str {
        &self.key[..self.key.len().min(20)]
    }
}

impl fmt::Display for StageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.kind, self.short_key())
    }
}
