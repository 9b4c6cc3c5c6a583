//! Targets whose normalised density is known: the truth that tests and two-dimensional pictures are judged against.
//!
//! Data lie roughly within [−4, 4] in every coordinate. Log-densities are in nats, in the space of the draws.

mod banana;
mod bessel;
mod checkerboard;
mod curve;
mod eight_gaussians;
mod entropy;
mod funnel;
mod gaussian;
mod gaussian_mixture;
mod legendre;
mod pinwheel;
mod ring_chain;
mod rings;
mod swirl;
mod target;
mod two_moons;

pub use banana::Banana;
pub use checkerboard::Checkerboard;
pub use eight_gaussians::EightGaussians;
pub use entropy::{Entropy, entropy_estimate};
pub use funnel::Funnel;
pub use gaussian_mixture::GaussianMixture;
pub use pinwheel::Pinwheel;
pub use ring_chain::RingChain;
pub use rings::Rings;
pub use swirl::Swirl;
pub use target::{MAXIMUM_COMPONENTS, MAXIMUM_DIM, Target, TargetError};
pub use two_moons::TwoMoons;

use rand_chacha::ChaCha8Rng;

/// A distribution with draws and an exact normalised density.
pub trait KnownDensity: Send + Sync {
    /// Number of coordinates.
    fn dim(&self) -> usize;

    /// Name by which an experiment asks for it.
    fn name(&self) -> &'static str;

    /// One independent draw, written to `out` (`dim` values).
    fn draw(&self, rng: &mut ChaCha8Rng, out: &mut [f64]);

    /// `log p(x)` in nats; −∞ outside the support.
    fn log_prob(&self, x: &[f64]) -> f64 {
        self.log_prob_and_grad(x, &mut vec![0.0; self.dim()])
    }

    /// [`log_prob`](Self::log_prob), with its gradient `∇_x log p(x)` written to `grad` (`dim` values), exact for the
    /// formula of the density. Zeros where the density is flat or zero, as everywhere on and off a checkerboard.
    fn log_prob_and_grad(&self, x: &[f64], grad: &mut [f64]) -> f64;

    /// Centres of the modes, where the target has separate ones: their values in the columns
    /// [`mode_columns`](Self::mode_columns).
    fn mode_centres(&self) -> Option<Vec<Vec<f64>>> {
        None
    }

    /// The coordinates in which the modes lie apart, by which a row is given to its nearest centre. All, unless the
    /// target says otherwise.
    fn mode_columns(&self) -> Vec<usize> {
        (0..self.dim()).collect()
    }
}

/// `log Σ exp(terms)` without overflow; −∞ for no terms.
fn log_sum_exp(terms: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = terms.clone().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return largest;
    }
    largest + terms.map(|t| (t - largest).exp()).sum::<f64>().ln()
}

/// [`log_sum_exp`] of terms in the plane, each with its gradient; that of the sum, `Σ ∇tᵢ e^{tᵢ} / Σ e^{tᵢ}`, is
/// written to `grad`.
fn log_sum_exp_and_grad(terms: impl Iterator<Item = (f64, [f64; 2])> + Clone, grad: &mut [f64]) -> f64 {
    let total = log_sum_exp(terms.clone().map(|(term, _)| term));
    grad.fill(0.0);
    for (term, slope) in terms {
        let share = (term - total).exp();
        grad.iter_mut().zip(slope).for_each(|(grad, slope)| *grad += share * slope);
    }
    total
}
