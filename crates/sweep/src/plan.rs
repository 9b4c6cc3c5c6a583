//! `plan.json`: the cells of a sweep and the stages that they need, as workers on any machine read them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Raised when a key changes its meaning.
pub const FORMAT_VERSION: u32 = 1;

/// The whole file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub format_version: u32,
    /// version of flowstill, which all workers must share
    pub version: String,
    /// the sweep's name
    pub name: String,
    /// dotted keys that are varied, without the seed
    pub keys: Vec<String>,
    pub cells: Vec<PlannedCell>,
}

/// One cell and its stages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedCell {
    pub name: String,
    /// what the cell sets, by dotted key, without the seed
    pub settings: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    pub seed: u64,
    /// keys of its stages; two cells with the same key share the stage
    pub stages: StageKeys,
    /// its resolved experiment
    pub yaml: String,
}

/// The stages of a cell, each named by the hash of all that it depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageKeys {
    /// absent where a known density is the teacher
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teacher: Option<String>,
    pub student: String,
    pub evaluation: String,
    /// absent where no speed is measured
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<String>,
}
