//! Many experiments from one YAML.

mod plan;

pub use plan::{Cell, Limits, Slurm, Stopping, StoppingRule, Sweep};
