//! Gradients on their way back through the network, of all tokens at once or from the last tokens to the first.

use super::Transformer;
use super::attention::{HeadGradients, attend_backward};
use super::dense::{Dense, Packed};
use super::forward::Forward;
use super::gelu::gelu_backward;
use super::lanes::{Lane, Lanes};
use super::layer_norm::normalise_backward;
use super::network::Network;
use crate::Real;
use crate::panels::{COLUMNS, Panels, column_offset};
use std::ops::Range;

/// Gradients of what one [`Forward::run`] of all tokens has made.
///
/// A token's keys and values are seen by later tokens only (or, in a coupling, all tokens go back at once): going from the
/// last token to the first, their gradients are complete when the token's turn comes.
pub(super) struct Backward<'a, R> {
    map: &'a Transformer,
    network: &'a Network,
    rows: usize,
    /// by the outputs of the tokens of the next run
    d_outputs: Panels<R>,
    /// by keys and values of each block, from the tokens that have been run
    blocks: Vec<[Lanes<R>; 2]>,
    dq: Lanes<R>,
    d_attended: Lanes<R>,
    dh: Panels<R>,
    by_query: Panels<R>,
    wide: Panels<R>,
    narrow: Panels<R>,
    more: Panels<R>,
    p: Vec<Lane<R>>,
    dp: Vec<Lane<R>>,
}

impl<'a, R: Real> Backward<'a, R> {
    pub fn new(map: &'a Transformer, network: &'a Network) -> Self {
        let panels = Panels::default;
        Self {
            map,
            network,
            rows: 0,
            d_outputs: panels(),
            blocks: std::iter::repeat_with(Default::default).take(map.blocks).collect(),
            dq: Lanes::default(),
            d_attended: Lanes::default(),
            dh: panels(),
            by_query: panels(),
            wide: panels(),
            narrow: panels(),
            more: panels(),
            p: vec![[R::zero(); COLUMNS]; map.dim()],
            dp: vec![[R::zero(); COLUMNS]; map.dim()],
        }
    }

    /// Sets the gradients by the outputs of `tokens`, which go next, to zero, and with the last tokens those by keys and
    /// values.
    pub fn start(&mut self, rows: usize, tokens: Range<usize>) {
        let map = self.map;
        self.rows = rows;
        self.d_outputs.reshape(rows * tokens.len(), map.map.parameters());
        self.d_outputs.clear();
        let shape = |lanes: &mut Lanes<R>| lanes.reshape(rows, map.dim(), map.heads, map.width / map.heads);
        [&mut self.dq, &mut self.d_attended].into_iter().for_each(shape);
        if tokens.end == map.dim() {
            for lanes in self.blocks.iter_mut().flatten() {
                shape(lanes);
                lanes.clear();
            }
        }
    }

    /// The gradient by what the `local`-th token gives to a row.
    pub fn put(&mut self, local: usize, row: usize, dp: &[R]) {
        let (stride, at) = (self.d_outputs.stride(), local * self.rows + row);
        for (panel, dp) in dp.chunks(COLUMNS).enumerate() {
            self.d_outputs.data_mut()[panel * stride + at * COLUMNS..][..dp.len()].copy_from_slice(dp);
        }
    }

