//! Eight Gaussians on a circle.

use std::f64::consts::TAU;

use rand_chacha::ChaCha8Rng;

use super::gaussian::{index, log_normal, normal};
use super::{KnownDensity, log_sum_exp_and_grad};

const MODES: usize = 8;
const RADIUS: f64 = 3.0;
const SD: f64 = 0.3;

/// Eight equal isotropic Gaussians with sd 0.3 on a circle of radius 3.
#[derive(Debug, Clone, Default)]
pub struct EightGaussians;

fn centre(mode: usize) -> [f64; 2] {
    let (sin, cos) = (TAU * mode as f64 / MODES as f64).sin_cos();
    [RADIUS * cos, RADIUS * sin]
}

impl KnownDensity for EightGaussians {
    fn dim(&self) -> usize {
        2
    }

    fn name(&self) -> &'static str {
        "eight_gaussians"
    }

    fn draw(&self, rng: &mut ChaCha8Rng, out: &mut [f64]) {
        for (x, c) in out.iter_mut().zip(centre(index(rng, MODES))) {
            *x = c + SD * normal(rng);
        }
    }

    fn log_prob_and_grad(&self, x: &[f64], grad: &mut [f64]) -> f64 {
        let modes = (0..MODES).map(|mode| {
            let [a, b] = centre(mode);
            let slope = [a - x[0], b - x[1]].map(|towards| towards / (SD * SD));
            (log_normal(x[0], a, SD) + log_normal(x[1], b, SD), slope)
        });
        log_sum_exp_and_grad(modes, grad) - (MODES as f64).ln()
    }

    fn mode_centres(&self) -> Option<Vec<Vec<f64>>> {
        Some((0..MODES).map(|mode| centre(mode).to_vec()).collect())
    }
}
