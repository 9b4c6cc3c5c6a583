//! Coverage without knowledge of the target: the teacher's space cut into cells.

use super::kmeans::Cells;
use crate::streams::{DEALS, uniforms};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Rows of a set beyond these are not looked at: shares of so many are known well enough.
const MOST_ROWS: usize = 20_000;
/// Cells at most.
const MOST_CELLS: usize = 50;
/// Teacher samples that a cell should hold, so that its share means something.
const ROWS_PER_CELL: usize = 20;
/// Smaller cells than the mean one divided by this, in tails, would only add noise to the least ratio.
const SMALLEST: usize = 4;
/// Repetitions from which the null is read.
const REPETITIONS: usize = 199;

/// The student's share of samples in each cell, divided by the teacher's.
///
/// Cells are those of k-means on one half of the teacher's samples, at most 50, without those of less than a quarter of the
/// mean size; shares are compared on the other half. Half a sample is added to every count, so that an empty cell has a ratio, too.
///
/// The null is what chance alone does to the least of many ratios: the samples of both sides are thrown together and dealt
/// out anew, 199 times. For a student that equals its teacher no deal differs from the real one, so that the limits hold
/// for any number of rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellCoverage {
    pub cells: usize,
    /// the least of the ratios; 1 when every cell has its share, next to 0 when one is left out
    pub least_ratio: f64,
    /// within these lies the least ratio of a perfect student in 95 % of cases
    pub null_least_ratio: [f64; 2],
    /// all ratios, ascending
    pub ratios: Vec<f64>,
    /// the same limits for the ratio of each rank
    pub null_ratios: Vec<[f64; 2]>,
}

impl CellCoverage {
    /// From `rows × dim` samples of each side, row-major and finite. Absent for fewer than 80 teacher samples, which do
    /// not fill two cells, for samples that are all the same, and without student samples.
    pub fn of(dim: usize, teacher: &[f32], student: &[f32]) -> Option<Self> {
        let first = |rows: usize, x: &'_ [f32]| x.len().min(rows * dim);
        let teacher = &teacher[..first(MOST_ROWS, teacher)];
        let student = &student[..first(MOST_ROWS, student)];
        let (to_find, to_compare) = teacher.split_at(teacher.len() / dim / 2 * dim);
        let wanted = (to_find.len() / dim / ROWS_PER_CELL).min(MOST_CELLS);
        if wanted < 2 || student.is_empty() {
            return None;
        }
        let least = to_find.len() / dim / wanted / SMALLEST;
        let cells = Cells::find(dim, to_find, wanted).of_at_least(least, to_find);
        if cells.len() < 2 {
            return None;
        }
        let (of_teacher, of_student) = (cells.counts(to_compare), cells.counts(student));
        let ratios = sorted_ratios(&of_student, &of_teacher);
        let null_ratios = null(&of_student, &of_teacher);
        Some(Self { cells: cells.len(), least_ratio: ratios[0], null_least_ratio: null_ratios[0], ratios, null_ratios })
    }
}

fn sorted_ratios(student: &[usize], teacher: &[usize]) -> Vec<f64> {
    let shares = |counts: &[usize]| {
        let total = counts.iter().sum::<usize>() as f64 + 0.5 * counts.len() as f64;
        counts.iter().map(|&count| (count as f64 + 0.5) / total).collect::<Vec<f64>>()
    };
    let mut ratios: Vec<f64> = shares(student).iter().zip(shares(teacher)).map(|(s, t)| s / t).collect();
    ratios.sort_unstable_by(f64::total_cmp);
    ratios
}

