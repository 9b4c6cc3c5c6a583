//! A masked linear map in staircase form.

use std::ops::Range;

/// One masked linear map: where its numbers lie and what it reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linear {
    pub inputs: usize,
    pub outputs: usize,
    /// inputs × outputs, row-major, inside the network's parameters
    pub weight: Range<usize>,
    pub bias: Range<usize>,
    fill: Vec<usize>,
    first_reader: Vec<usize>,
}

impl Linear {
    pub(crate) fn new(offset: usize, inputs: usize, fill: Vec<usize>) -> Self {
        let outputs = fill.len();
        let first_reader = (0..inputs).map(|k| fill.partition_point(|&f| f <= k)).collect();
        let weight = offset..offset + inputs * outputs;
        let bias = weight.end..weight.end + outputs;
        Self { inputs, outputs, weight, bias, fill, first_reader }
    }

    /// Output `j` reads the inputs `0..fill(j)`; never decreasing in `j`.
    pub fn fill(&self, output: usize) -> usize {
        self.fill[output]
    }

    /// Input `k` is read by the outputs `first_reader(k)..outputs`.
    pub fn first_reader(&self, input: usize) -> usize {
        self.first_reader[input]
    }

    /// Number of weights that the mask leaves.
    pub fn filled(&self) -> usize {
        self.fill.iter().sum()
    }
}
