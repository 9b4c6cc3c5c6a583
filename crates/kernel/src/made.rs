//! MADE, the masked network behind every autoregressive layer (Germain, Gregor, Murray & Larochelle 2015).
//!
//! Inputs have the degrees 1…dim; hidden unit `k` of `n` has degree `1 + ⌊k·(dim − 1)/n⌋`; the outputs of
//! coordinate `i` have degree `i`. A hidden unit reads what has a degree no larger than its own, an output what
//! has a smaller one. Units are *sorted* by degree from the start, so that every masked matrix is a staircase.
//!
//! In the network of an affine coupling layer (Dinh, Sohl-Dickstein & Bengio 2017, §3.2) the first `identity`
//! coordinates determine everything: all hidden units have the degree `identity`, and read those alone; so do the
//! outputs of the others, and those of the first read nothing but their biases.

use crate::dropout;
use crate::panels::COLUMNS;
use crate::product::{self, Finish};
use crate::trace::{Activations, Gradients};
use crate::weight_gradient::backward_parameters;
use crate::{Activation, Linear, Real};
use std::ops::Range;

/// Coordinates whose outputs stand side by side: a panel holds 8 shifts, then their 8 log-scales.
pub(crate) const GROUP: usize = COLUMNS / 2;

/// The shape of a network; its parameters are a slice laid out as weight 0, bias 0, …, weight out, bias out, each
/// weight in the panels of [`Linear`].
///
/// A residual network (He et al. 2016, as in Durkan et al. 2019) has the hidden layers 0, 1 + 2, 3 + 4, …: the sums of
/// the second of each pair are added to those of the layer before the pair, then activated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    dim: usize,
    params_per_dim: usize,
    activation: Activation,
    residual: bool,
    identity: Option<usize>,
    linears: Vec<Linear>,
    hidden_degrees: Vec<Vec<usize>>,
    /// each map's place in the transposed weights
    transposed: Vec<Range<usize>>,
}

impl Made {
    /// A network over `dim` coordinates with the given hidden widths and `params_per_dim` outputs per coordinate.
    pub fn new(dim: usize, hidden: &[usize], params_per_dim: usize, activation: Activation) -> Self {
        Self::build(dim, None, hidden, params_per_dim, activation)
    }

    /// The network of a coupling layer, whose first `identity` coordinates determine the outputs of the others.
    pub fn coupling(
        dim: usize,
        identity: usize,
        hidden: &[usize],
        params_per_dim: usize,
        activation: Activation,
    ) -> Self {
        Self::build(dim, Some(identity), hidden, params_per_dim, activation)
    }

    fn build(
        dim: usize,
        identity: Option<usize>,
        hidden: &[usize],
        params_per_dim: usize,
        activation: Activation,
    ) -> Self {
        let degree = |k: usize, width: usize| identity.unwrap_or(1 + k * dim.saturating_sub(1) / width);
        let mut degrees: Vec<usize> = (1..=dim).collect();
        let mut linears = Vec::with_capacity(hidden.len() + 1);
        let mut hidden_degrees = Vec::with_capacity(hidden.len());
        let mut offset = 0;
        for &width in hidden {
            let next: Vec<usize> = (0..width).map(|k| degree(k, width)).collect();
            let fill = next.iter().map(|d| degrees.partition_point(|input| input <= d)).collect();
            linears.push(Linear::new(offset, degrees.len(), (0..width).map(Some).collect(), fill));
            offset = linears[linears.len() - 1].bias.end;
            hidden_degrees.push(next.clone());
            degrees = next;
        }
        let (mut output, mut fill) = (Vec::new(), Vec::new());
        for first in (0..dim).step_by(GROUP) {
            for parameter in 0..params_per_dim {
                for coordinate in first..first + GROUP {
                    let exists = coordinate < dim;
                    output.push(exists.then_some(coordinate * params_per_dim + parameter));
                    fill.push(degrees.partition_point(|&input| input <= determining(identity, coordinate)));
                }
            }
        }
        linears.push(Linear::new(offset, degrees.len(), output, fill));
        let mut end = 0;
        let transposed = linears
            .iter()
            .map(|linear| {
                let start = end;
                end += linear.transposed_len();
                start..end
            })
            .collect();
        Self { dim, params_per_dim, activation, residual: false, identity, linears, hidden_degrees, transposed }
    }

