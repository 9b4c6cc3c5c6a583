//! Increasing maps of one number, of which layers are made: a conditioner gives their parameters (autoregressive and
//! coupling layers), or they are parameters of the layer themselves (elementwise layers).
//!
//! Every map has one direction in closed form, [`Univariate::closed`]; the other solves for its argument. Gradients are
//! written out for the closed direction and follow for the other by the implicit function theorem: with `y = f(u; p)`
//! and `ℓ(u; p) = log f'(u; p)`, the inverse has `∂u/∂y = 1/f'`, `∂u/∂p = −(∂f/∂p)/f'` and the log-det `−ℓ(u; p)`.

#[cfg(test)]
mod laws;
mod rational_quadratic;

pub use rational_quadratic::RationalQuadratic;

use crate::Real;
use crate::affine::Direction;
use serde::{Deserialize, Serialize};

/// An increasing, differentiable map of one number with `parameters()` unconstrained parameters `p`, all zero for the
/// identity or the map nearest to it.
pub trait Monotone<R: Real> {
    /// Numbers that it takes, 0 for a map without any.
    fn parameters(&self) -> usize;

    /// The direction that [`Monotone::map`] is.
    fn closed(&self) -> Direction;

    /// `y = f(u; p)` and `ℓ = log f'(u; p)`, in the closed direction.
    fn map(&self, p: &[R], u: R) -> (R, R);

    /// The `u` with `f(u; p) = y`; NaN if there is none.
    fn solve(&self, p: &[R], y: R) -> R;

    /// From the gradients by `y` and `ℓ` to that by `u`, which is returned, and that by `p`, which is written to `dp`.
    fn gradient(&self, p: &[R], u: R, dy: R, dl: R, dp: &mut [R]) -> R;
}

/// The maps by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Univariate {
    /// Rational-quadratic spline (Durkan et al. 2019): [`RationalQuadratic`].
    RationalQuadratic(RationalQuadratic),
}

/// What `$one` is for whichever map it is.
macro_rules! each {
    ($map:expr, $one:ident => $body:expr) => {
        match $map {
            Univariate::RationalQuadratic($one) => $body,
        }
    };
}

impl Univariate {
    /// Numbers that it takes per coordinate.
    pub fn parameters(&self) -> usize {
        each!(self, one => Monotone::<f64>::parameters(one))
    }

    /// The direction that has a closed form; a quadratic equation counts as one.
    pub fn closed(&self) -> Direction {
        each!(self, one => Monotone::<f64>::closed(one))
    }

    /// The mapped number and the log-derivative of the map just applied.
    #[inline]
    pub fn apply<R: Real>(&self, direction: Direction, p: &[R], given: R) -> (R, R) {
        each!(self, one => {
            if direction == Monotone::<R>::closed(one) {
                one.map(p, given)
            } else {
                let u = one.solve(p, given);
                (u, -one.map(p, u).1)
            }
        })
    }

    /// Gradients of [`Univariate::apply`] at `given`, which it had mapped to `mapped`: from those by the mapped number and
    /// the log-derivative to that by `given`, which is returned, and those by the parameters, written to `dp`.
    #[inline]
    pub fn gradient<R: Real>(
        &self,
        direction: Direction,
        p: &[R],
        given: R,
        mapped: R,
        d_mapped: R,
        d_log: R,
        dp: &mut [R],
    ) -> R {
        each!(self, one => {
            if direction == Monotone::<R>::closed(one) {
                one.gradient(p, given, d_mapped, d_log, dp)
            } else {
                let (u, zero) = (mapped, R::zero());
                let through_log = one.gradient(p, u, zero, -d_log, dp);
                let d_given = (d_mapped + through_log) * (-one.map(p, u).1).exp();
                one.gradient(p, u, -d_given, -d_log, dp);
                d_given
            }
        })
    }
}
