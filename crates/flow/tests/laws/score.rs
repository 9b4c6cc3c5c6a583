//! The score `∇_x log q(x)` at own samples.

use crate::table::{DIMS, gaussian, random_parameters, table};
use flowstill_flow::graph::{Graph, Parameters, rows};
use flowstill_flow::{Engine, Flow};
use std::sync::Arc;

#[test]
fn scores_of_own_samples_are_gradients_of_the_density_there() {
    for dim in DIMS {
        for (name, spec) in table(dim) {
            let theta = Parameters::frozen(Arc::new(random_parameters(&spec, 0.4)));
            let z = rows(gaussian(70, dim, 1.0), dim);
            for engine in Engine::ALL {
                let flow = Flow::<f64>::on(&spec, engine).unwrap();
                let (x, score) = flow.sample_and_score(&theta, &z).unwrap();
                let (sampled, _) = flow.sample_and_log_prob(&theta, &z, &mut Graph::new()).unwrap();
                let mut graph = Graph::new();
                let log_prob = flow.log_prob(&theta, &x, &mut graph).unwrap();
                let gradient = graph.backward_sum(&log_prob, 1.0).take(&x);
                for (a, b) in x.as_vec().iter().zip(sampled.as_vec()) {
                    assert!((a - b).abs() < 1e-12 * (1.0 + b.abs()), "{name}, dim {dim}, {}", engine.name());
                }
                for (a, b) in score.iter().zip(&gradient) {
                    assert!((a - b).abs() < 1e-8 * (1.0 + b.abs()), "{name}, dim {dim}, {}: {a} {b}", engine.name());
                }
            }
        }
    }
}
