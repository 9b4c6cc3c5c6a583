//! Bijections of whole rows with parameters of their own and no masked conditioner: planar, radial, linear, orthogonal
//! and elementwise maps, permutations, mixtures of Gaussians, residual maps, differential equations, and layers with a
//! Transformer.
//!
//! Every map has one direction that is computed outright, its closed direction; the other solves for its argument. A
//! layer says which of the two directions of the flow the closed one is. Gradients are written out for the closed
//! direction and follow for the other by the implicit function theorem: with `y = f(u; θ)`, its Jacobian `J` and
//! `ℓ(u; θ) = log|det J|`, the inverse has `∂u/∂y = J⁻¹`, `∂u/∂θ = −J⁻¹·∂f/∂θ` and the log-det `−ℓ(u; θ)`.

mod arithmetic;
mod check;
mod continuous;
mod cost;
mod dense;
mod elementwise;
mod gaussian_mixture;
mod householder;
#[cfg(test)]
pub(crate) mod laws;
mod linear;
mod network;
mod permutation;
mod planar;
mod probe;
mod radial;
mod residual;
mod ridge;
mod spec;
mod transformer;
mod triangle;
mod triangular;

pub use check::RowError;
pub use continuous::{Continuous, Solver, Trace};
pub use cost::{RowCost, Way};
pub use elementwise::Elementwise;
pub use gaussian_mixture::{Covariance, GaussianMixture};
pub use householder::Householder;
pub use linear::{Form, Linear};
pub use network::Smooth;
pub use permutation::Permutation;
pub use planar::Planar;
pub use radial::Radial;
pub use residual::{LogDet, Residual};
pub use ridge::Ridge;
pub use spec::RowSpec;
pub use transformer::Transformer;

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

    /// [`RowMap::map`] of several rows, with one `ℓ` for each. Here and in the methods below a row's bits do not depend on
    /// the rows beside it; maps that are made of networks have ways of their own, in which many rows cost less than one by
    /// one.
    fn map_rows(&self, theta: &[R], u: &[R], y: &mut [R], log_det: &mut [f64]) {
        let each = rows(u, self.dim()).zip(rows_mut(y, self.dim())).zip(log_det);
        each.for_each(|((u, y), log_det)| *log_det = self.map(theta, u, y));
    }

    /// [`RowMap::solve`] of several rows.
    fn solve_rows(&self, theta: &[R], y: &[R], u: &mut [R]) {
        rows(y, self.dim()).zip(rows_mut(u, self.dim())).for_each(|(y, u)| self.solve(theta, y, u));
    }

    /// [`RowMap::gradient`] of several rows; `d_theta` is added to by the first row first.
    fn gradient_rows(&self, theta: &[R], u: &[R], dy: &[R], d_log_det: &[R], du: &mut [R], d_theta: &mut [R]) {
        let each = rows(u, self.dim()).zip(rows(dy, self.dim())).zip(d_log_det).zip(rows_mut(du, self.dim()));
        each.for_each(|(((u, dy), &d_log_det), du)| self.gradient(theta, u, dy, d_log_det, du, d_theta));
    }

    /// [`RowMap::solve_transposed`] of several rows.
    fn solve_transposed_rows(&self, theta: &[R], u: &[R], g: &mut [R]) {
        rows(u, self.dim()).zip(rows_mut(g, self.dim())).for_each(|(u, g)| self.solve_transposed(theta, u, g));
    }
}

fn rows<R>(values: &[R], dim: usize) -> std::slice::ChunksExact<'_, R> {
    values.chunks_exact(dim)
}

fn rows_mut<R>(values: &mut [R], dim: usize) -> std::slice::ChunksExactMut<'_, R> {
    values.chunks_exact_mut(dim)
}

/// The rows of `order`, one after the other.
fn gather<R: Real>(values: &[R], order: &[usize], dim: usize) -> Vec<R> {
    order.iter().flat_map(|&row| &values[row * dim..][..dim]).copied().collect()
}
