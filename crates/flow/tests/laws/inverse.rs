//! Round trips, signs of log-dets, densities from samples, shapes.

use crate::table::{DIMS, WAYS, Way, evaluate, gaussian, random_parameters, table};
use flowstill_flow::graph::{Graph, Parameters, rows};
use flowstill_flow::{Flow, FlowError};
use std::sync::Arc;

fn other(way: Way) -> Way {
    if way == Way::Forward { Way::Inverse } else { Way::Forward }
}

#[test]
fn round_trips_in_double_precision() {
    for dim in DIMS {
        for (name, spec) in table(dim) {
            let theta = random_parameters(&spec, 0.4);
            for way in WAYS {
                let x = gaussian(6, dim, 1.0);
                let (y, log_det) = evaluate(&spec, &theta, &x, way);
                let (back, back_log_det) = evaluate(&spec, &theta, &y, other(way));
                for (a, b) in back.iter().zip(&x) {
                    assert!((a - b).abs() < 1e-10 * (1.0 + b.abs()), "{name}, dim {dim}, {way:?}: {a} {b}");
                }
                for (a, b) in log_det.iter().zip(&back_log_det) {
                    assert!((a + b).abs() < 1e-10, "{name}, dim {dim}, {way:?}: {a} is not −{b}");
                }
            }
        }
    }
}

#[test]
fn round_trips_in_single_precision_out_to_ten_standard_deviations() {
    for dim in DIMS {
        for (name, spec) in table(dim) {
            let theta: Vec<f32> = random_parameters(&spec, 0.2).into_iter().map(|v| v as f32).collect();
            for way in WAYS {
                let x: Vec<f32> = gaussian(16, dim, 3.5).into_iter().map(|v| v.clamp(-10.0, 10.0) as f32).collect();
                let (y, _) = evaluate(&spec, &theta, &x, way);
                let (back, _) = evaluate(&spec, &theta, &y, other(way));
                for (a, b) in back.iter().zip(&x) {
                    assert!((a - b).abs() < 1e-4 * (1.0 + b.abs()), "{name}, dim {dim}, {way:?}: {a} {b}");
                }
            }
        }
    }
}

#[test]
fn density_of_an_own_sample_is_the_density_through_the_inverse() {
    for dim in DIMS {
        for (name, spec) in table(dim) {
            let flow = Flow::<f64>::new(&spec).unwrap();
            let theta = Parameters::frozen(Arc::new(random_parameters(&spec, 0.4)));
            let mut graph = Graph::new();
            let z = rows(gaussian(6, dim, 1.0), dim);
            let (x, own) = flow.sample_and_log_prob(&theta, &z, &mut graph).unwrap();
            let foreign = flow.log_prob(&theta, &x, &mut graph).unwrap();
            for (a, b) in own.as_vec().iter().zip(foreign.as_vec()) {
                assert!((a - b).abs() < 1e-10 * (1.0 + b.abs()), "{name}, dim {dim}: {a} {b}");
            }
        }
    }
}

#[test]
fn extreme_inputs_give_numbers() {
    for dim in DIMS {
        for (name, spec) in table(dim) {
            let theta: Vec<f32> = random_parameters(&spec, 0.3).into_iter().map(|v| v as f32).collect();
            let parallel = if name.starts_with("iaf") { Way::Forward } else { Way::Inverse };
            for value in [-1e4f32, 1e4] {
                let (y, log_det) = evaluate(&spec, &theta, &vec![value; dim], parallel);
                assert!(y.iter().chain(&log_det).all(|v| v.is_finite()), "{name}, dim {dim} at {value}");
            }
        }
    }
}

#[test]
fn wrong_shapes_are_refused() {
    for (name, spec) in table(3) {
        let flow = Flow::<f64>::new(&spec).unwrap();
        let theta = Parameters::frozen(Arc::new(random_parameters(&spec, 0.4)));
        let wide = rows(vec![0.0; 8], 4);
        let expected = FlowError::Width { expected: 3, got: 4 };
        assert_eq!(flow.log_prob(&theta, &wide, &mut Graph::new()).err(), Some(expected.clone()), "{name}");
        assert_eq!(flow.sample_and_log_prob(&theta, &wide, &mut Graph::new()).err(), Some(expected), "{name}");
        let short = Parameters::frozen(Arc::new(vec![0.0; 2]));
        let x = rows(vec![0.0; 3], 3);
        assert!(matches!(flow.log_prob(&short, &x, &mut Graph::new()), Err(FlowError::Parameters { got: 2, .. })));
    }
}
