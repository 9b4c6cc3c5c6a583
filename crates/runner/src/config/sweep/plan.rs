//! A sweep that has been checked: every cell an experiment that can run.

use crate::config::Experiment;
use serde_json::Value;
use std::time::Duration;

/// Many experiments from one YAML.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep {
    /// safe as the name of a folder
    pub name: String,
    /// dotted paths of the keys that are varied, in the order of the file, and of those that rules set beside them; neither
    /// the seed nor what only baselines set is among them
    pub keys: Vec<String>,
    /// in a fixed order, which depends on the YAML alone
    pub cells: Vec<Cell>,
    /// combinations that are the same experiment as a cell, and are no cells of their own
    pub repeated: usize,
    pub stopping: Option<Stopping>,
    pub limits: Limits,
    pub slurm: Slurm,
}

/// One experiment of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// unique in the sweep and safe as the name of a folder; also the name of the experiment
    pub name: String,
    /// what this cell sets: dotted key and value, without the seed, in the order of [`Sweep::keys`], and last what only
    /// baselines set
    pub settings: Vec<(String, Value)>,
    /// the name under which it was written in `baselines`, perhaps beside the product, of which it is a cell as well if it
    /// is named after its settings
    pub baseline: Option<String>,
    pub experiment: Experiment,
}

/// When a cell that does worse than others ends early.
#[derive(Debug, Clone, PartialEq)]
pub struct Stopping {
    pub rule: StoppingRule,
    /// what validations of the student measure: `kl_forward`, `ess_reverse`, … or `validation`, their value, which those of
    /// a teacher alone have as well
    pub metric: String,
    /// whether the smaller value is the better one
    pub smaller_is_better: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StoppingRule {
    /// worse than the median of the others at the same step, from step `after` on and with at least `least` others there
    Median { after: u64, least: usize },
    /// asynchronous successive halving (Li et al. 2020): from rung to rung, at `first · factor^k` steps, the best
    /// `1/factor` go on
    Halving { first: u64, factor: u32 },
}

/// What one cell may take.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Limits {
    /// of one stage of a cell, after which it has failed
    pub time: Option<Duration>,
    /// bytes of memory that all workers of this machine may take together
    pub memory: Option<u64>,
    /// how often a stage that failed is tried again
    pub retries: u32,
}

/// What jobs ask SLURM for; the keys of the YAML are those of Hydra's submitit launcher.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Slurm {
    pub partition: Option<String>,
    pub account: Option<String>,
    pub qos: Option<String>,
    /// of each job, in minutes
    pub timeout_min: Option<u64>,
    pub cpus_per_task: Option<u64>,
    pub mem_gb: Option<u64>,
    /// jobs at once, at most
    pub array_parallelism: Option<u64>,
    /// seconds between the signal to save and the end of a job
    pub signal_delay_s: Option<u64>,
    /// shell lines before the work
    pub setup: Vec<String>,
    /// more options of sbatch, name and value, without the dashes
    pub additional_parameters: Vec<(String, String)>,
}
