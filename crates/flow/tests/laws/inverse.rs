//! Round trips, signs of log-dets, densities from samples, shapes.

use crate::table::{DIMS, WAYS, Way, evaluate, gaussian, made, random_parameters, table};
use flowstill_flow::graph::{Graph, Parameters, rows};
use flowstill_flow::{Flow, FlowError};
use flowstill_kernel::Activation;
use flowstill_kernel::rows::{Covariance, RowSpec};
use flowstill_model::{FlowSpec, LayerSpec, Orientation};
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
            // single precision has few numbers next to 1
            let reach = if name.contains("uniform") { 3.0 } else { 10.0 };
            for way in WAYS {
                let x: Vec<f32> = gaussian(16, dim, 3.5).into_iter().map(|v| v.clamp(-reach, reach) as f32).collect();
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

#[test]
fn a_flow_on_a_mixture_integrates_to_one_and_its_samples_have_its_density() {
    let layers = vec![
        LayerSpec::Rowwise {
            map: RowSpec::GaussianMixture { components: 4, covariance: Covariance::Full },
            orientation: Orientation::Maf,
        },
        made(Orientation::Maf, vec![1, 0], &[12], Activation::Tanh),
    ];
    let spec = FlowSpec { dim: 2, layers };
    let flow = Flow::<f64>::new(&spec).unwrap();
    let theta = Parameters::frozen(Arc::new(random_parameters(&spec, 0.35)));
    let density = |x: Vec<f64>| flow.log_prob(&theta, &rows(x, 2), &mut Graph::new()).unwrap().as_vec();
    let (cells, half) = (400, 20.0);
    let width = 2.0 * half / f64::from(cells);
    let centre = |i: i32| -half + (f64::from(i) + 0.5) * width;
    let grid: Vec<f64> = (0..cells).flat_map(|i| (0..cells).flat_map(move |j| [centre(i), centre(j)])).collect();
    // quadrants, which are not alike
    let quadrant = |x: &[f64]| 2 * usize::from(x[0] > 0.3) + usize::from(x[1] > -0.2);
    let mut shares = [0.0; 4];
    for (x, log_p) in grid.chunks_exact(2).zip(density(grid.clone())) {
        shares[quadrant(x)] += log_p.exp() * width * width;
    }
    assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-3, "{shares:?}");

    let n = 20_000;
    let (x, own) = flow.sample_and_log_prob(&theta, &rows(gaussian(n, 2, 1.0), 2), &mut Graph::new()).unwrap();
    let mut found = [0.0; 4];
    x.as_vec().chunks_exact(2).for_each(|x| found[quadrant(x)] += 1.0 / n as f64);
    for (found, share) in found.iter().zip(shares) {
        assert!((found - share).abs() < 5.0 * (share * (1.0 - share) / n as f64).sqrt() + 2e-3, "{found} {share}");
    }
    let foreign = density(x.as_vec());
    assert!(own.as_vec().iter().zip(foreign).all(|(a, b)| (a - b).abs() < 1e-9 * (1.0 + b.abs())));
}
