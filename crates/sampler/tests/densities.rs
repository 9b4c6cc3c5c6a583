//! Densities against known truths, and the classic mistakes of sign and side.

mod common;

use common::*;
use flowstill_model::fold::BATCH_NORM_EPSILON;
use flowstill_model::{FlowSpec, LayerSpec, Layout, Orientation, Pixels, Standardizer};
use flowstill_sampler::{Chain, Method, Sampler};

const HALF_LOG_TAU: f64 = 0.918_938_533_204_672_7;

/// Two coordinates in natural order, linear conditioner: shift and raw log-scale of the first coordinate are 0.125
/// and 0.375, those of the second `0.5·v + 0.25` and `0.75·v − 0.5`.
fn by_hand(orientation: Orientation) -> Chain<f64> {
    let spec = FlowSpec { dim: 2, layers: vec![autoregressive(orientation, vec![0, 1], &[])] };
    // weight: input × coordinate × (shift, log-scale), then biases
    let theta = [0.0, 0.0, 0.5, 0.75, 0.0, 0.0, 0.0, 0.0, 0.125, 0.375, 0.25, -0.5];
    Chain::new(&spec, &Layout::new(&spec).pack(&theta)).unwrap()
}

/// (μ, α) of the first coordinate of [`by_hand`].
fn first() -> (f64, f64) {
    (0.125, 0.375 / (1.0 + 0.375 / 3.0))
}

/// (μ, α) of the second, given the first.
fn second(v: f64) -> (f64, f64) {
    let raw = 0.75 * v - 0.5;
    (0.5 * v + 0.25, raw / (1.0 + raw.abs() / 3.0))
}

#[test]
fn a_maf_conditions_on_the_data_and_its_inverse_has_log_det_minus_the_sum_of_log_scales() {
    let (chain, (shift0, alpha0)) = (by_hand(MAF), first());
    let x = [1.5, -2.0];
    let (shift1, alpha1) = second(x[0]);
    let z = [(x[0] - shift0) * (-alpha0).exp(), (x[1] - shift1) * (-alpha1).exp()];
    let mapped = chain.inverse_and_log_det(&x, Method::Incremental).unwrap();
    assert_close(mapped.values[0], z[0], 1e-14, "z_0");
    assert_close(mapped.values[1], z[1], 1e-14, "z_1");
    assert_close(mapped.log_det[0], -(alpha0 + alpha1), 1e-14, "log-det");
    for method in METHODS {
        let back = chain.forward_and_log_det(&z, method).unwrap();
        assert_close(back.values[1], x[1], 1e-14, "x_1");
        assert_close(back.log_det[0], alpha0 + alpha1, 1e-14, "log-det");
    }
    let log_prob = -0.5 * (z[0] * z[0] + z[1] * z[1]) - 2.0 * HALF_LOG_TAU - alpha0 - alpha1;
    assert_close(chain.log_prob(&x, Method::Incremental).unwrap()[0], log_prob, 1e-14, "log p");
}

#[test]
fn an_iaf_conditions_on_the_base_and_not_on_the_data() {
    let (chain, (shift0, alpha0)) = (by_hand(IAF), first());
    let z = [1.5, -2.0];
    let (shift1, alpha1) = second(z[0]);
    let x = [shift0 + alpha0.exp() * z[0], shift1 + alpha1.exp() * z[1]];
    let swapped = second(x[0]);
    assert!((swapped.0 + swapped.1.exp() * z[1] - x[1]).abs() > 0.1, "the example tells the two apart");
    let mapped = chain.forward_and_log_det(&z, Method::Incremental).unwrap();
    assert_close(mapped.values[0], x[0], 1e-14, "x_0");
    assert_close(mapped.values[1], x[1], 1e-14, "x_1");
    assert_close(mapped.log_det[0], alpha0 + alpha1, 1e-14, "log-det");
    for method in METHODS {
        let back = chain.inverse_and_log_det(&x, method).unwrap();
        assert_close(back.values[1], z[1], 1e-14, "z_1");
        assert_close(back.log_det[0], -(alpha0 + alpha1), 1e-14, "log-det");
    }
}

