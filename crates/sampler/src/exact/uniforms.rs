//! Logarithms of uniform draws, from a stream that nothing else reads.

use flowstill_kernel::noise::{Purpose, stream};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;

/// Index of the stream; the Gaussian rows of the same purpose have index 0.
const INDEX: u64 = 1;

/// The uniforms of one draw, in their order.
pub(super) struct Uniforms(ChaCha8Rng);

impl Uniforms {
    pub fn new(seed: u64) -> Self {
        Self(stream(seed, Purpose::Exact, INDEX))
    }

    /// In (0, 1], a multiple of 2⁻⁵³.
    pub fn next(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) + 1) as f64 / (1u64 << 53) as f64
    }

    /// Whether an event of probability `min(1, e^log_odds)` happens: surely for `log_odds ≥ 0`, never for −∞ or NaN.
    pub fn happens(&mut self, log_odds: f64) -> bool {
        self.next().ln() <= log_odds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_happen_as_often_as_their_probability_says() {
        let mut uniforms = Uniforms::new(1);
        let n = 100_000;
        for share in [0.05f64, 0.5, 0.9] {
            let seen = (0..n).filter(|_| uniforms.happens(share.ln())).count() as f64 / f64::from(n);
            assert!((seen - share).abs() < 4.0 * (share * (1.0 - share) / f64::from(n)).sqrt(), "{seen} for {share}");
        }
        assert!((0..1000).all(|_| uniforms.happens(0.0) && uniforms.happens(f64::INFINITY)));
        assert!((0..1000).all(|_| !uniforms.happens(f64::NEG_INFINITY) && !uniforms.happens(f64::NAN)));
    }
}