    /// Takes `tokens` back to their start. Adds the gradients of the linear maps to `d_weights`, in panels, if they are
    /// wanted; then `tokens` must be all.
    pub fn run(
        &mut self,
        weights: &Packed<R>,
        forward: &Forward<R>,
        tokens: Range<usize>,
        mut d_weights: Option<&mut [R]>,
    ) {
        let (map, width, first) = (self.map, self.map.width, tokens.start * self.rows);
        let Self { network, d_outputs, blocks, dq, d_attended, dh, by_query, wide, narrow, more, p, dp, .. } = self;
        let mut add = |dense: &Dense, x: &Panels<R>, dy: &Panels<R>| {
            if let Some(d_weights) = d_weights.as_deref_mut() {
                dense.backward_parameters(x, dy, d_weights);
            }
        };
        add(&network.head, &forward.last.values, d_outputs);
        network.head.backward(weights, d_outputs, None, narrow);
        dh.reshape(narrow.rows(), width);
        dh.clear();
        normalise_backward(width, &forward.last.values, &forward.last.scale, first, narrow, dh);
        let backward = network.blocks.iter().zip(&forward.blocks).zip(blocks.iter_mut());
        for ((block, kept), [dk, dv]) in backward.rev() {
            add(&block.contract, &kept.active, dh);
            block.contract.backward(weights, dh, None, wide);
            for panel in 0..wide.count() {
                let d = wide.panel_mut(panel);
                gelu_backward(&kept.raw.panel(panel)[first * COLUMNS..][..d.len()], d);
            }
            add(&block.expand, &kept.before_mlp.values, wide);
            block.expand.backward(weights, wide, None, narrow);
            normalise_backward(width, &kept.before_mlp.values, &kept.before_mlp.scale, first, narrow, dh);

            add(&block.output, &kept.attended, dh);
            block.output.backward(weights, dh, None, narrow);
            d_attended.load(narrow, tokens.clone());
            for group in 0..dq.groups() {
                for head in 0..map.heads {
                    let [q, k, v] = [&mut *dq, &mut *dk, &mut *dv].map(|lanes| lanes.head_mut(group, head));
                    let gradients = HeadGradients { q, k, v };
                    let (given, d_out) = (kept.head(map, group, head), d_attended.head(group, head));
                    attend_backward(given, tokens.clone(), d_out, gradients, p, dp);
                }
            }
            let x = &kept.before_attention;
            dq.store(by_query, tokens.clone());
            add(&block.query, &x.values, by_query);
            block.query.backward(weights, by_query, None, narrow);
            for (dense, lanes) in [(&block.key, &*dk), (&block.value, &*dv)] {
                lanes.store(by_query, tokens.clone());
                add(dense, &x.values, by_query);
                dense.backward(weights, by_query, Some(narrow), more);
                std::mem::swap(narrow, more);
            }
            normalise_backward(width, &x.values, &x.scale, first, narrow, dh);
        }
    }

    /// Through the start of the tokens of the last run: adds to the gradient `du` by the rows `u`, and to that by `θ` what
    /// is not in panels, if it is wanted.
    pub fn embedding(&self, theta: &[R], u: &[R], tokens: Range<usize>, du: &mut [R], mut d_theta: Option<&mut [R]>) {
        let (map, network, width, dim, rows) = (self.map, self.network, self.map.width, self.map.dim(), self.rows);
        let mut sum = vec![R::zero(); width];
        if let Some(d_theta) = d_theta.as_deref_mut() {
            self.add_biases(tokens.clone(), &mut d_theta[network.head_bias.clone()]);
        }
        for (local, token) in tokens.enumerate() {
            let given = map.given(token).map(|given| (map.order[given], network.value.start + given * width));
            if let Some((coordinate, at)) = given {
                let vector = &theta[at..at + width];
                for row in 0..rows {
                    let (mut along, v) = (R::zero(), u[row * dim + coordinate]);
                    self.each_part(local * rows + row, |columns, dh| {
                        along += dh.iter().zip(&vector[columns]).map(|(&d, &v)| d * v).sum();
                    });
                    du[row * dim + coordinate] += along / R::one().hypot(v);
                }
            }
            let Some(d_theta) = d_theta.as_deref_mut() else { continue };
            let mut gather = |weight: &dyn Fn(usize) -> R, d_vector: &mut [R]| {
                sum.fill(R::zero());
                for row in 0..rows {
                    let weight = weight(row);
                    self.each_part(local * rows + row, |columns, dh| {
                        sum[columns].iter_mut().zip(dh).for_each(|(sum, &d)| *sum += weight * d);
                    });
                }
                d_vector.iter_mut().zip(&sum).for_each(|(d, &sum)| *d += sum);
            };
            gather(&|_| R::one(), &mut d_theta[network.position.start + token * width..][..width]);
            if let Some((coordinate, at)) = given {
                gather(&|row| u[row * dim + coordinate].asinh(), &mut d_theta[at..at + width]);
            }
        }
    }

    /// The parts of a row of the gradient by the start of the tokens, with the columns that they are.
    fn each_part(&self, row: usize, mut part: impl FnMut(Range<usize>, &[R])) {
        for first in (0..self.map.width).step_by(COLUMNS) {
            let columns = first..(first + COLUMNS).min(self.map.width);
            let at = column_offset(first, self.dh.stride()) + row * COLUMNS;
            part(columns.clone(), &self.dh.data()[at..at + columns.len()]);
        }
    }

    /// Those of the head, one for each position that is mapped.
    fn add_biases(&self, tokens: Range<usize>, d_bias: &mut [R]) {
        let (count, mapped, stride) = (self.map.map.parameters(), self.map.mapped(), self.d_outputs.stride());
        for (local, token) in tokens.enumerate().filter(|(_, token)| mapped.contains(token)) {
            for k in 0..count {
                let at = column_offset(k, stride) + local * self.rows * COLUMNS;
                let column = self.d_outputs.data()[at..].iter().step_by(COLUMNS).take(self.rows);
                d_bias[(token - mapped.start) * count + k] += column.copied().sum();
            }
        }
    }
}
