//! Sliced Wasserstein distance (Bonneel, Rabin, Peyré & Pfister, "Sliced and Radon Wasserstein barycenters of
//! measures", 2015).

use super::Rows;
use super::jackknife::{BLOCKS, jackknife};
use crate::Estimate;
use crate::streams::DIRECTIONS;
use flowstill_kernel::noise::{Purpose, fill_gaussian};
use rayon::prelude::*;

const PROJECTIONS: usize = 64;

/// The mean over 64 fixed random directions of the Wasserstein-1 distance of the projections, `mean_i |a_(i) − b_(i)|` of
/// their sorted values, in the units of the rows.
///
/// It is never negative, so two samples of one distribution have a positive distance, of order `1/√rows`: read it beside
/// its null.
pub fn sliced_wasserstein(x: &Rows, y: &Rows) -> Estimate {
    let directions = directions(x.dim);
    // for each direction the distance without block 0, 1, …, and of all rows
    let distances: Vec<Vec<f64>> = directions
        .par_chunks_exact(x.dim)
        .map(|direction| {
            let (a, b) = (sorted_projection(x, direction), sorted_projection(y, direction));
            (0..=BLOCKS).map(|omit| wasserstein(&a, &b, omit)).collect()
        })
        .collect();
    jackknife(|omit| {
        let of = omit.unwrap_or(BLOCKS);
        distances.iter().map(|d| d[of]).sum::<f64>() / distances.len() as f64
    })
}

/// Unit vectors, row-major; on a line there is only one.
fn directions(dim: usize) -> Vec<f64> {
    if dim == 1 {
        return vec![1.0];
    }
    let mut gaussian = vec![0.0f32; PROJECTIONS * dim];
    fill_gaussian(0, Purpose::Evaluation, DIRECTIONS, 0, dim, &mut gaussian);
    let unit = |row: &[f32]| {
        let length = row.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
        row.iter().map(|&v| f64::from(v) / length).collect::<Vec<f64>>()
    };
    gaussian.chunks_exact(dim).flat_map(unit).collect()
}

/// The rows along a direction, each with its block, ascending.
fn sorted_projection(x: &Rows, direction: &[f64]) -> Vec<(f64, usize)> {
    let mut values = Vec::with_capacity(BLOCKS * x.per_block);
    for block in 0..BLOCKS {
        let mut along = vec![0.0; x.per_block];
        for (k, d) in direction.iter().enumerate() {
            along.iter_mut().zip(x.column(block, k)).for_each(|(sum, v)| *sum += d * v);
        }
        values.extend(along.into_iter().map(|v| (v, block)));
    }
    values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    values
}

/// Of all values whose block is not `omit`.
fn wasserstein(a: &[(f64, usize)], b: &[(f64, usize)], omit: usize) -> f64 {
    let kept =
        |values: &[(f64, usize)]| values.iter().filter(move |(_, block)| *block != omit).map(|(v, _)| *v).collect();
    let (a, b): (Vec<f64>, Vec<f64>) = (kept(a), kept(b));
    a.iter().zip(&b).map(|(a, b)| (a - b).abs()).sum::<f64>() / a.len() as f64
}

#[cfg(test)]
mod tests {
    use super::super::tests::{gaussian, repeated, rows};
    use super::*;

    #[test]
    fn a_shift_on_a_line_is_its_length_and_order_does_not_matter() {
        let x = gaussian(0, 400, 1, 0.0, 1.0);
        let moved: Vec<f32> = x.iter().rev().map(|v| v + 4.0).collect();
        let d = sliced_wasserstein(&rows(1, &x), &rows(1, &moved));
        assert!((d.mean - 4.0).abs() < 1e-6, "{d:?}");
    }

    #[test]
    fn a_shift_in_space_is_the_mean_length_of_its_shadow() {
        // |d·e₁| for a uniform direction in three dimensions has mean ½ and standard deviation 1/√12
        let x = gaussian(0, 400, 3, 0.0, 1.0);
        let moved: Vec<f32> = x.chunks(3).flat_map(|r| [r[0] + 10.0, r[1], r[2]]).collect();
        let d = sliced_wasserstein(&rows(3, &x), &rows(3, &moved));
        assert!((d.mean - 5.0).abs() < 3.0 * 10.0 / (12.0 * 64.0f64).sqrt(), "{d:?}");
        for direction in directions(3).chunks(3) {
            assert!((direction.iter().map(|v| v * v).sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn a_wider_gaussian_has_the_distance_of_the_closed_form_with_honest_errors() {
        // on a line: |sd − 1|·E|z|
        let truth = 0.5 * (2.0 / std::f64::consts::PI).sqrt();
        let (mean, calibration) = repeated(80, |i| {
            let (x, y) = (gaussian(2 * i, 1000, 1, 0.0, 1.0), gaussian(2 * i + 1, 1000, 1, 0.0, 1.5));
            sliced_wasserstein(&rows(1, &x), &rows(1, &y))
        });
        assert!((mean.mean - truth).abs() < 0.01, "{mean:?} for {truth}");
        assert!((0.8..1.3).contains(&calibration), "{calibration}");
    }
}
