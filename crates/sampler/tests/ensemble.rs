//! Rows of an ensemble against its density.

mod common;

use common::*;
use flowstill_model::{Architecture, OrderRule};
use flowstill_sampler::{Ensemble, Sampler};

fn ensemble() -> Ensemble {
    let architecture = Architecture {
        layers: 2,
        hidden: vec![16],
        order: OrderRule::Random,
        log_scale_clip: 2.0,
        ..Architecture::default()
    };
    let member =
        |orientation, seed| Sampler::from_checkpoint(checkpoint(architecture.spec(4, orientation, seed))).unwrap();
    Ensemble::new(vec![member(MAF, 1), member(IAF, 2), member(MAF, 3)]).unwrap()
}

#[test]
fn a_row_does_not_depend_on_the_rows_drawn_with_it() {
    let ensemble = ensemble();
    let drawn = |rows, at_once| -> Vec<f64> { ensemble.chunks(7, rows, at_once).flat_map(Result::unwrap).collect() };
    let whole = drawn(100, 100);
    assert_eq!(whole.len(), 400);
    assert_eq!(drawn(100, 7), whole);
    assert_eq!(drawn(30, 100), whole[..120]);
}

#[test]
fn samples_have_the_density_of_the_mixture() {
    let ensemble = ensemble();
    let x: Vec<f64> = ensemble.chunks(3, 20_000, 1 << 12).flat_map(Result::unwrap).collect();
    let mixture = ensemble.log_prob_data(&x).unwrap();
    // the mean of p_k/p over samples of p is 1 for each member, and no ratio is above their number
    for member in ensemble.members() {
        let ratios: Vec<f64> =
            member.log_prob_data(&x).unwrap().iter().zip(&mixture).map(|(k, all)| (k - all).exp()).collect();
        let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
        let variance = ratios.iter().map(|r| (r - mean) * (r - mean)).sum::<f64>() / ratios.len() as f64;
        let error = (variance / ratios.len() as f64).sqrt();
        assert!((mean - 1.0).abs() < 4.0 * error && variance > 0.05, "{mean} ± {error}");
        assert!(ratios.iter().all(|ratio| *ratio < 3.0 + 1e-6));
    }
}
