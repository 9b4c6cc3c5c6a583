//! The linear maps of a Transformer and the places of its parameters.

use super::Transformer;
use super::dense::{Dense, Packed};
use crate::Real;
use std::ops::Range;

/// Units in the middle of a block's second half, for each number of a token (Vaswani et al. 2017, §3.3).
const EXPANSION: usize = 4;

pub(super) struct Network {
    pub parts: Vec<(String, Vec<usize>)>,
    /// a vector for each token that starts from a number
    pub value: Range<usize>,
    /// a vector for each token
    pub position: Range<usize>,
    pub blocks: Vec<Block>,
    pub head: Dense,
    /// a bias of the head for each position that is mapped
    pub head_bias: Range<usize>,
    /// numbers in panels, and transposed
    packed: [usize; 2],
}

pub(super) struct Block {
    pub query: Dense,
    pub key: Dense,
    pub value: Dense,
    pub output: Dense,
    pub expand: Dense,
    pub contract: Dense,
}

impl Block {
    fn maps(&self) -> [&Dense; 6] {
        [&self.query, &self.key, &self.value, &self.output, &self.expand, &self.contract]
    }
}

/// Numbers in `θ`, without building anything.
pub(super) fn parameters(map: &Transformer) -> usize {
    let (width, outputs) = (map.width, map.map.parameters());
    let attention = width * (4 * width + 2);
    let units = EXPANSION * width;
    let block = attention + units * (2 * width + 1) + width;
    let tokens = map.dim() + map.given_tokens().len();
    tokens * width + map.blocks * block + outputs * (width + map.mapped().len())
}

/// Hands out places, tensor after tensor.
#[derive(Default)]
struct Places {
    parts: Vec<(String, Vec<usize>)>,
    end: usize,
    packed: [usize; 2],
}

impl Places {
    /// A part that is empty has no name.
    fn tensor(&mut self, name: String, shape: Vec<usize>) -> Range<usize> {
        let place = self.end..self.end + shape.iter().product::<usize>();
        self.end = place.end;
        if !place.is_empty() {
            self.parts.push((name, shape));
        }
        place
    }

    fn dense(&mut self, name: &str, [inputs, outputs]: [usize; 2], bias: bool) -> Dense {
        let weight = self.tensor(format!("{name}.weight"), vec![inputs, outputs]);
        let bias = bias.then(|| self.tensor(format!("{name}.bias"), vec![outputs]));
        let dense = Dense::new([inputs, outputs], weight, bias, self.packed[0], self.packed[1]);
        self.packed = dense.end();
        dense
    }
}

impl Network {
    pub fn new(map: &Transformer) -> Self {
        let (width, mut places) = (map.width, Places::default());
        let value = places.tensor("value".to_owned(), vec![map.given_tokens().len(), width]);
        let position = places.tensor("position".to_owned(), vec![map.dim(), width]);
        let mut block = |k: usize| {
            let mut dense = |name: &str, shape, bias| places.dense(&format!("block_{k}.{name}"), shape, bias);
            let (square, units) = ([width, width], EXPANSION * width);
            Block {
                query: dense("attention.query", square, true),
                key: dense("attention.key", square, false),
                value: dense("attention.value", square, false),
                output: dense("attention.output", square, true),
                expand: dense("mlp.expand", [width, units], true),
                contract: dense("mlp.contract", [units, width], true),
            }
        };
        let blocks = (0..map.blocks).map(&mut block).collect();
        let outputs = map.map.parameters();
        let head = places.dense("head", [width, outputs], false);
        let head_bias = places.tensor("head.bias".to_owned(), vec![map.mapped().len(), outputs]);
        Self { parts: places.parts, value, position, blocks, head, head_bias, packed: places.packed }
    }

    fn maps(&self) -> impl Iterator<Item = &Dense> {
        self.blocks.iter().flat_map(Block::maps).chain([&self.head])
    }

    /// The weights for forward passes.
    pub fn pack<R: Real>(&self, theta: &[R]) -> Packed<R> {
        self.packed(theta, 0)
    }

    /// The weights for passes either way.
    pub fn pack_both<R: Real>(&self, theta: &[R]) -> Packed<R> {
        self.packed(theta, self.packed[1])
    }

    fn packed<R: Real>(&self, theta: &[R], transposed: usize) -> Packed<R> {
        let mut packed = Packed::new(self.packed[0], transposed);
        self.maps().for_each(|dense| dense.pack(theta, &mut packed));
        packed
    }

    /// Adds the gradients of all linear maps, in panels, to those of the parameters.
    pub fn unpack_onto<R: Real>(&self, d_weights: &[R], d_theta: &mut [R]) {
        self.maps().for_each(|dense| dense.unpack_onto(d_weights, d_theta));
    }
}
