//! The simplest line of the paper's table: a Gaussian with full covariance.

/// Mean of a test log-likelihood over rows, in nats, with twice its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogLikelihood {
    pub mean: f64,
    pub two_standard_errors: f64,
}

/// log N(x; μ, Σ) of the `test` rows, with the mean and covariance of the `train` rows (divided by their number).
///
/// None where the covariance cannot be inverted: fewer rows than columns, or columns that determine each other.
/// Costs O(rows · dim²), in double precision.
pub fn log_likelihood(train: &[f64], test: &[f64], dim: usize) -> Option<LogLikelihood> {
    let rows = (train.len() / dim) as f64;
    let mut mean = vec![0.0; dim];
    for row in train.chunks_exact(dim) {
        row.iter().zip(&mut mean).for_each(|(x, sum)| *sum += x / rows);
    }
    let mut factor = covariance(train, &mean);
    cholesky(&mut factor, dim)?;
    let log_det: f64 = (0..dim).map(|i| factor[i * dim + i].ln()).sum();
    let constant = -0.5 * dim as f64 * (2.0 * std::f64::consts::PI).ln() - log_det;
    let mut whitened = vec![0.0; dim];
    let densities: Vec<f64> =
        test.chunks_exact(dim).map(|row| constant - 0.5 * distance(row, &mean, &factor, &mut whitened)).collect();
    let count = densities.len() as f64;
    let mean = densities.iter().sum::<f64>() / count;
    let variance = densities.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / count;
    Some(LogLikelihood { mean, two_standard_errors: 2.0 * (variance / count).sqrt() })
}

/// The lower triangle of the covariance.
fn covariance(rows: &[f64], mean: &[f64]) -> Vec<f64> {
    let dim = mean.len();
    let count = (rows.len() / dim) as f64;
    let mut sums = vec![0.0; dim * dim];
    let mut centred = vec![0.0; dim];
    for row in rows.chunks_exact(dim) {
        row.iter().zip(mean).zip(&mut centred).for_each(|((x, m), c)| *c = x - m);
        for i in 0..dim {
            let by = centred[i];
            sums[i * dim..=i * dim + i].iter_mut().zip(&centred).for_each(|(sum, c)| *sum += by * c);
        }
    }
    sums.iter_mut().for_each(|sum| *sum /= count);
    sums
}

/// Σ = L Lᵀ in place, lower triangles; None where a pivot is lost in rounding.
fn cholesky(sigma: &mut [f64], dim: usize) -> Option<()> {
    for i in 0..dim {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| sigma[i * dim + k] * sigma[j * dim + k]).sum();
            let rest = sigma[i * dim + j] - dot;
            if i == j {
                if rest.partial_cmp(&(1e-12 * sigma[i * dim + i])) != Some(std::cmp::Ordering::Greater) {
                    return None;
                }
                sigma[i * dim + i] = rest.sqrt();
            } else {
                sigma[i * dim + j] = rest / sigma[j * dim + j];
            }
        }
    }
    Some(())
}

/// (x − μ)ᵀ Σ⁻¹ (x − μ).
fn distance(row: &[f64], mean: &[f64], factor: &[f64], whitened: &mut [f64]) -> f64 {
    let dim = mean.len();
    for i in 0..dim {
        let dot: f64 = factor[i * dim..i * dim + i].iter().zip(&*whitened).map(|(l, w)| l * w).sum();
        whitened[i] = (row[i] - mean[i] - dot) / factor[i * dim + i];
    }
    whitened.iter().map(|w| w * w).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_one_dimension_it_is_the_textbook_formula() {
        let train = [1.0, 3.0, 5.0, 7.0];
        let found = log_likelihood(&train, &[4.0, 6.0], 1).unwrap();
        // mean 4, variance 5
        let log_normal = |x: f64| -0.5 * ((x - 4.0) * (x - 4.0) / 5.0 + (10.0 * std::f64::consts::PI).ln());
        let (a, b) = (log_normal(4.0), log_normal(6.0));
        assert!((found.mean - (a + b) / 2.0).abs() < 1e-14);
        assert!((found.two_standard_errors - (a - b).abs() / 2f64.sqrt()).abs() < 1e-14);
    }

    #[test]
    fn scaling_a_column_costs_its_logarithm() {
        let rows: Vec<f64> = (0..300).map(|i| f64::from(i * i % 101) / 50.0 - 1.0).collect();
        let scaled: Vec<f64> = rows.iter().enumerate().map(|(i, x)| if i % 3 == 1 { 8.0 * x } else { *x }).collect();
        let of = |rows: &[f64]| log_likelihood(&rows[..240], &rows[240..], 3).unwrap().mean;
        assert!((of(&rows) - of(&scaled) - 8f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn without_an_inverse_there_is_no_density() {
        let twins: Vec<f64> = (0..50).flat_map(|i| [f64::from(i), 3.0 * f64::from(i)]).collect();
        assert_eq!(log_likelihood(&twins, &twins, 2), None);
        assert_eq!(log_likelihood(&[1.0, 2.0, 4.0, 3.0, 5.0, 1.0], &[1.0, 2.0, 3.0], 3), None);
    }
}
