//! Names for the parts of the flat parameter vector.

use crate::spec::{FlowSpec, LayerSpec};
use std::ops::Range;

/// One named tensor inside the flat parameter vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// e.g. `layers.2.weight_0`
    pub name: String,
    pub shape: Vec<usize>,
    pub range: Range<usize>,
    pub kind: ViewKind,
}

/// How a tensor is treated by initialisation and by the optimiser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewKind {
    /// a matrix of a linear map: the only kind that weight decay shrinks
    Weight,
    /// biases, scales and shifts
    Vector,
    /// statistics that no gradient reaches
    Buffer,
}

/// All views of a flow, in the order of the flat vector, without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    pub views: Vec<View>,
    /// For each layer, its part of the vector.
    pub layers: Vec<Range<usize>>,
}

impl Layout {
    /// The layout of `spec`.
    pub fn new(spec: &FlowSpec) -> Self {
        let mut layout = Self { views: Vec::new(), layers: Vec::new() };
        for (k, layer) in spec.layers.iter().enumerate() {
            let start = layout.len();
            match layer {
                LayerSpec::Autoregressive(a) => {
                    let mut inputs = spec.dim;
                    for (l, &width) in a.hidden.iter().enumerate() {
                        layout.push(k, &format!("weight_{l}"), &[inputs, width], ViewKind::Weight);
                        layout.push(k, &format!("bias_{l}"), &[width], ViewKind::Vector);
                        inputs = width;
                    }
                    layout.push(k, "weight_out", &[inputs, spec.dim, 2], ViewKind::Weight);
                    layout.push(k, "bias_out", &[spec.dim, 2], ViewKind::Vector);
                }
                LayerSpec::ActNorm { .. } => {
                    layout.push(k, "log_scale", &[spec.dim], ViewKind::Vector);
                    layout.push(k, "shift", &[spec.dim], ViewKind::Vector);
                }
                LayerSpec::BatchNorm { .. } => {
                    layout.push(k, "log_gamma", &[spec.dim], ViewKind::Vector);
                    layout.push(k, "beta", &[spec.dim], ViewKind::Vector);
                    layout.push(k, "mean", &[spec.dim], ViewKind::Buffer);
                    layout.push(k, "variance", &[spec.dim], ViewKind::Buffer);
                }
            }
            layout.layers.push(start..layout.len());
        }
        layout
    }

    fn push(&mut self, layer: usize, name: &str, shape: &[usize], kind: ViewKind) {
        let start = self.len();
        let range = start..start + shape.iter().product::<usize>();
        self.views.push(View { name: format!("layers.{layer}.{name}"), shape: shape.to_vec(), range, kind });
    }

    /// Length of the flat vector.
    pub fn len(&self) -> usize {
        self.views.last().map_or(0, |v| v.range.end)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The view that holds element `index`.
    pub fn view_at(&self, index: usize) -> Option<&View> {
        self.views.iter().find(|v| v.range.contains(&index))
    }

    /// The view of that name.
    pub fn view(&self, name: &str) -> Option<&View> {
        self.views.iter().find(|v| v.name == name)
    }
}
