//! Coverage where the modes of the target are known.

use crate::Estimate;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Shares of samples by the mode whose centre is nearest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModeCoverage {
    /// the least ratio of a mode
    pub least_ratio: Estimate,
    /// the largest ratio of a mode
    pub largest_ratio: Estimate,
    /// in the order of the centres
    pub modes: Vec<Mode>,
}

/// One mode.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Mode {
    /// share of the test rows: what the target has
    pub data_share: f64,
    pub teacher_share: f64,
    pub student_share: f64,
    /// `student_share / teacher_share` with its standard error (delta method, two independent samples; a share of no
    /// sample has the standard error of a share of one). Absent where the teacher has no sample: it lost the mode itself.
    pub ratio: Option<Estimate>,
}

impl ModeCoverage {
    /// From rows in the units of the centres, row-major with one column per coordinate of a centre. Absent for fewer than two centres, an empty set, or a teacher without a sample in any mode.
    pub fn of(centres: &[Vec<f64>], data: &[f64], teacher: &[f64], student: &[f64]) -> Option<Self> {
        let sets = [data, teacher, student];
        if centres.len() < 2 || sets.iter().any(|rows| rows.is_empty()) {
            return None;
        }
        let [data, teacher, student] = sets.map(|rows| Shares::of(centres, rows));
        let modes: Vec<Mode> = (0..centres.len())
            .map(|mode| Mode {
                data_share: data.share(mode),
                teacher_share: teacher.share(mode),
                student_share: student.share(mode),
                ratio: ratio(&student, &teacher, mode),
            })
            .collect();
        let ratios = || modes.iter().filter_map(|mode| mode.ratio);
        Some(Self {
            least_ratio: ratios().min_by(|a, b| a.mean.total_cmp(&b.mean))?,
            largest_ratio: ratios().max_by(|a, b| a.mean.total_cmp(&b.mean))?,
            modes,
        })
    }
}

struct Shares {
    counts: Vec<usize>,
    rows: f64,
}

impl Shares {
    fn of(centres: &[Vec<f64>], rows: &[f64]) -> Self {
        let dim = centres[0].len();
        let nearest = |row: &[f64]| {
            let distance = |centre: &[f64]| row.iter().zip(centre).map(|(x, c)| (x - c).powi(2)).sum::<f64>();
            let distances = centres.iter().map(|centre| distance(centre)).enumerate();
            distances.min_by(|a, b| a.1.total_cmp(&b.1)).expect("there are centres").0
        };
        let mut counts = vec![0; centres.len()];
        let modes: Vec<usize> = rows.par_chunks_exact(dim).map(nearest).collect();
        modes.into_iter().for_each(|mode| counts[mode] += 1);
        Self { counts, rows: (rows.len() / dim) as f64 }
    }

    fn share(&self, mode: usize) -> f64 {
        self.counts[mode] as f64 / self.rows
    }

    /// Binomial.
    fn variance(&self, mode: usize) -> f64 {
        self.share(mode).max(1.0 / self.rows) * (1.0 - self.share(mode)) / self.rows
    }
}

/// `r = s/t` with `var r = (var s + r²·var t)/t²`.
fn ratio(student: &Shares, teacher: &Shares, mode: usize) -> Option<Estimate> {
    let (s, t) = (student.share(mode), teacher.share(mode));
    if t == 0.0 {
        return None;
    }
    let mean = s / t;
    let variance = student.variance(mode) + mean * mean * teacher.variance(mode);
    Some(Estimate { mean, standard_error: variance.sqrt() / t })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::uniforms;

    /// One coordinate: `counts[m]` rows near 10·m.
    fn heaps(counts: &[usize]) -> Vec<f64> {
        counts.iter().enumerate().flat_map(|(mode, &count)| vec![10.0 * mode as f64 + 0.3; count]).collect()
    }

    fn centres(count: usize) -> Vec<Vec<f64>> {
        (0..count).map(|mode| vec![10.0 * mode as f64]).collect()
    }

    #[test]
    fn shares_and_ratios_by_hand() {
        let m =
            ModeCoverage::of(&centres(3), &heaps(&[5, 5, 0]), &heaps(&[50, 30, 20]), &heaps(&[80, 0, 120])).unwrap();
        let shares: Vec<_> = m.modes.iter().map(|m| (m.data_share, m.teacher_share, m.student_share)).collect();
        assert_eq!(shares, [(0.5, 0.5, 0.4), (0.5, 0.3, 0.0), (0.0, 0.2, 0.6)]);
        let ratios: Vec<f64> = m.modes.iter().map(|m| m.ratio.unwrap().mean).collect();
        for (found, expected) in ratios.iter().zip([0.8, 0.0, 3.0]) {
            assert!((found - expected).abs() < 1e-12, "{ratios:?}");
        }
        assert_eq!((m.least_ratio, m.largest_ratio), (m.modes[1].ratio.unwrap(), m.modes[2].ratio.unwrap()));
        // √(0.4·0.6/200 + 0.8²·0.25/100)/0.5; a share of none counts as one of 200
        let error = |mode: usize| m.modes[mode].ratio.unwrap().standard_error;
        assert!((error(0) - (0.0012f64 + 0.0016).sqrt() / 0.5).abs() < 1e-12, "{}", error(0));
        assert!((error(1) - 0.005 / 0.3).abs() < 1e-12, "{}", error(1));
    }

    #[test]
    fn standard_errors_cover_the_truth() {
        let (true_teacher, true_student) = (0.1, 0.06);
        let heap = |index: u64, share: f64, rows: usize| {
            let drawn = uniforms(index).take(rows).filter(|u| *u < share).count();
            heaps(&[drawn, rows - drawn])
        };
        let covered = (0..400)
            .filter(|&i| {
                let (t, s) = (heap(2 * i, true_teacher, 800), heap(2 * i + 1, true_student, 1500));
                let ratio = ModeCoverage::of(&centres(2), &t, &t, &s).unwrap().modes[0].ratio.unwrap();
                (ratio.mean - 0.6).abs() <= 2.0 * ratio.standard_error
            })
            .count();
        assert!((366..=394).contains(&covered), "{covered} of 400");
    }

    #[test]
    fn a_mode_that_the_teacher_lost_says_nothing_about_the_student() {
        let m = ModeCoverage::of(&centres(2), &heaps(&[5, 5]), &heaps(&[10, 0]), &heaps(&[7, 3])).unwrap();
        assert_eq!((m.modes[1].ratio, m.least_ratio.mean), (None, 0.7));
        assert_eq!(ModeCoverage::of(&centres(1), &[0.0], &[0.0], &[0.0]), None);
        assert_eq!(ModeCoverage::of(&centres(2), &[0.0], &[0.0], &[]), None);
    }
}
