//! Where results come from.

use serde::{Deserialize, Serialize};

/// Version of the programs and of the numbers they make; part of every key.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a reader needs to make the same numbers again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// version of flowstill
    pub version: String,
    /// SHA-256 of the resolved configuration and the data
    pub config_hash: String,
    /// SHA-256 of the data's values
    pub data_hash: String,
    pub seed: u64,
    /// threads of the run, also of its measurements of speed
    pub threads: usize,
    /// the machine's processor, which speeds depend on
    pub processor: String,
}

/// The processor's name as the system gives it, else its architecture.
pub fn processor() -> String {
    std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        })
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}
