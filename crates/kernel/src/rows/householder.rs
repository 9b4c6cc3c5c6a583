//! Orthogonal maps as products of Householder reflections (Tomczak & Welling 2016, §3), and linear ones as an orthogonal
//! map after a triangular one.

use super::RowMap;
use super::arithmetic::{direction, dot, with_scratch};
use super::triangle::{Upper, packed};
use crate::Real;
use rand::Rng;

/// `y = H_1·H_2⋯H_K·R·u` with the reflections `H_k = I − 2 v_k v_kᵀ/‖v_k‖²` and, with `triangle`, the upper triangular
/// `R = U + diag(e^log_scale)`, else `R = I`. `ℓ = Σ log_scale`; of the reflections each has the determinant −1.
///
/// `θ` are `v_1, …, v_K` (`dim` each) and, with `triangle`, the numbers of `U` above its diagonal (packed row after row,
/// `dim·(dim−1)/2`) and the log-scales (`dim`). With `K = dim` reflections, or `dim − 1`, all orthogonal maps of one sign
/// of the determinant are reached, and with `triangle` all linear maps of that sign.
///
/// `u → y` is closed; back, reflections undo themselves and `R` is substituted through. Either costs
/// O(`K·dim`) + O(`dim²`) for `R`.
///
/// The length of a `v_k` does not matter, and its gradient is at right angles to it, so steps along it do not shorten
/// `v_k`. Should one be shorter than 1e-12 none the less, it counts as the axis `k mod dim` and has no gradient: zeros are
/// no start, [`Householder::initial`] is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Householder {
    pub dim: usize,
    /// `K`, at least 1
    pub reflections: usize,
    pub triangle: bool,
}

/// `‖v‖²` below which `v` has no direction.
const LEAST: f64 = 1e-24;

/// `x ← H_k·x`.
fn reflect<R: Real>(k: usize, v: &[R], x: &mut [R]) {
    let square = dot(v, v);
    if square < LEAST {
        let axis = k % x.len();
        x[axis] = -x[axis];
        return;
    }
    let by = R::of(2.0 * dot(v, x) / square);
    x.iter_mut().zip(v).for_each(|(x, &v)| *x -= by * v);
}

/// Adds the gradient by `v` of `gᵀ·H·x`.
fn reflection_gradient<R: Real>(v: &[R], x: &[R], g: &[R], d_v: &mut [R]) {
    let square = dot(v, v);
    if square < LEAST {
        return;
    }
    let (along_x, along_g) = (2.0 * dot(v, x) / square, 2.0 * dot(v, g) / square);
    let [by_g, by_x, by_v] = [along_x, along_g, along_x * along_g].map(R::of);
    for i in 0..v.len() {
        d_v[i] += by_v * v[i] - by_g * g[i] - by_x * x[i];
    }
}

impl Householder {
    /// Numbers of each part.
    fn lengths(&self) -> [usize; 3] {
        let (triangle, diagonal) = if self.triangle { (packed(self.dim), self.dim) } else { (0, 0) };
        [self.reflections.saturating_mul(self.dim), triangle, diagonal]
    }

    /// Names and shapes of the parts of `θ`, in their order.
    pub fn parts(&self) -> Vec<(&'static str, Vec<usize>)> {
        let [_, triangle, diagonal] = self.lengths();
        let shapes = [vec![self.reflections, self.dim], vec![triangle], vec![diagonal]];
        let named = ["reflections", "upper", "log_scale"].into_iter().zip(shapes);
        named.filter(|(_, shape)| !shape.contains(&0)).collect()
    }

    /// Random directions, two reflections each and so the identity; if `K` is odd one reflection is left. `R = I`.
    pub fn initial(&self, rng: &mut impl Rng) -> Vec<f32> {
        let pairs = (0..self.reflections.div_ceil(2)).map(|_| direction(self.dim, rng).repeat(2));
        let mut theta: Vec<f32> = pairs.flatten().collect();
        theta.truncate(self.reflections * self.dim);
        theta.resize(self.lengths().iter().sum(), 0.0);
        theta
    }

    /// The reflections, last first as they are applied, and `R`.
    fn factors<'a, R: Real>(
        &self,
        theta: &'a [R],
    ) -> (impl DoubleEndedIterator<Item = (usize, &'a [R])> + use<'a, R>, Upper<'a, R>) {
        let [reflections, triangle, _] = self.lengths();
        let (reflections, rest) = theta.split_at(reflections);
        let (triangle, log_scale) = rest.split_at(triangle);
        (reflections.chunks_exact(self.dim).enumerate().rev(), Upper { triangle, log_scale, signs: &[] })
    }
}

impl<R: Real> RowMap<R> for Householder {
    fn dim(&self) -> usize {
        self.dim
    }

    fn parameters(&self) -> usize {
        self.lengths().iter().sum()
    }

    fn map(&self, theta: &[R], u: &[R], y: &mut [R]) -> f64 {
        let (reflections, upper) = self.factors(theta);
        upper.multiply(u, y);
        reflections.for_each(|(k, v)| reflect(k, v, y));
        upper.log_det()
    }

