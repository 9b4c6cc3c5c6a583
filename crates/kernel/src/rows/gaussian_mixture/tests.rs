use super::super::laws::noise;
use super::*;
use crate::noise::{Purpose, stream};
use crate::univariate::normal;
use crate::univariate::scalar::log_sum_exp;

const LOG_TAU: f64 = 1.837_877_066_409_345_3;

/// `log Σ_k w_k N(x; μ_k, L_k L_kᵀ)` by the definition.
fn log_density(mixture: &GaussianMixture, theta: &[f64], x: &[f64]) -> f64 {
    let (count, dim) = (mixture.components, mixture.dim);
    let (logits, rest) = theta.split_at(count);
    let (means, rest) = rest.split_at(count * dim);
    let (log_diagonal, lower) = rest.split_at(count * dim);
    let total = log_sum_exp(logits.iter().copied());
    let part = |k: usize| {
        let (packed, mut residuals) = (lower.len() / count, vec![0.0; dim]);
        let mut log = logits[k] - total - 0.5 * dim as f64 * LOG_TAU;
        for i in 0..dim {
            let known: f64 = (0..if packed > 0 { i } else { 0 })
                .map(|j| lower[k * packed + i * (i - 1) / 2 + j] * residuals[j])
                .sum();
            residuals[i] = (x[i] - means[k * dim + i] - known) / log_diagonal[k * dim + i].exp();
            log -= 0.5 * residuals[i] * residuals[i] + log_diagonal[k * dim + i];
        }
        log
    };
    log_sum_exp((0..count).map(part))
}

fn table() -> impl Iterator<Item = GaussianMixture> {
    let sizes = [(1, 1), (1, 4), (2, 3), (3, 1), (5, 2), (8, 10)];
    let both = [Covariance::Full, Covariance::Diagonal];
    sizes
        .into_iter()
        .flat_map(move |(dim, components)| both.map(|covariance| GaussianMixture { dim, components, covariance }))
}

fn mapped(mixture: &GaussianMixture, theta: &[f64], x: &[f64]) -> (Vec<f64>, f64) {
    let mut z = vec![f64::NAN; x.len()];
    let log_det = mixture.map(theta, x, &mut z);
    (z, log_det)
}

#[test]
fn the_density_is_that_of_the_mixture_far_tails_included() {
    for mixture in table() {
        for seed in 0..4 {
            let theta = noise(seed, RowMap::<f64>::parameters(&mixture), 0.7);
            for (at, scale) in [0.5, 1.0, 3.0, 10.0, 40.0, 1e3].into_iter().enumerate() {
                let x = noise(50 + at as u64, mixture.dim, scale);
                let (z, log_det) = mapped(&mixture, &theta, &x);
                let base: f64 = z.iter().map(|&z| normal::log_density(z)).sum();
                let exact = log_density(&mixture, &theta, &x);
                let close = (base + log_det - exact).abs() < 1e-12 * (1.0 + exact.abs());
                assert!(close, "{mixture:?}, seed {seed}, {scale}: {} {exact}", base + log_det);
            }
        }
    }
}

#[test]
fn the_factor_multiplies_from_the_left() {
    // Σ = L·Lᵀ = [[4, 2], [2, 10]]; with Lᵀ·L the first variance would be 5
    let mixture = GaussianMixture { dim: 2, components: 1, covariance: Covariance::Full };
    let theta = [0.0, 0.0, 0.0, 2f64.ln(), 3f64.ln(), 1.0];
    let (z, log_det) = mapped(&mixture, &theta, &[3.0, 5.0]);
    assert!((z[0] - 1.5).abs() < 1e-15 && (z[1] - (5.0 - 1.5) / 3.0).abs() < 1e-15, "{z:?}");
    assert!((log_det + 6f64.ln()).abs() < 1e-14);
}

#[test]
fn later_coordinates_see_the_component_that_earlier_ones_point_at() {
    // far apart in the first coordinate: the second has the mean of the nearer component. With the weights unchanged its
    // median would be between them
    let mixture = GaussianMixture { dim: 2, components: 2, covariance: Covariance::Diagonal };
    let theta = [0.0, 0.0, -5.0, -2.0, 5.0, 3.0, 0.0, 0.0, 0.0, 0.0];
    for (x, mean) in [(-5.0, -2.0), (5.0, 3.0)] {
        let (z, _) = mapped(&mixture, &theta, &[x, mean]);
        assert!(z[1].abs() < 1e-9, "{x}: {z:?}");
    }
}

