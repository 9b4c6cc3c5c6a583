//! The one-pass direction of a chain of layers: density for MAF, sampling for IAF. Values stay in panels from the
//! first layer to the last.
//!
//! An autoregressive layer `x_i = μ_i(v_<i) + e^{α_i(v_<i)}·z_i` is given the side that its conditioner reads.

use crate::affine::{self, Direction};
use crate::diagonal;
use crate::dropout::Dropout;
use crate::elementwise::add_panels;
use crate::mixture_density::{self, Densities};
use crate::panels::Panels;
use crate::trace::Gradients;
use crate::univariate::{Distribution, Mixture, Univariate};
use crate::{Activations, ElementMap, Made, Real, element_map};
use std::ops::Range;

/// One layer of the chain, as it is applied.
#[derive(Debug, Clone)]
pub enum Layer {
    /// a MADE with as many outputs per coordinate as the map takes; `order[i]` is the coordinate that comes i-th
    Autoregressive { made: Made, order: Vec<usize>, map: ElementMap },
    /// `x = e^{log_scale} ⊙ z + shift`; its parameters are the log-scales, then the shifts
    Diagonal,
}

/// Layers in the order in which they are applied, all in one direction.
#[derive(Debug, Clone)]
pub struct Parallel {
    dim: usize,
    direction: Direction,
    steps: Vec<Placed>,
    transposed_len: usize,
    /// the last layer's mixtures, if their densities alone are wanted
    densities: Option<Mixture>,
}

#[derive(Debug, Clone)]
struct Placed {
    layer: Layer,
    theta: Range<usize>,
    transposed: Range<usize>,
    /// coordinate of each column
    order: Vec<usize>,
    /// column of each column's coordinate in the layer before
    from: Vec<usize>,
}

/// What a forward pass leaves for the backward pass, and buffers; reuse it from call to call.
#[derive(Debug, Clone, Default)]
pub struct Workspace<R> {
    rows: usize,
    dropout: Option<Dropout>,
    steps: Vec<Kept<R>>,
    gradients: Gradients<R>,
    /// the gradient of the values between two layers
    d_values: Panels<R>,
    permuted: Panels<R>,
}

#[derive(Debug, Clone, Default)]
struct Kept<R> {
    activations: Activations<R>,
    y: Panels<R>,
}

impl<R> Workspace<R> {
    /// Whether the forward passes from now on drop hidden units.
    pub fn drop_out(&mut self, dropout: Option<Dropout>) {
        self.dropout = dropout;
    }
}

impl Parallel {
    /// `layers` with the place of each one's parameters, in the order in which they are applied.
    pub fn new(dim: usize, direction: Direction, layers: Vec<(Layer, Range<usize>)>) -> Self {
        let mut placed: Vec<Placed> = Vec::with_capacity(layers.len());
        let mut transposed_len = 0;
        for (layer, theta) in layers {
            let before = placed.last().map(|step| step.order.clone());
            let (order, weights) = match &layer {
                Layer::Autoregressive { made, order, .. } => (order.clone(), made.transposed_len()),
                Layer::Diagonal => (before.clone().unwrap_or_else(|| (0..dim).collect()), 0),
            };
            assert_eq!(order.len(), dim, "an order of other coordinates");
            if let Layer::Autoregressive { made, map, .. } = &layer {
                let outputs = (made.dim(), made.params_per_dim());
                assert_eq!(outputs, (dim, map.outputs()), "what the map takes, for each coordinate");
            }
            let mut column = vec![0; dim];
            before.iter().flatten().enumerate().for_each(|(i, &coordinate)| column[coordinate] = i);
            let from = order.iter().map(|&coordinate| column[coordinate]).collect();
            let transposed = transposed_len..transposed_len + weights;
            transposed_len = transposed.end;
            placed.push(Placed { layer, theta, transposed, order, from });
        }
        Self { dim, direction, steps: placed, transposed_len, densities: None }
    }

    pub fn dim(&self) -> usize {
        self.dim
    }

    /// For a chain to the standard normal base whose last layer is of mixtures onto it: one with the same `log p(x)`, that is
    /// the base's log-density of what it maps to plus its log-det, for less. It maps every row to zeros.
    pub fn densities(&self) -> Option<Self> {
        let Layer::Autoregressive { map: ElementMap::Univariate(Univariate::Mixture(mixture)), .. } =
            self.steps.last()?.layer
        else {
            return None;
        };
        let onto_base = self.direction == Direction::Inverse && mixture.onto == Distribution::Normal;
        onto_base.then(|| Self { densities: Some(mixture), ..self.clone() })
    }

