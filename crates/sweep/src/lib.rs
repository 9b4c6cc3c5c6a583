//! Many experiments from one YAML: what is shared is done once, the rest in parallel, and all of it survives kills.
//!
//! A [`plan`](planning::plan) names the stages of all cells. [`Worker`]s, processes of one machine or of many, take one
//! stage after the other by [`lease`]s; files are all that they share. The truth about a cell is its
//! [`result.json`](CellResult).

mod attention;
pub mod cache;
mod curves;
pub mod error;
pub mod failure;
pub mod graph;
pub mod lease;
mod leftovers;
pub mod local;
pub mod marker;
mod perform;
pub mod plan;
pub mod planning;
pub mod process;
pub mod report;
mod reporter;
pub mod result;
pub mod results;
pub mod settle;
pub mod slurm;
pub mod stage;
pub mod standing;
pub mod status;
mod stopping;
pub mod store;
pub mod worker;

pub use error::SweepError;
pub use graph::Graph;
pub use plan::{Plan, PlannedCell, StageKeys};
pub use result::{CellResult, Ending, Number};
pub use standing::Sight;
pub use store::Store;
pub use worker::Worker;