#[test]
fn layers_are_listed_from_the_base_to_the_data() {
    let scale_then_shift = FlowSpec {
        dim: 1,
        layers: vec![LayerSpec::ActNorm { orientation: MAF }, LayerSpec::ActNorm { orientation: MAF }],
    };
    // first e^{ln 2}·z, then +3
    let chain = Chain::<f64>::new(&scale_then_shift, &[std::f32::consts::LN_2, 0.0, 0.0, 3.0]).unwrap();
    assert_close(chain.forward_and_log_det(&[5.0], Method::Naive).unwrap().values[0], 13.0, 1e-6, "x");
    assert_close(chain.inverse_and_log_det(&[13.0], Method::Naive).unwrap().values[0], 5.0, 1e-6, "z");
}

#[test]
fn a_maf_with_constant_conditioner_is_a_product_of_normals() {
    let dim = 4;
    let spec = FlowSpec { dim, layers: vec![autoregressive(MAF, order(dim, 1), &[])] };
    let layout = Layout::new(&spec);
    let mut theta = vec![0.0f32; layout.len()];
    let bias = [0.5, -0.25, 1.0, 0.75, -2.0, 0.0, 0.25, -1.5];
    layout.view("layers.0.bias_out").unwrap().set_values(&bias, &mut theta);
    let chain = Chain::<f64>::new(&spec, &theta).unwrap();
    let x = [0.3, -1.0, 2.0, 0.7];
    let mut expected = 0.0;
    for (position, &coordinate) in order(dim, 1).iter().enumerate() {
        let (mean, raw) = (f64::from(bias[2 * position]), f64::from(bias[2 * position + 1]));
        let sd = (raw / (1.0 + raw.abs() / 3.0)).exp();
        let distance = (x[coordinate] - mean) / sd;
        expected += -0.5 * distance * distance - sd.ln() - HALF_LOG_TAU;
    }
    assert_close(chain.log_prob(&x, Method::Incremental).unwrap()[0], expected, 1e-14, "log N(x; μ, e^{2α})");
}

/// Midpoint rule on the rectangle; exact to far below the tolerance for smooth densities that vanish at its edge.
fn integral(log_prob: impl Fn(&[f64]) -> Vec<f64>, center: [f64; 2], half: [f64; 2], n: usize) -> f64 {
    let at = |i: usize, k: usize| center[k] + half[k] * ((2 * i + 1) as f64 / n as f64 - 1.0);
    let points: Vec<f64> = (0..n * n).flat_map(|i| [at(i / n, 0), at(i % n, 1)]).collect();
    let cell = 4.0 * half[0] * half[1] / (n * n) as f64;
    log_prob(&points).iter().map(|l| l.exp()).sum::<f64>() * cell
}

#[test]
fn two_dimensional_densities_integrate_to_one() {
    for (name, spec) in flows(2).into_iter().filter(|(name, _)| *name != HEAVY) {
        let chain = Chain::<f64>::new(&spec, &parameters(&spec)).unwrap();
        let total = integral(|x| chain.log_prob(x, Method::Incremental).unwrap(), [0.0; 2], [20.0; 2], 400);
        assert!((total - 1.0).abs() < 1e-3, "{name}: {total}");
    }
}

#[test]
fn densities_in_data_space_integrate_to_one() {
    for (name, spec) in flows(2).into_iter().filter(|(name, _)| *name != HEAVY) {
        let mut model = checkpoint(spec);
        model.standardizer = Standardizer { mean: vec![100.0, -7.0], sd: vec![5.0, 0.2] };
        let sampler = Sampler::from_checkpoint(model).unwrap();
        let total = integral(|x| sampler.log_prob_data(x).unwrap(), [100.0, -7.0], [100.0, 4.0], 400);
        assert!((total - 1.0).abs() < 1e-3, "{name}: {total}");
    }
}

