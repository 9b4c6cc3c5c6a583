//! Where the student's samples are missing: shares of samples in cells of the teacher's space, and in known modes.

mod cells;
mod kmeans;
mod modes;

pub use cells::CellCoverage;
pub use modes::{Mode, ModeCoverage};
