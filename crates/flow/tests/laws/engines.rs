//! The fused operations against plain dfdx: values, log-dets and all gradients, in both directions.

use crate::table::{WAYS, Way, gaussian, random_parameters, table};
use dfdx::prelude::*;
use flowstill_flow::graph::{Graph, Parameters, rows};
use flowstill_flow::{Element, Engine, Flow};
use flowstill_model::FlowSpec;
use std::sync::Arc;

/// Values, log-dets, and the gradients of a random combination of them to the parameters and to the input.
fn everything<E: Element>(spec: &FlowSpec, theta: &[f64], x: &[f64], way: Way, engine: Engine) -> [Vec<f64>; 4]
where
    Cpu: Device<E>,
{
    let narrow = |x: &[f64]| x.iter().map(|&x| E::of(x)).collect::<Vec<E>>();
    let wide = |x: Vec<E>| x.into_iter().map(|x| x.f64()).collect::<Vec<f64>>();
    let flow = Flow::<E>::on(spec, engine).unwrap();
    let theta = Parameters::trainable(Arc::new(narrow(theta)));
    let input = rows(narrow(x), spec.dim);
    let mut graph = Graph::new();
    let (y, log_det) = match way {
        Way::Forward => flow.forward_and_log_det(&theta, &input, &mut graph).unwrap(),
        Way::Inverse => flow.inverse_and_log_det(&theta, &input, &mut graph).unwrap(),
    };
    let weights = rows(narrow(&gaussian(x.len() / spec.dim, spec.dim, 0.7)), spec.dim);
    let score = graph.apply(&y, |y| (y * weights).sum::<(usize,), Axis<1>>());
    let log_det_values = log_det.as_vec();
    let total = graph.apply(&score, |s| s + log_det);
    let mut gradients = graph.backward_sum(&total, 0.3);
    let d_x = gradients.take(&input);
    [wide(y.as_vec()), wide(log_det_values), wide(gradients.parameters(&theta)), wide(d_x)]
}

fn compare<E: Element>(scale: f64, tolerances: [f64; 4])
where
    Cpu: Device<E>,
{
    for dim in [1, 2, 5, 9, 20] {
        for (name, spec) in table(dim) {
            let theta = random_parameters(&spec, scale);
            for way in WAYS {
                let x = gaussian(37, dim, 1.0);
                let fused = everything::<E>(&spec, &theta, &x, way, Engine::Fused);
                let plain = everything::<E>(&spec, &theta, &x, way, Engine::Reference);
                let what = ["values", "log-dets", "parameter gradients", "input gradients"];
                for (((fused, plain), what), tolerance) in fused.iter().zip(&plain).zip(what).zip(tolerances) {
                    assert_eq!(fused.len(), plain.len());
                    // sums of terms of about unit size, or gradients of whatever size they have
                    let root_mean_square = (plain.iter().map(|p| p * p).sum::<f64>() / plain.len() as f64).sqrt();
                    let size = if what.contains("gradients") { root_mean_square } else { 1.0 };
                    for (a, b) in fused.iter().zip(plain) {
                        let close = (a - b).abs() <= tolerance * (size + b.abs());
                        assert!(close, "{name}, dim {dim}, {way:?}: {what} {a} {b}");
                    }
                }
            }
        }
    }
}

#[test]
fn fused_and_plain_agree_in_double_precision() {
    compare::<f64>(0.4, [1e-11; 4]);
}

#[test]
fn fused_and_plain_agree_in_single_precision() {
    // small parameters: the sequential direction of a wilder map multiplies rounding errors
    compare::<f32>(0.1, [1e-5, 1e-5, 1e-4, 1e-4]);
}
