//! Planar maps (Rezende & Mohamed 2015, §4.1 and Appendix A.1): rows are moved along one vector, as far as their place
//! along another says.

use super::arithmetic::{direction, dot, sigmoid, softplus, softplus_inverse};
use super::{Ridge, RowMap};
use crate::Real;
use rand::Rng;

/// `y = u + û·h(wᵀu + b)`, `ℓ = log(1 + h'(wᵀu + b)·wᵀû)`.
///
/// `θ` are `r`, the raw `û` (`dim`), `w` (`dim`) and `b`. The component of `û` along `w` is moved to where the map increases:
/// `û = r + (m(wᵀr) − wᵀr)·w/‖w‖²` with `m(a) = −1 + softplus(a)`, so `wᵀû = m(wᵀr) > −1`. As slopes of `h` are from
/// 0 to 1 the determinant, a number, is positive everywhere.
///
/// `u → y` is closed. The other direction solves one equation for `α = wᵀu`, `α + wᵀû·h(α + b) = wᵀy`, whose left side
/// increases. Either costs O(`dim`).
///
/// Where `‖w‖ < 1e-6`, `‖w‖²` is replaced by `1e-12`, so that values and gradients are finite also at `w = 0`; the
/// determinant stays positive as long as `‖r‖ < 1e6`. A start at zeros would have no gradient (`tanh`, `arctan`) or
/// one of 1e12: [`Planar::initial`] takes a direction of length 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Planar {
    pub dim: usize,
    pub function: Ridge,
}

/// `‖w‖²` below which it is replaced by this.
const LEAST: f64 = 1e-12;

/// What the parameters alone determine.
struct Parts<'a, R> {
    raw: &'a [R],
    w: &'a [R],
    b: f64,
    /// `a = wᵀr`
    a: f64,
    /// `‖w‖²`, and what stands for it
    square: f64,
    divisor: f64,
    /// `û = r + k·w`
    k: f64,
    /// `1 + wᵀû`
    reach: f64,
}

impl<'a, R: Real> Parts<'a, R> {
    fn new(dim: usize, theta: &'a [R]) -> Self {
        let (raw, rest) = theta.split_at(dim);
        let (w, b) = rest.split_at(dim);
        let (a, square) = (dot(raw, w), dot(w, w));
        let divisor = square.max(LEAST);
        let share = square / divisor;
        // m(a) − a = softplus(−a) − 1; the reach is softplus(a) outright, as a sum it could be negative by rounding
        let k = (softplus(-a) - 1.0) / divisor;
        let reach = (1.0 - share) * (1.0 + a) + share * softplus(a);
        Self { raw, w, b: b[0].f64(), a, square, divisor, k, reach }
    }

    /// `gᵀû`.
    fn along(&self, g: &[R]) -> f64 {
        dot(g, self.raw) + self.k * dot(g, self.w)
    }

    /// `u + û·by`.
    fn moved(&self, u: &[R], by: f64, y: &mut [R]) {
        let (by, k) = (R::of(by), R::of(self.k));
        for i in 0..u.len() {
            y[i] = u[i] + by * (self.raw[i] + k * self.w[i]);
        }
    }
}

impl Planar {
    /// Names and shapes of the parts of `θ`, in their order.
    pub fn parts(&self) -> Vec<(&'static str, Vec<usize>)> {
        vec![("u", vec![self.dim]), ("w", vec![self.dim]), ("b", vec![1])]
    }

    /// A random `w` of length 1 and offset, and a `û` of a few hundredths: near the identity, where `wᵀr` is the root
    /// of `m`.
    pub fn initial(&self, rng: &mut impl Rng) -> Vec<f32> {
        let w = direction(self.dim, rng);
        let root = softplus_inverse(1.0) as f32;
        let mut theta: Vec<f32> = w.iter().map(|w| root * w + 0.05 * rng.gen_range(-1.0..1.0f32)).collect();
        theta.extend(w);
        theta.push(rng.gen_range(-1.0..1.0));
        theta
    }

