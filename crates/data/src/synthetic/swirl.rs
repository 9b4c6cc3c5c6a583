//! One spiral arm with Gaussian noise.

use std::f64::consts::PI;

use rand_chacha::ChaCha8Rng;

use super::KnownDensity;
use super::curve::NoisyCurve;
use super::gaussian::{normal, uniform};

const TURN: f64 = 3.5 * PI;
const REACH: f64 = 3.6;
const SD: f64 = 0.15;

/// The spiral `r = 3.6 θ / 3.5π` for θ in [0, 3.5π], blurred with sd 0.15. θ has density `2θ/(3.5π)²`, so the points
/// are spread about evenly along the arm.
#[derive(Debug, Clone)]
pub struct Swirl {
    curve: NoisyCurve,
}

fn at(angle: f64) -> [f64; 2] {
    let radius = REACH * angle / TURN;
    [radius * angle.cos(), radius * angle.sin()]
}

impl Swirl {
    pub fn new() -> Self {
        Self { curve: NoisyCurve::new(SD, &[(0.0, TURN)], at, |angle| 2.0 * angle / (TURN * TURN)) }
    }
}

impl Default for Swirl {
    fn default() -> Self {
        Self::new()
    }
}

impl KnownDensity for Swirl {
    fn dim(&self) -> usize {
        2
    }

    fn name(&self) -> &'static str {
        "swirl"
    }

    fn draw(&self, rng: &mut ChaCha8Rng, out: &mut [f64]) {
        let centre = at(TURN * uniform(rng).sqrt());
        for (x, c) in out.iter_mut().zip(centre) {
            *x = c + SD * normal(rng);
        }
    }

    fn log_prob_and_grad(&self, x: &[f64], grad: &mut [f64]) -> f64 {
        self.curve.log_prob_and_grad(x, grad)
    }
}
