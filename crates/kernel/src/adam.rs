//! One fused pass of Adam (Kingma & Ba 2015) with decoupled weight decay (AdamW, Loshchilov & Hutter 2019) over
//! plain slices, so that the moments can be saved and a run resumed to the bit.

/// The numbers of one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamStep {
    /// step, counted from 1
    pub step: u64,
    pub rate: f64,
    /// factor on the gradient before anything else: 1, or less where its norm is clipped
    pub gradient_scale: f64,
    /// each parameter first shrinks by `rate · decay`
    pub decay: f64,
}

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

impl AdamStep {
    /// `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`, `θ ← (1 − η·λ)θ − η·m̂/(√v̂ + ε)` with bias-corrected moments.
    pub fn apply(&self, theta: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32]) {
        let steps = self.step as f64;
        let correction_1 = 1.0 - BETA_1.powf(steps);
        let correction_2 = 1.0 - BETA_2.powf(steps);
        let rate = (self.rate / correction_1) as f32;
        let root = (1.0 / correction_2.sqrt()) as f32;
        let keep = (1.0 - self.rate * self.decay) as f32;
        let scale = self.gradient_scale as f32;
        let (b1, b2, epsilon) = (BETA_1 as f32, BETA_2 as f32, EPSILON as f32);
        // 1 − β₂ from the rounded β₂ would be off by 5e-5
        let (c1, c2) = ((1.0 - BETA_1) as f32, (1.0 - BETA_2) as f32);
        for (((t, &g), m), v) in theta.iter_mut().zip(gradient).zip(first).zip(second) {
            let g = g * scale;
            *m = b1 * *m + c1 * g;
            *v = b2 * *v + c2 * g * g;
            *t = keep * *t - rate * *m / (v.sqrt() * root + epsilon);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_step_moves_by_the_rate_against_the_gradient_and_decay_shrinks() {
        let (mut theta, mut m, mut v) = ([1.0f32, -2.0], [0.0f32; 2], [0.0f32; 2]);
        let step = AdamStep { step: 1, rate: 0.1, gradient_scale: 0.5, decay: 0.0 };
        step.apply(&mut theta, &[4.0, -0.02], &mut m, &mut v);
        assert!((theta[0] - 0.9).abs() < 1e-6 && (theta[1] + 1.9).abs() < 1e-6, "{theta:?}");
        assert!((m[0] - 0.2).abs() < 1e-6 && (v[0] - 0.004).abs() < 1e-9);
        let mut alone = [2.0f32];
        AdamStep { decay: 0.5, ..step }.apply(&mut alone, &[0.0], &mut [0.0], &mut [0.0]);
        assert!((alone[0] - 1.9).abs() < 1e-6);
    }

    #[test]
    fn follows_a_double_precision_reference() {
        let (mut theta, mut m, mut v) = ([0.3f32], [0.0f32], [0.0f32]);
        let (mut t, mut a, mut b) = (0.3f64, 0.0f64, 0.0f64);
        for step in 1..=200u64 {
            let g = 2.0 * (f64::from(theta[0]) - 1.0);
            AdamStep { step, rate: 0.01, gradient_scale: 1.0, decay: 0.1 }.apply(
                &mut theta,
                &[g as f32],
                &mut m,
                &mut v,
            );
            let g = 2.0 * (t - 1.0);
            a = 0.9 * a + 0.1 * g;
            b = 0.999 * b + 0.001 * g * g;
            let (ah, bh) = (a / (1.0 - 0.9f64.powi(step as i32)), b / (1.0 - 0.999f64.powi(step as i32)));
            t -= 0.01 * 0.1 * t + 0.01 * ah / (bh.sqrt() + 1e-8);
        }
        assert!((f64::from(theta[0]) - t).abs() < 1e-4, "{} {t}", theta[0]);
    }
}
