//! What can be said of two sets of samples without densities: correlations and marginals.
//!
//! Both functions take `rows × dim` row-major samples of finite values, at least one row each.

use rayon::prelude::*;

/// Largest absolute difference between the entries of the two correlation matrices, between 0 and 2.
///
/// A coordinate that does not vary has no correlations; they count as 0. Cost: `rows·dim²` for each set.
pub fn correlation_error(dim: usize, a: &[f32], b: &[f32]) -> f64 {
    let (a, b) = (unit_columns(dim, a), unit_columns(dim, b));
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    (1..dim)
        .into_par_iter()
        .map(|i| (0..i).map(|j| (dot(&a[i], &a[j]) - dot(&b[i], &b[j])).abs()).fold(0.0, f64::max))
        .reduce(|| 0.0, f64::max)
}

/// Per coordinate, the two-sample Kolmogorov–Smirnov distance `sup_t |F_a(t) − F_b(t)|`, between 0 and 1.
///
/// Two sets of `n` from the same distribution stay below about `1.36·√(2/n)` in 95 % of cases.
pub fn marginal_ks(dim: usize, a: &[f32], b: &[f32]) -> Vec<f64> {
    (0..dim).into_par_iter().map(|i| kolmogorov_smirnov(sorted_column(dim, i, a), sorted_column(dim, i, b))).collect()
}

/// Columns centred and scaled to length 1, so that their scalar products are correlations.
fn unit_columns(dim: usize, rows: &[f32]) -> Vec<Vec<f64>> {
    (0..dim)
        .into_par_iter()
        .map(|i| {
            let mut column: Vec<f64> = rows.iter().skip(i).step_by(dim).map(|&v| f64::from(v)).collect();
            let mean = column.iter().sum::<f64>() / column.len() as f64;
            column.iter_mut().for_each(|v| *v -= mean);
            let length = column.iter().map(|v| v * v).sum::<f64>().sqrt();
            // a constant column leaves only the rounding of its mean
            let constant = length <= 1e-12 * mean.abs() * (column.len() as f64).sqrt();
            let scale = if constant { 0.0 } else { 1.0 / length };
            column.iter_mut().for_each(|v| *v *= scale);
            column
        })
        .collect()
}

fn sorted_column(dim: usize, i: usize, rows: &[f32]) -> Vec<f32> {
    let mut column: Vec<f32> = rows.iter().skip(i).step_by(dim).copied().collect();
    column.sort_unstable_by(f32::total_cmp);
    column
}

fn kolmogorov_smirnov(a: Vec<f32>, b: Vec<f32>) -> f64 {
    let (mut i, mut j, mut largest) = (0, 0, 0.0f64);
    while i < a.len() && j < b.len() {
        // both distribution functions jump by all their values equal to t before they are compared
        let t = a[i].min(b[j]);
        i += a[i..].iter().take_while(|&&v| v <= t).count();
        j += b[j..].iter().take_while(|&&v| v <= t).count();
        largest = largest.max((i as f64 / a.len() as f64 - j as f64 / b.len() as f64).abs());
    }
    largest
}

#[cfg(test)]
mod tests {
    use super::*;
    use flowstill_kernel::noise::{Purpose, fill_gaussian};

    fn gaussian(index: u64, rows: usize, dim: usize) -> Vec<f32> {
        let mut out = vec![0.0; rows * dim];
        fill_gaussian(3, Purpose::Evaluation, index, 0, dim, &mut out);
        out
    }

    #[test]
    fn the_largest_difference_of_correlations_is_found_whatever_shift_and_scale() {
        let n = 40_000;
        let a = gaussian(0, n, 3);
        let mut b = gaussian(1, n, 3);
        for row in b.chunks_exact_mut(3) {
            // correlation of the last two coordinates: 0.6; the large offset must not cost digits
            row[2] = 1000.0 + 5.0 * (0.6 * row[1] + 0.8 * row[2]);
        }
        let error = correlation_error(3, &a, &b);
        assert!((error - 0.6).abs() < 0.02, "{error}");
        assert_eq!(correlation_error(3, &a, &a), 0.0);
        assert_eq!(correlation_error(1, &a, &b), 0.0);
    }

    #[test]
    fn a_constant_coordinate_has_no_correlation() {
        let a: Vec<f32> = (0..100).flat_map(|i| [i as f32, -(i as f32)]).collect();
        let b: Vec<f32> = (0..100).flat_map(|i| [i as f32, 0.1]).collect();
        assert!((correlation_error(2, &a, &b) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn ks_by_hand_with_ties() {
        let ks = |a: &[f32], b: &[f32]| kolmogorov_smirnov(a.to_vec(), b.to_vec());
        assert_eq!(ks(&[1.0, 2.0], &[3.0, 4.0]), 1.0);
        assert_eq!(ks(&[1.0, 1.0, 2.0], &[1.0, 1.0, 2.0]), 0.0);
        assert_eq!(ks(&[1.0, 1.0, 1.0, 2.0], &[1.0, 2.0]), 0.25);
        assert_eq!(ks(&[-0.0], &[0.0]), 0.0);
        assert_eq!(ks(&[0.1, 0.3], &[0.2, 0.4]), 0.5);
        assert_eq!(ks(&[0.0, 1.0, 2.0, 3.0], &[2.5]), 0.75);
    }

    #[test]
    fn ks_is_small_for_equal_and_right_for_shifted_gaussians() {
        let n = 20_000;
        let a = gaussian(0, n, 2);
        let mut b = gaussian(1, n, 2);
        b.iter_mut().skip(1).step_by(2).for_each(|v| *v += 0.5);
        let ks = marginal_ks(2, &a, &b);
        assert!(ks[0] < 1.63 * (2.0 / n as f64).sqrt(), "{ks:?}");
        // sup |Φ(t) − Φ(t − ½)| = 2Φ(¼) − 1
        assert!((ks[1] - 0.197_41).abs() < 0.02, "{ks:?}");
    }
}
