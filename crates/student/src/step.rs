//! One optimiser step as the objectives see it: the student at fixed parameters, and a gradient to add to.

use crate::source::Source;
use flowstill_flow::graph::{Graph, Parameters, Rows, rows};
use flowstill_flow::shards::{self, Accumulator};
use flowstill_flow::{Draws, Flow, FlowError};
use flowstill_kernel::noise::{Purpose, fill_gaussian};
use std::ops::Range;

/// What all estimators of a step share.
pub struct Step<'a> {
    pub index: u64,
    /// rows of a batch
    pub batch: usize,
    /// share of the phase that is over, 0 to 1
    pub progress: f64,
    pub seed: u64,
    pub flow: &'a Flow<f32>,
    pub theta: &'a Parameters<f32>,
    pub source: Source<'a>,
}

/// An estimator of a loss and its gradient from one batch.
pub trait Estimator: Send + Sync {
    /// Names of what [`Estimator::add_gradient`] returns, its loss first; nats per row unless said otherwise.
    fn terms(&self) -> &'static [&'static str];

    /// The terms, means over the batch; adds `weight` times the gradient of the loss to `gradient`. A pure function of
    /// the step, the same bits for any number of threads.
    fn add_gradient(
        &self,
        step: &Step,
        weight: f64,
        shards: &mut Accumulator,
        gradient: &mut Vec<f32>,
    ) -> Result<Vec<f64>, FlowError>;

    /// The value by which its own parameters are judged, lower is better, where that is not the usual one.
    fn validate(&self, theta: &Parameters<f32>) -> Result<Option<f64>, FlowError> {
        let _ = theta;
        Ok(None)
    }
}

impl Step<'_> {
    pub fn dim(&self) -> usize {
        self.source.dim()
    }

    /// The draws of this step for `purpose`.
    pub fn draws(&self, purpose: Purpose) -> Draws {
        Draws { seed: self.seed, purpose, index: self.index }
    }

    /// Rows `range` of this step's standard normal draws.
    pub fn base(&self, range: &Range<usize>) -> Rows<f32> {
        let dim = self.dim();
        let mut z = vec![0.0; range.len() * dim];
        fill_gaussian(self.seed, Purpose::BaseDraws, self.index, range.start as u64, dim, &mut z);
        rows(z, dim)
    }

    /// Rows `range` of this step's rows of the target.
    pub fn foreign(&self, kind: crate::Rows, range: &Range<usize>) -> Result<Rows<f32>, FlowError> {
        let dim = self.dim();
        let mut x = vec![0.0; range.len() * dim];
        self.source.fill(kind, self.draws(Purpose::TargetDraws), range.start, self.batch, &mut x)?;
        Ok(rows(x, dim))
    }

    /// The target's log-density and score at `x`.
    pub fn target(&self, x: &[f32]) -> Result<(Vec<f64>, Vec<f32>), FlowError> {
        let (mut log_prob, mut score) = (vec![0.0; x.len() / self.dim()], vec![0.0; x.len()]);
        self.source.target.log_prob_and_grad(x, &mut log_prob, &mut score)?;
        Ok((log_prob, score))
    }

    /// Pushes `z` through the student and differentiates from `d_x` and `d_log_det`, which `gradients` gives for the
    /// pushed rows and their log-dets: the gradient of `Σ d_x·S_θ(z) + d_log_det·log|det dS_θ/dz|` at fixed `d_x` and
    /// `d_log_det` goes to the sink of `theta`.
    pub fn push<T>(
        &self,
        theta: &Parameters<f32>,
        z: &Rows<f32>,
        gradients: impl FnOnce(&[f32], &[f32]) -> Result<(Vec<f32>, Vec<f32>, T), FlowError>,
    ) -> Result<T, FlowError> {
        let mut graph = Graph::new();
        let (x, log_det) = self.flow.forward_and_log_det(theta, z, &mut graph)?;
        let (d_x, d_log_det, result) = gradients(&x.as_vec(), &log_det.as_vec())?;
        graph.seed(&x, d_x);
        graph.seed(&log_det, d_log_det);
        graph.backward();
        Ok(result)
    }

    /// Runs `work` on every shard of the batch and returns the means of what it sums.
    pub fn mean<const N: usize>(
        &self,
        shards: &mut Accumulator,
        gradient: &mut Vec<f32>,
        work: impl Fn(Range<usize>, &Parameters<f32>) -> Result<[f64; N], FlowError> + Sync,
    ) -> Result<[f64; N], FlowError> {
        let ranges = shards::ranges(self.batch, self.flow.spec().couples_rows());
        let sums = shards.map(&ranges, self.theta, gradient, work)?;
        let mut total = [0.0; N];
        for sum in sums {
            total.iter_mut().zip(sum).for_each(|(total, sum)| *total += sum);
        }
        Ok(total.map(|sum| sum / self.batch as f64))
    }
}

/// `log p_Z` of each standard normal row.
pub(crate) fn log_base(z: &[f32], dim: usize) -> impl Iterator<Item = f64> + '_ {
    let constant = 0.5 * dim as f64 * std::f64::consts::TAU.ln();
    z.chunks_exact(dim).map(move |z| -0.5 * z.iter().map(|&z| f64::from(z) * f64::from(z)).sum::<f64>() - constant)
}
