//! MADE, the masked network behind every autoregressive layer (Germain, Gregor, Murray & Larochelle 2015).
//!
//! Inputs have the degrees 1…dim; hidden unit `k` of `n` has degree `1 + ⌊k·(dim − 1)/n⌋`; the outputs of
//! coordinate `i` have degree `i`. A hidden unit reads what has a degree no larger than its own, an output what
//! has a smaller one. Units are *sorted* by degree from the start, so that every masked matrix is a staircase.

use crate::staircase::{self, Scratch};
use crate::{Activation, Linear, Real};

/// The shape of a network; its parameters are a slice laid out as weight 0, bias 0, …, weight out, bias out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    dim: usize,
    params_per_dim: usize,
    activation: Activation,
    linears: Vec<Linear>,
    hidden_degrees: Vec<Vec<usize>>,
}

/// What the forward pass leaves for the backward pass, and buffers; reuse it from call to call.
#[derive(Debug, Clone, Default)]
pub struct Activations<R> {
    rows: usize,
    /// the input, then the output of each hidden layer
    layers: Vec<Vec<R>>,
    gradient: Vec<R>,
    next_gradient: Vec<R>,
    scratch: Scratch<R>,
}

impl Made {
    /// A network over `dim` coordinates with the given hidden widths and `params_per_dim` outputs per coordinate.
    pub fn new(dim: usize, hidden: &[usize], params_per_dim: usize, activation: Activation) -> Self {
        let mut degrees: Vec<usize> = (1..=dim).collect();
        let mut linears = Vec::with_capacity(hidden.len() + 1);
        let mut hidden_degrees = Vec::with_capacity(hidden.len());
        let mut offset = 0;
        for &width in hidden {
            let next: Vec<usize> = (0..width).map(|k| 1 + k * dim.saturating_sub(1) / width).collect();
            let fill = next.iter().map(|d| degrees.partition_point(|input| input <= d)).collect();
            linears.push(Linear::new(offset, degrees.len(), fill));
            offset = linears[linears.len() - 1].bias.end;
            hidden_degrees.push(next.clone());
            degrees = next;
        }
        let fill = (1..=dim)
            .flat_map(|d| std::iter::repeat_n(degrees.partition_point(|&input| input < d), params_per_dim))
            .collect();
        linears.push(Linear::new(offset, degrees.len(), fill));
        Self { dim, params_per_dim, activation, linears, hidden_degrees }
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

    /// Length of the parameter slice, masked entries included.
    pub fn parameters(&self) -> usize {
        self.linears[self.linears.len() - 1].bias.end
    }

    /// Number of entries that the masks leave.
    pub fn free_parameters(&self) -> usize {
        self.linears.iter().map(|l| l.filled() + l.outputs).sum()
    }

    /// Sets masked entries to zero. The routines rely on them being so.
    pub fn mask<R: Real>(&self, theta: &mut [R]) {
        for linear in &self.linears {
            for (k, row) in theta[linear.weight.clone()].chunks_exact_mut(linear.outputs).enumerate() {
                row[..linear.first_reader(k)].fill(R::zero());
            }
        }
    }

    /// Outputs for `rows` rows of `v` (rows × dim, in degree order), rows × dim × params_per_dim. One pass.
    pub fn forward<R: Real>(&self, theta: &[R], v: &[R], rows: usize, cache: &mut Activations<R>, out: &mut [R]) {
        assert_eq!(theta.len(), self.parameters(), "parameters of another network");
        assert_eq!(v.len(), rows * self.dim, "v must be rows × dim");
        assert_eq!(out.len(), rows * self.dim * self.params_per_dim, "out must be rows × dim × params_per_dim");
        cache.rows = rows;
        cache.layers.resize(self.linears.len(), Vec::new());
        cache.layers[0].clear();
        cache.layers[0].extend_from_slice(v);
        let last = self.linears.len() - 1;
        for (l, linear) in self.linears[..last].iter().enumerate() {
            let (before, after) = cache.layers.split_at_mut(l + 1);
            let y = &mut after[0];
            y.resize(rows * linear.outputs, R::zero());
            staircase::forward(linear, theta, &before[l], rows, Some(self.activation), y, &mut cache.scratch);
        }
        staircase::forward(&self.linears[last], theta, &cache.layers[last], rows, None, out, &mut cache.scratch);
    }

    /// Gradients of the last [`Made::forward`] on `cache`: adds to `d_theta` (not at all if absent, for a frozen
    /// network) and to `d_v`. About two passes, one without `d_theta`.
    pub fn backward<R: Real>(
        &self,
        theta: &[R],
        cache: &mut Activations<R>,
        d_out: &[R],
        mut d_theta: Option<&mut [R]>,
        d_v: &mut [R],
    ) {
        let Activations { rows, layers, gradient, next_gradient, scratch } = cache;
        let rows = *rows;
        gradient.clear();
        gradient.extend_from_slice(d_out);
        for (l, linear) in self.linears.iter().enumerate().rev() {
            if let Some(d_theta) = d_theta.as_deref_mut() {
                staircase::backward_parameters(linear, &layers[l], gradient, rows, d_theta, scratch);
            }
            next_gradient.clear();
            next_gradient.resize(rows * linear.inputs, R::zero());
            let made_by = (l > 0).then(|| (self.activation, layers[l].as_slice()));
            staircase::backward_input(linear, theta, gradient, rows, made_by, next_gradient, scratch);
            std::mem::swap(gradient, next_gradient);
        }
        d_v.iter_mut().zip(gradient.iter()).for_each(|(d, &g)| *d += g);
    }
}