#[test]
fn components_without_weight_change_nothing() {
    let (one, dim) = (GaussianMixture { dim: 3, components: 1, covariance: Covariance::Full }, 3);
    let single = noise(1, RowMap::<f64>::parameters(&one), 0.5);
    let two = GaussianMixture { components: 2, ..one };
    for logit in [f64::NEG_INFINITY, -1e5] {
        let other = noise(2, single.len(), 2.0);
        // the parts of both, one after the other
        let mut theta = vec![0.0, logit];
        for part in [1..1 + dim, 1 + dim..1 + 2 * dim, 1 + 2 * dim..single.len()] {
            theta.extend(&single[part.clone()]);
            theta.extend(&other[part]);
        }
        for scale in [1.0, 30.0] {
            let x = noise(3, dim, scale);
            let ((z, log_det), (expected, log)) = (mapped(&two, &theta, &x), mapped(&one, &single, &x));
            let close = z.iter().zip(&expected).all(|(z, expected)| (z - expected).abs() < 1e-11 * scale);
            assert!(close && (log_det - log).abs() < 1e-9, "{logit}, {scale}: {z:?} {expected:?}");
            let (mut back, mut du, mut d_theta) = (vec![f64::NAN; dim], vec![0.0; dim], vec![0.0; theta.len()]);
            two.solve(&theta, &z, &mut back);
            assert!(back.iter().zip(&x).all(|(back, x)| (back - x).abs() < 1e-9 * scale), "{logit}: {back:?} {x:?}");
            two.gradient(&theta, &x, &z, 1.0, &mut du, &mut d_theta);
            let mut w = du.clone();
            two.solve_transposed(&theta, &x, &mut w);
            assert!([du, d_theta, w].concat().iter().all(|d| d.is_finite()), "{logit}, {scale}");
        }
    }
}

#[test]
fn narrow_components_far_apart_are_solved() {
    let mixture = GaussianMixture { dim: 1, components: 3, covariance: Covariance::Full };
    let theta = [0.0, -30.0, 2.0, -50.0, 0.0, 80.0, -4.0, 1.0, -2.0];
    for i in -60..=60 {
        let (z, mut x) = (0.15 * f64::from(i), [f64::NAN]);
        mixture.solve(&theta, &[z], &mut x);
        let again = mapped(&mixture, &theta, &x).0[0];
        // between the components the map is so steep that no number is mapped to z
        let below = mapped(&mixture, &theta, &[x[0] - 1e-12 * x[0].abs()]).0[0];
        let above = mapped(&mixture, &theta, &[x[0] + 1e-12 * x[0].abs()]).0[0];
        assert!((again - z).abs() < 1e-9 || (below..=above).contains(&z), "{z}: {x:?} {again}");
    }
}

#[test]
fn many_rows_are_the_rows_one_by_one() {
    for mixture in table() {
        let theta = noise(5, RowMap::<f64>::parameters(&mixture), 0.6);
        let x = noise(6, 7 * mixture.dim, 1.5);
        let (mut z, mut log_det, mut back) = (vec![0.0; x.len()], vec![0.0; 7], vec![0.0; x.len()]);
        mixture.map_rows(&theta, &x, &mut z, &mut log_det);
        mixture.solve_rows(&theta, &z, &mut back);
        for (r, row) in x.chunks_exact(mixture.dim).enumerate() {
            let range = r * mixture.dim..(r + 1) * mixture.dim;
            assert_eq!(mapped(&mixture, &theta, row), (z[range.clone()].to_vec(), log_det[r]));
            let mut alone = vec![0.0; mixture.dim];
            mixture.solve(&theta, &z[range.clone()], &mut alone);
            assert_eq!(alone, back[range]);
        }
    }
}

#[test]
fn the_start_is_standardised() {
    for mixture in table() {
        let (count, dim) = (mixture.components, mixture.dim);
        let theta = mixture.initial(&mut stream(3, Purpose::Init, 0));
        for i in 0..dim {
            let mean = |k: usize| f64::from(theta[count + k * dim + i]);
            let variance = |k: usize| (2.0 * f64::from(theta[count + (count + k) * dim + i])).exp();
            let [first, second] = [1, 2].map(|power| (0..count).map(|k| mean(k).powi(power)).sum::<f64>());
            assert!(first.abs() < 1e-5, "{mixture:?}");
            let whole = (second + (0..count).map(variance).sum::<f64>()) / count as f64;
            assert!((whole - 1.0).abs() < 1e-5, "{mixture:?}: {whole}");
        }
    }
}
