//! Many experiments from one YAML: what is shared is done once, the rest in parallel, and all of it survives kills.

pub mod plan;
pub mod report;
pub mod result;
pub mod results;

pub use plan::{Plan, PlannedCell, StageKeys};
pub use result::{CellResult, Ending, Number};
