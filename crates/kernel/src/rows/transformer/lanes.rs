//! The numbers of tokens with 16 rows of the batch side by side, as attention reads them: each instruction then works for 16
//! rows, whatever the number of tokens and the size of a head, and none of them depends on its neighbours.

use crate::Real;
use crate::panels::{COLUMNS, Panels};
use crate::transpose::transpose_block;
use std::ops::Range;

/// One number of 16 rows.
pub(super) type Lane<R> = [R; COLUMNS];

/// For every 16 rows and every head: tokens × numbers of the head. Lanes of rows that do not exist are zero.
#[derive(Debug, Clone, Default)]
pub(super) struct Lanes<R> {
    tokens: usize,
    heads: usize,
    size: usize,
    rows: usize,
    data: Vec<Lane<R>>,
}

impl<R: Real> Lanes<R> {
    /// Makes room; what it holds is unspecified.
    pub fn reshape(&mut self, rows: usize, tokens: usize, heads: usize, size: usize) {
        (self.rows, self.tokens, self.heads, self.size) = (rows, tokens, heads, size);
        self.data.resize(self.groups() * heads * tokens * size, [R::zero(); COLUMNS]);
    }

    pub fn clear(&mut self) {
        self.data.fill([R::zero(); COLUMNS]);
    }

    /// How many times 16 rows there are.
    pub fn groups(&self) -> usize {
        self.rows.div_ceil(COLUMNS)
    }

    fn place(&self, group: usize, head: usize) -> usize {
        (group * self.heads + head) * self.tokens * self.size
    }

    /// All tokens of one head of one group.
    pub fn head(&self, group: usize, head: usize) -> &[Lane<R>] {
        &self.data[self.place(group, head)..][..self.tokens * self.size]
    }

    /// All tokens of one head of one group.
    pub fn head_mut(&mut self, group: usize, head: usize) -> &mut [Lane<R>] {
        let place = self.place(group, head);
        &mut self.data[place..][..self.tokens * self.size]
    }

    /// Where number `n` of a token lies.
    fn index(&self, group: usize, token: usize, n: usize) -> usize {
        self.place(group, n / self.size) + token * self.size + n % self.size
    }

    /// Takes `tokens` from a matrix with the rows of the batch for the first of them, then those for the next, ….
    pub fn load(&mut self, matrix: &Panels<R>, tokens: Range<usize>) {
        let (mut block, mut lanes) = ([R::zero(); COLUMNS * COLUMNS], [R::zero(); COLUMNS * COLUMNS]);
        for (first, token) in (0..).step_by(self.rows).zip(tokens) {
            for group in 0..self.groups() {
                let (from, rows) = (first + group * COLUMNS, self.rows_of(group));
                for p in 0..matrix.count() {
                    let source = &matrix.panel(p)[from * COLUMNS..][..rows * COLUMNS];
                    block[..source.len()].copy_from_slice(source);
                    block[source.len()..].fill(R::zero());
                    transpose_block(&block, &mut lanes);
                    for (n, lane) in (p * COLUMNS..self.heads * self.size).zip(lanes.as_chunks().0) {
                        let at = self.index(group, token, n);
                        self.data[at] = *lane;
                    }
                }
            }
        }
    }

    /// Undoes [`Lanes::load`]; columns that belong to nobody become zero.
    pub fn store(&self, matrix: &mut Panels<R>, tokens: Range<usize>) {
        matrix.reshape(self.rows * tokens.len(), self.heads * self.size);
        let (mut block, mut lanes) = ([R::zero(); COLUMNS * COLUMNS], [R::zero(); COLUMNS * COLUMNS]);
        for (first, token) in (0..).step_by(self.rows).zip(tokens) {
            for group in 0..self.groups() {
                let (to, rows) = (first + group * COLUMNS, self.rows_of(group));
                for p in 0..matrix.count() {
                    lanes.fill(R::zero());
                    for (n, lane) in (p * COLUMNS..self.heads * self.size).zip(lanes.as_chunks_mut().0) {
                        *lane = self.data[self.index(group, token, n)];
                    }
                    transpose_block(&lanes, &mut block);
                    let target = &mut matrix.panel_mut(p)[to * COLUMNS..][..rows * COLUMNS];
                    target.copy_from_slice(&block[..rows * COLUMNS]);
                }
            }
        }
    }

    /// Rows that exist of a group.
    fn rows_of(&self, group: usize) -> usize {
        (self.rows - group * COLUMNS).min(COLUMNS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_loaded_is_stored_again() {
        for (rows, heads, size) in [(1, 1, 1), (16, 2, 8), (21, 3, 7), (40, 4, 8)] {
            let tokens = 5;
            let mut matrix = Panels::default();
            matrix.reshape(rows * 2, heads * size);
            let values: Vec<f64> = (0..rows * 2 * heads * size).map(|i| i as f64 + 1.0).collect();
            let columns: Vec<usize> = (0..heads * size).collect();
            matrix.gather(&values, &columns);
            let (mut lanes, mut back, mut again) = (Lanes::default(), Panels::default(), vec![0.0; values.len()]);
            lanes.reshape(rows, tokens, heads, size);
            lanes.clear();
            lanes.load(&matrix, 2..4);
            lanes.store(&mut back, 2..4);
            back.scatter(&mut again, &columns);
            assert_eq!(again, values, "{rows} rows");
            // the second row of the second token, number 0 of the last head
            if rows > 1 {
                let row = &values[(rows + 1) * heads * size..];
                assert_eq!(lanes.head(0, heads - 1)[3 * size][1], row[(heads - 1) * size]);
            }
            assert!(lanes.head(0, 0)[..2 * size].iter().flatten().all(|&v| v == 0.0));
        }
    }
}
