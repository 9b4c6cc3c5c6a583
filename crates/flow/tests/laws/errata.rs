//! Formulas that lecture notes get wrong. Each test fails for the common mistake.

use crate::table::{Way, evaluate, gaussian, made, random_parameters};
use flowstill_flow::Flow;
use flowstill_flow::graph::{Graph, Parameters, rows};
use flowstill_kernel::{Activation, Univariate};
use flowstill_model::{Architecture, Family, FlowSpec, LayerSpec, Layout, Orientation};
use std::sync::Arc;

/// A flow that is exactly N(shift, e^{2·log_scale}) in each coordinate.
fn gaussian_flow(shift: [f64; 2], log_scale: [f64; 2]) -> (FlowSpec, Vec<f64>) {
    let spec = FlowSpec { dim: 2, layers: vec![made(Orientation::Maf, vec![0, 1], &[], Activation::Relu)] };
    // the raw output whose soft clip at 5 is log_scale
    let raw = log_scale.map(|s| s / (1.0 - s.abs() / 5.0));
    let dense: Vec<f64> = [0.0; 2 * 4].into_iter().chain([shift[0], raw[0], shift[1], raw[1]]).collect();
    let LayerSpec::Autoregressive(layer) = &spec.layers[0] else { unreachable!("an autoregressive layer") };
    let theta = layer.made().pack(&dense);
    (spec, theta)
}

#[test]
fn log_prob_has_half_the_square_the_sign_of_the_scale_and_the_constant() {
    // mistakes: |z|² in place of ½|z|², + Σ log s in place of −, a forgotten (D/2)·log 2π
    let (shift, log_scale) = ([0.5, -1.0], [0.7, -0.4]);
    let (spec, theta) = gaussian_flow(shift, log_scale);
    let x = gaussian(5, 2, 1.5);
    let flow = Flow::<f64>::new(&spec).unwrap();
    let theta = Parameters::frozen(Arc::new(theta));
    let log_prob = flow.log_prob(&theta, &rows(x.clone(), 2), &mut Graph::new()).unwrap().as_vec();
    for (x, log_prob) in x.chunks_exact(2).zip(log_prob) {
        let exact: f64 = (0..2)
            .map(|i| {
                let sd = f64::exp(log_scale[i]);
                let z = (x[i] - shift[i]) / sd;
                (-0.5 * z * z).exp() / (sd * (2.0 * std::f64::consts::PI).sqrt())
            })
            .product::<f64>()
            .ln();
        assert!((log_prob - exact).abs() < 1e-12, "{log_prob} {exact}");
    }
}

#[test]
fn a_density_integrates_to_one() {
    for orientation in [Orientation::Maf, Orientation::Iaf] {
        let layers = vec![
            made(orientation, vec![0, 1], &[12], Activation::Tanh),
            made(orientation, vec![1, 0], &[12], Activation::Tanh),
        ];
        let spec = FlowSpec { dim: 2, layers };
        let flow = Flow::<f64>::new(&spec).unwrap();
        let theta = Parameters::frozen(Arc::new(random_parameters(&spec, 0.4)));
        let (cells, half) = (400, 16.0);
        let width = 2.0 * half / cells as f64;
        let centre = |i: usize| -half + (i as f64 + 0.5) * width;
        let grid: Vec<f64> = (0..cells).flat_map(|i| (0..cells).flat_map(move |j| [centre(i), centre(j)])).collect();
        let log_prob = flow.log_prob(&theta, &rows(grid, 2), &mut Graph::new()).unwrap().as_vec();
        let integral: f64 = log_prob.iter().map(|v| v.exp()).sum::<f64>() * width * width;
        assert!((integral - 1.0).abs() < 1e-3, "{orientation:?}: {integral}");
    }
}

