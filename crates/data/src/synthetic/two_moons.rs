//! Two interleaved half circles with Gaussian noise.

use std::f64::consts::PI;

use rand_chacha::ChaCha8Rng;

use super::KnownDensity;
use super::curve::NoisyCurve;
use super::gaussian::{normal, uniform};

const RADIUS: f64 = 2.0;
const SD: f64 = 0.2;

/// Half a circle above, half a circle below and to the right of it, both of radius 2, blurred with sd 0.2. The whole
/// is symmetric about the origin.
#[derive(Debug, Clone)]
pub struct TwoMoons {
    curve: NoisyCurve,
}

/// Parameters in [0, π) run along the upper moon, those in [π, 2π) along the lower one.
fn at(t: f64) -> [f64; 2] {
    let upper = |t: f64| [RADIUS * (t.cos() - 0.5), RADIUS * (t.sin() - 0.25)];
    if t < PI {
        upper(t)
    } else {
        let [x, y] = upper(t - PI);
        [-x, -y]
    }
}

impl TwoMoons {
    pub fn new() -> Self {
        // π itself belongs to the second piece, so the first one ends just before it
        let end = PI * (1.0 - f64::EPSILON);
        Self { curve: NoisyCurve::new(SD, &[(0.0, end), (PI, 2.0 * PI)], at, |_| 0.5 / PI) }
    }
}

impl Default for TwoMoons {
    fn default() -> Self {
        Self::new()
    }
}

impl KnownDensity for TwoMoons {
    fn dim(&self) -> usize {
        2
    }

    fn name(&self) -> &'static str {
        "two_moons"
    }

    fn draw(&self, rng: &mut ChaCha8Rng, out: &mut [f64]) {
        let centre = at(2.0 * PI * uniform(rng));
        for (x, c) in out.iter_mut().zip(centre) {
            *x = c + SD * normal(rng);
        }
    }

    fn log_prob_and_grad(&self, x: &[f64], grad: &mut [f64]) -> f64 {
        self.curve.log_prob_and_grad(x, grad)
    }
}
