//! Neal's funnel.

use rand_chacha::ChaCha8Rng;

use super::KnownDensity;
use super::gaussian::{log_normal, normal};

const NECK_SD: f64 = 1.5;

/// `x₁ ~ N(0, 1.5²)`, and given it the other coordinates are independent `N(0, e^{x₁})`. Neal's has sd 3 in the first
/// coordinate; half of it keeps the mouth within a few units.
#[derive(Debug, Clone)]
pub struct Funnel {
    dim: usize,
}

impl Funnel {
    /// # Panics
    /// Below two coordinates there is no funnel.
    pub fn new(dim: usize) -> Self {
        assert!(dim >= 2, "a funnel has at least two coordinates");
        Self { dim }
    }
}

impl KnownDensity for Funnel {
    fn dim(&self) -> usize {
        self.dim
    }

    fn name(&self) -> &'static str {
        "funnel"
    }

    fn draw(&self, rng: &mut ChaCha8Rng, out: &mut [f64]) {
        out[0] = NECK_SD * normal(rng);
        let sd = (0.5 * out[0]).exp();
        for x in &mut out[1..] {
            *x = sd * normal(rng);
        }
    }

    fn log_prob_and_grad(&self, x: &[f64], grad: &mut [f64]) -> f64 {
        let sd = (0.5 * x[0]).exp();
        grad[0] = -x[0] / (NECK_SD * NECK_SD);
        for i in 1..self.dim {
            let z = x[i] / sd;
            grad[i] = -z / sd;
            grad[0] += 0.5 * (z * z - 1.0);
        }
        log_normal(x[0], 0.0, NECK_SD) + x[1..].iter().map(|&v| log_normal(v, 0.0, sd)).sum::<f64>()
    }
}
