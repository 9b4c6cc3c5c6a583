//! Layers whose numbers come from passing data through the flow rather than from gradients.

use crate::error::FlowError;
use crate::flow::Flow;
use crate::graph::{Graph, Parameters, rows};
use crate::shards;
use flowstill_model::{FlowSpec, LayerSpec, Layout, Orientation, fold::fold_batch_norm};
use std::sync::Arc;

/// Sets the layers of one kind from the mean and variance of what reaches them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calibrate {
    /// the start of every `act_norm`: its output has mean 0 and variance 1 (Kingma & Dhariwal 2018)
    ActNorm,
    /// the statistics of every `batch_norm`: those of all the rows, not of a minibatch
    BatchNorm,
}

/// Passes `values` (row-major: training data for a MAF, base draws for an IAF) through the chain in its parallel
/// direction and sets each layer of the kind, one after the other, from what reaches it. One pass per layer.
pub fn calibrate(
    spec: &FlowSpec,
    theta: &mut [f32],
    values: &[f32],
    orientation: Orientation,
    kind: Calibrate,
) -> Result<(), FlowError> {
    let chain: Vec<usize> = match orientation {
        Orientation::Maf => (0..spec.layers.len()).rev().collect(),
        Orientation::Iaf => (0..spec.layers.len()).collect(),
    };
    let wanted = |&k: &usize| match kind {
        Calibrate::ActNorm => matches!(spec.layers[k], LayerSpec::ActNorm { .. }),
        Calibrate::BatchNorm => matches!(spec.layers[k], LayerSpec::BatchNorm { .. }),
    };
    // what comes after the last of them reaches no layer to set
    let Some(last) = chain.iter().rposition(wanted) else { return Ok(()) };
    let layout = Layout::new(spec);
    let mut values = values.to_vec();
    for &k in &chain[..=last] {
        let range = layout.layers[k].clone();
        match (&spec.layers[k], kind) {
            (LayerSpec::ActNorm { orientation }, Calibrate::ActNorm) => {
                start_act_norm(&mut theta[range.clone()], *orientation, &moments(&values, spec.dim));
            }
            (LayerSpec::BatchNorm { .. }, Calibrate::BatchNorm) => {
                let (mean, variance) = moments(&values, spec.dim);
                let buffers = &mut theta[range.clone()][2 * spec.dim..];
                buffers.iter_mut().zip(mean.iter().chain(&variance)).for_each(|(b, &v)| *b = v as f32);
            }
            _ => {}
        }
        let layer = FlowSpec { dim: spec.dim, layers: vec![spec.layers[k].clone()] };
        values = apply(&layer, &theta[range], &values, orientation)?.0;
    }
    Ok(())
}

/// (log-scales, shifts) such that the normalised side has mean 0 and variance 1.
fn start_act_norm(part: &mut [f32], orientation: Orientation, (mean, variance): &(Vec<f64>, Vec<f64>)) {
    let dim = mean.len();
    for i in 0..dim {
        // a coordinate that is constant in the sample keeps its scale
        let sd = if variance[i] > 0.0 { variance[i].sqrt() } else { 1.0 };
        let (log_scale, shift) = match orientation {
            Orientation::Maf => (sd.ln(), mean[i]),
            Orientation::Iaf => (-sd.ln(), -mean[i] / sd),
        };
        part[i] = log_scale as f32;
        part[dim + i] = shift as f32;
    }
}

/// Per-column mean and variance.
fn moments(values: &[f32], dim: usize) -> (Vec<f64>, Vec<f64>) {
    let n = (values.len() / dim) as f64;
    let mut mean = vec![0.0; dim];
    for row in values.chunks_exact(dim) {
        mean.iter_mut().zip(row).for_each(|(m, &v)| *m += f64::from(v) / n);
    }
    let mut variance = vec![0.0; dim];
    for row in values.chunks_exact(dim) {
        variance.iter_mut().zip(row).zip(&mean).for_each(|((s, &v), m)| *s += (f64::from(v) - m).powi(2) / n);
    }
    (mean, variance)
}

fn apply(
    layer: &FlowSpec,
    theta: &[f32],
    values: &[f32],
    orientation: Orientation,
) -> Result<(Vec<f32>, Vec<f32>), FlowError> {
    let (layer, theta) = fold_batch_norm(layer, theta);
    let flow = Flow::<f32>::new(&layer)?;
    let theta = Arc::new(theta);
    let dim = layer.dim;
    let parts = shards::map(&shards::ranges(values.len() / dim, false), |range| {
        let theta = Parameters::frozen(theta.clone());
        let part = rows(values[range.start * dim..range.end * dim].to_vec(), dim);
        let mut graph = Graph::new();
        let (out, log_det) = match orientation {
            Orientation::Maf => flow.inverse_and_log_det(&theta, &part, &mut graph)?,
            Orientation::Iaf => flow.forward_and_log_det(&theta, &part, &mut graph)?,
        };
        Ok::<_, FlowError>((out.as_vec(), log_det.as_vec()))
    })?;
    let (values, log_dets): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    Ok((values.concat(), log_dets.concat()))
}

/// What comes out at the other end of the flow, for rows as [`calibrate`] takes them.
///
/// # Errors
/// Names the first layer, in the order of evaluation, whose output or log-det is not finite.
pub fn finite_pass(
    spec: &FlowSpec,
    theta: &[f32],
    values: &[f32],
    orientation: Orientation,
) -> Result<Vec<f32>, FlowError> {
    let layout = Layout::new(spec);
    let mut values = values.to_vec();
    let count = spec.layers.len();
    for step in 0..count {
        let k = if orientation == Orientation::Maf { count - 1 - step } else { step };
        let layer = FlowSpec { dim: spec.dim, layers: vec![spec.layers[k].clone()] };
        let (out, log_det) = apply(&layer, &theta[layout.layers[k].clone()], &values, orientation)?;
        values = out;
        if values.iter().chain(&log_det).any(|v| !v.is_finite()) {
            return Err(FlowError::NonFinite { layer: k, kind: spec.layers[k].kind() });
        }
    }
    Ok(values)
}
