//! Matrices as panels: 16 columns at a time, each panel its rows one after the other.
//!
//! Every product of the kernels reads and writes whole panels, so that all memory is walked through in order,
//! whatever the width of a layer.

use crate::Real;

/// Columns of a panel: two AVX2 registers of `f32`, one of AVX-512.
pub const COLUMNS: usize = 16;

/// A rows × columns matrix in panels; the columns that fill up the last panel belong to nobody.
#[derive(Debug, Clone, Default)]
pub struct Panels<R> {
    rows: usize,
    panels: usize,
    stride: usize,
    data: Vec<R>,
}

/// Where the first row of a column lies; row `r` is `r · COLUMNS` further.
pub(crate) fn column_offset(column: usize, stride: usize) -> usize {
    column / COLUMNS * stride + column % COLUMNS
}

impl<R: Real> Panels<R> {
    /// Makes room for a matrix; what it holds is unspecified. Allocates only if it never was as large before.
    pub fn reshape(&mut self, rows: usize, columns: usize) {
        // rows of panels a multiple of the cache's 64 sets apart would evict one another
        let padded = if rows > 32 && !(6..=58).contains(&(rows % 64)) { rows + 12 } else { rows };
        self.rows = rows;
        self.panels = columns.div_ceil(COLUMNS);
        self.stride = padded * COLUMNS;
        let needed = self.panels * self.stride;
        if self.data.len() < needed {
            self.data.resize(needed, R::zero());
        }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of panels.
    pub fn count(&self) -> usize {
        self.panels
    }

    /// Elements from one panel to the next.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Panel `index`: rows × 16.
    pub fn panel(&self, index: usize) -> &[R] {
        &self.data[index * self.stride..][..self.rows * COLUMNS]
    }

    /// Panel `index`: rows × 16.
    pub fn panel_mut(&mut self, index: usize) -> &mut [R] {
        &mut self.data[index * self.stride..][..self.rows * COLUMNS]
    }

    /// All panels, [`Panels::stride`] apart.
    pub fn data(&self) -> &[R] {
        &self.data[..self.panels * self.stride]
    }

    /// All panels, [`Panels::stride`] apart.
    pub fn data_mut(&mut self) -> &mut [R] {
        &mut self.data[..self.panels * self.stride]
    }

    /// Sets everything to zero.
    pub fn clear(&mut self) {
        self.data_mut().fill(R::zero());
    }

    /// Fills the matrix from the rows of `values` (rows × `order.len()`): column `i` from coordinate `order[i]`.
    /// The columns of the last panel that belong to nobody become zero.
    pub fn gather(&mut self, values: &[R], order: &[usize]) {
        let (rows, dim, stride) = (self.rows, order.len(), self.stride);
        debug_assert!(values.len() == rows * dim && dim <= self.panels * COLUMNS);
        self.clear_last();
        for (column, &coordinate) in order.iter().enumerate() {
            let at = column_offset(column, stride);
            for row in 0..rows {
                self.data[at + row * COLUMNS] = values[row * dim + coordinate];
            }
        }
    }

    /// Writes the matrix to the rows of `values`: coordinate `order[i]` from column `i`.
    pub fn scatter(&self, values: &mut [R], order: &[usize]) {
        let (rows, dim, stride) = (self.rows, order.len(), self.stride);
        debug_assert!(values.len() == rows * dim && dim <= self.panels * COLUMNS);
        for (column, &coordinate) in order.iter().enumerate() {
            let at = column_offset(column, stride);
            for row in 0..rows {
                values[row * dim + coordinate] = self.data[at + row * COLUMNS];
            }
        }
    }

    /// Fills the matrix from another one of as many rows: column `i` from its column `from[i]`.
    pub fn permute(&mut self, other: &Self, from: &[usize]) {
        self.clear_last();
        for (column, &source) in from.iter().enumerate() {
            self.copy_column(column, other, source);
        }
    }

    /// Undoes [`Panels::permute`]: column `from[i]` from the other's column `i`.
    pub fn unpermute(&mut self, other: &Self, from: &[usize]) {
        self.clear_last();
        for (column, &target) in from.iter().enumerate() {
            self.copy_column(target, other, column);
        }
    }

    fn copy_column(&mut self, to: usize, other: &Self, from: usize) {
        debug_assert_eq!(self.rows, other.rows);
        let (to, from) = (column_offset(to, self.stride), column_offset(from, other.stride));
        let (to, from) = (&mut self.data[to..], &other.data[from..]);
        for (to, from) in to.iter_mut().step_by(COLUMNS).zip(from.iter().step_by(COLUMNS)).take(self.rows) {
            *to = *from;
        }
    }

    /// The columns of the last panel that belong to nobody are to be finite.
    fn clear_last(&mut self) {
        if let Some(last) = self.panels.checked_sub(1) {
            self.panel_mut(last).fill(R::zero());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gather_scatter_and_permute_move_every_element() {
        for dim in [1, 15, 16, 17, 40] {
            for rows in [1, 5, 64, 70] {
                let values: Vec<f64> = (0..rows * dim).map(|i| i as f64 + 1.0).collect();
                let order: Vec<usize> = (0..dim).rev().collect();
                let mut panels = Panels::default();
                panels.reshape(rows, dim);
                panels.data_mut().fill(f64::NAN);
                panels.gather(&values, &order);
                let last = panels.panel(panels.count() - 1);
                assert!(last.iter().all(|v| v.is_finite()), "unowned columns are zero");
                let mut back = vec![0.0; rows * dim];
                panels.scatter(&mut back, &order);
                assert_eq!(back, values);

                let mut turned = Panels::default();
                turned.reshape(rows, dim);
                turned.permute(&panels, &order);
                let identity: Vec<usize> = (0..dim).collect();
                turned.scatter(&mut back, &identity);
                assert_eq!(back, values, "reversing twice");
                panels.unpermute(&turned, &order);
                panels.scatter(&mut back, &order);
                assert_eq!(back, values, "and back");
            }
        }
    }
}