#[test]
fn samples_have_the_moments_of_their_density() {
    for (name, spec) in flows(2).into_iter().filter(|(name, _)| *name != HEAVY) {
        let sampler = Sampler::from_checkpoint(checkpoint(spec)).unwrap();
        let n = 40_000;
        let x = sampler.sample(5, 0, n).unwrap();
        let grid = |f: &dyn Fn(&[f64]) -> f64| {
            let density = |points: &[f64]| {
                let log_prob = sampler.log_prob(&narrow(points)).unwrap();
                points.chunks_exact(2).zip(log_prob).map(|(x, l)| l + f(x).ln()).collect()
            };
            integral(density, [0.0; 2], [20.0; 2], 300)
        };
        let sampled = |f: &dyn Fn(&[f64]) -> f64| {
            let values: Vec<f64> = x.chunks_exact(2).map(|x| f(&[f64::from(x[0]), f64::from(x[1])])).collect();
            let mean = values.iter().sum::<f64>() / n as f64;
            let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n as f64;
            (mean, (variance / n as f64).sqrt())
        };
        for f in
            [&|x: &[f64]| x[0] * x[0], &|x: &[f64]| (x[0] + x[1]).exp().recip().min(5.0)] as [&dyn Fn(&[f64]) -> f64; 2]
        {
            let (exact, (mean, error)) = (grid(f), sampled(f));
            assert!((mean - exact).abs() < 5.0 * error, "{name}: {mean} ± {error} against {exact}");
        }
    }
}

#[test]
fn folded_batch_normalisation_is_its_formula() {
    let (log_gamma, beta, mean, variance) = ([0.25f32, -0.5], [1.0f32, -0.5], [3.0f32, -1.0], [4.0f32, 0.25]);
    let theta = [log_gamma, beta, mean, variance].concat();
    let v = [1.75, -3.5];
    let mut y = [0.0; 2];
    let mut log_det = 0.0;
    for i in 0..2 {
        let scale = f64::from(log_gamma[i]).exp() / (f64::from(variance[i]) + BATCH_NORM_EPSILON).sqrt();
        y[i] = (v[i] - f64::from(mean[i])) * scale + f64::from(beta[i]);
        log_det += scale.ln();
    }
    for (orientation, normalising) in [(MAF, "inverse"), (IAF, "forward")] {
        let spec = FlowSpec { dim: 2, layers: vec![LayerSpec::BatchNorm { orientation }] };
        let chain = Chain::<f64>::new(&spec, &theta).unwrap();
        let mapped = if orientation == MAF {
            chain.inverse_and_log_det(&v, Method::Naive).unwrap()
        } else {
            chain.forward_and_log_det(&v, Method::Naive).unwrap()
        };
        // the folded numbers are single precision
        for (a, b) in mapped.values.iter().zip(&y) {
            assert_close(*a, *b, 1e-6, normalising);
        }
        assert_close(mapped.log_det[0], log_det, 1e-6, normalising);
    }
}

#[test]
fn densities_of_pixels_integrate_to_one_and_are_those_of_their_samples() {
    for (levels, alpha) in [(256, 0.05), (4, 0.1)] {
        for (name, spec) in flows(2) {
            let mut model = checkpoint(spec);
            model.standardizer = Standardizer { mean: vec![0.2, -0.5], sd: vec![0.4, 0.2] };
            model.pixels = Some(Pixels { levels, alpha, shape: None });
            let sampler = Sampler::from_checkpoint(model).unwrap();
            let (middle, beyond) = (0.5 * f64::from(levels), 1.0 + 2.0 * alpha / (1.0 - 2.0 * alpha));
            let total = integral(|x| sampler.log_prob_data(x).unwrap(), [middle; 2], [beyond * middle; 2], 600);
            assert!((total - 1.0).abs() < 5e-3, "{name}, {levels} levels: {total}");

            let (values, log_prob) = sampler.sample_and_log_prob_data(3, 0, 200).unwrap();
            assert_eq!(values, sampler.sample_data(3, 0, 200).unwrap());
            for (a, b) in sampler.log_prob_data(&values).unwrap().iter().zip(&log_prob) {
                assert_close(*a, *b, 1e-3, name);
            }
            let outside = sampler.log_prob_data(&[-2.0 * middle, middle, middle, 5.0 * middle]).unwrap();
            assert_eq!(outside, [f64::NEG_INFINITY; 2], "{name}");
        }
    }
}
