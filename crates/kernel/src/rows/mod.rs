//! Bijections of whole rows with parameters of their own and no conditioner: planar, radial, linear,
//! orthogonal and elementwise maps and permutations.
//!
//! Every map has one direction that is computed outright, its closed direction; the other solves for its argument. A
//! layer says which of the two directions of the flow the closed one is. Gradients are written out for the closed
//! direction and follow for the other by the implicit function theorem: with `y = f(u; θ)`, its Jacobian `J` and
//! `ℓ(u; θ) = log|det J|`, the inverse has `∂u/∂y = J⁻¹`, `∂u/∂θ = −J⁻¹·∂f/∂θ` and the log-det `−ℓ(u; θ)`.

mod arithmetic;
mod elementwise;
mod householder;
#[cfg(test)]
mod laws;
mod linear;
mod permutation;
mod planar;
mod radial;
mod ridge;
mod spec;
mod triangle;

pub use elementwise::Elementwise;
pub use householder::Householder;
pub use linear::{Form, Linear};
pub use permutation::Permutation;
pub use planar::Planar;
pub use radial::Radial;
pub use ridge::Ridge;
pub use spec::{RowError, RowSpec};

use crate::Real;

/// A differentiable bijection of rows of `dim()` numbers. Log-determinants are in nats.
pub trait RowMap<R: Real> {
    fn dim(&self) -> usize;

    /// Numbers in `theta`.
    fn parameters(&self) -> usize;

    /// Writes `y = f(u; θ)` and returns `ℓ = log|det ∂y/∂u|`.
    fn map(&self, theta: &[R], u: &[R], y: &mut [R]) -> f64;

    /// Writes the `u` with `f(u; θ) = y`; NaN where there is none.
    fn solve(&self, theta: &[R], y: &[R], u: &mut [R]);

    /// From the gradients by `y` and `ℓ` to that by `u`, written to `du`, and that by `θ`, added to `d_theta`.
    fn gradient(&self, theta: &[R], u: &[R], dy: &[R], d_log_det: R, du: &mut [R], d_theta: &mut [R]);

    /// Replaces `g` by the `w` with `w·J = g`, where `J` is the Jacobian at `u`.
    fn solve_transposed(&self, theta: &[R], u: &[R], g: &mut [R]);
}
