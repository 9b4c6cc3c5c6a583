//! Tokens on their way through the network, all at once or a few after those before them.

use super::Transformer;
use super::attention::{Head, attend};
use super::dense::Packed;
use super::gelu::gelu;
use super::lanes::{Lane, Lanes};
use super::layer_norm::normalise;
use super::network::Network;
use crate::Real;
use crate::panels::{COLUMNS, Panels, column_offset};
use std::ops::Range;

/// What a pass over some rows of the batch leaves. Matrices hold the rows for the first token of the last
/// [`Forward::run`], then those for the next, and so on; keys and values are kept of all runs since [`Forward::begin`].
pub(super) struct Forward<'a, R> {
    map: &'a Transformer,
    network: &'a Network,
    pub rows: usize,
    tokens: Range<usize>,
    pub blocks: Vec<Kept<R>>,
    pub last: Normal<R>,
    outputs: Panels<R>,
    h: Panels<R>,
    next: Panels<R>,
    product: Panels<R>,
    attended: Lanes<R>,
    p: Vec<Lane<R>>,
}

/// What [`normalise`] made.
#[derive(Default)]
pub(super) struct Normal<R> {
    pub values: Panels<R>,
    pub scale: Vec<R>,
}

/// What one block leaves for the way back.
#[derive(Default)]
pub(super) struct Kept<R> {
    pub before_attention: Normal<R>,
    pub q: Lanes<R>,
    pub k: Lanes<R>,
    pub v: Lanes<R>,
    pub attended: Panels<R>,
    pub before_mlp: Normal<R>,
    /// before and after the activation
    pub raw: Panels<R>,
    pub active: Panels<R>,
}

impl<R: Real> Normal<R> {
    fn of(&mut self, width: usize, h: &Panels<R>) {
        self.values.reshape(h.rows(), width);
        self.scale.resize(h.rows(), R::zero());
        normalise(width, h, &mut self.values, &mut self.scale);
    }
}

impl<R: Real> Kept<R> {
    pub fn head(&self, map: &Transformer, group: usize, head: usize) -> Head<'_, R> {
        let [q, k, v] = [&self.q, &self.k, &self.v].map(|lanes| lanes.head(group, head));
        Head { sight: map.sight(), size: map.width / map.heads, q, k, v }
    }
}

impl<'a, R: Real> Forward<'a, R> {
    pub fn new(map: &'a Transformer, network: &'a Network) -> Self {
        Self {
            map,
            network,
            rows: 0,
            tokens: 0..0,
            blocks: std::iter::repeat_with(Kept::default).take(map.blocks).collect(),
            last: Normal::default(),
            outputs: Panels::default(),
            h: Panels::default(),
            next: Panels::default(),
            product: Panels::default(),
            attended: Lanes::default(),
            p: vec![[R::zero(); COLUMNS]; map.dim()],
        }
    }

    /// Starts with other rows.
    pub fn begin(&mut self, rows: usize) {
        let map = self.map;
        self.rows = rows;
        let kept = self.blocks.iter_mut().flat_map(|kept| [&mut kept.q, &mut kept.k, &mut kept.v]);
        for lanes in kept.chain([&mut self.attended]) {
            lanes.reshape(rows, map.dim(), map.heads, map.width / map.heads);
        }
    }

    /// Runs `tokens`; the tokens that they see must be among them or have been run. Of `values` (rows × dim) only the
    /// coordinates are read that `tokens` start from.
    pub fn run(&mut self, theta: &[R], weights: &Packed<R>, values: &[R], tokens: Range<usize>) {
        let (map, width) = (self.map, self.map.width);
        self.tokens = tokens.clone();
        self.embed(theta, values);
        let Self { network, blocks, last, outputs, h, next, product, attended, p, .. } = self;
        for (block, kept) in network.blocks.iter().zip(blocks) {
            kept.before_attention.of(width, h);
            let x = &kept.before_attention.values;
            for (dense, lanes) in [(&block.query, &mut kept.q), (&block.key, &mut kept.k), (&block.value, &mut kept.v)]
            {
                dense.forward(weights, x, None, product);
                lanes.load(product, tokens.clone());
            }
            for group in 0..attended.groups() {
                for head in 0..map.heads {
                    attend(kept.head(map, group, head), tokens.clone(), p, attended.head_mut(group, head));
                }
            }
            attended.store(&mut kept.attended, tokens.clone());
            block.output.forward(weights, &kept.attended, Some(h), next);
            std::mem::swap(h, next);

            kept.before_mlp.of(width, h);
            block.expand.forward(weights, &kept.before_mlp.values, None, &mut kept.raw);
            kept.active.reshape(h.rows(), block.contract.inputs());
            for panel in 0..kept.raw.count() {
                gelu(kept.raw.panel(panel), kept.active.panel_mut(panel));
            }
            block.contract.forward(weights, &kept.active, Some(h), next);
            std::mem::swap(h, next);
        }
        last.of(width, h);
        network.head.forward(weights, &last.values, None, outputs);
        self.add_biases(theta);
    }

    /// `position_t + value_t·asinh(v)`.
    fn embed(&mut self, theta: &[R], values: &[R]) {
        let (map, width, rows) = (self.map, self.map.width, self.rows);
        let (position, value) = (&theta[self.network.position.clone()], &theta[self.network.value.clone()]);
        self.h.reshape(rows * self.tokens.len(), width);
        let (stride, panels) = (self.h.stride(), self.h.count());
        let h = self.h.data_mut();
        for (local, token) in self.tokens.clone().enumerate() {
            let position = &position[token * width..][..width];
            let given = map.given(token).map(|given| (map.order[given], &value[given * width..][..width]));
            for row in 0..rows {
                let a = given.map(|(coordinate, vector)| (values[row * map.dim() + coordinate].asinh(), vector));
                for p in 0..panels {
                    let live = p * COLUMNS..(p * COLUMNS + COLUMNS).min(width);
                    let h = &mut h[p * stride + (local * rows + row) * COLUMNS..][..COLUMNS];
                    h[live.len()..].fill(R::zero());
                    h[..live.len()].copy_from_slice(&position[live.clone()]);
                    if let Some((a, vector)) = a {
                        h.iter_mut().zip(&vector[live]).for_each(|(h, &v)| *h += a * v);
                    }
                }
            }
        }
    }

    /// Each position's own.
    fn add_biases(&mut self, theta: &[R]) {
        let (rows, count, mapped) = (self.rows, self.map.map.parameters(), self.map.mapped());
        let (bias, stride) = (&theta[self.network.head_bias.clone()], self.outputs.stride());
        let outputs = self.outputs.data_mut();
        for (local, token) in self.tokens.clone().enumerate().filter(|(_, token)| mapped.contains(token)) {
            for k in 0..count {
                let bias = bias[(token - mapped.start) * count + k];
                let at = column_offset(k, stride) + local * rows * COLUMNS;
                outputs[at..].iter_mut().step_by(COLUMNS).take(rows).for_each(|output| *output += bias);
            }
        }
    }

    /// What the token at `position`, one of the last run, gives to the map of a row's coordinate.
    pub fn parameters(&self, position: usize, row: usize, p: &mut [R]) {
        let (stride, at) = (self.outputs.stride(), (position - self.tokens.start) * self.rows + row);
        for (panel, p) in p.chunks_mut(COLUMNS).enumerate() {
            p.copy_from_slice(&self.outputs.data()[panel * stride + at * COLUMNS..][..p.len()]);
        }
    }
}
