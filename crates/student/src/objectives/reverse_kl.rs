//! Reverse KL on the student's own cached samples (van den Oord et al. 2018, Parallel WaveNet, §3, without its
//! extra terms).
//!
//! `KL(q‖p) = E_z[log q(S(z)) − log p(S(z))]` with `z ~ N(0, I)`. One forward pass of the student gives `x = S(z)`
//! and, from the `z` at hand, `log q(x) = log p_Z(z) − log|det dS/dz|`: the student is never inverted. The target's
//! numbers are frozen, but the gradient passes *through* its density to `x` and on to the student:
//!
//! `∇_θ = E_z[−∇_θ log|det dS_θ/dz| − ∇_x log p(x)·∂S_θ/∂θ]`
//!
//! With a weight β on the cross-entropy the loss is `β·H(q, p) − H(q)`: β < 1 flattens the target at first, so that no
//! mode is lost to the first one found.

use crate::annealed::Annealed;
use crate::step::{Estimator, Step, log_base};
use flowstill_flow::FlowError;
use flowstill_flow::shards::Accumulator;

/// 1 student pass and its backward pass, 1 target density with its gradient by `x`.
#[derive(Debug, Clone, Copy)]
pub struct ReverseKl {
    /// β
    pub cross_entropy_weight: Annealed,
}

/// `reverse_kl = cross_entropy − entropy`, whatever β.
pub const TERMS: &[&str] = &["reverse_kl", "entropy", "cross_entropy"];

impl Estimator for ReverseKl {
    fn terms(&self) -> &'static [&'static str] {
        TERMS
    }

    fn add_gradient(
        &self,
        step: &Step,
        weight: f64,
        shards: &mut Accumulator,
        gradient: &mut Vec<f32>,
    ) -> Result<Vec<f64>, FlowError> {
        let share = (weight / step.batch as f64) as f32;
        let beta = share * self.cross_entropy_weight.at(step.progress) as f32;
        let sums = step.mean(shards, gradient, |range, theta| {
            let z = step.base(&range);
            step.push(theta, &z, |x, log_det| {
                let (log_p, score) = step.target(x)?;
                let d_x = score.iter().map(|s| -beta * s).collect();
                Ok((d_x, vec![-share; log_det.len()], sums(&z.as_vec(), log_det, &log_p, step.dim())))
            })
        })?;
        Ok(terms(sums))
    }
}

/// Sums over rows of `log q` and `log p`.
pub(crate) fn sums(z: &[f32], log_det: &[f32], log_p: &[f64], dim: usize) -> [f64; 2] {
    let log_q = log_base(z, dim).zip(log_det).map(|(base, &log_det)| base - f64::from(log_det)).sum();
    [log_q, log_p.iter().sum()]
}

/// The terms from the means of `log q` and `log p`.
pub(crate) fn terms([log_q, log_p]: [f64; 2]) -> Vec<f64> {
    vec![log_q - log_p, -log_q, -log_p]
}
