//! A masked linear map whose weights are kept as the filled part of a staircase.
//!
//! Output `j` reads the inputs `0..fill(j)` only. The weights lie in panels of 16 outputs: panel `p` holds, for each
//! of its first `depth(p)` inputs, the 16 weights into its outputs; what is empty in a whole panel is not stored.

use crate::Real;
use crate::panels::COLUMNS;
use crate::transpose::transpose_block;
use std::ops::Range;

/// One masked linear map: its shape, and where its numbers lie among the network's parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linear {
    pub inputs: usize,
    /// columns of the panels, those that belong to no output included
    pub columns: usize,
    /// the panels of weights, one after the other
    pub weight: Range<usize>,
    /// one per column of the panels
    pub bias: Range<usize>,
    /// how many there are, and which one each column is
    outputs: usize,
    output: Vec<Option<usize>>,
    /// per column, the number of inputs that it reads
    fill: Vec<usize>,
    panels: Vec<Panel>,
    readers: Vec<Readers>,
}

/// 16 columns and the inputs that any of them reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Panel {
    /// where its weights start, from the beginning of [`Linear::weight`]
    pub offset: usize,
    /// inputs that at least one of its columns reads
    pub depth: usize,
    /// inputs that all of its columns read
    pub full: usize,
    /// for each input from `full` to `depth`, whether each column of the panel reads it
    pub ragged: Vec<[bool; COLUMNS]>,
}

/// 16 inputs and the columns that read any of them; the same weights as in the panels, transposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Readers {
    /// where its weights start in the transposed map
    pub offset: usize,
    /// the first column that reads one of the inputs
    pub start: usize,
}

impl Linear {
    /// Column `j` is `output[j]`, if anything, and then reads `fill[j]` inputs. The parameters start at `offset`.
    pub(crate) fn new(offset: usize, inputs: usize, output: Vec<Option<usize>>, mut fill: Vec<usize>) -> Self {
        let columns = output.len();
        let outputs = output.iter().flatten().count();
        fill.iter_mut().zip(&output).filter(|(_, output)| output.is_none()).for_each(|(fill, _)| *fill = 0);
        let mut panels = Vec::with_capacity(columns.div_ceil(COLUMNS));
        let mut end = 0;
        for (fill, output) in fill.chunks(COLUMNS).zip(output.chunks(COLUMNS)) {
            let depth = fill.iter().copied().max().unwrap_or(0);
            // gradients of the columns that belong to nobody are zero, and need no mask
            let owned = fill.iter().zip(output).filter(|(_, output)| output.is_some());
            let full = owned.map(|(&fill, _)| fill).min().unwrap_or(0);
            let readers = |k| std::array::from_fn(|n| fill.get(n).is_some_and(|&fill| k < fill));
            panels.push(Panel { offset: end, depth, full, ragged: (full..depth).map(readers).collect() });
            end += depth * COLUMNS;
        }
        let mut readers = Vec::with_capacity(inputs.div_ceil(COLUMNS));
        let mut transposed = 0;
        for first in (0..inputs).step_by(COLUMNS) {
            let start = fill.iter().position(|&fill| fill > first).unwrap_or(columns);
            readers.push(Readers { offset: transposed, start });
            transposed += (columns - start) * COLUMNS;
        }
        let weight = offset..offset + end;
        let bias = weight.end..weight.end + panels.len() * COLUMNS;
        Self { inputs, columns, weight, bias, outputs, output, fill, panels, readers }
    }

    /// Column `j` reads the inputs `0..fill(j)`.
    pub fn fill(&self, column: usize) -> usize {
        self.fill[column]
    }

    /// Which output column `j` is, if any.
    pub fn output(&self, column: usize) -> Option<usize> {
        self.output[column]
    }

    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Number of weights that the mask leaves.
    pub fn filled(&self) -> usize {
        self.fill.iter().sum()
    }

    /// Multiply-adds per row of the forward product, of the product with the transposed weights, and of the weights'
    /// gradient: what the panels hold, the ragged edges included.
    pub fn multiply_adds(&self) -> [usize; 3] {
        let widths = (0..self.panels.len()).map(|p| computed(self.columns - p * COLUMNS));
        let forward = self.panels.iter().zip(widths).map(|(panel, width)| panel.depth * width).sum();
        let widths = (0..self.readers.len()).map(|q| computed(self.inputs - q * COLUMNS));
        let transposed = self.readers.iter().zip(widths).map(|(r, width)| (self.columns - r.start) * width).sum();
        [forward, transposed, forward]
    }

    /// (column, output) of the columns that are one.
    fn owned(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.output.iter().enumerate().filter_map(|(column, output)| output.map(|output| (column, output)))
    }

    pub(crate) fn panels(&self) -> &[Panel] {
        &self.panels
    }

