//! Initial parameters: the flow starts as the identity (up to standardisation).

use crate::layout::Layout;
use crate::spec::{FlowSpec, LayerSpec};
use flowstill_kernel::noise::{Purpose, stream};
use rand::Rng;

/// Hidden weights uniform in `±sqrt(3/fan_in)` where `fan_in` is the number of *unmasked* inputs of the
/// unit, so that every unit starts with the same variance whatever its degree; the output layer starts at zero.
pub fn initial_parameters(spec: &FlowSpec, seed: u64) -> Vec<f32> {
    let layout = Layout::new(spec);
    let mut theta = vec![0.0f32; layout.len()];
    for (k, layer) in spec.layers.iter().enumerate() {
        let view = |name: &str| layout.view(&format!("layers.{k}.{name}"));
        match layer {
            LayerSpec::Autoregressive(a) => {
                let made = a.made();
                let mut rng = stream(seed, Purpose::Init, k as u64);
                for l in 0..a.hidden.len() {
                    let Some(view) = view(&format!("weight_{l}")) else { continue };
                    let linear = made.linear(l);
                    let mut weights = vec![0.0f32; linear.inputs * linear.columns];
                    for (element, weight) in weights.iter_mut().enumerate() {
                        // drawn for masked entries too: the numbers of one unit do not depend on the masks
                        let draw: f32 = rng.gen_range(-1.0..1.0);
                        *weight = draw * (3.0 / linear.fill(element % linear.columns) as f32).sqrt();
                    }
                    view.set_values(&weights, &mut theta);
                }
            }
            LayerSpec::ActNorm { .. } => {}
            LayerSpec::Rowwise { map, .. } => {
                let mut rng = stream(seed, Purpose::Init, k as u64);
                theta[layout.layers[k].clone()].copy_from_slice(&map.initial(spec.dim, &mut rng));
            }
            LayerSpec::BatchNorm { .. } => {
                if let Some(view) = view("variance") {
                    theta[view.range.clone()].fill(1.0);
                }
            }
        }
    }
    theta
}
