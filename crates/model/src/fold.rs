//! What training needs and a trained flow does not: batch normalisation is a diagonal affine map once it is over, and estimates of
//! log-determinants make way for the numbers themselves.

use crate::layout::Layout;
use crate::spec::{FlowSpec, LayerSpec, Orientation};
use flowstill_kernel::rows::{LogDet, RowSpec, Trace};

/// Added to variances before the square root.
pub const BATCH_NORM_EPSILON: f64 = 1e-5;

/// Dimensions up to which [`freeze`] makes log-determinants exact, at a pass for each dimension.
pub const EXACT_WHEN_FROZEN: usize = 128;

/// The flow as it leaves its training: batch normalisation folded, and up to [`EXACT_WHEN_FROZEN`] dimensions the log-determinants
/// of residual and continuous layers exact, however they were estimated.
///
/// An estimate without bias is enough for the gradient of a mean. A density is read row by row, and ratios of densities are
/// exponentials, whose means an estimate in the exponent spoils.
pub fn freeze(spec: &FlowSpec, theta: &[f32]) -> (FlowSpec, Vec<f32>) {
    let (mut spec, theta) = fold_batch_norm(spec, theta);
    if spec.dim <= EXACT_WHEN_FROZEN {
        for layer in &mut spec.layers {
            match layer {
                LayerSpec::Rowwise { map: RowSpec::Residual { log_det, .. }, .. } => *log_det = LogDet::Exact,
                LayerSpec::Rowwise { map: RowSpec::Continuous { trace, .. }, .. } => *trace = Trace::Exact,
                _ => {}
            }
        }
    }
    (spec, theta)
}

/// Replaces every `batch_norm` by the `act_norm` that computes the same map with the stored statistics.
///
/// In the normalising direction the layer is `y = (v − m)/√(s² + ε)·e^γ + β`; that direction is `inverse` for
/// [`Orientation::Maf`] and `forward` for [`Orientation::Iaf`].
pub fn fold_batch_norm(spec: &FlowSpec, theta: &[f32]) -> (FlowSpec, Vec<f32>) {
    let layout = Layout::new(spec);
    let mut folded = FlowSpec { dim: spec.dim, layers: Vec::with_capacity(spec.layers.len()) };
    let mut parameters = Vec::with_capacity(theta.len());
    for (layer, range) in spec.layers.iter().zip(&layout.layers) {
        let part = &theta[range.clone()];
        if let LayerSpec::BatchNorm { orientation } = *layer {
            let (scales, shifts) = diagonal(part, spec.dim, orientation);
            parameters.extend(scales.iter().chain(&shifts).map(|&v| v as f32));
            folded.layers.push(LayerSpec::ActNorm { orientation });
        } else {
            parameters.extend_from_slice(part);
            folded.layers.push(layer.clone());
        }
    }
    (folded, parameters)
}

/// (log-scales, shifts) of the forward map `x = e^{log_scale}·z + shift`; `part` is γ, β, mean, variance.
fn diagonal(part: &[f32], dim: usize, orientation: Orientation) -> (Vec<f64>, Vec<f64>) {
    let value = |block: usize, i: usize| f64::from(part[block * dim + i]);
    (0..dim)
        .map(|i| {
            let (gamma, beta, mean, variance) = (value(0, i), value(1, i), value(2, i), value(3, i));
            let normalising = gamma - 0.5 * (variance + BATCH_NORM_EPSILON).ln();
            match orientation {
                Orientation::Iaf => (normalising, beta - mean * normalising.exp()),
                Orientation::Maf => (-normalising, mean - beta * (-normalising).exp()),
            }
        })
        .unzip()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flowstill_kernel::rows::{Smooth, Solver};

    fn estimates(dim: usize) -> FlowSpec {
        let orientation = Orientation::Maf;
        let (hidden, activation) = (vec![3], Smooth::Tanh);
        let log_det = LogDet::Roulette { terms: 4, probability: 0.5, seed: 1 };
        let residual = RowSpec::Residual { hidden: hidden.clone(), activation, lipschitz: 0.7, log_det };
        let trace = Trace::Hutchinson { probes: 1, seed: 1 };
        let continuous = RowSpec::Continuous { hidden, activation, solver: Solver::Fixed { steps: 2 }, trace };
        FlowSpec { dim, layers: [residual, continuous].map(|map| LayerSpec::Rowwise { map, orientation }).to_vec() }
    }

    #[test]
    fn estimates_end_with_the_training_where_the_numbers_can_be_had() {
        for (dim, exact) in [(2, true), (EXACT_WHEN_FROZEN, true), (EXACT_WHEN_FROZEN + 1, false)] {
            let spec = estimates(dim);
            let theta = vec![0.25; Layout::new(&spec).len()];
            let (frozen, kept) = freeze(&spec, &theta);
            assert_eq!((frozen != spec, kept), (exact, theta), "dim {dim}");
            let text = format!("{frozen:?}");
            assert_eq!(text.contains("Roulette") || text.contains("Hutchinson"), !exact, "{text}");
        }
    }
}