#[test]
fn the_jacobian_of_each_layer_is_taken_at_its_own_input() {
    // mistake: every layer's log-det at the first input
    let spec = FlowSpec {
        dim: 3,
        layers: vec![
            made(Orientation::Iaf, vec![0, 1, 2], &[9], Activation::Tanh),
            made(Orientation::Iaf, vec![2, 1, 0], &[9], Activation::Tanh),
        ],
    };
    let theta = random_parameters(&spec, 0.8);
    let layout = Layout::new(&spec);
    let part = |k: usize| FlowSpec { dim: 3, layers: vec![spec.layers[k].clone()] };
    let z = gaussian(1, 3, 1.0);
    let (middle, first) = evaluate(&part(0), &theta[layout.layers[0].clone()], &z, Way::Forward);
    let (_, second) = evaluate(&part(1), &theta[layout.layers[1].clone()], &middle, Way::Forward);
    let (_, wrong) = evaluate(&part(1), &theta[layout.layers[1].clone()], &z, Way::Forward);
    let (_, total) = evaluate(&spec, &theta, &z, Way::Forward);
    assert!((total[0] - first[0] - second[0]).abs() < 1e-12);
    assert!((total[0] - first[0] - wrong[0]).abs() > 1e-2, "the mistake would go unseen");
}

#[test]
fn iaf_reads_the_base_side_and_maf_the_data_side() {
    // mistake: "IAF inverts the network"; it swaps the conditioning variable. One layer, dim 2, order (0, 1):
    // iaf x₁ = μ(z₀) + e^{α(z₀)}·z₁, maf x₁ = μ(x₀) + e^{α(x₀)}·z₁, and x₀ ≠ z₀
    for orientation in [Orientation::Iaf, Orientation::Maf] {
        let spec = FlowSpec { dim: 2, layers: vec![made(orientation, vec![0, 1], &[16], Activation::Tanh)] };
        let theta = random_parameters(&spec, 0.9);
        let at = |z0: f64, z1: f64| evaluate(&spec, &theta, &[z0, z1], Way::Forward).0;
        let made = match &spec.layers[0] {
            flowstill_model::LayerSpec::Autoregressive(a) => a.made(),
            _ => unreachable!("the only layer is autoregressive"),
        };
        let outputs = |v0: f64| flowstill_kernel::reference::forward(&made, &[16], &made.unpack(&theta), &[v0, 0.0]);
        let x = at(0.4, -1.1);
        let read = if orientation == Orientation::Iaf { 0.4 } else { x[0] };
        let wrong = if orientation == Orientation::Iaf { x[0] } else { 0.4 };
        let expected = |v0: f64| {
            let out = outputs(v0);
            out[2] + (out[3] / (1.0 + out[3].abs() / 5.0)).exp() * -1.1
        };
        assert!((x[1] - expected(read)).abs() < 1e-12, "{orientation:?}");
        assert!((x[1] - expected(wrong)).abs() > 1e-3, "{orientation:?}: the mistake would go unseen");
    }
}

#[test]
fn additive_couplings_keep_volumes_exactly_and_only_the_scaling_layer_changes_them() {
    // NICE: the determinant is the product of the scales, which are e^l and never zero; "the Jacobian" is a matrix
    for dim in [2, 3, 5, 8] {
        let architecture = Architecture {
            family: Family::Coupling,
            layers: 4,
            hidden: vec![9],
            activation: Activation::Tanh,
            map: Some(Univariate::Additive),
            ..Architecture::default()
        };
        for (orientation, way) in [(Orientation::Maf, Way::Inverse), (Orientation::Iaf, Way::Forward)] {
            let spec = architecture.spec(dim, orientation, 1);
            let theta = random_parameters(&spec, 0.7);
            let x = gaussian(5, dim, 1.5);
            let (scaling, couplings) = spec.layers.split_first().unwrap();
            assert_eq!(scaling.kind(), "linear");
            let scaled = Layout::new(&spec).layers[0].clone();
            let alone = FlowSpec { dim, layers: couplings.to_vec() };
            let (_, log_det) = evaluate(&alone, &theta[scaled.end..], &x, way);
            assert!(log_det.iter().all(|&log_det| log_det == 0.0), "dim {dim}: {log_det:?}");
            // closed for the orientation, the scaling layer is applied by e^{log_scale}
            let product: f64 = theta[scaled][..dim].iter().map(|log_scale| log_scale.exp()).product();
            for log_det in evaluate(&spec, &theta, &x, way).1 {
                assert!((log_det - product.ln()).abs() < 1e-12, "dim {dim}: {log_det} {product}");
            }
        }
    }
}
