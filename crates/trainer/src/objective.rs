//! What is minimised, and who watches.

use crate::record::Record;
use std::error::Error;
use std::sync::Arc;

/// A loss with a gradient over a flat parameter vector.
pub trait Objective {
    /// The terms, the loss first (nats per sample, means over the batch of step `step`) and the gradient of the loss, added
    /// to `gradient`, which is as long as `theta` and keeps its length. A pure function of `theta` and `step`.
    fn loss_and_gradient(
        &mut self,
        theta: &Arc<Vec<f32>>,
        step: u64,
        gradient: &mut Vec<f32>,
    ) -> Result<Vec<f64>, Box<dyn Error + Send + Sync>>;

    /// Judges `theta`. May set buffers of it (statistics that no gradient reaches).
    fn validate(&mut self, theta: &mut Vec<f32>) -> Result<Validation, Box<dyn Error + Send + Sync>>;

    /// Names of the measures that a validation takes beside its value.
    fn measures(&self) -> &[&'static str] {
        &[]
    }

    /// Where a value that is not finite first appears at this step, in words.
    fn locate_non_finite(&mut self, theta: &Arc<Vec<f32>>, step: u64) -> Option<String>;
}

/// What a validation found.
#[derive(Debug, Clone, PartialEq)]
pub struct Validation {
    /// what early stopping watches, lower is better
    pub value: f64,
    /// one for each of [`Objective::measures`]
    pub measures: Vec<f64>,
}

impl From<f64> for Validation {
    fn from(value: f64) -> Self {
        Self { value, measures: Vec::new() }
    }
}

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepReport<'a> {
    /// steps done so far, this one included
    pub step: u64,
    pub terms: &'a [f64],
    pub rate: f64,
    /// before clipping
    pub gradient_norm: f64,
}

/// Someone who is told how training goes: a progress bar, an event file.
pub trait Observer {
    /// Training begins after `step` steps done earlier, 0 for a fresh start.
    fn start(&mut self, step: u64, total: u64) -> std::io::Result<()>;
    fn step(&mut self, report: &StepReport) -> std::io::Result<()>;
    /// After a validation, with the parameters that were validated.
    fn validation(&mut self, record: &Record, theta: &[f32]) -> std::io::Result<()>;
}

/// Nobody.
impl Observer for () {
    fn start(&mut self, _: u64, _: u64) -> std::io::Result<()> {
        Ok(())
    }
    fn step(&mut self, _: &StepReport) -> std::io::Result<()> {
        Ok(())
    }
    fn validation(&mut self, _: &Record, _: &[f32]) -> std::io::Result<()> {
        Ok(())
    }
}
