//! Separate modes in front of a long nonlinear chain.

use rand_chacha::ChaCha8Rng;

use super::gaussian::{log_normal, normal};
use super::{EightGaussians, KnownDensity};

/// Coordinates of the ring.
const RING: usize = 2;

/// `(x₁, x₂)` are [`EightGaussians`]; every later coordinate is Gaussian given the two before it,
///
/// ```text
/// x_i ~ N(sin x_{i−1} + 0.4 cos x_{i−2}, s²),   s = 0.5 e^{0.3 cos x_{i−1}}
/// ```
///
/// so `log p(x)` is a sum of `dim − 1` known terms in any dimension. The modes of the ring stay far apart while the
/// chain makes the rest hard: a sampler that loses one of them has lost an eighth of the mass.
#[derive(Debug, Clone)]
pub struct RingChain {
    dim: usize,
}

impl RingChain {
    /// # Panics
    /// Below three coordinates there is no chain.
    pub fn new(dim: usize) -> Self {
        assert!(dim > RING, "a ring and a chain have at least three coordinates");
        Self { dim }
    }
}

/// Mean and standard deviation of the coordinate that follows `before` and, before that, `earlier`.
fn link(before: f64, earlier: f64) -> (f64, f64) {
    (before.sin() + 0.4 * earlier.cos(), 0.5 * (0.3 * before.cos()).exp())
}

impl KnownDensity for RingChain {
    fn dim(&self) -> usize {
        self.dim
    }

    fn name(&self) -> &'static str {
        "ring_chain"
    }

    fn draw(&self, rng: &mut ChaCha8Rng, out: &mut [f64]) {
        EightGaussians.draw(rng, &mut out[..RING]);
        for i in RING..self.dim {
            let (mean, sd) = link(out[i - 1], out[i - 2]);
            out[i] = mean + sd * normal(rng);
        }
    }

    fn log_prob_and_grad(&self, x: &[f64], grad: &mut [f64]) -> f64 {
        let mut log_prob = EightGaussians.log_prob_and_grad(&x[..RING], &mut grad[..RING]);
        for i in RING..self.dim {
            let (before, earlier) = (x[i - 1], x[i - 2]);
            let (mean, sd) = link(before, earlier);
            let z = (x[i] - mean) / sd;
            log_prob += log_normal(x[i], mean, sd);
            // by the mean z/sd, by the log of the sd z² − 1
            grad[i] = -z / sd;
            grad[i - 1] += z / sd * before.cos() - (z * z - 1.0) * 0.3 * before.sin();
            grad[i - 2] -= z / sd * 0.4 * earlier.sin();
        }
        log_prob
    }

    fn mode_centres(&self) -> Option<Vec<Vec<f64>>> {
        EightGaussians.mode_centres()
    }

    /// The ring alone has modes.
    fn mode_columns(&self) -> Vec<usize> {
        (0..RING).collect()
    }
}