    pub(crate) fn readers(&self) -> &[Readers] {
        &self.readers
    }

    /// Length of the transposed weights.
    pub(crate) fn transposed_len(&self) -> usize {
        self.readers.last().map_or(0, |r| r.offset + (self.columns - r.start) * COLUMNS)
    }

    /// Whether column `j` of the panels reads input `k`; no for the columns that fill up the last panel.
    fn reads(&self, column: usize, input: usize) -> bool {
        self.fill.get(column).is_some_and(|&fill| input < fill)
    }

    /// Where the weight of `input` into `column` lies among the network's parameters; only if it reads it.
    pub fn index(&self, column: usize, input: usize) -> usize {
        self.weight.start + self.panels[column / COLUMNS].offset + input * COLUMNS + column % COLUMNS
    }

    /// Sets what no weight belongs to, in the panels and among the biases, to zero.
    pub fn mask<R: Real>(&self, theta: &mut [R]) {
        for (p, panel) in self.panels.iter().enumerate() {
            let weights = &mut theta[self.weight.start + panel.offset..][..panel.depth * COLUMNS];
            for (input, row) in weights.chunks_exact_mut(COLUMNS).enumerate() {
                for (n, w) in row.iter_mut().enumerate() {
                    if !self.reads(p * COLUMNS + n, input) {
                        *w = R::zero();
                    }
                }
            }
        }
        for (n, bias) in theta[self.bias.clone()].iter_mut().enumerate() {
            if self.output.get(n).copied().flatten().is_none() {
                *bias = R::zero();
            }
        }
    }

    /// Takes the weights from an inputs × outputs matrix, row-major; masked entries are not read.
    pub fn pack_weight<R: Real>(&self, dense: &[R], theta: &mut [R]) {
        assert_eq!(dense.len(), self.inputs * self.outputs, "weights of another map");
        theta[self.weight.clone()].fill(R::zero());
        for (column, output) in self.owned() {
            for input in 0..self.fill[column] {
                theta[self.index(column, input)] = dense[input * self.outputs + output];
            }
        }
    }

    /// The weights as an inputs × outputs matrix, row-major; masked entries are zero.
    pub fn unpack_weight<R: Real>(&self, theta: &[R]) -> Vec<R> {
        let mut dense = vec![R::zero(); self.inputs * self.outputs];
        for (column, output) in self.owned() {
            for input in 0..self.fill[column] {
                dense[input * self.outputs + output] = theta[self.index(column, input)];
            }
        }
        dense
    }

    /// Takes the biases, one per output.
    pub fn pack_bias<R: Real>(&self, dense: &[R], theta: &mut [R]) {
        assert_eq!(dense.len(), self.outputs, "biases of another map");
        let bias = &mut theta[self.bias.clone()];
        bias.fill(R::zero());
        self.owned().for_each(|(column, output)| bias[column] = dense[output]);
    }

    /// The biases, one per output.
    pub fn unpack_bias<R: Real>(&self, theta: &[R]) -> Vec<R> {
        let mut dense = vec![R::zero(); self.outputs];
        let bias = &theta[self.bias.clone()];
        self.owned().for_each(|(column, output)| dense[output] = bias[column]);
        dense
    }

    /// Writes the transposed weights: for every 16 inputs, the columns from the first reader on, each as its 16
    /// weights.
    pub(crate) fn transpose<R: Real>(&self, theta: &[R], out: &mut [R]) {
        let weight = &theta[self.weight.clone()];
        for (q, readers) in self.readers.iter().enumerate() {
            let first = q * COLUMNS;
            let out = &mut out[readers.offset..][..(self.columns - readers.start) * COLUMNS];
            let mut column = readers.start;
            while column < self.columns {
                let panel = &self.panels[column / COLUMNS];
                let inputs = panel.depth.saturating_sub(first).min(COLUMNS);
                let block = &weight[(panel.offset + first * COLUMNS).min(weight.len())..];
                let out = &mut out[(column - readers.start) * COLUMNS..];
                let end = (column - column % COLUMNS + COLUMNS).min(self.columns);
                if inputs == COLUMNS && end - column == COLUMNS {
                    transpose_block(&block[..COLUMNS * COLUMNS], &mut out[..COLUMNS * COLUMNS]);
                } else {
                    for (out, n) in out.chunks_exact_mut(COLUMNS).zip(column % COLUMNS..).take(end - column) {
                        for k in 0..inputs {
                            out[k] = block[k * COLUMNS + n];
                        }
                        out[inputs..].fill(R::zero());
                    }
                }
                column = end;
            }
        }
    }
}

/// Columns computed of a panel with `left` columns left: half a panel if they fit into it.
pub(crate) fn computed(left: usize) -> usize {
    if left <= COLUMNS / 2 { COLUMNS / 2 } else { COLUMNS }
}