    fn solve(&self, theta: &[R], y: &[R], u: &mut [R]) {
        let (reflections, upper) = self.factors(theta);
        u.copy_from_slice(y);
        reflections.rev().for_each(|(k, v)| reflect(k, v, u));
        upper.solve(u);
    }

    /// What each reflection was given is found by undoing it, from the last.
    fn gradient(&self, theta: &[R], u: &[R], dy: &[R], d_log_det: R, du: &mut [R], d_theta: &mut [R]) {
        let (reflections, upper) = self.factors(theta);
        let [length, triangle, _] = self.lengths();
        let (d_reflections, rest) = d_theta.split_at_mut(length);
        let (d_triangle, d_log_scale) = rest.split_at_mut(triangle);
        du.copy_from_slice(dy);
        with_scratch(self.dim, |x| {
            self.map(theta, u, x);
            for ((k, v), d_v) in reflections.rev().zip(d_reflections.chunks_exact_mut(self.dim)) {
                reflect(k, v, x);
                reflection_gradient(v, x, du, d_v);
                reflect(k, v, du);
            }
        });
        upper.gradient(u, du, d_log_det, d_triangle, d_log_scale);
    }

    fn solve_transposed(&self, theta: &[R], _: &[R], g: &mut [R]) {
        let (reflections, upper) = self.factors(theta);
        upper.solve_transposed(g);
        reflections.for_each(|(k, v)| reflect(k, v, g));
    }
}

#[cfg(test)]
mod tests {
    use super::super::laws::{determinant, matrix, noise};
    use super::*;
    use crate::noise::{Purpose, stream};

    fn orthogonal(dim: usize, reflections: usize) -> Householder {
        Householder { dim, reflections, triangle: false }
    }

    fn assert_orthogonal(q: &[Vec<f64>], message: &str) {
        for i in 0..q.len() {
            for j in 0..q.len() {
                let expected = f64::from(u8::from(i == j));
                assert!((dot(&q[i], &q[j]) - expected).abs() < 1e-12, "{message}: rows {i} and {j}");
            }
        }
    }

    #[test]
    fn without_the_triangle_the_matrix_is_orthogonal_and_of_the_sign_of_its_reflections() {
        for dim in [1, 2, 3, 5, 8] {
            for reflections in 1..=4 {
                let q = matrix(&orthogonal(dim, reflections), &noise(7, dim * reflections, 3.0));
                assert_orthogonal(&q, &format!("{reflections} reflections of {dim}"));
                let sign = if reflections % 2 == 0 { 1.0 } else { -1.0 };
                assert!((determinant(q) - sign).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn with_the_triangle_the_squares_of_the_columns_are_those_of_r() {
        // AᵀA = RᵀR, whatever the reflections
        let map = Householder { dim: 2, reflections: 2, triangle: true };
        let mut theta = noise(2, 4, 1.0);
        theta.extend([0.5, 2f64.ln(), 3f64.ln()]);
        let a = matrix(&map, &theta);
        let gram = |i: usize, j: usize| a[0][i] * a[0][j] + a[1][i] * a[1][j];
        for (found, expected) in [(gram(0, 0), 4.0), (gram(0, 1), 1.0), (gram(1, 1), 9.25)] {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
        assert!((map.map(&theta, &[1.0, 1.0], &mut [0.0; 2]) - 6f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn vectors_next_to_zero_leave_the_map_orthogonal_and_gradients_finite() {
        for length in [0.0f32, 1e-30, 1e-13, 1e-11] {
            let map = orthogonal(3, 2);
            let theta = [length, -length, 0.5 * length, 1.0, 2.0, 0.0];
            assert_orthogonal(&matrix(&map, &theta.map(f64::from)), &format!("length {length}"));
            let (mut du, mut d_theta) = ([f32::NAN; 3], [0.0; 6]);
            map.gradient(&theta, &[0.3, -2.0, 1.0], &[1.0; 3], 1.0, &mut du, &mut d_theta);
            assert!(du.iter().chain(&d_theta).all(|d| d.is_finite()), "length {length}: {du:?} {d_theta:?}");
        }
    }

    #[test]
    fn gradients_are_at_right_angles_to_their_vectors() {
        let (map, theta) = (orthogonal(5, 3), noise(1, 15, 2.0));
        let (mut du, mut d_theta) = ([0.0; 5], [0.0; 15]);
        map.gradient(&theta, &noise(2, 5, 1.0), &noise(3, 5, 1.0), 0.0, &mut du, &mut d_theta);
        for (v, d_v) in theta.chunks(5).zip(d_theta.chunks(5)) {
            assert!(dot(v, d_v).abs() < 1e-12 && dot(d_v, d_v) > 1e-3, "{v:?} {d_v:?}");
        }
    }

    #[test]
    fn an_even_number_of_reflections_starts_as_the_identity() {
        for triangle in [false, true] {
            let map = Householder { dim: 4, reflections: 6, triangle };
            let theta: Vec<f64> = map.initial(&mut stream(0, Purpose::Init, 0)).into_iter().map(f64::from).collect();
            for (i, row) in matrix(&map, &theta).into_iter().enumerate() {
                for (j, entry) in row.into_iter().enumerate() {
                    assert!((entry - f64::from(u8::from(i == j))).abs() < 1e-12, "{i}, {j}: {entry}");
                }
            }
        }
    }
}