    /// The `α` with `α + (reach − 1)·h(α + b) = target`: Newton's method in a bracket, which is bisected where a step
    /// would leave it or be more than half as long as the last.
    fn solve_along(&self, reach: f64, b: f64, target: f64) -> f64 {
        const MOST_STEPS: usize = 200;
        let residual = |alpha: f64| {
            let at = self.function.at(alpha + b);
            (alpha - target + (reach - 1.0) * at.value, at.rest + at.slope * reach)
        };
        let (start, mut near, mut far) = (residual(target).0, target, target);
        let mut step = -start;
        while residual(far).0 * start > 0.0 {
            near = far;
            far += step;
            step += step;
        }
        let (mut low, mut high, mut alpha) = (near.min(far), near.max(far), far);
        let mut length = f64::INFINITY;
        for _ in 0..MOST_STEPS {
            let (value, slope) = residual(alpha);
            if value > 0.0 {
                high = alpha;
            } else {
                low = alpha;
            }
            let newton = alpha - value / slope;
            let trusted = low <= newton && newton <= high && (newton - alpha).abs() < 0.5 * length;
            let next = if trusted { newton } else { 0.5 * (low + high) };
            length = (next - alpha).abs();
            alpha = next;
            if length.is_nan() || length <= f64::EPSILON * (1.0 + alpha.abs() + target.abs()) {
                break;
            }
        }
        alpha
    }
}

impl<R: Real> RowMap<R> for Planar {
    fn dim(&self) -> usize {
        self.dim
    }

    fn parameters(&self) -> usize {
        2 * self.dim + 1
    }

    fn map(&self, theta: &[R], u: &[R], y: &mut [R]) -> f64 {
        let parts = Parts::new(self.dim, theta);
        let at = self.function.at(dot(parts.w, u) + parts.b);
        parts.moved(u, at.value, y);
        (at.rest + at.slope * parts.reach).ln()
    }

    fn solve(&self, theta: &[R], y: &[R], u: &mut [R]) {
        let parts = Parts::new(self.dim, theta);
        let alpha = self.solve_along(parts.reach, parts.b, dot(parts.w, y));
        parts.moved(y, -self.function.at(alpha + parts.b).value, u);
    }

    fn gradient(&self, theta: &[R], u: &[R], dy: &[R], d_log_det: R, du: &mut [R], d_theta: &mut [R]) {
        let parts = Parts::new(self.dim, theta);
        let Parts { raw, w, a, square, divisor, k, reach, .. } = parts;
        let at = self.function.at(dot(w, u) + parts.b);
        let per_det = d_log_det.f64() / (at.rest + at.slope * reach);
        let d_t = parts.along(dy) * at.slope + per_det * at.bend * (reach - 1.0);
        let (d_reach, d_k) = (per_det * at.slope, at.value * dot(dy, w));
        let share = square / divisor;
        let d_a = d_reach * (1.0 - share + share * sigmoid(a)) - d_k * sigmoid(-a) / divisor;
        // above the least square k depends on it, below the reach does
        let d_square = if square > LEAST { -d_k * k / divisor } else { d_reach * k };

        let [value, pull, d_t, d_a, d_square] = [at.value, at.value * k, d_t, d_a, 2.0 * d_square].map(R::of);
        let (d_raw, rest) = d_theta.split_at_mut(self.dim);
        let (d_w, d_b) = rest.split_at_mut(self.dim);
        for i in 0..self.dim {
            du[i] = dy[i] + d_t * w[i];
            d_raw[i] += value * dy[i] + d_a * w[i];
            d_w[i] += d_t * u[i] + pull * dy[i] + d_a * raw[i] + d_square * w[i];
        }
        d_b[0] += d_t;
    }

    /// `w = g − h'·(gᵀû / det)·wᵀ` (Sherman–Morrison).
    fn solve_transposed(&self, theta: &[R], u: &[R], g: &mut [R]) {
        let parts = Parts::new(self.dim, theta);
        let at = self.function.at(dot(parts.w, u) + parts.b);
        let along = R::of(at.slope * parts.along(g) / (at.rest + at.slope * parts.reach));
        g.iter_mut().zip(parts.w).for_each(|(g, &w)| *g -= along * w);
    }
}

#[cfg(test)]
mod tests {
    use super::super::laws::{determinant, noise};
    use super::*;

    fn log_det(map: &Planar, theta: &[f64], u: &[f64]) -> f64 {
        map.map(theta, u, &mut vec![0.0; u.len()])
    }

    #[test]
    fn the_log_det_is_that_of_a_number_not_of_a_matrix() {
        // I + h'·û·wᵀ is the Jacobian; its determinant is 1 + h'·wᵀû
        let (map, theta, u) = (Planar { dim: 4, function: Ridge::Tanh }, noise(1, 9, 1.0), noise(2, 4, 0.3));
        let parts = Parts::new(4, &theta);
        let slope = map.function.at(dot(parts.w, &u) + parts.b).slope;
        let moved: Vec<f64> = (0..4).map(|i| parts.raw[i] + parts.k * parts.w[i]).collect();
        let entry = |i: usize, j: usize| f64::from(u8::from(i == j)) + slope * moved[i] * parts.w[j];
        let jacobian = (0..4).map(|i| (0..4).map(|j| entry(i, j)).collect()).collect();
        let number = 1.0 + slope * dot(&moved, parts.w);
        assert!((determinant(jacobian) - number).abs() < 1e-12 && (number - 1.0).abs() > 0.01);
        assert!((log_det(&map, &theta, &u) - number.ln()).abs() < 1e-12);
    }

