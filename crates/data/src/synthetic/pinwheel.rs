//! Gaussian arms, twisted.

use std::f64::consts::TAU;

use rand_chacha::ChaCha8Rng;

use super::gaussian::{index, log_normal, normal};
use super::{KnownDensity, log_sum_exp_and_grad};

const ARMS: usize = 5;
const DISTANCE: f64 = 2.0;
const RADIAL_SD: f64 = 0.6;
const TANGENTIAL_SD: f64 = 0.2;
/// Radians per unit of radius.
const TWIST: f64 = 0.6;

/// Five Gaussians around the origin, long along the radius; then every point is turned by an angle proportional to
/// its own distance from the origin. A turn that depends on the radius alone keeps the radius and areas, so its inverse
/// is the opposite turn and its Jacobian determinant is 1.
#[derive(Debug, Clone, Default)]
pub struct Pinwheel;

fn turned([x, y]: [f64; 2], angle: f64) -> [f64; 2] {
    let (sin, cos) = angle.sin_cos();
    [cos * x - sin * y, sin * x + cos * y]
}

fn arm_angle(arm: usize) -> f64 {
    TAU * arm as f64 / ARMS as f64
}

impl KnownDensity for Pinwheel {
    fn dim(&self) -> usize {
        2
    }

    fn name(&self) -> &'static str {
        "pinwheel"
    }

    fn draw(&self, rng: &mut ChaCha8Rng, out: &mut [f64]) {
        let arm = index(rng, ARMS);
        let v = [DISTANCE + RADIAL_SD * normal(rng), TANGENTIAL_SD * normal(rng)];
        out.copy_from_slice(&turned(v, arm_angle(arm) + TWIST * v[0].hypot(v[1])));
    }

    fn log_prob_and_grad(&self, x: &[f64], grad: &mut [f64]) -> f64 {
        let radius = x[0].hypot(x[1]);
        let untwisted = turned([x[0], x[1]], -TWIST * radius);
        let arms = (0..ARMS).map(|arm| {
            let [along, across] = turned(untwisted, -arm_angle(arm));
            let slope = [(DISTANCE - along) / (RADIAL_SD * RADIAL_SD), -across / (TANGENTIAL_SD * TANGENTIAL_SD)];
            let log_prob = log_normal(along, DISTANCE, RADIAL_SD) + log_normal(across, 0.0, TANGENTIAL_SD);
            (log_prob, turned(slope, arm_angle(arm)))
        });
        let mut slope = [0.0; 2];
        let log_prob = log_sum_exp_and_grad(arms, &mut slope) - (ARMS as f64).ln();
        // u = R(−κ|x|)·x, so ∇_x = R(κ|x|)·∇_u + (∂/∂angle)·(−κ)·x/|x|, and an angle moves u by its quarter turn
        let by_angle = slope[1] * untwisted[0] - slope[0] * untwisted[1];
        for ((grad, turned), x) in grad.iter_mut().zip(turned(slope, TWIST * radius)).zip(x) {
            let outward = if radius > 0.0 { x / radius } else { 0.0 };
            *grad = turned - TWIST * by_angle * outward;
        }
        log_prob
    }
}
