//! The weights of a network in blocks of units that become computable at the same position.

use crate::{Made, Real};
use std::ops::Range;

/// Most units computed side by side: 6 × 2 accumulators fill 12 of AVX2's 16 registers.
pub(super) const UNITS: usize = 6;

/// The weights of all maps, cut into blocks of units that become computable at the same position.
#[derive(Debug, Clone)]
pub(super) struct Pulled<R> {
    pub maps: Vec<Map<R>>,
}

/// One map.
#[derive(Debug, Clone)]
pub(super) struct Map<R> {
    /// per block, its inputs one after the other, each as the weights into the block's units
    pub weights: Vec<R>,
    /// per unit
    pub bias: Vec<R>,
    pub blocks: Vec<Block>,
    /// per position, the blocks that it completes (for the output map: that it reads)
    pub steps: Vec<Range<usize>>,
}

/// Units `units` of a map, all reading the inputs `inputs`; their weights start at `offset`.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub units: Range<usize>,
    pub inputs: Range<usize>,
    pub offset: usize,
}

/// Where each position finds its units in map `l`: those of its degree in a hidden layer, its outputs in the last.
pub(super) fn units_at(made: &Made, l: usize, position: usize) -> Range<usize> {
    match made.hidden_degrees().get(l) {
        Some(degrees) => degrees.partition_point(|&d| d <= position)..degrees.partition_point(|&d| d <= position + 1),
        None => position * made.params_per_dim()..(position + 1) * made.params_per_dim(),
    }
}

/// The inputs of map `l` that become known at `position`: the coordinate itself, or hidden units of its degree.
pub(super) fn inputs_at(made: &Made, l: usize, position: usize) -> Range<usize> {
    if l == 0 { position..position + 1 } else { units_at(made, l - 1, position) }
}

/// The first unit of map `l` that reads what becomes known at `position`; all after it do too. The number of units if
/// none does.
pub(super) fn first_reader(made: &Made, l: usize, position: usize) -> usize {
    match made.hidden_degrees().get(l) {
        Some(degrees) => degrees.partition_point(|&d| d <= position),
        None => {
            let reader = match made.identity() {
                None => position + 1,
                Some(identity) if position < identity => identity,
                Some(_) => made.dim(),
            };
            reader * made.params_per_dim()
        }
    }
}

/// Weights of map `l` as an inputs × units matrix, and the biases; the units of the output map go coordinate by
/// coordinate.
pub(super) fn dense<R: Real>(made: &Made, l: usize, theta: &[R]) -> (Vec<R>, Vec<R>) {
    let linear = made.linear(l);
    (linear.unpack_weight(theta), linear.unpack_bias(theta))
}

impl<R: Real> Pulled<R> {
    pub fn new(made: &Made, theta: &[R]) -> Self {
        let maps = (0..made.linears().len()).map(|l| {
            let (weight, bias) = dense(made, l, theta);
            let (inputs, outputs) = (made.linear(l).inputs, bias.len());
            let mut map = Map { weights: Vec::new(), bias, blocks: Vec::new(), steps: Vec::new() };
            for position in 0..made.dim() {
                let known = known_at(made, l, position, inputs);
                map.step(units_at(made, l, position), 0..known, |unit, input| weight[input * outputs + unit]);
            }
            map
        });
        Self { maps: maps.collect() }
    }

    /// The same weights the other way, for sweeps from the last position to the first: map `l` makes the gradients of
    /// its inputs from those of its units that read them.
    pub fn reversed(made: &Made, theta: &[R]) -> Self {
        let maps = (0..made.linears().len()).map(|l| {
            let (weight, bias) = dense(made, l, theta);
            let outputs = bias.len();
            let mut map = Map { weights: Vec::new(), bias: Vec::new(), blocks: Vec::new(), steps: Vec::new() };
            for position in 0..made.dim() {
                let start = first_reader(made, l, position);
                map.step(inputs_at(made, l, position), start..outputs, |input, unit| weight[input * outputs + unit]);
            }
            map
        });
        Self { maps: maps.collect() }
    }
}

/// Inputs of map `l` that the units of `position` read.
fn known_at(made: &Made, l: usize, position: usize, inputs: usize) -> usize {
    let hidden = l < made.hidden_degrees().len();
    // hidden units read degrees up to their own, position + 1; outputs smaller ones
    let degree = if hidden { position + 1 } else { made.determining(position) };
    match l.checked_sub(1) {
        None => degree.min(inputs),
        Some(before) => made.hidden_degrees()[before].partition_point(|&d| d <= degree),
    }
}

impl<R: Real> Map<R> {
    /// Appends the blocks of one position.
    fn step(&mut self, units: Range<usize>, inputs: Range<usize>, weight: impl Fn(usize, usize) -> R) {
        let first = self.blocks.len();
        let parts = units.len().div_ceil(UNITS);
        for part in 0..parts {
            let bound = |part: usize| units.start + units.len() * part / parts;
            let block =
                Block { units: bound(part)..bound(part + 1), inputs: inputs.clone(), offset: self.weights.len() };
            for input in inputs.clone() {
                self.weights.extend(block.units.clone().map(|unit| weight(unit, input)));
            }
            self.blocks.push(block);
        }
        self.steps.push(first..self.blocks.len());
    }
}
