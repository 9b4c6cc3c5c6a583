//! Forward KL: maximum likelihood of the student on rows of the target, `−E_p[log q_θ(x)]`.
//!
//! `KL(p‖q) = E_p[log p(x)] − E_p[log q_θ(x)]`; the first part does not move. It sees every mode that the rows have.
//! For a student that samples in one pass, with `z̄ = S⁻¹(x)` found coordinate by coordinate and held fixed, and the
//! score `s = ∇_x log q(x)`,
//!
//! `∇_θ(−log q_θ(x)) = ∇_θ[log|det dS_θ/dz|(z̄) + s·S_θ(z̄)]`
//!
//! exactly, because `∂z/∂θ = −J⁻¹·∂S/∂θ` on the way back: nothing is differentiated through the inverse.

use crate::source::Rows;
use crate::step::{Estimator, Step, log_base};
use flowstill_flow::FlowError;
use flowstill_flow::graph::Graph;
use flowstill_flow::shards::Accumulator;

/// For an IAF an inverse in the arithmetic of 1 pass, a forward and a backward pass for the score, and a pass with its
/// backward pass; draws from the target beside that.
#[derive(Debug, Clone, Copy)]
pub struct ForwardKl {
    pub rows: Rows,
}

impl Estimator for ForwardKl {
    fn terms(&self) -> &'static [&'static str] {
        &["student_nll"]
    }

    fn add_gradient(
        &self,
        step: &Step,
        weight: f64,
        shards: &mut Accumulator,
        gradient: &mut Vec<f32>,
    ) -> Result<Vec<f64>, FlowError> {
        let share = (weight / step.batch as f64) as f32;
        let means = step.mean(shards, gradient, |range, theta| {
            let x = step.foreign(self.rows, &range)?;
            let log_q: f64 = if step.flow.samples_in_one_pass() {
                let (z, log_det) = step.flow.inverse_and_log_det(step.theta, &x, &mut Graph::new())?;
                let (_, score) = step.flow.sample_and_score(step.theta, &z)?;
                step.push(theta, &z, |_, at| {
                    Ok((score.iter().map(|s| share * s).collect(), vec![share; at.len()], ()))
                })?;
                log_base(&z.as_vec(), step.dim()).zip(log_det.as_vec()).map(|(base, l)| base + f64::from(l)).sum()
            } else {
                let mut graph = Graph::new();
                let log_q = step.flow.log_prob(theta, &x, &mut graph)?;
                graph.backward_sum(&log_q, -f64::from(share));
                log_q.as_vec().iter().map(|&l| f64::from(l)).sum()
            };
            Ok([-log_q])
        })?;
        Ok(means.to_vec())
    }
}
