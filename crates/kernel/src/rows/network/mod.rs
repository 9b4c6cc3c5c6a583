//! Dense networks with smooth activations, for maps made of them: values of many rows, their derivatives along tangents,
//! and the gradients of both.

mod pass;
mod smooth;

pub(super) use pass::{Pass, Tangents};
pub use smooth::Smooth;

use crate::{Linear, Real};
use rand::Rng;
use std::ops::Range;

/// The shape of a network `x ↦ W_Lᵀ f(… f(W_0ᵀ x + b_0) …) + b_L`.
///
/// `θ` are `W_0` (inputs × outputs, row-major), `b_0`, `W_1`, …: plain matrices. For products they are packed into panels
/// once per call of a map, which costs about as much as one row's pass.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Network {
    inputs: usize,
    outputs: usize,
    activation: Smooth,
    linears: Vec<Linear>,
    transposed: Vec<Range<usize>>,
}

/// The parameters of a [`Network`] in panels.
#[derive(Debug, Clone)]
pub(super) struct Packed<R> {
    theta: Vec<R>,
    /// the same weights with biases of zero, through which tangents go
    unbiased: Vec<R>,
    transposed: Vec<R>,
}

/// Gradients by the parameters of a [`Network`], as it packs them.
#[derive(Debug, Clone)]
pub(super) struct Gradient<R> {
    through_values: Vec<R>,
    through_tangents: Vec<R>,
}

/// Numbers in `θ`; no more than can be counted.
pub(super) fn parameters(inputs: usize, hidden: &[usize], outputs: usize) -> usize {
    sizes(inputs, hidden, outputs)
        .fold(0, |sum: usize, [inputs, outputs]| sum.saturating_add(inputs.saturating_add(1).saturating_mul(outputs)))
}

/// Names and shapes of the parts of `θ`, in their order.
pub(super) fn parts(inputs: usize, hidden: &[usize], outputs: usize) -> Vec<(String, Vec<usize>)> {
    let named = |(l, [inputs, outputs]): (usize, [usize; 2])| {
        [(format!("weight_{l}"), vec![inputs, outputs]), (format!("bias_{l}"), vec![outputs])]
    };
    sizes(inputs, hidden, outputs).enumerate().flat_map(named).collect()
}

/// Inputs and outputs of each linear map.
fn sizes(inputs: usize, hidden: &[usize], outputs: usize) -> impl Iterator<Item = [usize; 2]> {
    let from = [inputs].into_iter().chain(hidden.iter().copied());
    from.zip(hidden.iter().copied().chain([outputs])).map(|(inputs, outputs)| [inputs, outputs])
}

/// Random weights of about `√(1/inputs)`, so that units neither die out nor saturate; those of the last map `last` times
/// as large, and zeros for its biases: near zero, but nowhere without a gradient.
pub(super) fn initial(inputs: usize, hidden: &[usize], outputs: usize, last: f32, rng: &mut impl Rng) -> Vec<f32> {
    let mut theta = Vec::with_capacity(parameters(inputs, hidden, outputs));
    for (l, [inputs, outputs]) in sizes(inputs, hidden, outputs).enumerate() {
        // uniform numbers have a third of the square of their bound for a variance
        let (bound, bias) = if l < hidden.len() { (1.0, 0.3) } else { (last, 0.0) };
        let bound = bound * (3.0 / inputs as f32).sqrt();
        theta.extend((0..inputs * outputs).map(|_| rng.gen_range(-bound..bound)));
        theta.extend((0..outputs).map(|_| bias * rng.gen_range(-1.0f32..1.0)));
    }
    theta
}

impl Network {
    pub fn new(inputs: usize, hidden: &[usize], outputs: usize, activation: Smooth) -> Self {
        let (mut linears, mut transposed) = (Vec::new(), Vec::new());
        let (mut offset, mut end) = (0, 0);
        for [inputs, outputs] in sizes(inputs, hidden, outputs) {
            let linear = Linear::new(offset, inputs, (0..outputs).map(Some).collect(), vec![inputs; outputs]);
            offset = linear.bias.end;
            transposed.push(end..end + linear.transposed_len());
            end += linear.transposed_len();
            linears.push(linear);
        }
        Self { inputs, outputs, activation, linears, transposed }
    }

    /// Inputs, outputs and place in `θ` of each weight.
    pub fn weights(&self) -> impl Iterator<Item = (usize, usize, Range<usize>)> + '_ {
        let mut start = 0;
        self.linears.iter().map(move |linear| {
            let (inputs, outputs) = (linear.inputs, linear.outputs());
            let range = start..start + inputs * outputs;
            start = range.end + outputs;
            (inputs, outputs, range)
        })
    }

    pub fn pack<R: Real>(&self, theta: &[R]) -> Packed<R> {
        let len = self.linears.last().map_or(0, |linear| linear.bias.end);
        let mut packed = vec![R::zero(); len];
        for (linear, (_, outputs, weight)) in self.linears.iter().zip(self.weights()) {
            linear.pack_weight(&theta[weight.clone()], &mut packed);
            linear.pack_bias(&theta[weight.end..weight.end + outputs], &mut packed);
        }
        let mut transposed = vec![R::zero(); self.transposed.last().map_or(0, |range| range.end)];
        let mut unbiased = packed.clone();
        for (linear, at) in self.linears.iter().zip(&self.transposed) {
            linear.transpose(&packed, &mut transposed[at.clone()]);
            unbiased[linear.bias.clone()].fill(R::zero());
        }
        Packed { theta: packed, unbiased, transposed }
    }

    /// No gradient yet.
    pub fn gradient<R: Real>(&self) -> Gradient<R> {
        let zeros = vec![R::zero(); self.linears.last().map_or(0, |linear| linear.bias.end)];
        Gradient { through_values: zeros.clone(), through_tangents: zeros }
    }

    /// The gradients as `θ` holds the parameters. Biases have none through tangents.
    pub fn unpack<R: Real>(&self, gradient: &Gradient<R>) -> Vec<R> {
        let mut plain = Vec::with_capacity(gradient.through_values.len());
        for linear in &self.linears {
            let mut weight = linear.unpack_weight(&gradient.through_values);
            let more = linear.unpack_weight(&gradient.through_tangents);
            weight.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            plain.append(&mut weight);
            plain.extend(linear.unpack_bias(&gradient.through_values));
        }
        plain
    }
}
