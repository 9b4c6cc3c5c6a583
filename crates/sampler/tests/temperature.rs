//! A flow over a wider or narrower base: the density is that of the rows that are drawn.

mod common;

use common::*;
use flowstill_model::{FlowSpec, LayerSpec, Standardizer};
use flowstill_sampler::Sampler;

fn sampler(spec: FlowSpec, temperature: f64) -> Sampler {
    Sampler::from_checkpoint(checkpoint(spec)).unwrap().with_temperature(temperature).unwrap()
}

#[test]
fn a_diagonal_flow_has_the_normal_density_of_the_scaled_base() {
    // x = 2z + 3, so that x ~ N(3, (2t)²) in every coordinate
    for dim in [1, 2, 5] {
        let spec = FlowSpec { dim, layers: vec![LayerSpec::ActNorm { orientation: MAF }] };
        let mut model = checkpoint(spec);
        model.theta[..dim].fill(std::f32::consts::LN_2);
        model.theta[dim..].fill(3.0);
        model.standardizer = Standardizer::identity(dim);
        let flow = Sampler::from_checkpoint(model).unwrap();
        for t in [0.3, 0.8, 1.0, 2.5] {
            let sampler = flow.clone().with_temperature(t).unwrap();
            let x: Vec<f32> = (0..dim).map(|i| 1.5 + i as f32).collect();
            let sd = 2.0 * t;
            let normal = |x: f32| {
                let distance = (f64::from(x) - 3.0) / sd;
                -0.5 * distance * distance - (sd * std::f64::consts::TAU.sqrt()).ln()
            };
            assert_close(sampler.log_prob(&x).unwrap()[0], x.iter().copied().map(normal).sum(), 1e-6, "log N");
        }
    }
}

#[test]
fn two_dimensional_densities_integrate_to_one_at_any_temperature() {
    // wide enough for the tails of mixtures
    let half = 50.0;
    for (name, spec) in flows(2) {
        // random Transformers have ridges that need a finer grid
        let n = if name.contains("transformer") { 1800 } else { 600 };
        let at = |i: usize| half * ((2 * i + 1) as f64 / n as f64 - 1.0);
        let points: Vec<f64> = (0..n * n).flat_map(|i| [at(i / n), at(i % n)]).collect();
        let cell = (2.0 * half / n as f64).powi(2);
        for t in [0.7, 1.6] {
            let log_prob = sampler(spec.clone(), t).log_prob(&narrow(&points)).unwrap();
            let total: f64 = log_prob.iter().map(|l| l.exp()).sum::<f64>() * cell;
            assert!((total - 1.0).abs() < 2e-3, "{name} at {t}: {total}");
        }
    }
}

#[test]
fn the_density_of_a_draw_is_that_of_its_rows() {
    for (name, spec) in flows(3) {
        // a digit next to 1 is much of a tail
        let tolerance = if name.contains("uniform") { 1e-2 } else { 1e-4 };
        for t in [0.5, 1.3] {
            for method in METHODS {
                let sampler = sampler(spec.clone(), t).with_method(method).unwrap();
                let drawn = sampler.sample_and_log_prob(5, 10, 200).unwrap();
                assert_eq!(sampler.sample(5, 10, 200).unwrap(), drawn.values, "{name}");
                for (a, b) in sampler.log_prob(&drawn.values).unwrap().iter().zip(&drawn.log_prob) {
                    assert_close(*a, *b, tolerance, name);
                }
                let (x, log_prob) = sampler.sample_and_log_prob_data(5, 10, 200).unwrap();
                for (a, b) in sampler.log_prob_data(&x).unwrap().iter().zip(&log_prob) {
                    assert_close(*a, *b, tolerance, name);
                }
            }
        }
    }
}

#[test]
fn rows_are_the_base_draws_of_temperature_one_stretched() {
    for (name, spec) in flows(4) {
        let (cold, plain) = (sampler(spec.clone(), 0.25), sampler(spec, 1.0));
        let base = |sampler: &Sampler| sampler.inverse_and_log_det(&sampler.sample(2, 0, 50).unwrap()).unwrap().values;
        for (cold, plain) in base(&cold).iter().zip(base(&plain)) {
            assert_close(f64::from(*cold), 0.25 * f64::from(plain), 1e-4, name);
        }
    }
}

#[test]
fn temperature_one_changes_no_bit() {
    for (name, spec) in flows(5) {
        let plain = Sampler::from_checkpoint(checkpoint(spec)).unwrap();
        let (at_one, there_and_back) =
            (plain.clone().with_temperature(1.0).unwrap(), plain.clone().with_temperature(0.6).unwrap());
        let there_and_back = there_and_back.with_temperature(1.0).unwrap();
        let drawn = plain.sample_and_log_prob(1, 0, 100).unwrap();
        // what a sampler without a temperature computes
        let mapped = plain.forward_and_log_det(&flowstill_sampler::Stream::from(1).rows(0, 100, 5).unwrap()).unwrap();
        assert_eq!(mapped.values, drawn.values, "{name}");
        for other in [at_one, there_and_back] {
            assert_eq!(other.sample_and_log_prob(1, 0, 100).unwrap(), drawn, "{name}");
            assert_eq!(other.log_prob(&drawn.values).unwrap(), plain.log_prob(&drawn.values).unwrap(), "{name}");
        }
        assert_eq!(plain.log_prob(&drawn.values).unwrap(), {
            let chain = plain.chain();
            chain.log_prob(&drawn.values, plain.method()).unwrap()
        });
    }
}

#[test]
fn temperatures_out_of_range_are_errors() {
    let plain = sampler(flows(2).swap_remove(0).1, 1.0);
    for t in [0.0, -1.0, 1e-4, 1001.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let message = plain.clone().with_temperature(t).unwrap_err().to_string();
        assert!(message.contains("from 0.001 to 1000") && message.contains(&t.to_string()), "{message}");
    }
    assert_eq!((plain.temperature(), plain.with_temperature(1e-3).unwrap().temperature()), (1.0, 1e-3));
}