    /// The mixtures of which step `k` is to give the densities alone.
    fn densities_at(&self, k: usize) -> Option<&Mixture> {
        self.densities.as_ref().filter(|_| k + 1 == self.steps.len())
    }

    /// Length of the transposed weights.
    pub fn transposed_len(&self) -> usize {
        self.transposed_len
    }

    /// Writes the transposed weights of all layers, which the backward pass reads. Once for given parameters.
    pub fn transpose<R: Real>(&self, theta: &[R], out: &mut [R]) {
        for placed in &self.steps {
            if let Layer::Autoregressive { made, .. } = &placed.layer {
                made.transpose(&theta[placed.theta.clone()], &mut out[placed.transposed.clone()]);
            }
        }
    }

    /// Maps the rows of `values` (rows × dim) into `mapped` and adds each row's log-det, in nats. One pass per layer.
    pub fn forward<R: Real>(
        &self,
        theta: &[R],
        values: &[R],
        workspace: &mut Workspace<R>,
        mapped: &mut [R],
        log_det: &mut [f64],
    ) {
        let rows = log_det.len();
        assert!(values.len() == rows * self.dim && mapped.len() == values.len(), "values must be rows × dim");
        workspace.rows = rows;
        if rows == 0 {
            return;
        }
        let dropout = workspace.dropout;
        workspace.steps.resize_with(self.steps.len(), Kept::default);
        for (k, placed) in self.steps.iter().enumerate() {
            let (before, after) = workspace.steps.split_at_mut(k);
            let kept = &mut after[0];
            let start = placed.theta.start;
            let theta = &theta[placed.theta.clone()];
            match &placed.layer {
                Layer::Autoregressive { made, map, .. } => {
                    kept.activations.drop_out(dropout.map(|dropout| (dropout, start)));
                    placed.load(before.last(), values, kept.activations.input_mut(made, rows));
                    made.forward(theta, &mut kept.activations);
                    kept.y.reshape(rows, self.dim);
                    let (u, outputs) = kept.activations.input_and_outputs_mut();
                    let y = &mut kept.y;
                    match map {
                        _ if let Some(mixture) = self.densities_at(k) => {
                            let densities = &mut Densities::new(mixture);
                            mixture_density::forward(densities, self.dim, u, outputs, y, log_det);
                        }
                        ElementMap::Affine { clip } => {
                            affine::forward(self.direction, R::of(*clip), u, outputs, y, log_det);
                        }
                        ElementMap::Univariate(univariate) => {
                            element_map::forward(univariate, self.direction, self.dim, u, outputs, y, log_det);
                        }
                    }
                }
                Layer::Diagonal => {
                    kept.y.reshape(rows, self.dim);
                    placed.load(before.last(), values, &mut kept.y);
                    diagonal::forward(self.direction, theta, &placed.order, &mut kept.y, log_det);
                }
            }
        }
        match (self.steps.last(), workspace.steps.last()) {
            (Some(placed), Some(kept)) => kept.y.scatter(mapped, &placed.order),
            _ => mapped.copy_from_slice(values),
        }
    }

