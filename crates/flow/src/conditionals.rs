//! The Gaussian conditionals of a flow whose layers all have one order.
//!
//! Affine autoregressive layers of one order are closed under composition: the whole chain is again
//! `x_i = M_i(v_<i) + e^{A_i(v_<i)}·z_i`, with `v = x` for a MAF and `v = z` for an IAF. So each coordinate given the
//! earlier ones of `v` is Gaussian with mean `M` and log-sd `A`. Layers in other orders have no such conditionals.

use crate::error::FlowError;
use crate::graph::{Element, Graph, Parameters, Rows, check_width, rows};
use crate::reference::autoregressive::PlainAutoregressive;
use dfdx::prelude::*;
use flowstill_model::{FlowSpec, LayerSpec, Layout, Orientation};
use std::ops::Range;

/// A chain of one order, in plain dfdx operations.
pub struct Conditionals {
    dim: usize,
    orientation: Orientation,
    order: Vec<usize>,
    /// base to data
    layers: Vec<Part>,
}

enum Part {
    Autoregressive(Box<PlainAutoregressive>),
    Diagonal(Range<usize>),
}

impl Conditionals {
    /// # Errors
    /// Layers of different orders or orientations, or batch normalisation: there is nothing of one closed form then.
    pub fn new(spec: &FlowSpec) -> Result<Self, FlowError> {
        spec.validate()?;
        let refuse = |what: &str| {
            FlowError::NoConditionals(format!(
                "{what} have no Gaussian conditionals in one shared order; set `order: same` for teacher and student"
            ))
        };
        let mut found: Option<(Orientation, Vec<usize>)> = None;
        let mut layers = Vec::with_capacity(spec.layers.len());
        for (layer, range) in spec.layers.iter().zip(Layout::new(spec).layers) {
            match layer {
                LayerSpec::Autoregressive(a) => {
                    let (orientation, order) = found.get_or_insert_with(|| (a.orientation, a.order.clone()));
                    if !a.is_affine() {
                        return Err(refuse("layers that are not affine"));
                    }
                    if *order != a.order || *orientation != a.orientation {
                        return Err(refuse("autoregressive layers of different orders"));
                    }
                    layers.push(Part::Autoregressive(Box::new(PlainAutoregressive::new(a, range))));
                }
                LayerSpec::ActNorm { .. } => layers.push(Part::Diagonal(range)),
                LayerSpec::Rowwise { map, .. } => return Err(refuse(&format!("{} layers", map.kind()))),
                LayerSpec::BatchNorm { .. } => return Err(refuse("minibatches that are normalised")),
            }
        }
        let (orientation, order) = found.ok_or_else(|| refuse("layers that are not autoregressive"))?;
        Ok(Self { dim: spec.dim, orientation, order, layers })
    }

    /// Which side the conditioners read.
    pub fn orientation(&self) -> Orientation {
        self.orientation
    }

    /// `order[i]` is the coordinate that comes i-th.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// What the chain maps the rows `v` to, given the side that its conditioners read, and `M` and `A` there; all
    /// batch × dim. 1 pass per layer.
    pub fn at<E: Element>(
        &self,
        theta: &Parameters<E>,
        v: &Rows<E>,
        graph: &mut Graph<E>,
    ) -> Result<(Rows<E>, [Rows<E>; 2]), FlowError>
    where
        Cpu: Device<E>,
    {
        let batch = check_width(v, self.dim)?;
        let zero = || rows(vec![E::zero(); batch * self.dim], self.dim);
        let (mut h, mut mean, mut log_sd) = (v.clone(), zero(), zero());
        match self.orientation {
            // h ← m + e^a·h, and so M ← m + e^a·M, A ← a + A
            Orientation::Iaf => {
                for layer in &self.layers {
                    let [shift, log_scale] = layer.maps(self.dim, theta, &h, graph);
                    let scale = graph.apply(&log_scale, |a| a.exp());
                    let (scale_h, shift_h, scale_m) = (scale.clone(), shift.clone(), scale);
                    h = graph.apply(&h, |h| h * scale_h + shift_h);
                    mean = graph.apply(&mean, |mean| mean * scale_m + shift);
                    log_sd = graph.apply(&log_sd, |sum| sum + log_scale);
                }
            }
            // h ← (h − μ)·e^{−α} from the data on; x = M + e^A·h, and so M ← M + e^A·μ, A ← A + α
            Orientation::Maf => {
                for layer in self.layers.iter().rev() {
                    let [shift, log_scale] = layer.maps(self.dim, theta, &h, graph);
                    let inverse = graph.apply(&log_scale, |a| a.negate().exp());
                    let shift_h = shift.clone();
                    h = graph.apply(&h, |h| (h - shift_h) * inverse);
                    let outer = graph.apply(&log_sd, |sum| sum.exp());
                    let beyond = graph.apply(&shift, |shift| shift * outer);
                    mean = graph.apply(&mean, |mean| mean + beyond);
                    log_sd = graph.apply(&log_sd, |sum| sum + log_scale);
                }
            }
        }
        Ok((h, [mean, log_sd]))
    }
}

impl Part {
    /// Shift and log-scale at `h`.
    fn maps<E: Element>(&self, dim: usize, theta: &Parameters<E>, h: &Rows<E>, graph: &mut Graph<E>) -> [Rows<E>; 2]
    where
        Cpu: Device<E>,
    {
        match self {
            Self::Autoregressive(layer) => layer.conditioner(theta, h, graph),
            Self::Diagonal(range) => {
                let middle = range.start + dim;
                [middle..range.end, range.start..middle].map(|part| {
                    let values = theta.view(part, graph);
                    graph.apply(&values, |values| values.broadcast_like::<_, Axis<0>>(h))
                })
            }
        }
    }
}
