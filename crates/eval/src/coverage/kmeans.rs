//! K-means: cells of about equal content, found on samples.

use crate::streams::{CENTRES, uniforms};
use rayon::prelude::*;

/// Rows summed at a time; the order of sums does not depend on the number of threads.
const SHARD: usize = 1024;
const MOST_ROUNDS: usize = 30;

/// Every point belongs to its nearest centre, the first of several nearest ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Cells {
    dim: usize,
    /// `cells × dim`, row-major
    centres: Vec<f64>,
}

impl Cells {
    /// At most `count` cells of `rows` (row-major, at least one): centres seeded by k-means++ (Arthur & Vassilvitskii
    /// 2007), moved to the means of their cells (Lloyd) until no row changes its cell, [`MOST_ROUNDS`] times at most.
    /// Rows with fewer different values give fewer cells. Cost: `rows·cells·dim` per round.
    pub fn find(dim: usize, rows: &[f32], count: usize) -> Self {
        let mut cells = Self::seeded(dim, rows, count);
        let mut assigned = cells.assign(rows);
        for _ in 0..MOST_ROUNDS {
            cells.move_to_means(rows, &assigned);
            let next = cells.assign(rows);
            if next == assigned {
                break;
            }
            assigned = next;
        }
        cells
    }

    /// Rows as first centres, each further one drawn in proportion to its squared distance from those before.
    fn seeded(dim: usize, rows: &[f32], count: usize) -> Self {
        let row = |i: usize| rows[i * dim..(i + 1) * dim].iter().map(|&v| f64::from(v));
        let n = rows.len() / dim;
        let mut uniform = uniforms(CENTRES);
        let mut next = || uniform.next().expect("the stream does not end");
        let mut centres: Vec<f64> = row((next() * n as f64) as usize).collect();
        let mut nearest = vec![f64::INFINITY; n];
        while centres.len() < count * dim {
            let last = &centres[centres.len() - dim..];
            nearest.par_iter_mut().zip(rows.par_chunks_exact(dim)).for_each(|(nearest, row)| {
                *nearest = nearest.min(squared_distance(row, last));
            });
            let total: f64 = nearest.iter().sum();
            if total == 0.0 {
                break;
            }
            let mut left = next() * total;
            let drawn = nearest.iter().position(|d| {
                left -= d;
                left < 0.0
            });
            // rounding may leave nothing to be drawn: then the farthest
            let farthest = || (0..n).max_by(|&a, &b| nearest[a].total_cmp(&nearest[b])).expect("there is a row");
            centres.extend(row(drawn.unwrap_or_else(farthest)));
        }
        Self { dim, centres }
    }

    /// Without the cells that hold fewer than `least` of `rows`, which go to their neighbours.
    pub fn of_at_least(mut self, least: usize, rows: &[f32]) -> Self {
        let counts = self.counts(rows);
        let kept = self.centres.chunks_exact(self.dim).zip(&counts).filter(|(_, count)| **count >= least);
        self.centres = kept.flat_map(|(centre, _)| centre.to_vec()).collect();
        self
    }

    pub fn len(&self) -> usize {
        self.centres.len() / self.dim
    }

    /// The cell of each row.
    pub fn assign(&self, rows: &[f32]) -> Vec<usize> {
        rows.par_chunks_exact(self.dim)
            .map(|row| {
                let distances = self.centres.chunks_exact(self.dim).map(|centre| squared_distance(row, centre));
                distances.enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).expect("there is a cell").0
            })
            .collect()
    }

    /// How many rows each cell holds.
    pub fn counts(&self, rows: &[f32]) -> Vec<usize> {
        let mut counts = vec![0; self.len()];
        self.assign(rows).into_iter().for_each(|cell| counts[cell] += 1);
        counts
    }

    /// A cell that lost all its rows stays where it is.
    fn move_to_means(&mut self, rows: &[f32], assigned: &[usize]) {
        let dim = self.dim;
        let shards: Vec<(Vec<f64>, Vec<f64>)> = rows
            .par_chunks(SHARD * dim)
            .zip(assigned.par_chunks(SHARD))
            .map(|(rows, assigned)| {
                let (mut sums, mut counts) = (vec![0.0; self.centres.len()], vec![0.0; self.len()]);
                for (row, &cell) in rows.chunks_exact(dim).zip(assigned) {
                    counts[cell] += 1.0;
                    let sums = &mut sums[cell * dim..(cell + 1) * dim];
                    sums.iter_mut().zip(row).for_each(|(sum, &v)| *sum += f64::from(v));
                }
                (sums, counts)
            })
            .collect();
        for cell in 0..self.len() {
            let count: f64 = shards.iter().map(|(_, counts)| counts[cell]).sum();
            if count > 0.0 {
                for at in cell * dim..(cell + 1) * dim {
                    self.centres[at] = shards.iter().map(|(sums, _)| sums[at]).sum::<f64>() / count;
                }
            }
        }
    }
}

fn squared_distance(row: &[f32], centre: &[f64]) -> f64 {
    row.iter().zip(centre).map(|(&v, c)| (f64::from(v) - c).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flowstill_kernel::noise::{Purpose, fill_gaussian};

    /// Unit Gaussians around (0, 0), (50, 0), (100, 0), (0, 50), … in turn.
    fn nine_heaps(rows: usize) -> Vec<f32> {
        let mut x = vec![0.0f32; rows * 2];
        fill_gaussian(1, Purpose::Evaluation, 0, 0, 2, &mut x);
        for (i, row) in x.chunks_exact_mut(2).enumerate() {
            row[0] += 50.0 * (i % 3) as f32;
            row[1] += 50.0 * (i / 3 % 3) as f32;
        }
        x
    }

    #[test]
    fn far_heaps_become_the_cells_and_their_means_the_centres() {
        let x = nine_heaps(900);
        let cells = Cells::find(2, &x, 9);
        assert_eq!(cells.counts(&x), [100; 9]);
        let assigned = cells.assign(&x);
        for (i, &cell) in assigned.iter().enumerate() {
            assert_eq!(cell, assigned[i % 9], "row {i}");
        }
        for cell in 0..9 {
            for k in 0..2 {
                let of_cell = assigned.iter().zip(x.chunks_exact(2)).filter(|(c, _)| **c == cell);
                let mean = of_cell.map(|(_, row)| f64::from(row[k])).sum::<f64>() / 100.0;
                assert!((cells.centres[2 * cell + k] - mean).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn small_cells_go_to_their_neighbours() {
        let mut x = nine_heaps(900);
        x.extend([400.0, 400.0]);
        let cells = Cells::find(2, &x, 10);
        assert!(cells.len() == 10 && cells.counts(&x).contains(&1));
        let cells = cells.of_at_least(2, &x);
        let mut counts = cells.counts(&x);
        counts.sort_unstable();
        assert_eq!(counts, [100, 100, 100, 100, 100, 100, 100, 100, 101]);
    }

    #[test]
    fn threads_change_no_bit() {
        let x = nine_heaps(5000);
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| Cells::find(2, &x, 40))
        };
        assert_eq!(on(1), on(3));
    }

    #[test]
    fn equal_rows_give_one_cell() {
        let cells = Cells::find(2, &[1.5; 60], 7);
        assert_eq!((cells.len(), cells.counts(&[0.0; 8])), (1, vec![4]));
    }
}