    /// The same network with residual connections; none if the hidden widths are not equal and odd in number.
    pub fn residual(mut self) -> Option<Self> {
        let widths: Vec<_> = self.hidden_degrees.iter().map(Vec::len).collect();
        let fits = widths.len() % 2 == 1 && widths.iter().all(|width| *width == widths[0]);
        self.residual = true;
        fits.then_some(self)
    }

    pub fn dim(&self) -> usize {
        self.dim
    }

    pub fn params_per_dim(&self) -> usize {
        self.params_per_dim
    }

    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// Whether it has residual connections.
    pub fn is_residual(&self) -> bool {
        self.residual
    }

    /// The number of coordinates that determine everything, in the network of a coupling layer.
    pub fn identity(&self) -> Option<usize> {
        self.identity
    }

    /// Positions in the steps in which an inverse finds them: each one alone, in a coupling layer the first `identity`
    /// at once, then the rest.
    pub fn steps(&self) -> Vec<Range<usize>> {
        match self.identity {
            None => (0..self.dim).map(|position| position..position + 1).collect(),
            Some(identity) => vec![0..identity, identity..self.dim],
        }
    }

    /// The number of positions, from the first on, that the outputs at `position` may depend on.
    pub(crate) fn determining(&self, position: usize) -> usize {
        determining(self.identity, position)
    }

    /// The masked maps, hidden layers first, the output last.
    pub fn linears(&self) -> &[Linear] {
        &self.linears
    }

    /// The `index`-th masked map.
    pub fn linear(&self, index: usize) -> &Linear {
        &self.linears[index]
    }

    /// Degrees of the units of each hidden layer, ascending.
    pub fn hidden_degrees(&self) -> &[Vec<usize>] {
        &self.hidden_degrees
    }

    /// Length of the parameter slice, what fills up the panels included.
    pub fn parameters(&self) -> usize {
        self.linears[self.linears.len() - 1].bias.end
    }

    /// Number of parameters that the masks leave.
    pub fn free_parameters(&self) -> usize {
        self.linears.iter().map(|l| l.filled() + l.outputs()).sum()
    }

    /// Length of the transposed weights.
    pub fn transposed_len(&self) -> usize {
        self.transposed[self.transposed.len() - 1].end
    }

    /// The layer whose sums are added to those of layer `l`.
    pub(crate) fn skip_source(&self, l: usize) -> Option<usize> {
        (self.residual && l >= 2 && l.is_multiple_of(2) && l + 1 < self.linears.len()).then(|| l - 2)
    }

    /// Takes the parameters from weight 0, bias 0, …, weight out, bias out, each weight an inputs × outputs matrix,
    /// row-major; masked entries are not read.
    pub fn pack<R: Real>(&self, dense: &[R]) -> Vec<R> {
        let mut theta = vec![R::zero(); self.parameters()];
        let mut dense = dense;
        for linear in &self.linears {
            let (weight, rest) = dense.split_at(linear.inputs * linear.outputs());
            let (bias, rest) = rest.split_at(linear.outputs());
            linear.pack_weight(weight, &mut theta);
            linear.pack_bias(bias, &mut theta);
            dense = rest;
        }
        theta
    }

    /// Undoes [`Made::pack`]; masked entries are zero.
    pub fn unpack<R: Real>(&self, theta: &[R]) -> Vec<R> {
        let parts = self.linears.iter().flat_map(|l| [l.unpack_weight(theta), l.unpack_bias(theta)]);
        parts.flatten().collect()
    }

