//! The stages of a sweep on a SLURM cluster: job arrays whose tasks are workers.
//!
//! SLURM only starts and ends workers; what has been done is known from the store alone, never from the state of a job.
//! So nothing is lost when a job is lost, and a controller that does not answer delays the sweep but does not end it.

mod cancel;
mod error;
mod event;
mod executor;
mod jobs;
mod memory;
mod outcome;
mod patience;
mod programs;
mod queue;
mod quoting;
mod script;
mod stages;
mod submission;
mod task;
#[cfg(test)]
mod tests;
mod tracking;
mod work;

pub use cancel::cancel;
pub use error::SlurmError;
pub use event::Event;
pub use executor::{Executor, Pace};
pub use outcome::Outcome;
pub use programs::Programs;
pub use script::Worker;
pub use stages::Stages;
pub use work::{Left, Work};
