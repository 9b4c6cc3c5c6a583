//! Small dense matrices in double precision: elimination with partial pivoting.

use crate::Real;
use crate::isa::{Instructions, dispatch, multiply_add};

/// `P·A = L·U` of a matrix that was row-major.
#[derive(Debug, Clone)]
pub(super) struct Factors {
    dim: usize,
    lu: Vec<f64>,
    /// row `i` of `P·A` is row `order[i]` of `A`
    order: Vec<usize>,
}

impl Factors {
    pub fn new(dim: usize, mut a: Vec<f64>) -> Self {
        let mut order: Vec<usize> = (0..dim).collect();
        eliminate(dim, &mut a, &mut order);
        Self { dim, lu: a, order }
    }

    pub fn log_abs_determinant(&self) -> f64 {
        (0..self.dim).map(|k| self.lu[k * self.dim + k].abs().ln()).sum()
    }

    /// Writes the `w` with `w·A = g`.
    pub fn solve_transposed(&self, g: &[f64], w: &mut [f64]) {
        // with z = w·Pᵀ: z·L·U = g
        let (dim, lu) = (self.dim, &self.lu);
        let mut z = g.to_vec();
        for k in 0..dim {
            z[k] /= lu[k * dim + k];
            for j in k + 1..dim {
                z[j] -= z[k] * lu[k * dim + j];
            }
        }
        for k in (0..dim).rev() {
            for j in 0..k {
                z[j] -= z[k] * lu[k * dim + j];
            }
        }
        (0..dim).for_each(|k| w[self.order[k]] = z[k]);
    }

    /// `A⁻¹`, row-major.
    pub fn inverse(&self) -> Vec<f64> {
        let mut x = vec![0.0; self.dim * self.dim];
        self.order.iter().enumerate().for_each(|(i, &from)| x[i * self.dim + from] = 1.0);
        substitute(self.dim, &self.lu, &mut x);
        x
    }
}

dispatch! {
    /// Replaces `a` by its factors, and permutes `order` as its rows.
    fn eliminate(dim: usize, a: &mut [R], order: &mut [usize]) = eliminate_body
}

#[inline(always)]
fn eliminate_body<R: Real, I: Instructions>(dim: usize, a: &mut [R], order: &mut [usize]) {
    for k in 0..dim {
        let mut pivot = k;
        for i in k + 1..dim {
            if a[i * dim + k].abs() > a[pivot * dim + k].abs() {
                pivot = i;
            }
        }
        if pivot != k {
            order.swap(k, pivot);
            for j in 0..dim {
                a.swap(k * dim + j, pivot * dim + j);
            }
        }
        let (above, below) = a.split_at_mut((k + 1) * dim);
        let top = &above[k * dim..];
        for row in below.chunks_exact_mut(dim) {
            row[k] /= top[k];
            let by = row[k];
            subtract::<R, I>(by, &top[k + 1..], &mut row[k + 1..]);
        }
    }
}

dispatch! {
    /// `x ← U⁻¹·L⁻¹·x`, a row of `x` at a time.
    fn substitute(dim: usize, lu: &[R], x: &mut [R]) = substitute_body
}

#[inline(always)]
fn substitute_body<R: Real, I: Instructions>(dim: usize, lu: &[R], x: &mut [R]) {
    for k in 0..dim {
        let (done, rest) = x.split_at_mut((k + 1) * dim);
        for (i, row) in rest.chunks_exact_mut(dim).enumerate() {
            subtract::<R, I>(lu[(k + 1 + i) * dim + k], &done[k * dim..], row);
        }
    }
    for k in (0..dim).rev() {
        let (rest, done) = x.split_at_mut(k * dim);
        let row = &mut done[..dim];
        for j in 0..dim {
            row[j] /= lu[k * dim + k];
        }
        for (i, other) in rest.chunks_exact_mut(dim).enumerate() {
            subtract::<R, I>(lu[i * dim + k], row, other);
        }
    }
}

/// `y −= by·x`.
#[inline(always)]
fn subtract<R: Real, I: Instructions>(by: R, x: &[R], y: &mut [R]) {
    let x = &x[..y.len()];
    for j in 0..y.len() {
        y[j] = multiply_add::<R, I>(-by, x[j], y[j]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::laws::{determinant, noise};
    use super::*;

    #[test]
    fn determinants_solutions_and_inverses_of_any_matrix() {
        for dim in [1, 2, 3, 5, 9] {
            // a zero in the first place wants a pivot
            let mut a = noise(dim as u64, dim * dim, 1.0);
            if dim > 1 {
                a[0] = 0.0;
            }
            let factors = Factors::new(dim, a.clone());
            let expected = determinant(a.chunks(dim).map(<[f64]>::to_vec).collect());
            assert!((factors.log_abs_determinant() - expected.abs().ln()).abs() < 1e-11);
            let (g, mut w) = (noise(5, dim, 1.0), vec![0.0; dim]);
            factors.solve_transposed(&g, &mut w);
            let inverse = factors.inverse();
            for j in 0..dim {
                let product: f64 = (0..dim).map(|i| w[i] * a[i * dim + j]).sum();
                assert!((product - g[j]).abs() < 1e-10, "{product} {}", g[j]);
                for i in 0..dim {
                    let entry: f64 = (0..dim).map(|k| inverse[i * dim + k] * a[k * dim + j]).sum();
                    assert!((entry - f64::from(u8::from(i == j))).abs() < 1e-10);
                }
            }
        }
    }
}
