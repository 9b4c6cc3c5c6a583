//! Concentric circles with Gaussian noise.

use std::f64::consts::TAU;

use rand_chacha::ChaCha8Rng;

use super::bessel::log_scaled_i0;
use super::gaussian::{normal, uniform};
use super::{KnownDensity, log_sum_exp_and_grad};

const RADII: [f64; 3] = [1.0, 2.0, 3.0];
/// Sum of the radii: a ring is chosen in proportion to its length.
const TOTAL: f64 = 6.0;
const SD: f64 = 0.15;

/// Circles of radius 1, 2 and 3 with weights 1 : 2 : 3, blurred with sd 0.15. With ρ = |x| a ring of radius r has
/// density `exp(−(ρ² + r²)/2σ²) I₀(ρr/σ²) / 2πσ²`.
#[derive(Debug, Clone, Default)]
pub struct Rings;

impl KnownDensity for Rings {
    fn dim(&self) -> usize {
        2
    }

    fn name(&self) -> &'static str {
        "rings"
    }

    fn draw(&self, rng: &mut ChaCha8Rng, out: &mut [f64]) {
        let mut u = TOTAL * uniform(rng);
        let mut radius = RADII[0];
        for r in RADII {
            radius = r;
            if u < r {
                break;
            }
            u -= r;
        }
        let angle = TAU * uniform(rng);
        out[0] = radius * angle.cos() + SD * normal(rng);
        out[1] = radius * angle.sin() + SD * normal(rng);
    }

    fn log_prob_and_grad(&self, x: &[f64], grad: &mut [f64]) -> f64 {
        let rho = x[0].hypot(x[1]);
        // the origin is a critical point of every ring
        let outward = if rho > 0.0 { [x[0] / rho, x[1] / rho] } else { [0.0; 2] };
        let ring = |r: f64| {
            let (bessel, slope) = log_scaled_i0(rho * r / (SD * SD));
            // the scaled Bessel function leaves (ρ − r)² of (ρ² + r²) in the exponent
            let log_prob = (r / TOTAL).ln() - 0.5 * ((rho - r) / SD).powi(2) + bessel;
            let by_rho = (r - rho + r * slope) / (SD * SD);
            (log_prob, outward.map(|along| by_rho * along))
        };
        log_sum_exp_and_grad(RADII.into_iter().map(ring), grad) - (TAU * SD * SD).ln()
    }
}
