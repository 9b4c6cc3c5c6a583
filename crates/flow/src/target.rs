//! What a student can be distilled from: any density with a gradient.

use crate::error::FlowError;
use crate::flow::{Engine, Flow};
use crate::graph::{Graph, Parameters, rows};
use flowstill_model::{FlowSpec, Layout, fold::fold_batch_norm};
use std::sync::Arc;

/// A frozen density `p` on rows of `dim` coordinates.
pub trait Target: Send + Sync {
    fn dim(&self) -> usize;

    /// Writes `log p(x)` (nats, one per row) and `∇_x log p(x)` (rows × dim) for the row-major `x`. The three slices hold
    /// as many rows.
    fn log_prob_and_grad(&self, x: &[f32], log_prob: &mut [f64], grad: &mut [f32]) -> Result<(), FlowError>;
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
}
