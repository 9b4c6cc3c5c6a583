//! Batch normalisation: as it trains, and folded.

use crate::table::{Way, evaluate, gaussian, jacobian, log_abs_det, made, random_parameters};
use flowstill_flow::calibrate::{Calibrate, calibrate};
use flowstill_flow::graph::{Graph, Parameters, rows};
use flowstill_flow::{Flow, FlowError};
use flowstill_kernel::Activation;
use flowstill_model::fold::fold_batch_norm;
use flowstill_model::{FlowSpec, LayerSpec, Orientation};
use std::sync::Arc;

const BOTH: [(Orientation, Way); 2] = [(Orientation::Maf, Way::Inverse), (Orientation::Iaf, Way::Forward)];

fn single(orientation: Orientation) -> FlowSpec {
    FlowSpec { dim: 2, layers: vec![LayerSpec::BatchNorm { orientation }] }
}

#[test]
fn training_normalises_by_the_minibatch() {
    for (orientation, way) in BOTH {
        let theta = [0.3, -0.2, 1.5, -0.5, 9.0, 9.0, 9.0, 9.0];
        let x = [1.0, 10.0, 3.0, 30.0, 8.0, 20.0];
        let (y, log_det) = evaluate(&single(orientation), &theta, &x, way);
        let (mean, variance) = ([4.0, 20.0], [26.0 / 3.0, 200.0 / 3.0]);
        for (i, &value) in y.iter().enumerate() {
            let c = i % 2;
            let expected = (x[i] - mean[c]) / (variance[c] + 1e-5f64).sqrt() * theta[c].exp() + theta[2 + c];
            assert!((value - expected).abs() < 1e-12, "{value} {expected}");
        }
        let expected: f64 = (0..2).map(|c| theta[c] - 0.5 * (variance[c] + 1e-5).ln()).sum();
        assert!(log_det.iter().all(|v| (v - expected).abs() < 1e-12), "{log_det:?} {expected}");
    }
}

#[test]
fn gradients_pass_through_the_statistics() {
    let spec = FlowSpec {
        dim: 2,
        layers: vec![
            made(Orientation::Maf, vec![0, 1], &[5], Activation::Tanh),
            LayerSpec::BatchNorm { orientation: Orientation::Maf },
            made(Orientation::Maf, vec![1, 0], &[5], Activation::Tanh),
        ],
    };
    let theta = random_parameters(&spec, 0.4);
    let x = gaussian(5, 2, 1.0);
    let flow = Flow::<f64>::new(&spec).unwrap();
    let loss = |theta: &[f64]| -> f64 {
        let theta = Parameters::frozen(Arc::new(theta.to_vec()));
        flow.log_prob(&theta, &rows(x.clone(), 2), &mut Graph::new()).unwrap().as_vec().iter().sum()
    };
    let parameters = Parameters::trainable(Arc::new(theta.clone()));
    let mut graph = Graph::new();
    let out = flow.log_prob(&parameters, &rows(x.clone(), 2), &mut graph).unwrap();
    let gradient = graph.backward_sum(&out, 1.0).parameters(&parameters);
    let mut free = vec![1.0; theta.len()];
    for (layer, range) in spec.layers.iter().zip(&flow.layout().layers) {
        if let LayerSpec::Autoregressive(a) = layer {
            a.made().mask(&mut free[range.clone()]);
        }
    }
    for i in (0..theta.len()).filter(|&i| free[i] != 0.0) {
        let at = |h: f64| {
            let mut moved = theta.clone();
            moved[i] += h;
            loss(&moved)
        };
        let numeric = (at(1e-5) - at(-1e-5)) / 2e-5;
        assert!((gradient[i] - numeric).abs() < 1e-6 * (1.0 + numeric.abs()), "θ[{i}]: {} {numeric}", gradient[i]);
    }
}

#[test]
fn folding_keeps_the_map_of_the_whole_training_set_and_its_log_det() {
    for (orientation, way) in BOTH {
        let layers = vec![
            made(orientation, vec![0, 1, 2], &[8], Activation::Tanh),
            LayerSpec::BatchNorm { orientation },
            made(orientation, vec![2, 1, 0], &[8], Activation::Tanh),
        ];
        let spec = FlowSpec { dim: 3, layers };
        let mut theta: Vec<f32> = random_parameters(&spec, 0.5).iter().map(|&v| v as f32).collect();
        let x: Vec<f32> = gaussian(300, 3, 1.5).iter().map(|&v| v as f32).collect();
        calibrate(&spec, &mut theta, &x, orientation, Calibrate::BatchNorm).unwrap();
        let (training, training_log_det) = evaluate(&spec, &theta, &x, way);
        let (folded_spec, folded_theta) = fold_batch_norm(&spec, &theta);
        assert!(!folded_spec.couples_rows());
        let (folded, folded_log_det) = evaluate(&folded_spec, &folded_theta, &x, way);
        for (a, b) in folded.iter().chain(&folded_log_det).zip(training.iter().chain(&training_log_det)) {
            assert!((a - b).abs() < 2e-5 * (1.0 + b.abs()), "{orientation:?}: {a} {b}");
        }
        let wide: Vec<f64> = folded_theta.iter().map(|&v| f64::from(v)).collect();
        let point = gaussian(1, 3, 1.0);
        let numeric = log_abs_det(jacobian(3, &point, |x| evaluate(&folded_spec, &wide, x, way).0));
        assert!((evaluate(&folded_spec, &wide, &point, way).1[0] - numeric).abs() < 1e-8);
    }
}

#[test]
fn the_other_direction_needs_folding() {
    let flow = Flow::<f32>::new(&single(Orientation::Maf)).unwrap();
    let theta = Parameters::frozen(Arc::new(vec![0.5; 8]));
    let z = rows(vec![0.0f32; 4], 2);
    assert_eq!(flow.sample_and_log_prob(&theta, &z, &mut Graph::new()).err(), Some(FlowError::NotFolded));
}

#[test]
fn act_norm_starts_with_outputs_of_mean_zero_and_variance_one() {
    for (orientation, way) in BOTH {
        let layers = vec![
            made(orientation, vec![0, 1], &[8], Activation::Tanh),
            LayerSpec::ActNorm { orientation },
            made(orientation, vec![1, 0], &[8], Activation::Tanh),
        ];
        let spec = FlowSpec { dim: 2, layers };
        let mut theta: Vec<f32> = random_parameters(&spec, 0.5).iter().map(|&v| v as f32).collect();
        let x: Vec<f32> = gaussian(500, 2, 3.0).iter().map(|&v| v as f32 + 4.0).collect();
        calibrate(&spec, &mut theta, &x, orientation, Calibrate::ActNorm).unwrap();
        // the part of the chain up to and including the norm, in the direction that normalises
        let part = if orientation == Orientation::Maf { 1..3 } else { 0..2 };
        let layout = flowstill_model::Layout::new(&spec);
        let range = layout.layers[part.start].start..layout.layers[part.end - 1].end;
        let cut = FlowSpec { dim: 2, layers: spec.layers[part].to_vec() };
        let (y, _) = evaluate(&cut, &theta[range], &x, way);
        for c in 0..2 {
            let values: Vec<f64> = y.iter().skip(c).step_by(2).map(|&v| f64::from(v)).collect();
            let mean = values.iter().sum::<f64>() / 500.0;
            let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 500.0;
            assert!(mean.abs() < 1e-4 && (variance - 1.0).abs() < 1e-3, "{orientation:?} {c}: {mean} {variance}");
        }
    }
}
