//! Small dense matrices in double precision: elimination with partial pivoting.

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
        for k in 0..dim {
            let size = |i: usize| a[i * dim + k].abs();
            let pivot = (k + 1..dim).fold(k, |best, i| if size(i) > size(best) { i } else { best });
            if pivot != k {
                order.swap(k, pivot);
                (0..dim).for_each(|j| a.swap(k * dim + j, pivot * dim + j));
            }
            let (above, below) = a.split_at_mut((k + 1) * dim);
            let top = &above[k * dim..];
            for row in below.chunks_exact_mut(dim) {
                let factor = row[k] / top[k];
                row[k] = factor;
                for j in k + 1..dim {
                    row[j] -= factor * top[j];
                }
            }
        }
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
        let dim = self.dim;
        let (mut unit, mut inverse) = (vec![0.0; dim], vec![0.0; dim * dim]);
        for (i, row) in inverse.chunks_exact_mut(dim).enumerate() {
            unit[i] = 1.0;
            self.solve_transposed(&unit, row);
            unit[i] = 0.0;
        }
        inverse
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
