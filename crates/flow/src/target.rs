//! What a student can be distilled from: any density with a gradient.

use crate::error::FlowError;
use crate::flow::{Engine, Flow};
use crate::graph::{Graph, Parameters, rows};
use flowstill_kernel::noise::{Purpose, fill_gaussian};
use flowstill_model::{FlowSpec, Layout, fold::fold_batch_norm};
use std::sync::Arc;

/// Which independent draws are meant: row `i` of a target's draws is a function of these and `i` alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draws {
    pub seed: u64,
    pub purpose: Purpose,
    pub index: u64,
}

/// A frozen density `p` on rows of `dim` coordinates.
pub trait Target: Send + Sync {
    fn dim(&self) -> usize;

    /// Writes `log p(x)` (nats, one per row) and `∇_x log p(x)` (rows × dim) for the row-major `x`. The three slices hold
    /// as many rows.
    fn log_prob_and_grad(&self, x: &[f32], log_prob: &mut [f64], grad: &mut [f32]) -> Result<(), FlowError>;

    /// Fills `x` with the rows of `draws` from `first_row` on, independent draws from `p`; `false`, and `x` as it was,
    /// for a density that cannot be sampled.
    fn sample(&self, draws: Draws, first_row: u64, x: &mut [f32]) -> Result<bool, FlowError> {
        let _ = (draws, first_row, x);
        Ok(false)
    }

    /// The trained flow behind the density, if there is one: some objectives look inside.
    fn as_flow(&self) -> Option<&FrozenFlow> {
        None
    }
}

/// A trained flow whose parameters are constants.
pub struct FrozenFlow {
    flow: Flow<f32>,
    theta: Parameters<f32>,
}

impl FrozenFlow {
    /// Folds batch normalisation, if there is any, and freezes.
    pub fn new(spec: &FlowSpec, theta: &[f32]) -> Result<Self, FlowError> {
        Self::on(spec, theta, Engine::Fused)
    }

    /// [`FrozenFlow::new`] on another engine.
    pub fn on(spec: &FlowSpec, theta: &[f32], engine: Engine) -> Result<Self, FlowError> {
        spec.validate()?;
        let (expected, got) = (Layout::new(spec).len(), theta.len());
        if expected != got {
            return Err(FlowError::Parameters { expected, got });
        }
        let (spec, theta) = fold_batch_norm(spec, theta);
        let (flow, theta) = (Flow::on(&spec, engine)?, Parameters::frozen(Arc::new(theta)));
        flow.prepare(&theta, Vec::new())?;
        Ok(Self { flow, theta })
    }

    pub fn spec(&self) -> &FlowSpec {
        self.flow.spec()
    }

    pub fn parameters(&self) -> &Parameters<f32> {
        &self.theta
    }

    /// Data → base, `z = T(x)`, of row-major rows. 1 conditioner pass for each MAF layer.
    pub fn inverse(&self, x: &[f32]) -> Result<Vec<f32>, FlowError> {
        let (z, _) = self.flow.inverse_and_log_det(&self.theta, &rows(x.to_vec(), self.dim()), &mut Graph::new())?;
        Ok(z.as_vec())
    }
}

impl Target for FrozenFlow {
    fn dim(&self) -> usize {
        self.flow.spec().dim
    }

    /// 1 conditioner pass and its input gradient for each MAF layer.
    fn log_prob_and_grad(&self, x: &[f32], log_prob: &mut [f64], grad: &mut [f32]) -> Result<(), FlowError> {
        let count = log_prob.len();
        assert!(x.len() == count * self.dim() && grad.len() == x.len(), "as many rows in all three");
        if count == 0 {
            return Ok(());
        }
        let mut graph = Graph::new();
        let x = rows(x.to_vec(), self.dim());
        let values = self.flow.log_prob(&self.theta, &x, &mut graph)?;
        log_prob.iter_mut().zip(values.as_vec()).for_each(|(out, value)| *out = f64::from(value));
        grad.copy_from_slice(&graph.backward_sum(&values, 1.0).take(&x));
        Ok(())
    }

    /// The arithmetic of 1 conditioner pass in dim steps for each MAF layer.
    fn sample(&self, draws: Draws, first_row: u64, x: &mut [f32]) -> Result<bool, FlowError> {
        let dim = self.dim();
        fill_gaussian(draws.seed, draws.purpose, draws.index, first_row, dim, x);
        let (mapped, _) = self.flow.forward_and_log_det(&self.theta, &rows(x.to_vec(), dim), &mut Graph::new())?;
        x.copy_from_slice(&mapped.as_vec());
        Ok(true)
    }

    fn as_flow(&self) -> Option<&FrozenFlow> {
        Some(self)
    }
}
