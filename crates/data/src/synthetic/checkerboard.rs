//! Every second square of a board.

use rand_chacha::ChaCha8Rng;

use super::KnownDensity;
use super::gaussian::{index, uniform};

const SIDE: f64 = 2.0;
const SQUARES: i32 = 4;

/// Uniform on the eight squares of side 2 in [−4, 4)² whose column and row are both even or both odd; −∞ elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Checkerboard;

impl KnownDensity for Checkerboard {
    fn dim(&self) -> usize {
        2
    }

    fn name(&self) -> &'static str {
        "checkerboard"
    }

    fn draw(&self, rng: &mut ChaCha8Rng, out: &mut [f64]) {
        let column = index(rng, SQUARES as usize) as i32;
        let row = 2 * index(rng, SQUARES as usize / 2) as i32 + column % 2;
        for (x, square) in out.iter_mut().zip([column, row]) {
            *x = SIDE * (f64::from(square - SQUARES / 2) + uniform(rng));
        }
    }

    fn log_prob_and_grad(&self, x: &[f64], grad: &mut [f64]) -> f64 {
        grad.fill(0.0);
        let square = |v: f64| (v / SIDE).floor() + f64::from(SQUARES / 2);
        let inside = |s: f64| (0.0..f64::from(SQUARES)).contains(&s);
        let (column, row) = (square(x[0]), square(x[1]));
        if inside(column) && inside(row) && (column + row) % 2.0 == 0.0 {
            -(f64::from(SQUARES * SQUARES / 2) * SIDE * SIDE).ln()
        } else {
            f64::NEG_INFINITY
        }
    }
}
