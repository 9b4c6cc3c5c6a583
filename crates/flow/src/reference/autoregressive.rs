//! The affine autoregressive layer `x_i = μ_i(v_<i) + e^{α_i(v_<i)}·z_i` in plain dfdx operations: dense products with
//! masked weights. The sequential direction is the fixed point after dim rounds, in a coupling layer after 2.

use crate::bijection::Bijection;
use crate::error::FlowError;
use crate::graph::{Column, Element, Graph, Parameters, Rows, check_width, column, rows};
use dfdx::prelude::*;
use flowstill_kernel::affine::Direction;
use flowstill_kernel::{Activation, Linear, Made};
use flowstill_model::{Autoregressive, Orientation};
use std::ops::Range;

/// The layer and its place in the parameter vector.
pub struct PlainAutoregressive {
    made: Made,
    /// position → coordinate
    order: Vec<usize>,
    clip: f64,
    orientation: Orientation,
    range: Range<usize>,
}

impl PlainAutoregressive {
    pub fn new(spec: &Autoregressive, range: Range<usize>) -> Self {
        let (made, order) = (spec.made(), spec.order.clone());
        Self { made, order, clip: spec.log_scale_clip, orientation: spec.orientation, range }
    }

    /// The entries of a masked weight whose outputs `column` accepts, as a dense matrix with coordinates in place of
    /// positions: inputs by `row`, outputs by what `column` answers.
    fn weight<E: Element>(
        &self,
        theta: &Parameters<E>,
        linear: &Linear,
        outputs: usize,
        row: impl Fn(usize) -> usize,
        column: impl Fn(usize) -> Option<usize>,
        graph: &mut Graph<E>,
    ) -> Rows<E> {
        let mut entries = Vec::with_capacity(linear.filled());
        for (c, output) in (0..linear.columns).filter_map(|c| linear.output(c).and_then(&column).map(|o| (c, o))) {
            for input in 0..linear.fill(c) {
                entries.push((self.range.start + linear.index(c, input), row(input) * outputs + output));
            }
        }
        theta.dense(entries, linear.inputs, outputs, graph)
    }

    fn bias<E: Element>(
        &self,
        theta: &Parameters<E>,
        linear: &Linear,
        outputs: usize,
        column: impl Fn(usize) -> Option<usize>,
        graph: &mut Graph<E>,
    ) -> Rows<E> {
        let columns = (0..linear.columns).filter_map(|c| linear.output(c).and_then(&column).map(|o| (c, o)));
        let entries = columns.map(|(c, output)| (self.range.start + linear.bias.start + c, output)).collect();
        theta.dense(entries, 1, outputs, graph)
    }

    /// μ and α at `v`, batch × dim.
    pub fn conditioner<E: Element>(&self, theta: &Parameters<E>, v: &Rows<E>, graph: &mut Graph<E>) -> [Rows<E>; 2]
    where
        Cpu: Device<E>,
    {
        let last = self.made.linears().len() - 1;
        let mut h = v.clone();
        let mut sums: Vec<Rows<E>> = Vec::new();
        let coordinate = |l: usize, i: usize| if l == 0 { self.order[i] } else { i };
        for (l, linear) in self.made.linears()[..last].iter().enumerate() {
            let (row, width) = (|i| coordinate(l, i), linear.columns);
            let weight = self.weight(theta, linear, width, row, Some, graph);
            let bias = self.bias(theta, linear, width, Some, graph);
            let mut sum = affine(&h, weight, bias, graph);
            if self.made.is_residual() && l >= 2 && l % 2 == 0 {
                let skip = sums[l - 2].clone();
                sum = graph.apply(&sum, |sum| sum + skip);
            }
            h = activate(self.made.activation(), &sum, graph);
            sums.push(sum);
        }
        let linear = self.made.linear(last);
        let outputs = [0, 1].map(|parameter| {
            let column = |output: usize| (output % 2 == parameter).then(|| self.order[output / 2]);
            let row = |i| coordinate(last, i);
            let weight = self.weight(theta, linear, self.order.len(), row, column, graph);
            let bias = self.bias(theta, linear, self.order.len(), column, graph);
            affine(&h, weight, bias, graph)
        });
        let [shift, raw] = outputs;
        // a / (1 + |a|/c)
        let bound = graph.apply(&raw, |a| a.abs() / E::of(self.clip) + E::one());
        [shift, graph.apply(&raw, |a| a / bound)]
    }

