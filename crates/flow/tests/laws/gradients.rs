//! Gradients of log-densities against finite differences: to every parameter, and to the input.

use crate::table::{gaussian, random_parameters, table};
use flowstill_flow::graph::{Graph, Parameters, Rows, rows};
use flowstill_flow::{Column, Flow};
use flowstill_model::{FlowSpec, LayerSpec, Layout};
use std::sync::Arc;

/// `Σ log p(x)` or `Σ log q(S(z)) + Σ S(z)·c`: both outputs of the layers take part.
fn value(
    flow: &Flow<f64>,
    theta: &Parameters<f64>,
    x: &Rows<f64>,
    sampling: bool,
    graph: &mut Graph<f64>,
) -> Column<f64> {
    use dfdx::prelude::*;
    if !sampling {
        return flow.log_prob(theta, x, graph).unwrap();
    }
    let (y, log_q) = flow.sample_and_log_prob(theta, x, graph).unwrap();
    let weights = rows(gaussian(y.shape().0, y.shape().1, 0.7), y.shape().1);
    let score = graph.apply(&y, |y| (y * weights).sum::<(usize,), Axis<1>>());
    graph.apply(&score, |s| s + log_q)
}

fn loss(spec: &FlowSpec, theta: &[f64], x: &[f64], sampling: bool) -> f64 {
    let flow = Flow::<f64>::new(spec).unwrap();
    let theta = Parameters::frozen(Arc::new(theta.to_vec()));
    value(&flow, &theta, &rows(x.to_vec(), spec.dim), sampling, &mut Graph::new()).as_vec().iter().sum()
}

fn difference(x: &[f64], i: usize, f: impl Fn(&[f64]) -> f64) -> f64 {
    let at = |h: f64| {
        let mut moved = x.to_vec();
        moved[i] += h;
        f(&moved)
    };
    (at(1e-5) - at(-1e-5)) / 2e-5
}

#[test]
fn every_free_parameter_and_every_input_has_the_right_gradient() {
    for dim in [1, 2, 3, 5] {
        for (name, spec) in table(dim) {
            for sampling in [false, true] {
                let (theta, x) = (random_parameters(&spec, 0.4), gaussian(4, dim, 1.0));
                let flow = Flow::<f64>::new(&spec).unwrap();
                let parameters = Parameters::trainable(Arc::new(theta.clone()));
                let input = rows(x.clone(), dim);
                let mut graph = Graph::new();
                let out = value(&flow, &parameters, &input, sampling, &mut graph);
                let mut gradients = graph.backward_sum(&out, 1.0);
                let d_theta = gradients.parameters(&parameters);
                let d_x = gradients.take(&input);

                let free = free_parameters(&spec);
                let mut reached = 0;
                let masked = (0..theta.len()).filter(|&i| !free[i]);
                masked.for_each(|i| assert_eq!(d_theta[i], 0.0, "{name}: {i} is no parameter"));
                let indices: Vec<usize> = (0..theta.len()).filter(|&i| free[i]).collect();
                // the last is a bias of the output, which has a gradient in any dimension
                for &i in indices.iter().step_by(1 + indices.len() / 150).chain(indices.last()) {
                    let numeric = difference(&theta, i, |t| loss(&spec, t, &x, sampling));
                    let close = (d_theta[i] - numeric).abs() < 1e-6 * (1.0 + numeric.abs());
                    assert!(close, "{name}, dim {dim}, sampling {sampling}, θ[{i}]: {} {numeric}", d_theta[i]);
                    reached += usize::from(d_theta[i] != 0.0);
                }
                assert!(reached > 0, "{name}, dim {dim}: no parameter has a gradient");
                for i in 0..x.len() {
                    let numeric = difference(&x, i, |x| loss(&spec, &theta, x, sampling));
                    let close = (d_x[i] - numeric).abs() < 1e-6 * (1.0 + numeric.abs());
                    assert!(close, "{name}, dim {dim}, sampling {sampling}, x[{i}]: {} {numeric}", d_x[i]);
                }
            }
        }
    }
}

#[test]
fn a_frozen_flow_gives_the_same_input_gradient_and_no_parameter_gradient() {
    for (name, spec) in table(5) {
        let (theta, x) = (Arc::new(random_parameters(&spec, 0.4)), gaussian(4, 5, 1.0));
        let flow = Flow::<f64>::new(&spec).unwrap();
        let input_gradient = |parameters: Parameters<f64>| {
            let input = rows(x.clone(), 5);
            let mut graph = Graph::new();
            let out = flow.log_prob(&parameters, &input, &mut graph).unwrap();
            let mut gradients = graph.backward_sum(&out, 1.0);
            (gradients.take(&input), gradients.parameters(&parameters))
        };
        let (trainable, _) = input_gradient(Parameters::trainable(theta.clone()));
        let (frozen, none) = input_gradient(Parameters::frozen(theta));
        assert_eq!(trainable, frozen, "{name}");
        assert!(none.is_empty(), "{name}");
    }
}

fn free_parameters(spec: &FlowSpec) -> Vec<bool> {
    let layout = Layout::new(spec);
    let mut free = vec![1.0; layout.len()];
    for (layer, range) in spec.layers.iter().zip(&layout.layers) {
        if let LayerSpec::Autoregressive(a) = layer {
            a.made().mask(&mut free[range.clone()]);
        }
    }
    free.into_iter().map(|v| v != 0.0).collect()
}
