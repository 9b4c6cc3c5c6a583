//! Uniform and standard normal numbers, and the normal log-density.

use rand::RngCore;
use rand_chacha::ChaCha8Rng;

/// `½ log 2π`
pub const HALF_LOG_TAU: f64 = 0.918_938_533_204_672_8;

/// Uniform in (0, 1), never an end point.
pub fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    ((rng.next_u64() >> 12) as f64 + 0.5) / (1u64 << 52) as f64
}

/// Uniform in `0..n`.
pub fn index(rng: &mut ChaCha8Rng, n: usize) -> usize {
    ((uniform(rng) * n as f64) as usize).min(n - 1)
}

/// Standard normal, by Box–Muller.
pub fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let radius = (-2.0 * uniform(rng).ln()).sqrt();
    radius * (std::f64::consts::TAU * uniform(rng)).cos()
}

/// `log N(x; mean, sd²)`
pub fn log_normal(x: f64, mean: f64, sd: f64) -> f64 {
    let z = (x - mean) / sd;
    -0.5 * z * z - sd.ln() - HALF_LOG_TAU
}
