//! The estimator of Parallel WaveNet (van den Oord et al. 2018, §3.1): the cross-entropy of each conditional from many
//! draws, for the price of one evaluation of the teacher.
//!
//! `KL(q‖p) = Σ_i E_z[H(q(x_i|z_<i), p(x_i|x_<i))] − H(q)`. For one sample `x` of the student the teacher gives all its
//! conditionals at once; then `n` values of each coordinate are drawn from the *student's* conditional and scored by
//! the teacher's. Unbiased, and less noisy than one value each. It needs conditionals: one order in all layers of both.

use crate::objectives::conditionals::Pair;
use crate::step::{Estimator, Step};
use flowstill_flow::FlowError;
use flowstill_flow::shards::Accumulator;
use flowstill_kernel::noise::{Purpose, fill_gaussian};

/// 1 pass of the student, 1 of the teacher, and their backward passes.
pub struct ManySamples {
    pub pair: Pair,
    /// draws from each conditional, at least 1
    pub samples: usize,
}

impl Estimator for ManySamples {
    fn terms(&self) -> &'static [&'static str] {
        &["reverse_kl"]
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
            let width = step.dim() * self.samples;
            let mut noise = vec![0.0f32; range.len() * width];
            fill_gaussian(step.seed, Purpose::Conditionals, step.index, range.start as u64, width, &mut noise);
            let value = self.pair.loss(step, theta, &step.base(&range), |gaussians| {
                gaussians.graded(share, |i, at| self.coordinate(at, &noise[i * self.samples..][..self.samples]))
            })?;
            Ok([value])
        })?;
        Ok(means.to_vec())
    }
}

impl ManySamples {
    /// `mean_n[log q − log p]` of one coordinate, its entropy in closed form, and its gradient.
    fn coordinate(&self, [mean_p, log_p, mean_q, log_q]: [f64; 4], noise: &[f32]) -> (f64, [f64; 4]) {
        let n = noise.len() as f64;
        let (mut u1, mut u2, mut u_moved) = (0.0, 0.0, 0.0);
        for &e in noise {
            let moved = f64::from(e) * log_q.exp();
            let u = (mean_q + moved - mean_p) * (-log_p).exp();
            u1 += u / n;
            u2 += u * u / n;
            u_moved += u * moved / n;
        }
        let by_mean = u1 * (-log_p).exp();
        // cross-entropy log_p + ½u² + ½ log 2π, entropy log_q + ½ + ½ log 2π
        let value = log_p + 0.5 * u2 - log_q - 0.5;
        (value, [-by_mean, 1.0 - u2, by_mean, u_moved * (-log_p).exp() - 1.0])
    }
}
