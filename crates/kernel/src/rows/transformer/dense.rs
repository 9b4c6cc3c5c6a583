//! A dense linear map, its weights a row-major matrix among the parameters and in panels for the products.

use crate::panels::{COLUMNS, Panels};
use crate::product::{self, Finish};
use crate::weight_gradient::backward_parameters;
use crate::{Linear, Real};
use std::ops::Range;

#[derive(Debug, Clone)]
pub(super) struct Dense {
    /// inputs × outputs, from the beginning of `θ`
    pub weight: Range<usize>,
    pub bias: Option<Range<usize>>,
    linear: Linear,
    /// its place in the transposed weights
    transposed: Range<usize>,
    inputs: usize,
    outputs: usize,
}

/// Weights in panels, and transposed for backward passes if these are wanted.
pub(super) struct Packed<R> {
    values: Vec<R>,
    transposed: Vec<R>,
}

impl<R: Real> Packed<R> {
    pub fn new(values: usize, transposed: usize) -> Self {
        Self { values: vec![R::zero(); values], transposed: vec![R::zero(); transposed] }
    }

    /// Numbers in panels, without the transposed ones.
    pub fn len(&self) -> usize {
        self.values.len()
    }
}

impl Dense {
    /// `values` and `transposed` are where its panels start.
    pub fn new(
        [inputs, outputs]: [usize; 2],
        weight: Range<usize>,
        bias: Option<Range<usize>>,
        values: usize,
        transposed: usize,
    ) -> Self {
        let linear = Linear::new(values, inputs, (0..outputs).map(Some).collect(), vec![inputs; outputs]);
        let transposed = transposed..transposed + linear.transposed_len();
        Self { weight, bias, linear, transposed, inputs, outputs }
    }

    /// Where its panels end, and the transposed ones.
    pub fn end(&self) -> [usize; 2] {
        [self.linear.bias.end, self.transposed.end]
    }

    pub fn inputs(&self) -> usize {
        self.inputs
    }

    pub fn pack<R: Real>(&self, theta: &[R], packed: &mut Packed<R>) {
        self.each(|dense, panel| packed.values[panel].copy_from_slice(&theta[dense]));
        if !packed.transposed.is_empty() {
            self.linear.transpose(&packed.values, &mut packed.transposed[self.transposed.clone()]);
        }
    }

    /// Adds gradients in panels to those of the parameters.
    pub fn unpack_onto<R: Real>(&self, values: &[R], d_theta: &mut [R]) {
        self.each(|dense, panel| d_theta[dense].iter_mut().zip(&values[panel]).for_each(|(sum, &d)| *sum += d));
    }

    /// Calls `pair` with the places among the parameters and in panels of the up to 16 numbers that lie together in either.
    fn each(&self, mut pair: impl FnMut(Range<usize>, Range<usize>)) {
        let panels = self.linear.panels();
        for (first, panel) in (0..self.outputs).step_by(COLUMNS).zip(panels) {
            let len = (self.outputs - first).min(COLUMNS);
            for input in 0..self.inputs {
                let (dense, at) = (self.weight.start + input * self.outputs + first, self.linear.weight.start);
                let at = at + panel.offset + input * COLUMNS;
                pair(dense..dense + len, at..at + len);
            }
        }
        if let Some(bias) = &self.bias {
            pair(bias.clone(), self.linear.bias.start..self.linear.bias.start + self.outputs);
        }
    }

    /// `y = x·W + b + skip`.
    pub fn forward<R: Real>(&self, packed: &Packed<R>, x: &Panels<R>, skip: Option<&Panels<R>>, y: &mut Panels<R>) {
        y.reshape(x.rows(), self.outputs);
        product::forward(&self.linear, &packed.values, x, Finish { skip, activation: None }, None, y);
    }

    /// `dx = dy·Wᵀ + skip`.
    pub fn backward<R: Real>(&self, packed: &Packed<R>, dy: &Panels<R>, skip: Option<&Panels<R>>, dx: &mut Panels<R>) {
        dx.reshape(dy.rows(), self.inputs);
        product::backward_input(&self.linear, &packed.transposed[self.transposed.clone()], dy, None, skip, dx);
    }

    /// Adds the gradients by weights and biases to `d_weights`, which is in panels.
    pub fn backward_parameters<R: Real>(&self, x: &Panels<R>, dy: &Panels<R>, d_weights: &mut [R]) {
        backward_parameters(&self.linear, x, dy, d_weights);
    }
}
