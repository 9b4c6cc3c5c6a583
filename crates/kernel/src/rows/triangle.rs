//! Products with triangular matrices and their solutions, in place. Triangles are packed row after row; one without any
//! numbers is zero.

use super::arithmetic::dot;
use crate::Real;
use std::ops::Range;

/// Numbers strictly below the diagonal of a matrix of `dim` rows, as many as above it.
pub(super) fn packed(dim: usize) -> usize {
    dim * (dim - 1) / 2
}

/// `L` with ones on its diagonal and the packed triangle below it.
pub(super) struct Lower<'a, R>(pub &'a [R]);

impl<R: Real> Lower<'_, R> {
    /// Rows with numbers.
    fn rows(&self, dim: usize) -> Range<usize> {
        if self.0.is_empty() { 0..0 } else { 0..dim }
    }

    fn places(i: usize) -> Range<usize> {
        let start = (i * i - i) / 2;
        start..start + i
    }

    /// `x ← L·x`.
    pub(super) fn multiply(&self, x: &mut [R]) {
        for i in self.rows(x.len()).rev() {
            let sum = dot(&self.0[Self::places(i)], &x[..i]);
            x[i] += R::of(sum);
        }
    }

    /// `x ← L⁻¹·x`.
    pub(super) fn solve(&self, x: &mut [R]) {
        for i in self.rows(x.len()) {
            let sum = dot(&self.0[Self::places(i)], &x[..i]);
            x[i] -= R::of(sum);
        }
    }

    /// `g ← L⁻ᵀ·g`.
    pub(super) fn solve_transposed(&self, g: &mut [R]) {
        for i in self.rows(g.len()).rev() {
            let (before, rest) = g.split_at_mut(i);
            before.iter_mut().zip(&self.0[Self::places(i)]).for_each(|(g, &l)| *g -= l * rest[0]);
        }
    }

    /// From the gradient by `L·v` to that by `v`, in its place, and that by the triangle, which is added.
    pub(super) fn gradient(&self, v: &[R], g: &mut [R], d_triangle: &mut [R]) {
        for i in self.rows(v.len()) {
            let (before, rest) = g.split_at_mut(i);
            let places = Self::places(i);
            for (j, (&l, d)) in self.0[places.clone()].iter().zip(&mut d_triangle[places]).enumerate() {
                *d += rest[0] * v[j];
                before[j] += l * rest[0];
            }
        }
    }
}

/// `U + diag(±e^log_scale)` with the packed triangle `U` above the diagonal. Without log-scales the diagonal is 1, without
/// signs they are all positive.
pub(super) struct Upper<'a, R> {
    pub triangle: &'a [R],
    pub log_scale: &'a [R],
    pub signs: &'a [i8],
}

impl<R: Real> Upper<'_, R> {
    /// `log|det|`.
    pub(super) fn log_det(&self) -> f64 {
        self.log_scale.iter().map(|a| a.f64()).sum()
    }

    fn diagonal(&self, i: usize) -> R {
        let scale = self.log_scale.get(i).map_or(R::one(), |a| a.fast_exp());
        if self.signs.get(i).is_some_and(|&sign| sign < 0) { -scale } else { scale }
    }

    /// Where row `i` stands in the triangle; nowhere if there is none.
    fn places(&self, dim: usize, i: usize) -> Range<usize> {
        let (start, end) = (i * (2 * dim - i - 1) / 2, (i + 1) * (2 * dim - i - 2) / 2);
        if self.triangle.is_empty() { 0..0 } else { start..end }
    }

    /// `y ← (U + diag)·u`.
    pub(super) fn multiply(&self, u: &[R], y: &mut [R]) {
        let dim = u.len();
        for i in 0..dim {
            let row = &self.triangle[self.places(dim, i)];
            y[i] = self.diagonal(i) * u[i] + R::of(dot(row, &u[dim - row.len()..]));
        }
    }

    /// `x ← (U + diag)⁻¹·x`.
    pub(super) fn solve(&self, x: &mut [R]) {
        let dim = x.len();
        for i in (0..dim).rev() {
            let row = &self.triangle[self.places(dim, i)];
            x[i] = (x[i] - R::of(dot(row, &x[dim - row.len()..]))) / self.diagonal(i);
        }
    }

    /// `g ← (U + diag)⁻ᵀ·g`.
    pub(super) fn solve_transposed(&self, g: &mut [R]) {
        let dim = g.len();
        for i in 0..dim {
            let (before, after) = g.split_at_mut(i + 1);
            before[i] /= self.diagonal(i);
            after.iter_mut().zip(&self.triangle[self.places(dim, i)]).for_each(|(g, &u)| *g -= u * before[i]);
        }
    }

    /// From the gradients by `(U + diag)·u` and the log-det to that by `u`, in the place of the first, and those by the
    /// triangle and the log-scales, which are added.
    pub(super) fn gradient(&self, u: &[R], g: &mut [R], d_log_det: R, d_triangle: &mut [R], d_log_scale: &mut [R]) {
        let dim = u.len();
        for i in (0..dim).rev() {
            let (before, after) = g.split_at_mut(i + 1);
            let (given, places) = (before[i], self.places(dim, i));
            for (k, (&t, d)) in self.triangle[places.clone()].iter().zip(&mut d_triangle[places]).enumerate() {
                *d += given * u[i + 1 + k];
                after[k] += t * given;
            }
            before[i] = self.diagonal(i) * given;
            if let Some(d) = d_log_scale.get_mut(i) {
                *d += before[i] * u[i] + d_log_det;
            }
        }
    }
}
