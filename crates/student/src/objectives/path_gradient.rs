//! The reverse KL again, with the path gradient (Roeder, Wu & Duvenaud 2017, "sticking the landing"; for flows Vaitl,
//! Nicoli, Nakajima & Kessel 2022).
//!
//! The gradient of `E_z[log q_θ(S_θ(z)) − log p(S_θ(z))]` by the parameters *inside* `log q_θ` has mean zero and is left
//! out; what remains is the way through the samples:
//!
//! `∇_θ = E_z[(∇_x log q(x) − ∇_x log p(x))·∂S_θ/∂θ]` at `x = S_θ(z)`
//!
//! It has no variance at all where `q = p`, and far from there no less than the plain one: it is for the end of a
//! distillation. The student's score comes from an exact sweep, see [`flowstill_flow::Bijection::score`].

use crate::annealed::Annealed;
use crate::objectives::reverse_kl::{TERMS, sums, terms};
use crate::step::{Estimator, Step};
use flowstill_flow::FlowError;
use flowstill_flow::shards::Accumulator;

/// The cost of [`super::reverse_kl::ReverseKl`], and a forward and a backward pass for the score.
#[derive(Debug, Clone, Copy)]
pub struct PathGradient {
    /// β, as for the plain gradient
    pub cross_entropy_weight: Annealed,
}

impl Estimator for PathGradient {
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
        let beta = self.cross_entropy_weight.at(step.progress) as f32;
        let sums = step.mean(shards, gradient, |range, theta| {
            let z = step.base(&range);
            let (_, own) = step.flow.sample_and_score(step.theta, &z)?;
            step.push(theta, &z, |x, log_det| {
                let (log_p, score) = step.target(x)?;
                let d_x = own.iter().zip(&score).map(|(q, p)| share * (q - beta * p)).collect();
                Ok((d_x, vec![0.0; log_det.len()], sums(&z.as_vec(), log_det, &log_p, step.dim())))
            })
        })?;
        Ok(terms(sums))
    }
}