    #[test]
    fn the_determinant_is_positive_for_any_parameters() {
        for function in Ridge::ALL {
            for seed in 0..3000 {
                let (dim, scale) = (1 + seed as usize % 8, [1e-4, 0.1, 1.0, 10.0, 300.0][seed as usize % 5]);
                let map = Planar { dim, function };
                let theta = noise(seed, 2 * dim + 1, scale);
                let parts = Parts::new(dim, &theta);
                // not the length of w but its square divides, or the component along w would not be m
                let constrained = dot(parts.w, parts.raw) + parts.k * dot(parts.w, parts.w);
                let expected = softplus(dot(parts.w, parts.raw)) - 1.0;
                assert!((constrained - expected).abs() < 1e-9 * (1.0 + parts.a.abs()), "{constrained} {expected}");
                assert!(log_det(&map, &theta, &noise(seed + 1, dim, 2.0)) > f64::NEG_INFINITY, "seed {seed}");
            }
        }
    }

    #[test]
    fn without_the_constraint_rows_would_fall_together() {
        // w = 1, r = −3, b = 0: u − 3·tanh(u) is zero at three places
        let unconstrained = |u: f64| u - 3.0 * u.tanh();
        assert!(unconstrained(1.0) < 0.0 && unconstrained(4.0) > 0.0 && unconstrained(-1.0) > 0.0);
        let map = Planar { dim: 1, function: Ridge::Tanh };
        let mut last = f64::NEG_INFINITY;
        for i in -400..=400 {
            let mut y = [0.0];
            map.map(&[-3.0, 1.0, 0.0], &[f64::from(i) * 0.01], &mut y);
            assert!(y[0] > last, "at {i}");
            last = y[0];
        }
    }

    #[test]
    fn nearly_flat_maps_are_inverted() {
        for function in Ridge::ALL {
            let map = Planar { dim: 1, function };
            // 1 + wᵀû = softplus(−12) ≈ 6e-6
            let theta = [-12.0, 1.0, 0.3];
            for u in [-9.0, -0.8, -0.3, -0.29, 0.0, 2.0, 30.0] {
                let (mut y, mut back) = ([0.0], [f64::NAN]);
                map.map(&theta, &[u], &mut y);
                map.solve(&theta, &y, &mut back);
                assert!((back[0] - u).abs() < 1e-9 * (1.0 + u.abs()), "{function:?} at {u}: {back:?}");
            }
        }
    }

    #[test]
    fn what_is_no_number_is_no_number_mapped_back() {
        for function in Ridge::ALL {
            for y in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                let mut u = [0.0];
                Planar { dim: 1, function }.solve(&[-2.0, 1.0, 0.3], &[y], &mut u);
                assert!(!u[0].is_finite(), "{function:?}, {y}: {u:?}");
            }
        }
    }

    #[test]
    fn where_w_vanishes_all_is_finite_and_gradients_are_those_of_the_value() {
        let map = Planar { dim: 2, function: Ridge::Tanh };
        let (u, dy) = ([0.7, -0.4], [1.0, 0.5]);
        let value = |theta: &[f64]| {
            let mut y = [0.0; 2];
            let log_det = map.map(theta, &u, &mut y);
            dot(&y, &dy) + log_det
        };
        for w in [0.0, 3e-7, 2e-6] {
            let theta = [0.8, -0.3, w, -0.5 * w, 0.6];
            let (mut du, mut d_theta) = ([0.0; 2], [0.0; 5]);
            map.gradient(&theta, &u, &dy, 1.0, &mut du, &mut d_theta);
            for k in 0..5 {
                let step = if k == 2 || k == 3 { 1e-10 } else { 1e-5 };
                let at = |shift: f64| {
                    let mut theta = theta;
                    theta[k] += shift;
                    value(&theta)
                };
                let numeric = (at(step) - at(-step)) / (2.0 * step);
                assert!(
                    (d_theta[k] - numeric).abs() < 1e-4 * (1.0 + numeric.abs()),
                    "w = {w}, θ[{k}]: {} {numeric}",
                    d_theta[k]
                );
            }
        }
    }
}
