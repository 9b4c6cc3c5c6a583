//! Distances between samples and test rows, for which no density is needed.
//!
//! Each of student and teacher is compared with the data, and as the null two independent sets of teacher samples of the
//! same size with each other: the teacher can be asked for any number of rows, while halves of the test rows would be
//! half as many. Three distances, because each is blind to something: [`mmd`] sees differences on the scale of its
//! kernels, [`energy`] differences of scale and place, [`sliced_wasserstein`] shifts of mass along lines.
//!
//! Standard errors come from a jackknife that leaves out one of 20 blocks of rows at a time, from all sets alike. Where two
//! sets have the same distribution it overstates the error of the first two, by about √2.

pub mod energy;
mod jackknife;
pub mod mmd;
mod pairs;
pub mod sliced_wasserstein;

use crate::Estimate;
use jackknife::BLOCKS;
use serde::{Deserialize, Serialize};

/// Rows of each set at most: the cost is quadratic in them.
const MOST_ROWS: usize = 2000;

/// Distances of samples from test rows, in the standardised space.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgainstData {
    pub mmd_squared: Distance,
    pub energy: Distance,
    pub sliced_wasserstein: Distance,
    /// rows of each set
    pub rows: usize,
}

/// One distance, three times.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Distance {
    /// student samples from test rows
    pub student: Estimate,
    /// teacher samples from test rows
    pub teacher: Estimate,
    /// teacher samples from other teacher samples
    pub null: Estimate,
}

impl AgainstData {
    /// From standardised rows, row-major and finite. Test rows are taken evenly from all of `data`, whose order may mean
    /// something; samples from the start. Absent where fewer than 40 rows (of samples of the teacher: 80) are there.
    ///
    /// Cost: quadratic in the rows, of which at most 2000 of each set are looked at.
    pub fn of(dim: usize, data: &[f32], teacher: &[f32], student: &[f32]) -> Option<Self> {
        let count = |rows: &[f32]| rows.len() / dim;
        let available = count(data).min(count(teacher) / 2).min(count(student)).min(MOST_ROWS);
        let rows = available / BLOCKS * BLOCKS;
        if rows < 2 * BLOCKS {
            return None;
        }
        let first = Rows::spread(dim, data, rows);
        let (one, other) = teacher.split_at(rows * dim);
        let [teacher, second, student] = [one, other, student].map(|x| Rows::spread(dim, &x[..rows * dim], rows));
        let each = |distance: &dyn Fn(&Rows, &Rows) -> Estimate| Distance {
            student: distance(&student, &first),
            teacher: distance(&teacher, &first),
            null: distance(&second, &teacher),
        };
        let width = mmd::median_distance(&first);
        Some(Self {
            mmd_squared: each(&|x, y| mmd::mmd_squared(x, y, width)),
            energy: each(&energy::energy_distance),
            sliced_wasserstein: each(&sliced_wasserstein::sliced_wasserstein),
            rows,
        })
    }
}

/// Rows in 20 blocks of equal size: row `i` is in block `i mod 20`.
#[derive(Debug, Clone)]
pub struct Rows {
    dim: usize,
    per_block: usize,
    /// blocks one after the other, each with its coordinates one after the other
    columns: Vec<f64>,
}

impl Rows {
    /// `rows` rows, a multiple of 20, evenly from `values`, which holds as many or more.
    fn spread(dim: usize, values: &[f32], rows: usize) -> Self {
        let (available, per_block) = (values.len() / dim, rows / BLOCKS);
        let mut columns = vec![0.0; rows * dim];
        for i in 0..rows {
            let row = &values[i * available / rows * dim..][..dim];
            for (k, &v) in row.iter().enumerate() {
                columns[((i % BLOCKS) * dim + k) * per_block + i / BLOCKS] = f64::from(v);
            }
        }
        Self { dim, per_block, columns }
    }

    /// Coordinate `k` of the rows of a block.
    fn column(&self, block: usize, k: usize) -> &[f64] {
        &self.columns[(block * self.dim + k) * self.per_block..][..self.per_block]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flowstill_kernel::noise::{Purpose, fill_gaussian};

    /// Gaussian rows with a mean and a standard deviation in every coordinate.
    pub fn gaussian(index: u64, rows: usize, dim: usize, mean: f32, sd: f32) -> Vec<f32> {
        let mut x = vec![0.0f32; rows * dim];
        fill_gaussian(6, Purpose::Evaluation, index, 0, dim, &mut x);
        x.iter_mut().for_each(|v| *v = mean + sd * *v);
        x
    }

    pub fn rows(dim: usize, values: &[f32]) -> Rows {
        Rows::spread(dim, values, values.len() / dim)
    }

    /// The mean over `repetitions` pairs of samples, its standard error, and the mean of the reported standard errors
    /// divided by the spread of the estimates.
    pub fn repeated(repetitions: u64, distance: impl Fn(u64) -> Estimate) -> (Estimate, f64) {
        let all: Vec<Estimate> = (0..repetitions).map(distance).collect();
        let mean = Estimate::of(&all.iter().map(|e| e.mean).collect::<Vec<_>>()).unwrap();
        let reported = all.iter().map(|e| e.standard_error).sum::<f64>() / repetitions as f64;
        (mean, reported / (mean.standard_error * (repetitions as f64).sqrt()))
    }

    #[test]
    fn blocks_hold_every_row_once_in_columns() {
        let values: Vec<f32> = (0..80).map(|v| v as f32).collect();
        let rows = rows(2, &values);
        assert_eq!((rows.column(3, 0), rows.column(3, 1)), (&[6.0, 46.0][..], &[7.0, 47.0][..]));
        let every_second = Rows::spread(2, &values, 20);
        assert_eq!(every_second.column(19, 1), [77.0]);
    }

    #[test]
    fn the_three_roles_are_told_apart() {
        let (data, teacher) = (gaussian(0, 500, 3, 0.0, 1.0), gaussian(1, 1000, 3, 0.3, 1.0));
        let student = gaussian(2, 1000, 3, 1.0, 1.0);
        let a = AgainstData::of(3, &data, &teacher, &student).unwrap();
        assert_eq!(a.rows, 500);
        for d in [a.mmd_squared, a.energy, a.sliced_wasserstein] {
            assert!(d.null.mean < d.teacher.mean - 3.0 * d.teacher.standard_error, "{d:?}");
            assert!(d.teacher.mean < d.student.mean - 3.0 * d.student.standard_error, "{d:?}");
        }
        assert!(a.energy.null.mean.abs() < 4.0 * a.energy.null.standard_error, "{a:?}");
    }

    #[test]
    fn threads_change_no_bit_and_few_rows_say_nothing() {
        let x = gaussian(0, 300, 2, 0.0, 1.0);
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| AgainstData::of(2, &x[..400], &x, &x))
        };
        assert!(on(1).is_some() && on(1) == on(3));
        assert_eq!(AgainstData::of(2, &x[..78], &x, &x), None);
        assert_eq!(AgainstData::of(2, &x, &x[..158], &x), None);
        assert_eq!(AgainstData::of(2, &x, &x[..160], &x).map(|a| a.rows), Some(40));
    }

    #[test]
    fn rows_that_are_all_the_same_have_distance_zero() {
        let x = vec![0.7; 400];
        let a = AgainstData::of(2, &x, &x, &x).unwrap();
        for d in [a.mmd_squared, a.energy, a.sliced_wasserstein] {
            assert_eq!(d.student, Estimate { mean: 0.0, standard_error: 0.0 });
        }
    }
}
