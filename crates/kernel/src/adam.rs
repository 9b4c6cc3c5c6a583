//! One fused pass of Adam (Kingma & Ba 2015) with decoupled weight decay (AdamW, Loshchilov & Hutter 2019), and of a
//! moving average, over plain slices: the moments can be saved and a run resumed to the bit.
//!
//! The pass is limited by memory: it reads parameter, gradient and both moments once and writes all four back, the
//! gradient as zero for the next step.

use crate::Real;
use crate::isa::{Instructions, dispatch};
use rayon::prelude::*;

/// Elements that one task takes; fixed, so that sums do not depend on the number of threads.
const PART: usize = 1 << 14;

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
    /// the moving average keeps this share of itself; 0 without one
    pub average: f64,
}

/// The vectors that a step changes, all of one length; `average` may be empty.
#[derive(Debug)]
pub struct AdamState<'a> {
    pub theta: &'a mut [f32],
    pub gradient: &'a mut [f32],
    pub first: &'a mut [f32],
    pub second: &'a mut [f32],
    pub average: &'a mut [f32],
}

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

impl AdamStep {
    /// `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`, `θ ← (1 − η·λ)θ − η·m̂/(√v̂ + ε)` with bias-corrected moments,
    /// `θ̄ ← a·θ̄ + (1−a)·θ`, `g ← 0`. In parallel on the current rayon pool.
    pub fn apply(&self, state: AdamState) {
        let steps = self.step as f64;
        let correction_1 = 1.0 - BETA_1.powf(steps);
        let correction_2 = 1.0 - BETA_2.powf(steps);
        let factors = Factors {
            rate: (self.rate / correction_1) as f32,
            root: (1.0 / correction_2.sqrt()) as f32,
            keep: (1.0 - self.rate * self.decay) as f32,
            scale: self.gradient_scale as f32,
            average: self.average as f32,
        };
        let AdamState { theta, gradient, first, second, average } = state;
        let lengths = [gradient.len(), first.len(), second.len()];
        assert!(lengths == [theta.len(); 3] && (average.is_empty() || average.len() == theta.len()), "one length");
        let parts = theta
            .par_chunks_mut(PART)
            .zip(gradient.par_chunks_mut(PART))
            .zip(first.par_chunks_mut(PART))
            .zip(second.par_chunks_mut(PART));
        if average.is_empty() {
            parts.for_each(|(((t, g), m), v)| pass::<f32>(factors, t, g, m, v, &mut []));
        } else {
            parts
                .zip(average.par_chunks_mut(PART))
                .for_each(|((((t, g), m), v), a)| pass::<f32>(factors, t, g, m, v, a));
        }
    }
}

#[derive(Clone, Copy)]
struct Factors {
    rate: f32,
    root: f32,
    keep: f32,
    scale: f32,
    average: f32,
}

dispatch! {
    fn pass(
        factors: Factors,
        theta: &mut [R],
        gradient: &mut [R],
        first: &mut [R],
        second: &mut [R],
        average: &mut [R],
    ) = pass_body
}

#[inline(always)]
fn pass_body<R: Real, I: Instructions>(
    factors: Factors,
    theta: &mut [R],
    gradient: &mut [R],
    first: &mut [R],
    second: &mut [R],
    average: &mut [R],
) {
    let of = |x: f32| R::of(f64::from(x));
    let Factors { rate, root, keep, scale, average: share } = factors;
    let (rate, root, keep, scale, share) = (of(rate), of(root), of(keep), of(scale), of(share));
    // 1 − β₂ from the rounded β₂ would be off by 5e-5
    let (b1, b2, c1, c2) = (R::of(BETA_1), R::of(BETA_2), R::of(1.0 - BETA_1), R::of(1.0 - BETA_2));
    let epsilon = R::of(EPSILON);
    for (((t, g), m), v) in theta.iter_mut().zip(gradient).zip(first).zip(second) {
        let scaled = *g * scale;
        *g = R::zero();
        *m = b1 * *m + c1 * scaled;
        *v = b2 * *v + c2 * scaled * scaled;
        *t = keep * *t - rate * *m / (v.sqrt() * root + epsilon);
    }
    for (a, t) in average.iter_mut().zip(theta) {
        *a = share * *a + (R::one() - share) * *t;
    }
}

