//! The training loop that teacher and student share: settings, optimiser, schedule, early stopping, state on disk.

pub mod settings;

pub use settings::{Schedule, Settings};