    fn element_map<E: Element>(
        &self,
        theta: &Parameters<E>,
        v: &Rows<E>,
        u: &Rows<E>,
        direction: Direction,
        graph: &mut Graph<E>,
    ) -> (Rows<E>, Column<E>)
    where
        Cpu: Device<E>,
    {
        let [shift, alpha] = self.conditioner(theta, v, graph);
        match direction {
            Direction::Forward => {
                let scale = graph.apply(&alpha, |a| a.exp());
                let y = graph.apply(u, |u| u * scale + shift);
                (y, graph.apply(&alpha, |a| a.sum::<(usize,), Axis<1>>()))
            }
            Direction::Inverse => {
                let scale = graph.apply(&alpha, |a| a.negate().exp());
                let y = graph.apply(u, |u| (u - shift) * scale);
                (y, graph.apply(&alpha, |a| a.negate().sum::<(usize,), Axis<1>>()))
            }
        }
    }

    fn apply<E: Element>(
        &self,
        theta: &Parameters<E>,
        u: &Rows<E>,
        direction: Direction,
        given: Orientation,
        graph: &mut Graph<E>,
    ) -> Result<(Rows<E>, Column<E>), FlowError>
    where
        Cpu: Device<E>,
    {
        let dim = self.order.len();
        let batch = check_width(u, dim)?;
        if self.orientation == given {
            return Ok(self.element_map(theta, u, u, direction, graph));
        }
        let mut v = rows(vec![E::zero(); batch * dim], dim);
        let mut log_det = column(vec![E::zero(); batch]);
        for _ in self.made.steps() {
            (v, log_det) = self.element_map(theta, &v, u, direction, graph);
        }
        Ok((v, log_det))
    }
}

/// `x·W + b`.
fn affine<E: Element>(x: &Rows<E>, weight: Rows<E>, bias: Rows<E>, graph: &mut Graph<E>) -> Rows<E>
where
    Cpu: Device<E>,
{
    let ones = rows(vec![E::one(); x.shape().0], 1);
    let bias = graph.apply(&bias, |bias| ones.retaped().matmul(bias));
    graph.apply(x, |x| x.matmul(weight) + bias)
}

fn activate<E: Element>(activation: Activation, x: &Rows<E>, graph: &mut Graph<E>) -> Rows<E>
where
    Cpu: Device<E>,
{
    match activation {
        Activation::Relu => graph.apply(x, |x| x.relu()),
        Activation::LeakyRelu => {
            let below = graph.apply(x, |x| x * E::of(0.01));
            graph.apply(x, |x| x.maximum(below))
        }
        Activation::Tanh => graph.apply(x, |x| x.tanh()),
        Activation::Elu => {
            let above = graph.apply(x, |x| x.relu());
            // e^{min(x, 0)} − 1
            let below = graph.apply(x, |x| x.negate().relu().negate().exp() - E::one());
            graph.apply(&above, |above| above + below)
        }
        Activation::Softplus => {
            let above = graph.apply(x, |x| x.relu());
            let rest = graph.apply(x, |x| (x.abs().negate().exp() + E::one()).ln());
            graph.apply(&above, |above| above + rest)
        }
        Activation::Sigmoid => graph.apply(x, |x| x.sigmoid()),
    }
}

impl<E: Element> Bijection<E> for PlainAutoregressive
where
    Cpu: Device<E>,
{
    fn forward_and_log_det(
        &self,
        theta: &Parameters<E>,
        z: &Rows<E>,
        graph: &mut Graph<E>,
    ) -> Result<(Rows<E>, Column<E>), FlowError> {
        self.apply(theta, z, Direction::Forward, Orientation::Iaf, graph)
    }

    fn inverse_and_log_det(
        &self,
        theta: &Parameters<E>,
        x: &Rows<E>,
        graph: &mut Graph<E>,
    ) -> Result<(Rows<E>, Column<E>), FlowError> {
        self.apply(theta, x, Direction::Inverse, Orientation::Maf, graph)
    }
}
