//! Folding: batch normalisation, once training is over, is a diagonal affine map.

use crate::layout::Layout;
use crate::spec::{FlowSpec, LayerSpec, Orientation};

/// Added to variances before the square root.
pub const BATCH_NORM_EPSILON: f64 = 1e-5;

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
