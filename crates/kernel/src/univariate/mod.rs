//! Increasing maps of one number, of which layers are made: a conditioner gives their parameters (autoregressive and
//! coupling layers), or they are parameters of the layer themselves (elementwise layers).
//!
//! Every map has one direction in closed form, [`Univariate::closed`]; the other solves for its argument. Gradients are
//! written out for the closed direction and follow for the other by the implicit function theorem: with `y = f(u; p)`
//! and `ℓ(u; p) = log f'(u; p)`, the inverse has `∂u/∂y = 1/f'`, `∂u/∂p = −(∂f/∂p)/f'` and the log-det `−ℓ(u; p)`.

mod additive;
mod affine;
mod b_spline;
mod base;
pub(crate) mod bracketed;
mod distribution;
mod double;
#[cfg(test)]
mod laws;
mod leaky_relu;
mod mixture;
pub(crate) mod normal;
mod positive_sum;
mod rational_quadratic;
mod reversed;
pub(crate) mod scalar;
mod settings;
mod shares;
mod sigmoid;
mod sinh_arcsinh;
mod softplus;
mod start;
mod student;
mod student_t;
mod tanh;

pub use additive::Additive;
pub use affine::Affine;
pub use b_spline::BSpline;
pub use base::Base;
pub use distribution::Distribution;
pub use leaky_relu::LeakyRelu;
pub use mixture::{Kernel, Mixture};
pub use positive_sum::PositiveSum;
pub use rational_quadratic::RationalQuadratic;
pub use reversed::Reversed;
pub use settings::{SettingError, Settings};
pub use sigmoid::Sigmoid;
pub use sinh_arcsinh::SinhArcsinh;
pub use softplus::Softplus;
pub use student_t::StudentT;
pub use tanh::Tanh;

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
    /// Shift (Dinh et al. 2014): [`struct@Additive`].
    Additive,
    /// Shift and scale (Kingma et al. 2016): [`Affine`].
    Affine(Affine),
    /// Rational-quadratic spline (Durkan et al. 2019): [`RationalQuadratic`].
    RationalQuadratic(RationalQuadratic),
    /// Cubic B-spline (Ramsay 1988): [`BSpline`].
    BSpline(BSpline),
    /// Distribution function of a mixture (Papamakarios et al. 2017; Ho et al. 2019): [`Mixture`].
    Mixture(Mixture),
    /// Positive sum of increasing functions (Huang et al. 2018): [`PositiveSum`].
    PositiveSum(PositiveSum),
    /// Skew and tail weight (Jones & Pewsey 2009): [`struct@SinhArcsinh`].
    SinhArcsinh,
    /// Two slopes (Maas et al. 2013): [`LeakyRelu`].
    LeakyRelu(LeakyRelu),
    /// Data in (0, 1): [`Sigmoid::ToData`].
    Sigmoid,
    /// A base in (0, 1): [`Sigmoid::ToBase`].
    Logit,
    /// Data in (−1, 1): [`struct@Tanh`].
    Tanh,
    /// Positive data: [`struct@Softplus`].
    Softplus,
    /// A base in (−1, 1): [`struct@Tanh`], [`Reversed`].
    Artanh,
    /// A positive base: [`struct@Softplus`], [`Reversed`].
    SoftplusInverse,
    /// Power-law tails: [`struct@StudentT`].
    StudentT,
    /// Another base than the normal one: [`Base`].
    Base(Base),
}

/// What `$one` is for whichever map it is.
macro_rules! each {
    (@$without_settings:expr, $one:ident => $body:expr) => {{
        let $one = &$without_settings;
        $body
    }};
    ($map:expr, $one:ident => $body:expr) => {
        match $map {
            Univariate::Additive => each!(@Additive, $one => $body),
            Univariate::Affine($one) => $body,
            Univariate::RationalQuadratic($one) => $body,
            Univariate::BSpline($one) => $body,
            Univariate::Mixture($one) => $body,
            Univariate::PositiveSum($one) => $body,
            Univariate::SinhArcsinh => each!(@SinhArcsinh, $one => $body),
            Univariate::LeakyRelu($one) => $body,
            Univariate::Sigmoid => each!(@Sigmoid::ToData, $one => $body),
            Univariate::Logit => each!(@Sigmoid::ToBase, $one => $body),
            Univariate::Tanh => each!(@Tanh, $one => $body),
            Univariate::Softplus => each!(@Softplus, $one => $body),
            Univariate::Artanh => each!(@Reversed { map: Tanh, name: "artanh" }, $one => $body),
            Univariate::SoftplusInverse => {
                each!(@Reversed { map: Softplus, name: "softplus_inverse" }, $one => $body)
            }
            Univariate::StudentT => each!(@StudentT, $one => $body),
            Univariate::Base($one) => $body,
        }
    };
}

impl Univariate {
    /// As files and messages name it.
    pub fn name(&self) -> &'static str {
        each!(self, one => one.name())
    }

    /// Whether it can be computed with its settings, which the other methods take for granted.
    ///
    /// # Errors
    /// Names the first setting that is out of range, with what was found and expected.
    pub fn check(&self) -> Result<(), SettingError> {
        each!(self, one => one.check())
    }

    /// The open interval that `direction` maps; it gives NaN outside, and NaN or an infinity at its ends
    /// (those of [`Base`] stand for what is rounded to them).
    pub fn domain(&self, direction: Direction) -> [f64; 2] {
        if direction == self.closed() { settings::REALS } else { each!(self, one => one.range()) }
    }

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

    /// Gradients of [`Univariate::apply`] at `given`, which it had mapped to `mapped`: from those by the mapped number
    /// and the log-derivative to that by `given`, which is returned, and those by the parameters, written to `dp`.
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
