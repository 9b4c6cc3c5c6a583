//! One univariate map per coordinate, with parameters of its own.

use super::RowMap;
use super::arithmetic::with_scratch;
use crate::{Real, Univariate};

/// `y_i = f(u_i; p_i)`, `ℓ = Σ log f'(u_i; p_i)`. Its closed direction is that of the univariate map; `θ` are the parameters
/// of the first coordinate, then those of the second, and so on.
#[derive(Debug, Clone, PartialEq)]
pub struct Elementwise {
    pub dim: usize,
    pub univariate: Univariate,
}

impl Elementwise {
    /// Names and shapes of the parts of `θ`, in their order: one row per coordinate.
    pub fn parts(&self) -> Vec<(&'static str, Vec<usize>)> {
        let each = self.univariate.parameters();
        if each == 0 { vec![] } else { vec![("parameters", vec![self.dim, each])] }
    }

    /// The part of each coordinate; nothing has no part, so an empty one is given for each.
    fn part<'a, R>(&self, theta: &'a [R], i: usize) -> &'a [R] {
        let each = self.univariate.parameters();
        &theta[i * each..(i + 1) * each]
    }
}

impl<R: Real> RowMap<R> for Elementwise {
    fn dim(&self) -> usize {
        self.dim
    }

    fn parameters(&self) -> usize {
        self.dim * self.univariate.parameters()
    }

    fn map(&self, theta: &[R], u: &[R], y: &mut [R]) -> f64 {
        let mut log_det = 0.0;
        for i in 0..self.dim {
            let (mapped, log) = self.univariate.apply(self.univariate.closed(), self.part(theta, i), u[i]);
            y[i] = mapped;
            log_det += log.f64();
        }
        log_det
    }

    fn solve(&self, theta: &[R], y: &[R], u: &mut [R]) {
        let direction = self.univariate.closed().opposite();
        (0..self.dim).for_each(|i| u[i] = self.univariate.apply(direction, self.part(theta, i), y[i]).0);
    }

    fn gradient(&self, theta: &[R], u: &[R], dy: &[R], d_log_det: R, du: &mut [R], d_theta: &mut [R]) {
        let (each, closed) = (self.univariate.parameters(), self.univariate.closed());
        with_scratch(each, |dp| {
            for i in 0..self.dim {
                let p = self.part(theta, i);
                // the closed direction does not read what it has mapped to
                du[i] = self.univariate.gradient(closed, p, u[i], R::nan(), dy[i], d_log_det, dp);
                d_theta[i * each..][..each].iter_mut().zip(dp.iter()).for_each(|(sum, &d)| *sum += d);
            }
        });
    }

    fn solve_transposed(&self, theta: &[R], u: &[R], g: &mut [R]) {
        let closed = self.univariate.closed();
        for i in 0..self.dim {
            g[i] *= (-self.univariate.apply(closed, self.part(theta, i), u[i]).1).exp();
        }
    }
}
