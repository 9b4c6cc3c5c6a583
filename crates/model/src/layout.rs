//! Names for the parts of the flat parameter vector.
//!
//! The vector holds weights as the kernel wants them, the filled part of a staircase in panels; files and people see
//! them as plain matrices, which [`View::values`] makes.

use crate::spec::{FlowSpec, LayerSpec};
use flowstill_kernel::Made;
use std::ops::Range;
use std::sync::Arc;

/// One named tensor inside the flat parameter vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// e.g. `layers.2.weight_0`
    pub name: String,
    /// of the plain tensor
    pub shape: Vec<usize>,
    /// everything that the vector keeps for it
    pub range: Range<usize>,
    pub kind: ViewKind,
    place: Place,
}

/// How the vector keeps a tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Plain,
    /// weight or bias of map `map` of the network whose parameters start at `start`
    Masked {
        made: Arc<Made>,
        map: usize,
        start: usize,
    },
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

impl View {
    /// The plain tensor, row-major; masked entries are zero.
    pub fn values(&self, theta: &[f32]) -> Vec<f32> {
        match &self.place {
            Place::Plain => theta[self.range.clone()].to_vec(),
            Place::Masked { made, map, start } => {
                let linear = made.linear(*map);
                match self.kind {
                    ViewKind::Weight => linear.unpack_weight(&theta[*start..]),
                    _ => linear.unpack_bias(&theta[*start..]),
                }
            }
        }
    }

    /// Takes the plain tensor, row-major; masked entries are not read.
    pub fn set_values(&self, values: &[f32], theta: &mut [f32]) {
        match &self.place {
            Place::Plain => theta[self.range.clone()].copy_from_slice(values),
            Place::Masked { made, map, start } => {
                let linear = made.linear(*map);
                match self.kind {
                    ViewKind::Weight => linear.pack_weight(values, &mut theta[*start..]),
                    _ => linear.pack_bias(values, &mut theta[*start..]),
                }
            }
        }
    }
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
                    let made = Arc::new(a.made());
                    for map in 0..made.linears().len() {
                        layout.push_map(k, &made, map, start);
                    }
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
                LayerSpec::Rowwise { map, .. } => {
                    for (name, shape) in map.parts(spec.dim) {
                        layout.push(k, &name, &shape, ViewKind::Vector);
                    }
                }
            }
            layout.layers.push(start..layout.len());
        }
        layout
    }

    /// Weight and bias of one masked map.
    fn push_map(&mut self, layer: usize, made: &Arc<Made>, map: usize, start: usize) {
        let linear = made.linear(map);
        let (suffix, outputs) = match made.linears().len() - 1 {
            last if map == last => ("out".to_owned(), vec![made.dim(), made.params_per_dim()]),
            _ => (map.to_string(), vec![linear.outputs()]),
        };
        let weight = [&[linear.inputs], outputs.as_slice()].concat();
        for (name, shape, range, kind) in
            [("weight", weight, &linear.weight, ViewKind::Weight), ("bias", outputs, &linear.bias, ViewKind::Vector)]
        {
            self.views.push(View {
                name: format!("layers.{layer}.{name}_{suffix}"),
                shape,
                range: start + range.start..start + range.end,
                kind,
                place: Place::Masked { made: made.clone(), map, start },
            });
        }
    }

    fn push(&mut self, layer: usize, name: &str, shape: &[usize], kind: ViewKind) {
        let start = self.len();
        let range = start..start + shape.iter().product::<usize>();
        let name = format!("layers.{layer}.{name}");
        self.views.push(View { name, shape: shape.to_vec(), range, kind, place: Place::Plain });
    }

    /// Numbers in all plain tensors of `spec`, masked ones included; far cheaper than the layout itself.
    pub fn plain_len(spec: &FlowSpec) -> usize {
        let layer = |layer: &LayerSpec| match layer {
            LayerSpec::Autoregressive(a) => {
                let widths = a.hidden.iter().copied().chain([a.map().outputs().saturating_mul(spec.dim)]);
                let mut inputs = spec.dim;
                widths.fold(0usize, |sum, width| {
                    let map = (inputs + 1).saturating_mul(width);
                    inputs = width;
                    sum.saturating_add(map)
                })
            }
            LayerSpec::ActNorm { .. } => 2 * spec.dim,
            LayerSpec::BatchNorm { .. } => 4 * spec.dim,
            LayerSpec::Rowwise { map, .. } => map.parameters(spec.dim),
        };
        spec.layers.iter().map(layer).fold(0, usize::saturating_add)
    }

    /// The flat vector of the plain tensors, one after the other in the order of the views; masked entries are not read.
    pub fn pack(&self, plain: &[f32]) -> Vec<f32> {
        let mut theta = vec![0.0; self.len()];
        let mut plain = plain;
        for view in &self.views {
            let (values, rest) = plain.split_at(view.shape.iter().product());
            view.set_values(values, &mut theta);
            plain = rest;
        }
        theta
    }

    /// Undoes [`Layout::pack`]; masked entries are zero.
    pub fn unpack(&self, theta: &[f32]) -> Vec<f32> {
        self.views.iter().flat_map(|view| view.values(theta)).collect()
    }

    /// Sets to zero what no parameter belongs to. The kernel relies on its being so.
    pub fn mask(&self, theta: &mut [f32]) {
        for view in &self.views {
            if let (Place::Masked { made, map, start }, ViewKind::Weight) = (&view.place, view.kind) {
                made.linear(*map).mask(&mut theta[*start..]);
            }
        }
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