    /// Gradients of the last [`Parallel::forward`] on `workspace`: from those of the mapped rows and of the log-dets to
    /// that of the rows, which is written to `d_values`; adds those of the parameters to `d_theta`, not at all if it
    /// is absent. `transposed` is what [`Parallel::transpose`] made. About two passes per layer, one without `d_theta`.
    pub fn backward<R: Real>(
        &self,
        theta: &[R],
        transposed: &[R],
        workspace: &mut Workspace<R>,
        d_mapped: &[R],
        d_log_det: &[R],
        mut d_theta: Option<&mut [R]>,
        d_values: &mut [R],
    ) {
        let Workspace { rows, steps, gradients, d_values: d, permuted, .. } = workspace;
        let rows = *rows;
        assert!(d_mapped.len() == rows * self.dim && d_log_det.len() == rows, "gradients of other rows");
        if rows == 0 {
            return;
        }
        let Some(last) = self.steps.last() else {
            return d_values.copy_from_slice(d_mapped);
        };
        d.reshape(rows, self.dim);
        d.gather(d_mapped, &last.order);
        for (k, (placed, kept)) in self.steps.iter().zip(steps.iter()).enumerate().rev() {
            let d_theta = d_theta.as_deref_mut().map(|d_theta| &mut d_theta[placed.theta.clone()]);
            match &placed.layer {
                Layer::Autoregressive { made, map, .. } => {
                    let (u, outputs) = (kept.activations.input(), kept.activations.outputs());
                    let d_outputs = gradients.outputs_mut(made, rows);
                    let (direction, dim, y) = (self.direction, self.dim, &kept.y);
                    match map {
                        _ if let Some(mixture) = self.densities_at(k) => {
                            let densities = &mut Densities::new(mixture);
                            mixture_density::backward(densities, dim, outputs, u, d_log_det, d, d_outputs);
                        }
                        ElementMap::Affine { clip } => {
                            let clip = R::of(*clip);
                            affine::backward(direction, clip, dim, outputs, u, y, d_log_det, d, d_outputs);
                        }
                        ElementMap::Univariate(univariate) => {
                            element_map::backward(univariate, direction, dim, outputs, u, y, d_log_det, d, d_outputs);
                        }
                    }
                    made.backward(&transposed[placed.transposed.clone()], &kept.activations, gradients, d_theta);
                    add_panels(gradients.input(), d);
                }
                Layer::Diagonal => {
                    let theta = &theta[placed.theta.clone()];
                    diagonal::backward(self.direction, theta, &placed.order, &kept.y, d_log_det, d, d_theta);
                }
            }
            if k == 0 {
                d.scatter(d_values, &placed.order);
            } else {
                permuted.reshape(rows, self.dim);
                permuted.unpermute(d, &placed.from);
                std::mem::swap(d, permuted);
            }
        }
    }
}

impl Placed {
    /// The values in this layer's order, from what the layer before left or, before the first, from the rows.
    fn load<R: Real>(&self, before: Option<&Kept<R>>, values: &[R], to: &mut Panels<R>) {
        match before {
            Some(kept) => to.permute(&kept.y, &self.from),
            None => to.gather(values, &self.order),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Activation;

    #[test]
    fn no_rows_give_nothing_also_after_some() {
        let made = Made::new(3, &[5], 2, Activation::Tanh);
        let theta = vec![0.1f64; made.parameters()];
        let layer = Layer::Autoregressive { made, order: vec![2, 0, 1], map: ElementMap::Affine { clip: 3.0 } };
        let chain = Parallel::new(3, Direction::Inverse, vec![(layer, 0..theta.len())]);
        let (mut workspace, transposed) = (Workspace::default(), vec![0.0; chain.transposed_len()]);
        for rows in [7, 0] {
            let (mut mapped, mut log_det) = (vec![0.0; rows * 3], vec![0.0; rows]);
            chain.forward(&theta, &vec![0.5; rows * 3], &mut workspace, &mut mapped, &mut log_det);
            let mut d_values = vec![0.0; rows * 3];
            let d_log_det = vec![1.0; rows];
            chain.backward(&theta, &transposed, &mut workspace, &mapped, &d_log_det, None, &mut d_values);
        }
    }

    #[test]
    fn each_layer_drops_units_of_its_own() {
        let made = Made::new(3, &[64], 2, Activation::Tanh);
        let layer = || Layer::Autoregressive {
            made: made.clone(),
            order: vec![0, 1, 2],
            map: ElementMap::Affine { clip: 3.0 },
        };
        let count = made.parameters();
        let layers = vec![(layer(), 0..count), (layer(), count..2 * count)];
        let chain = Parallel::new(3, Direction::Inverse, layers);
        let theta = vec![0.0f64; 2 * count];
        let mut workspace = Workspace::default();
        workspace.drop_out(Some(Dropout { rate: 0.5, seed: 1, step: 2, first_row: 0 }));
        let (mut mapped, mut log_det) = (vec![0.0; 15], vec![0.0; 5]);
        chain.forward(&theta, &[0.5; 15], &mut workspace, &mut mapped, &mut log_det);
        let [first, second] = [0, 1].map(|k| workspace.steps[k].activations.masks[0].panel(0).to_vec());
        assert!(first != second && first.contains(&0.0) && first.contains(&2.0));
    }
}
