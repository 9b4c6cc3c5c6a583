//! Linear maps with a shift, factored so that the determinant and the inverse are cheap (Glow, Kingma & Dhariwal 2018,
//! §3.2).

use super::RowMap;
use super::arithmetic::with_scratch;
use super::permutation::permute;
use super::triangle::{Lower, Upper, packed};
use crate::Real;
use serde::{Deserialize, Serialize};

/// `y = P·L·(U + diag s)·u + b`, `ℓ = Σ log|s_i|`, with factors left out as [`Form`] says.
///
/// `L` has ones on its diagonal, `U` zeros; `s = ±e^log_scale` is never zero, its signs and the permutation `P` stay as
/// they are. `θ` are, as far as they are there, the triangle of `L` below its diagonal, that of `U` above it (both packed
/// row after row, `dim·(dim−1)/2` numbers each), the log-scales and `b` (`dim` each).
///
/// `u → y` is closed: a product with each triangle. The other direction substitutes through them at the same cost,
/// O(`dim²`); O(`dim`) without triangles. The matrix itself is never formed. At zeros the map is `P·diag(±1)`, and no
/// parameter is without a gradient: a start at zeros is one.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    pub dim: usize,
    pub form: Form,
}

/// The factors of a [`Linear`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Form {
    /// All of them: any invertible matrix, for a suitable `P`. Row `i` of the product is row `order[i]` of `L·(U + diag s)`;
    /// `signs` are 1 and −1.
    Plu { order: Vec<usize>, signs: Vec<i8> },
    /// `L·diag s`: lower triangular with a positive diagonal.
    Triangular,
    /// `diag s` with `s > 0`.
    Diagonal,
    /// `b` alone.
    Shift,
}

impl Form {
    /// [`Form::Plu`] with positive scales.
    pub fn plu(order: Vec<usize>) -> Self {
        Self::Plu { signs: vec![1; order.len()], order }
    }
}

impl Linear {
    /// Numbers of each part.
    fn lengths(&self) -> [usize; 4] {
        let (dim, triangle) = (self.dim, packed(self.dim));
        match self.form {
            Form::Plu { .. } => [triangle, triangle, dim, dim],
            Form::Triangular => [triangle, 0, dim, dim],
            Form::Diagonal => [0, 0, dim, dim],
            Form::Shift => [0, 0, 0, dim],
        }
    }

    /// Names and shapes of the parts of `θ`, in their order.
    pub fn parts(&self) -> Vec<(&'static str, Vec<usize>)> {
        let named = ["lower", "upper", "log_scale", "shift"].into_iter().zip(self.lengths());
        named.filter(|(_, length)| *length > 0).map(|(name, length)| (name, vec![length])).collect()
    }

    /// `L`, `U + diag s` and `b`.
    fn factors<'a, R: Real>(&'a self, theta: &'a [R]) -> (Lower<'a, R>, Upper<'a, R>, &'a [R]) {
        let [lower, upper, log_scale, _] = self.lengths();
        let (lower, rest) = theta.split_at(lower);
        let (triangle, rest) = rest.split_at(upper);
        let (log_scale, shift) = rest.split_at(log_scale);
        let signs = if let Form::Plu { signs, .. } = &self.form { signs } else { &[][..] };
        (Lower(lower), Upper { triangle, log_scale, signs }, shift)
    }

    /// The coordinate of `L·(U + diag s)·u` that becomes coordinate `i`.
    fn source(&self, i: usize) -> usize {
        if let Form::Plu { order, .. } = &self.form { order[i] } else { i }
    }

    /// `x ← P·x`.
    fn permute<R: Real>(&self, x: &mut [R]) {
        if let Form::Plu { order, .. } = &self.form {
            permute(order, x);
        }
    }
}

impl<R: Real> RowMap<R> for Linear {
    fn dim(&self) -> usize {
        self.dim
    }

    fn parameters(&self) -> usize {
        self.lengths().iter().sum()
    }

    fn map(&self, theta: &[R], u: &[R], y: &mut [R]) -> f64 {
        let (lower, upper, shift) = self.factors(theta);
        upper.multiply(u, y);
        lower.multiply(y);
        self.permute(y);
        y.iter_mut().zip(shift).for_each(|(y, &b)| *y += b);
        upper.log_det()
    }

