//! The α-divergence `D_α(p‖q) = (E_q[w^α] − 1)/(α(α − 1))` with `w = p/q`; α = 2 is half the χ² divergence, which
//! does not forgive a region where the student has too little mass.
//!
//! With the path gradient (Geffner & Domke 2021; Tucker et al. 2019) it is the reverse KL's with weights:
//!
//! `∇_θ D_α = E_z[w^α·(∇_x log q(x) − ∇_x log p(x))·∂S_θ/∂θ]`
//!
//! α = 0 is the reverse KL itself. The weights are divided by their mean over the batch, so the target need not be
//! normalised, and none counts more than `clip` times that mean: without it single rows would decide a step. Both make
//! the gradient biased, and both vanish as the student comes close.

use crate::step::{Estimator, Step, log_base};
use flowstill_flow::FlowError;
use flowstill_flow::graph::Graph;
use flowstill_flow::shards::{self, Accumulator};

/// The cost of the path gradient, and once more 1 student pass and 1 target density for the weights.
#[derive(Debug, Clone, Copy)]
pub struct Alpha {
    pub alpha: f64,
    /// bound on `w` over its mean; none if absent
    pub clip: Option<f64>,
    /// divide by the mean weight of the batch
    pub normalise: bool,
}

impl Estimator for Alpha {
    fn terms(&self) -> &'static [&'static str] {
        &["alpha_divergence", "reverse_kl"]
    }

    fn add_gradient(
        &self,
        step: &Step,
        weight: f64,
        shards: &mut Accumulator,
        gradient: &mut Vec<f32>,
    ) -> Result<Vec<f64>, FlowError> {
        let log_w = log_weights(step)?;
        let log_mean = if self.normalise { flowstill_eval::weights::log_mean_exp(log_w.iter().copied()) } else { 0.0 };
        let bound = self.clip.map_or(f64::INFINITY, f64::ln);
        let powers: Vec<f64> = log_w.iter().map(|l| (self.alpha * (l - log_mean).min(bound)).exp()).collect();
        let share = weight / step.batch as f64;
        step.mean(shards, gradient, |range, theta| {
            let z = step.base(&range);
            let (_, own) = step.flow.sample_and_score(step.theta, &z)?;
            step.push(theta, &z, |x, log_det| {
                let (_, score) = step.target(x)?;
                let rows = own.chunks_exact(step.dim()).zip(score.chunks_exact(step.dim()));
                let d_x = rows.zip(&powers[range.clone()]).flat_map(|((own, score), power)| {
                    let share = (share * power) as f32;
                    own.iter().zip(score).map(move |(q, p)| share * (q - p))
                });
                Ok((d_x.collect(), vec![0.0; log_det.len()], [0.0]))
            })
        })?;
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let a = self.alpha;
        // at 0 and 1 the limits: the reverse KL, and the forward one as E_q[w·log w]
        let divergence = if a == 0.0 {
            -mean(&log_w)
        } else if a == 1.0 {
            mean(&powers.iter().zip(&log_w).map(|(w, l)| w * (l - log_mean)).collect::<Vec<_>>())
        } else {
            (mean(&powers) - 1.0) / (a * (a - 1.0))
        };
        Ok(vec![divergence, -mean(&log_w)])
    }
}

/// `log p − log q` at the step's own samples.
fn log_weights(step: &Step) -> Result<Vec<f64>, FlowError> {
    let parts = shards::map(&shards::ranges(step.batch, false), |range| {
        let z = step.base(&range);
        let (x, log_det) = step.flow.forward_and_log_det(&step.theta.constant(), &z, &mut Graph::new())?;
        let (log_p, _) = step.target(&x.as_vec())?;
        let z = z.as_vec();
        let log_q = log_base(&z, step.dim()).zip(log_det.as_vec()).map(|(base, l)| base - f64::from(l));
        Ok::<Vec<f64>, FlowError>(log_p.iter().zip(log_q).map(|(p, q)| p - q).collect())
    })?;
    Ok(parts.concat())
}
