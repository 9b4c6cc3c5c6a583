//! How noisy two estimators of one gradient are, next to each other.

use crate::source::Source;
use crate::step::{Estimator, Step};
use flowstill_flow::shards::Accumulator;
use flowstill_flow::{Engine, Flow, FlowError, Parameters};
use flowstill_model::FlowSpec;
use std::sync::Arc;

/// Batches that the variance is estimated from, and rows of each.
const BATCHES: u64 = 8;
const ROWS: usize = 192;
/// Far beyond the steps of any training: their draws are nobody else's.
const FIRST_STEP: u64 = 1 << 40;

/// `Σ_k Var(∂_k)` of `first` over that of `second`, both at the parameters `theta` and on the same draws; below 1 the
/// first one is the less noisy. 8 batches of each.
pub fn ratio(
    [first, second]: [&dyn Estimator; 2],
    spec: &FlowSpec,
    theta: &[f32],
    source: Source,
    seed: u64,
    engine: Engine,
) -> Result<f64, FlowError> {
    let flow = Flow::on(spec, engine)?;
    let theta = Parameters::frozen(Arc::new(theta.to_vec()));
    let variance = |estimator: &dyn Estimator| {
        let (mut sum, mut squares) = (vec![0.0f64; theta.values.len()], 0.0);
        for batch in 0..BATCHES {
            let index = FIRST_STEP + batch;
            let step = Step { index, batch: ROWS, progress: 1.0, seed, flow: &flow, theta: &theta, source };
            let mut gradient = vec![0.0; theta.values.len()];
            estimator.add_gradient(&step, 1.0, &mut Accumulator::default(), &mut gradient)?;
            for (sum, &g) in sum.iter_mut().zip(&gradient) {
                *sum += f64::from(g);
                squares += f64::from(g) * f64::from(g);
            }
        }
        let mean_square: f64 = sum.iter().map(|s| s * s).sum::<f64>() / BATCHES as f64;
        Ok::<f64, FlowError>(squares - mean_square)
    };
    Ok(variance(first)? / variance(second)?)
}