/// Of each rank, the 2.5 % and 97.5 % quantiles over [`REPETITIONS`].
fn null(of_student: &[usize], of_teacher: &[usize]) -> Vec<[f64; 2]> {
    let together: Vec<usize> = of_student.iter().zip(of_teacher).map(|(s, t)| s + t).collect();
    let samples: Vec<usize> = together.iter().enumerate().flat_map(|(cell, &n)| std::iter::repeat_n(cell, n)).collect();
    let teacher_rows: usize = of_teacher.iter().sum();
    let repetitions: Vec<Vec<f64>> = (0..REPETITIONS as u64)
        .into_par_iter()
        .map(|index| {
            let mut samples = samples.clone();
            let mut of_teacher = vec![0; together.len()];
            // the first steps of a shuffle (Fisher–Yates)
            for (i, uniform) in uniforms(DEALS + index).take(teacher_rows).enumerate() {
                let left = (samples.len() - i) as f64;
                samples.swap(i, i + (uniform * left) as usize);
                of_teacher[samples[i]] += 1;
            }
            let of_student: Vec<usize> = together.iter().zip(&of_teacher).map(|(all, t)| all - t).collect();
            sorted_ratios(&of_student, &of_teacher)
        })
        .collect();
    (0..together.len())
        .map(|rank| {
            let mut of_rank: Vec<f64> = repetitions.iter().map(|ratios| ratios[rank]).collect();
            of_rank.sort_unstable_by(f64::total_cmp);
            // the 5th of 199 has 2.5 % at or below it
            [of_rank[4], of_rank[REPETITIONS - 5]]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flowstill_kernel::noise::{Purpose, fill_gaussian};

    /// Gaussian rows; row `i` is moved by `shift` in every coordinate if `moved(i)`.
    fn rows(index: u64, n: usize, moved: impl Fn(usize) -> bool, shift: f32) -> Vec<f32> {
        let mut x = vec![0.0f32; n * 3];
        fill_gaussian(2, Purpose::Evaluation, index, 0, 3, &mut x);
        for (i, row) in x.chunks_exact_mut(3).enumerate().filter(|(i, _)| moved(*i)) {
            row.iter_mut().for_each(|v| *v += if moved(i) { shift } else { 0.0 });
        }
        x
    }

    #[test]
    fn a_second_teacher_sample_lies_within_the_null() {
        let outside = (0..40)
            .filter(|&i| {
                let c = CellCoverage::of(3, &rows(2 * i, 2000, |_| false, 0.0), &rows(2 * i + 1, 2000, |_| false, 0.0));
                let c = c.unwrap();
                assert!((30..=50).contains(&c.cells) && c.ratios.len() == c.cells && c.null_ratios.len() == c.cells);
                !(c.null_least_ratio[0]..=c.null_least_ratio[1]).contains(&c.least_ratio)
            })
            .count();
        // 2 are expected; 7 or more of 40 happen once in 300 times
        assert!(outside <= 6, "{outside} of 40");
    }

    #[test]
    fn a_mode_of_four_percent_that_is_left_out_is_seen() {
        let teacher = rows(0, 20_000, |i| i % 25 == 0, 8.0);
        let student = rows(1, 20_000, |_| false, 0.0);
        let c = CellCoverage::of(3, &teacher, &student).unwrap();
        assert!(c.least_ratio < 0.01 && c.null_least_ratio[0] > 0.4, "{c:?}");
        assert!(c.ratios.is_sorted() && c.ratios[0] == c.least_ratio);
        // half of the mode left: the ratio says half
        let student = rows(1, 20_000, |i| i % 50 == 0, 8.0);
        let c = CellCoverage::of(3, &teacher, &student).unwrap();
        assert!((0.3..0.7).contains(&c.least_ratio) && c.least_ratio < c.null_least_ratio[0], "{c:?}");
    }

    #[test]
    fn ratios_divide_student_by_teacher() {
        // (4.5/8)/(1.5/8) and (3.5/8)/(6.5/8)
        let ratios = sorted_ratios(&[4, 3], &[1, 6]);
        assert!((ratios[0] - 3.5 / 6.5).abs() < 1e-15 && (ratios[1] - 3.0).abs() < 1e-15, "{ratios:?}");
    }

    #[test]
    fn too_few_or_equal_samples_have_no_cells() {
        let x = rows(0, 100, |_| false, 0.0);
        assert_eq!(CellCoverage::of(3, &x[..79 * 3], &x), None);
        assert_eq!(CellCoverage::of(3, &x[..80 * 3], &x).map(|c| c.cells), Some(2));
        assert_eq!(CellCoverage::of(3, &[1.0; 300], &x), None);
        assert_eq!(CellCoverage::of(3, &x, &[]), None);
    }
}
