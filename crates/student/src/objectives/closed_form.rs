//! The closed form of ClariNet (Ping, Peng & Chen 2019, §3.2): both conditionals are Gaussian, so their divergence needs
//! no draws.
//!
//! `KL_i = log(s_p/s_q) + (s_q² + (μ_p − μ_q)²)/(2 s_p²) − ½`, with the regulariser `λ·|log s_p − log s_q|²`, which keeps
//! the gradient in bounds where the student is far too narrow or too wide. Log-scales are taken as at least −7. It
//! needs one order in all layers of both.

use crate::objectives::conditionals::Pair;
use crate::step::{Estimator, Step};
use flowstill_flow::FlowError;
use flowstill_flow::shards::Accumulator;

/// The least log-scale that counts as such.
const FLOOR: f64 = -7.0;

/// 1 pass of the student, 1 of the teacher, and their backward passes.
pub struct ClosedForm {
    pub pair: Pair,
    /// λ, at least 0
    pub regulariser: f64,
}

impl Estimator for ClosedForm {
    fn terms(&self) -> &'static [&'static str] {
        &["regularised_kl"]
    }

    fn add_gradient(
        &self,
        step: &Step,
        weight: f64,
        shards: &mut Accumulator,
        gradient: &mut Vec<f32>,
    ) -> Result<Vec<f64>, FlowError> {
        let share = weight / step.batch as f64;
        let means = step.mean(shards, gradient, |range, theta| {
            let value = self.pair.loss(step, theta, &step.base(&range), |gaussians| {
                gaussians.graded(share, |_, at| coordinate(at, self.regulariser))
            })?;
            Ok([value])
        })?;
        Ok(means.to_vec())
    }
}

fn coordinate([mean_p, log_p, mean_q, log_q]: [f64; 4], lambda: f64) -> (f64, [f64; 4]) {
    let (p, q) = (log_p.max(FLOOR), log_q.max(FLOOR));
    let (moves_p, moves_q) = (f64::from(log_p > FLOOR), f64::from(log_q > FLOOR));
    let (ratio, precision, off) = ((2.0 * (q - p)).exp(), (-2.0 * p).exp(), mean_p - mean_q);
    let value = p - q + 0.5 * (ratio + off * off * precision) - 0.5 + lambda * (p - q).powi(2);
    let by_p = 1.0 - ratio - off * off * precision + 2.0 * lambda * (p - q);
    let by_q = ratio - 1.0 - 2.0 * lambda * (p - q);
    (value, [off * precision, by_p * moves_p, -off * precision, by_q * moves_q])
}