/// `√Σ g²`, summed in double precision; the same bits for any number of threads.
pub fn norm(gradient: &[f32]) -> f64 {
    let parts: Vec<f64> = gradient
        .par_chunks(PART)
        .map(|part| {
            let mut sum = [0.0];
            squares::<f32>(part, &mut sum);
            sum[0]
        })
        .collect();
    parts.iter().sum::<f64>().sqrt()
}

dispatch! {
    fn squares(values: &[R], sum: &mut [f64; 1]) = squares_body
}

#[inline(always)]
fn squares_body<R: Real, I: Instructions>(values: &[R], sum: &mut [f64; 1]) {
    // as many sums side by side as hide the latency of an addition
    let mut sums = [0.0f64; 16];
    let mut parts = values.chunks_exact(16);
    for part in &mut parts {
        for i in 0..16 {
            let value = part[i].f64();
            sums[i] += value * value;
        }
    }
    let rest: f64 = parts.remainder().iter().map(|v| v.f64() * v.f64()).sum();
    sum[0] = sums.iter().sum::<f64>() + rest;
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: AdamStep = AdamStep { step: 1, rate: 0.1, gradient_scale: 1.0, decay: 0.0, average: 0.0 };

    fn apply<const N: usize>(step: AdamStep, theta: &mut [f32; N], gradient: [f32; N], moments: &mut [[f32; N]; 2]) {
        let [first, second] = moments;
        let mut gradient = gradient;
        step.apply(AdamState { theta, gradient: &mut gradient, first, second, average: &mut [] });
        assert_eq!(gradient, [0.0; N], "ready for the next step");
    }

    #[test]
    fn first_step_moves_by_the_rate_against_the_gradient_and_decay_shrinks() {
        let (mut theta, mut moments) = ([1.0f32, -2.0], [[0.0f32; 2]; 2]);
        apply(AdamStep { gradient_scale: 0.5, ..STEP }, &mut theta, [4.0, -0.02], &mut moments);
        assert!((theta[0] - 0.9).abs() < 1e-6 && (theta[1] + 1.9).abs() < 1e-6, "{theta:?}");
        assert!((moments[0][0] - 0.2).abs() < 1e-6 && (moments[1][0] - 0.004).abs() < 1e-9);
        let mut alone = [2.0f32];
        apply(AdamStep { decay: 0.5, ..STEP }, &mut alone, [0.0], &mut [[0.0]; 2]);
        assert!((alone[0] - 1.9).abs() < 1e-6);
    }

    #[test]
    fn follows_a_double_precision_reference() {
        let (mut theta, mut moments, mut average) = ([0.3f32], [[0.0f32]; 2], [0.3f32]);
        let (mut t, mut a, mut b, mut mean) = (0.3f64, 0.0f64, 0.0f64, 0.3f64);
        for step in 1..=200u64 {
            let [first, second] = &mut moments;
            let mut gradient = [2.0 * (theta[0] - 1.0)];
            let state = AdamState { theta: &mut theta, gradient: &mut gradient, first, second, average: &mut average };
            AdamStep { step, rate: 0.01, decay: 0.1, average: 0.9, ..STEP }.apply(state);
            let g = 2.0 * (t - 1.0);
            a = 0.9 * a + 0.1 * g;
            b = 0.999 * b + 0.001 * g * g;
            let (ah, bh) = (a / (1.0 - 0.9f64.powi(step as i32)), b / (1.0 - 0.999f64.powi(step as i32)));
            t -= 0.01 * 0.1 * t + 0.01 * ah / (bh.sqrt() + 1e-8);
            mean = 0.9 * mean + 0.1 * t;
        }
        assert!((f64::from(theta[0]) - t).abs() < 1e-4, "{} {t}", theta[0]);
        assert!((f64::from(average[0]) - mean).abs() < 1e-4, "{} {mean}", average[0]);
    }

    #[test]
    fn the_norm_is_that_of_a_plain_sum_of_any_length() {
        for n in [0, 1, 15, 16, 17, PART, 3 * PART + 5] {
            let values: Vec<f32> = (0..n).map(|i| (i as f32 * 0.7).sin()).collect();
            let plain = values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
            assert!((norm(&values) - plain).abs() <= 1e-12 * plain, "{n}");
        }
    }
}
