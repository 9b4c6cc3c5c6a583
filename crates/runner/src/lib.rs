//! From an experiment's YAML to its results: checked configuration, stages, TensorBoard, figures, report.

pub mod bench;
pub mod config;
pub mod console;
pub mod error;
pub mod families;
pub mod figure;
pub mod folder;
pub mod metrics;
pub mod pipeline;
pub mod provenance;
pub mod rates;
pub mod report;
pub mod stage;
mod story;
pub mod summary;
pub mod tensorboard;
pub mod truth;

pub use config::Experiment;
pub use console::Console;
pub use error::RunError;
pub use flowstill_flow::Engine;
pub use metrics::Metrics;
pub use pipeline::{Options, Pipeline};
