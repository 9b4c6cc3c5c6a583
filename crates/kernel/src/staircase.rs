//! Products with a staircase matrix: a weight `W` of shape inputs × outputs, row-major, in which output `j`
//! reads only the first `fill(j)` inputs and `fill` never decreases. Panels of 16 outputs (or inputs) skip the
//! empty corner: about half of the dense work.

use crate::activation::specialised;
use crate::tile::{COLUMNS, dispatch, multiply};
use crate::{Activation, Linear, Real};

/// Buffers reused from call to call.
#[derive(Debug, Clone, Default)]
pub struct Scratch<R> {
    panel: Vec<R>,
    sums: Vec<[R; COLUMNS]>,
    transposed: Vec<R>,
}

dispatch! {
    /// `y = f(x·W + b)`; `f` is the identity if there is no activation.
    pub fn forward(
        linear: &Linear,
        theta: &[R],
        x: &[R],
        rows: usize,
        activation: Option<Activation>,
        y: &mut [R],
        scratch: &mut Scratch<R>,
    ) = forward_inlined
}

#[inline(always)]
fn forward_inlined<R: Real, const FUSED: bool>(
    linear: &Linear,
    theta: &[R],
    x: &[R],
    rows: usize,
    activation: Option<Activation>,
    y: &mut [R],
    scratch: &mut Scratch<R>,
) {
    let (inputs, outputs) = (linear.inputs, linear.outputs);
    let (weight, bias) = (&theta[linear.weight.clone()], &theta[linear.bias.clone()]);
    scratch.sums.resize(rows, [R::zero(); COLUMNS]);
    for first in (0..outputs).step_by(COLUMNS) {
        let width = COLUMNS.min(outputs - first);
        let depth = linear.fill(first + width - 1);
        scratch.panel.clear();
        scratch.panel.resize(depth * COLUMNS, R::zero());
        for (packed, k) in scratch.panel.chunks_exact_mut(COLUMNS).zip(0..) {
            packed[..width].copy_from_slice(&weight[k * outputs + first..][..width]);
        }
        multiply(rows, x, inputs, &scratch.panel, &mut scratch.sums);
        let bias = &bias[first..first + width];
        match activation {
            None => finish(&scratch.sums, bias, first, outputs, y, |a| a),
            Some(f) => specialised!(f, F => finish(&scratch.sums, bias, first, outputs, y, |a| F.apply(a))),
        }
    }
}

/// Bias and activation on the way from a panel's sums to its columns of `y`.
#[inline(always)]
fn finish<R: Real>(
    sums: &[[R; COLUMNS]],
    bias: &[R],
    first: usize,
    outputs: usize,
    y: &mut [R],
    activation: impl Fn(R) -> R,
) {
    let mut padded = [R::zero(); COLUMNS];
    padded[..bias.len()].copy_from_slice(bias);
    for (sums, y) in sums.iter().zip(y.chunks_exact_mut(outputs)) {
        let mut out = [R::zero(); COLUMNS];
        for n in 0..COLUMNS {
            out[n] = activation(sums[n] + padded[n]);
        }
        y[first..first + bias.len()].copy_from_slice(&out[..bias.len()]);
    }
}

dispatch! {
    /// `dx = dy·Wᵀ`, times the slope of the activation that made `x` if there is one.
    pub fn backward_input(
        linear: &Linear,
        theta: &[R],
        dy: &[R],
        rows: usize,
        made_by: Option<(Activation, &[R])>,
        dx: &mut [R],
        scratch: &mut Scratch<R>,
    ) = backward_input_inlined
}

#[inline(always)]
fn backward_input_inlined<R: Real, const FUSED: bool>(
    linear: &Linear,
    theta: &[R],
    dy: &[R],
    rows: usize,
    made_by: Option<(Activation, &[R])>,
    dx: &mut [R],
    scratch: &mut Scratch<R>,
) {
    let (inputs, outputs) = (linear.inputs, linear.outputs);
    let weight = &theta[linear.weight.clone()];
    scratch.sums.resize(rows, [R::zero(); COLUMNS]);
    for first in (0..inputs).step_by(COLUMNS) {
        let width = COLUMNS.min(inputs - first);
        let start = linear.first_reader(first);
        scratch.panel.clear();
        scratch.panel.resize((outputs - start) * COLUMNS, R::zero());
        for k in 0..width {
            let column = &weight[(first + k) * outputs..][start..outputs];
            for (packed, &w) in scratch.panel.chunks_exact_mut(COLUMNS).zip(column) {
                packed[k] = w;
            }
        }
        multiply(rows, dy.get(start..).unwrap_or(&[]), outputs, &scratch.panel, &mut scratch.sums);
        for (sums, dx) in scratch.sums.iter().zip(dx.chunks_exact_mut(inputs)) {
            dx[first..first + width].copy_from_slice(&sums[..width]);
        }
    }
    if let Some((f, x)) = made_by {
        specialised!(f, F => dx.iter_mut().zip(x).for_each(|(g, &h)| *g *= F.slope_at_output(h)));
    }
}

dispatch! {
    /// `dW += xᵀ·dy` inside the staircase and `db += Σ_rows dy`, into the same places of `d_theta`.
    pub fn backward_parameters(
        linear: &Linear,
        x: &[R],
        dy: &[R],
        rows: usize,
        d_theta: &mut [R],
        scratch: &mut Scratch<R>,
    ) = backward_parameters_inlined
}

#[inline(always)]
fn backward_parameters_inlined<R: Real, const FUSED: bool>(
    linear: &Linear,
    x: &[R],
    dy: &[R],
    rows: usize,
    d_theta: &mut [R],
    scratch: &mut Scratch<R>,
) {
    let (inputs, outputs) = (linear.inputs, linear.outputs);
    transpose(x, inputs, rows, &mut scratch.transposed);
    for first in (0..outputs).step_by(COLUMNS) {
        let width = COLUMNS.min(outputs - first);
        let depth = linear.fill(first + width - 1);
        scratch.panel.clear();
        scratch.panel.resize(rows * COLUMNS, R::zero());
        for (packed, dy) in scratch.panel.chunks_exact_mut(COLUMNS).zip(dy.chunks_exact(outputs)) {
            packed[..width].copy_from_slice(&dy[first..first + width]);
        }
        scratch.sums.resize(depth.max(scratch.sums.len()), [R::zero(); COLUMNS]);
        multiply(depth, &scratch.transposed, rows, &scratch.panel, &mut scratch.sums);
        let d_weight = &mut d_theta[linear.weight.clone()];
        for (k, sums) in scratch.sums[..depth].iter().enumerate() {
            let from = linear.first_reader(k).max(first);
            let row = &mut d_weight[k * outputs + from..k * outputs + first + width];
            row.iter_mut().zip(&sums[from - first..]).for_each(|(d, &g)| *d += g);
        }
        let d_bias = &mut d_theta[linear.bias.clone()][first..first + width];
        for packed in scratch.panel.chunks_exact(COLUMNS) {
            d_bias.iter_mut().zip(packed).for_each(|(d, &g)| *d += g);
        }
    }
}

fn transpose<R: Real>(x: &[R], columns: usize, rows: usize, out: &mut Vec<R>) {
    out.clear();
    out.resize(columns * rows, R::zero());
    for (r, row) in x.chunks_exact(columns).take(rows).enumerate() {
        for (k, &value) in row.iter().enumerate() {
            out[k * rows + r] = value;
        }
    }
}
