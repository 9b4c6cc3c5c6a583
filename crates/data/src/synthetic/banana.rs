//! A Gaussian bent along a parabola.

use rand_chacha::ChaCha8Rng;

use super::KnownDensity;
use super::gaussian::{log_normal, normal};

const WIDTH: f64 = 1.3;
const THICKNESS: f64 = 0.5;
const BEND: f64 = 0.4;

/// `x₁ ~ N(0, 1.3²)`, `x₂ | x₁ ~ N(0.4 (x₁² − 1.3²), 0.5²)`: the mean of both is 0.
#[derive(Debug, Clone, Default)]
pub struct Banana;

fn bend(x: f64) -> f64 {
    BEND * (x * x - WIDTH * WIDTH)
}

impl KnownDensity for Banana {
    fn dim(&self) -> usize {
        2
    }

    fn name(&self) -> &'static str {
        "banana"
    }

    fn draw(&self, rng: &mut ChaCha8Rng, out: &mut [f64]) {
        out[0] = WIDTH * normal(rng);
        out[1] = bend(out[0]) + THICKNESS * normal(rng);
    }

    fn log_prob_and_grad(&self, x: &[f64], grad: &mut [f64]) -> f64 {
        grad[1] = (bend(x[0]) - x[1]) / (THICKNESS * THICKNESS);
        grad[0] = -x[0] / (WIDTH * WIDTH) - grad[1] * 2.0 * BEND * x[0];
        log_normal(x[0], 0.0, WIDTH) + log_normal(x[1], bend(x[0]), THICKNESS)
    }
}
