//! Maps that are computed in double precision whatever the numbers that go in and come out: where a tail or a solution
//! by iteration would lose the digits of single precision.

use super::Monotone;
use crate::Real;
use crate::affine::Direction;

/// So that the parameters of one map fit on the stack.
pub const MOST_PARAMETERS: usize = 2 + 3 * MOST_TERMS;

/// Most terms, with three parameters each, that a map is made of.
pub const MOST_TERMS: usize = 64;

/// [`Monotone`] in double precision, data → base in closed form.
pub trait Double {
    fn parameters(&self) -> usize;

    /// `y = f(u; p)` and `ℓ = log f'(u; p)`.
    fn map(&self, p: &[f64], u: f64) -> (f64, f64);

    /// The `u` with `f(u; p) = y`; NaN if there is none.
    fn solve(&self, p: &[f64], y: f64) -> f64;

    /// From the gradients by `y` and `ℓ` to that by `u`, and that by `p`, written to `dp`.
    fn gradient(&self, p: &[f64], u: f64, dy: f64, dl: f64, dp: &mut [f64]) -> f64;
}

fn widened<R: Real>(p: &[R]) -> [f64; MOST_PARAMETERS] {
    let mut wide = [0.0; MOST_PARAMETERS];
    wide.iter_mut().zip(p).for_each(|(wide, p)| *wide = p.f64());
    wide
}

impl<R: Real, M: Double> Monotone<R> for M {
    fn parameters(&self) -> usize {
        Double::parameters(self)
    }

    fn closed(&self) -> Direction {
        Direction::Inverse
    }

    fn map(&self, p: &[R], u: R) -> (R, R) {
        let (y, log) = Double::map(self, &widened(p)[..p.len()], u.f64());
        (R::of(y), R::of(log))
    }

    fn solve(&self, p: &[R], y: R) -> R {
        R::of(Double::solve(self, &widened(p)[..p.len()], y.f64()))
    }

    fn gradient(&self, p: &[R], u: R, dy: R, dl: R, dp: &mut [R]) -> R {
        let mut wide = [0.0; MOST_PARAMETERS];
        let given = widened(p);
        let du = Double::gradient(self, &given[..p.len()], u.f64(), dy.f64(), dl.f64(), &mut wide[..p.len()]);
        dp.iter_mut().zip(wide).for_each(|(dp, wide)| *dp = R::of(wide));
        R::of(du)
    }
}