    fn solve(&self, theta: &[R], y: &[R], u: &mut [R]) {
        let (lower, upper, shift) = self.factors(theta);
        for i in 0..self.dim {
            u[self.source(i)] = y[i] - shift[i];
        }
        lower.solve(u);
        upper.solve(u);
    }

    fn gradient(&self, theta: &[R], u: &[R], dy: &[R], d_log_det: R, du: &mut [R], d_theta: &mut [R]) {
        let (lower, upper, _) = self.factors(theta);
        let [below, above, log_scale, _] = self.lengths();
        let (d_below, rest) = d_theta.split_at_mut(below);
        let (d_above, rest) = rest.split_at_mut(above);
        let (d_log_scale, d_shift) = rest.split_at_mut(log_scale);
        for i in 0..self.dim {
            d_shift[i] += dy[i];
            du[self.source(i)] = dy[i];
        }
        with_scratch(self.dim, |between| {
            upper.multiply(u, between);
            lower.gradient(between, du, d_below);
        });
        upper.gradient(u, du, d_log_det, d_above, d_log_scale);
    }

    fn solve_transposed(&self, theta: &[R], _: &[R], g: &mut [R]) {
        let (lower, upper, _) = self.factors(theta);
        upper.solve_transposed(g);
        lower.solve_transposed(g);
        self.permute(g);
    }
}

#[cfg(test)]
mod tests {
    use super::super::laws::{determinant, matrix, noise};
    use super::*;

    #[test]
    fn the_matrix_is_the_product_of_its_factors() {
        let map = Linear { dim: 3, form: Form::Plu { order: vec![2, 0, 1], signs: vec![1, -1, 1] } };
        let theta = [0.5, -1.0, 2.0, 0.3, 0.7, -0.4, 0.0, 2f64.ln(), 3f64.ln(), 10.0, 20.0, 30.0];
        let (l, u) = (
            [[1.0, 0.0, 0.0], [0.5, 1.0, 0.0], [-1.0, 2.0, 1.0]],
            [[1.0, 0.3, 0.7], [0.0, -2.0, -0.4], [0.0, 0.0, 3.0]],
        );
        let product = |i: usize, j: usize| (0..3).map(|k| l[i][k] * u[k][j]).sum::<f64>();
        for (i, row) in matrix(&map, &theta).into_iter().enumerate() {
            for (j, entry) in row.into_iter().enumerate() {
                assert!((entry - product([2, 0, 1][i], j)).abs() < 1e-12, "{i}, {j}: {entry}");
            }
        }
        let mut y = [0.0; 3];
        map.map(&theta, &[0.0; 3], &mut y);
        assert_eq!(y, [10.0, 20.0, 30.0]);
    }

    #[test]
    fn the_log_det_is_that_of_the_absolute_determinant() {
        for (order, signs) in
            [([0, 1, 2, 3], [1, 1, -1, 1]), ([1, 0, 2, 3], [1, 1, 1, 1]), ([1, 2, 3, 0], [-1, 1, -1, 1])]
        {
            let map = Linear { dim: 4, form: Form::Plu { order: order.to_vec(), signs: signs.to_vec() } };
            let theta = noise(3, RowMap::<f64>::parameters(&map), 0.7);
            let determinant = determinant(matrix(&map, &theta));
            // the logarithm of the determinant itself would be NaN
            assert!(determinant < 0.0, "{determinant}");
            let log_det = map.map(&theta, &[1.0; 4], &mut [0.0; 4]);
            assert!((log_det - determinant.abs().ln()).abs() < 1e-12, "{log_det} {determinant}");
        }
    }

    #[test]
    fn forms_are_what_they_are_called() {
        for (form, [below, above, scaled]) in [
            (Form::Triangular, [true, false, true]),
            (Form::Diagonal, [false, false, true]),
            (Form::Shift, [false, false, false]),
        ] {
            let map = Linear { dim: 4, form };
            let theta = noise(5, RowMap::<f64>::parameters(&map), 0.7);
            for (i, row) in matrix(&map, &theta).into_iter().enumerate() {
                for (j, entry) in row.into_iter().enumerate() {
                    let filled = if j < i { below } else { i == j || above };
                    assert_eq!(entry.abs() > 1e-12, filled, "{:?} at {i}, {j}", map.form);
                    let diagonal = entry > 0.0 && ((entry - 1.0).abs() > 1e-12) == scaled;
                    assert!(i != j || diagonal, "{:?} at {i}: {entry}", map.form);
                }
            }
        }
    }
}
