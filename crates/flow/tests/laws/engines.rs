//! The fused operations against plain dfdx: values, log-dets and all gradients, in both directions.

use crate::table::{WAYS, Way, gaussian, made, random_parameters, table};
use dfdx::prelude::*;
use flowstill_flow::graph::{Graph, Parameters, rows};
use flowstill_flow::{Element, Engine, Flow};
use flowstill_kernel::Activation;
use flowstill_model::init::initial_parameters;
use flowstill_model::{Architecture, FlowSpec, Layout, Orientation};
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

/// Activations with a kink, which finite differences cannot check: here the two engines must take the same side.
fn kinked(dim: usize) -> Vec<(&'static str, FlowSpec)> {
    let order: Vec<usize> = (0..dim).rev().collect();
    [("relu", Activation::Relu), ("leaky relu", Activation::LeakyRelu)]
        .into_iter()
        .flat_map(|(name, activation)| {
            [Orientation::Maf, Orientation::Iaf].map(|orientation| {
                let layers = vec![
                    made(orientation, order.clone(), &[20, 9], activation),
                    made(orientation, (0..dim).collect(), &[40], activation),
                ];
                (name, FlowSpec { dim, layers })
            })
        })
        .collect()
}

fn compare<E: Element>(scale: f64, tolerances: [f64; 4])
where
    Cpu: Device<E>,
{
    for dim in [1, 2, 5, 9, 20] {
        for (name, spec) in table(dim).into_iter().chain(kinked(dim)) {
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

#[test]
fn single_precision_keeps_its_promise_at_full_size() {
    // the shape that speeds are measured on: log-densities to 1e-5 of their size, gradients to 1e-4
    let architecture = Architecture { hidden: vec![512, 512], ..Architecture::default() };
    let spec = architecture.spec(63, Orientation::Maf, 0);
    let mut theta = initial_parameters(&spec, 1);
    for (i, t) in theta.iter_mut().enumerate().filter(|(_, t)| **t == 0.0) {
        *t = 0.02 * (i as f32 * 0.7).sin();
    }
    Layout::new(&spec).mask(&mut theta);
    let theta: Vec<f64> = theta.into_iter().map(f64::from).collect();
    let x = gaussian(20, 63, 1.0);
    let [single, double] = [density::<f32>(&spec, &theta, &x), density::<f64>(&spec, &theta, &x)];
    for (a, b) in single[0].iter().zip(&double[0]) {
        assert!((a - b).abs() <= 1e-5 * b.abs(), "log-density {a}, in double precision {b}");
    }
    for (single, double) in single[1..].iter().zip(&double[1..]) {
        let largest = double.iter().fold(0.0f64, |most, g| most.max(g.abs()));
        let error = single.iter().zip(double).fold(0.0f64, |most, (a, b)| most.max((a - b).abs()));
        assert!(error <= 1e-4 * largest, "gradient off by {error}, the largest is {largest}");
    }
}

/// Log-densities, and the gradients of their sum to the parameters and to the rows.
fn density<E: Element>(spec: &FlowSpec, theta: &[f64], x: &[f64]) -> [Vec<f64>; 3]
where
    Cpu: Device<E>,
{
    let of = |x: &[f64]| x.iter().map(|&x| E::of(x)).collect::<Vec<E>>();
    let flow = Flow::<E>::new(spec).unwrap();
    let theta = Parameters::trainable(Arc::new(of(theta)));
    let (x, mut graph) = (rows(of(x), spec.dim), Graph::new());
    let log_prob = flow.log_prob(&theta, &x, &mut graph).unwrap();
    let mut gradients = graph.backward_sum(&log_prob, 1.0);
    let d_x = gradients.take(&x);
    [log_prob.as_vec(), gradients.parameters(&theta), d_x].map(|v| v.into_iter().map(|v| v.f64()).collect())
}