    /// Length of the parameters as [`Made::unpack`] gives them.
    pub fn dense_parameters(&self) -> usize {
        self.linears.iter().map(|l| (l.inputs + 1) * l.outputs()).sum()
    }

    /// Sets to zero what no parameter belongs to. The routines rely on its being so.
    pub fn mask<R: Real>(&self, theta: &mut [R]) {
        self.linears.iter().for_each(|linear| linear.mask(theta));
    }

    /// Writes the transposed weights, which the backward pass reads. Once for given parameters.
    pub fn transpose<R: Real>(&self, theta: &[R], out: &mut [R]) {
        for (linear, at) in self.linears.iter().zip(&self.transposed) {
            linear.transpose(theta, &mut out[at.clone()]);
        }
    }

    /// One pass over the rows of [`Activations::input`].
    pub fn forward<R: Real>(&self, theta: &[R], cache: &mut Activations<R>) {
        assert_eq!(theta.len(), self.parameters(), "parameters of another network");
        let rows = cache.layers[0].rows();
        let last = self.linears.len() - 1;
        for (l, linear) in self.linears.iter().enumerate() {
            let (before, after) = cache.layers.split_at_mut(l + 1);
            let y = &mut after[0];
            y.reshape(rows, linear.columns);
            let reached = l.min(cache.sums.len());
            let (sums_before, sums) = cache.sums.split_at_mut(reached);
            let skip = self.skip_source(l).map(|source| &sums_before[source]);
            let kept = (l < last && self.skip_source(l + 2).is_some()).then(|| {
                sums[0].reshape(rows, linear.columns);
                &mut sums[0]
            });
            let finish = Finish { skip, activation: (l < last).then_some(self.activation) };
            product::forward(linear, theta, &before[l], finish, kept, y);
            if let Some((dropout, start)) = cache.dropout.filter(|_| dropout::drops(self, l)) {
                let mask = &mut cache.masks[l];
                dropout.draw(start + linear.weight.start, rows, linear.columns, mask);
                dropout::forward(mask, y);
            }
        }
    }

    /// Gradients of the last [`Made::forward`] on `cache`, for the gradient of the outputs in
    /// [`Gradients::outputs_mut`]: adds to `d_theta` (not at all if absent, for a frozen network) and leaves that of the
    /// input in [`Gradients::input`]. `transposed` is what [`Made::transpose`] made. About two passes, one without
    /// `d_theta`.
    pub fn backward<R: Real>(
        &self,
        transposed: &[R],
        cache: &Activations<R>,
        gradients: &mut Gradients<R>,
        mut d_theta: Option<&mut [R]>,
    ) {
        let rows = cache.layers[0].rows();
        for (l, linear) in self.linears.iter().enumerate().rev() {
            let [dx, dy, beyond] = gradients.around(l);
            if let Some(d_theta) = d_theta.as_deref_mut() {
                backward_parameters(linear, &cache.layers[l], dy, d_theta);
            }
            dx.reshape(rows, linear.inputs);
            let transposed = &transposed[self.transposed[l].clone()];
            if l > 0 && cache.dropout.is_some() && dropout::drops(self, l - 1) {
                // no residual connection starts from what is dropped
                product::backward_input(linear, transposed, dy, None, None, dx);
                dropout::backward(self.activation, &cache.masks[l - 1], &cache.layers[l], dx);
                continue;
            }
            let made_by = (l > 0).then(|| (self.activation, &cache.layers[l]));
            let skip = (l > 0 && self.skip_source(l + 1).is_some()).then_some(&*beyond);
            product::backward_input(linear, transposed, dy, made_by, skip, dx);
        }
    }
}

/// See [`Made::determining`].
fn determining(identity: Option<usize>, position: usize) -> usize {
    match identity {
        None => position,
        Some(identity) if position < identity => 0,
        Some(identity) => identity,
    }
}
