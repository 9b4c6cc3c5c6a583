//! Radial maps (Rezende & Mohamed 2015, §4.1 and Appendix A.2): rows move away from one point, or towards it.

use super::RowMap;
use super::arithmetic::{sigmoid, softplus, softplus_inverse};
use crate::Real;
use rand::Rng;

/// `y = u + β/(α + r)·(u − u₀)` with `r = ‖u − u₀‖`, `α = softplus(α')`, `β = −α + softplus(β')`.
///
/// `θ` are `u₀` (`dim`), `α'` and `β'`. With `h = 1/(α + r)`: `det = (1 + βh)^(dim−1)·(1 + βh + βh'r)`. Written with
/// `A = softplus(α')`, `B = softplus(β')` nothing is subtracted: the distance from `u₀` becomes `r·(r + B)/(r + A)`, with
/// the slope `(r² + 2Ar + AB)/(r + A)²`.
///
/// `u → y` is closed, and so is its inverse: `r` is the positive root of a quadratic equation. Either costs O(`dim`). In
/// `u₀` the map is smooth but `ℓ` has the tip of a cone; its gradient by `u` is taken for zero there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Radial {
    pub dim: usize,
}

/// `A` and `B` with the distance from the centre, before or after the map.
struct Parts {
    a: f64,
    b: f64,
    distance: f64,
}

impl Parts {
    /// `y − u₀ = stretch·(u − u₀)`.
    fn stretch(&self) -> f64 {
        (self.distance + self.b) / (self.distance + self.a)
    }

    /// `(r² + 2Ar + AB)`, by which the slope of the distance is this over `(r + A)²`.
    fn quadratic(&self) -> f64 {
        self.distance * (self.distance + 2.0 * self.a) + self.a * self.b
    }
}

impl Radial {
    /// Names and shapes of the parts of `θ`, in their order.
    pub fn parts(&self) -> Vec<(&'static str, Vec<usize>)> {
        vec![("center", vec![self.dim]), ("raw_alpha", vec![1]), ("raw_beta", vec![1])]
    }

    /// A random centre within the unit cube, `A = 1` and a `B` next to it: `A = B` is the identity, where the centre
    /// would have no gradient.
    pub fn initial(&self, rng: &mut impl Rng) -> Vec<f32> {
        let mut theta: Vec<f32> = (0..self.dim).map(|_| rng.gen_range(-1.0..1.0)).collect();
        let raw = softplus_inverse(1.0) as f32;
        let side = if rng.gen_range(0..2) == 0 { -0.1 } else { 0.1 };
        theta.extend([raw, raw + side]);
        theta
    }

    fn parts_at<R: Real>(&self, theta: &[R], row: &[R]) -> Parts {
        let square: f64 = row.iter().zip(theta).map(|(row, center)| (row.f64() - center.f64()).powi(2)).sum();
        let [a, b] = [self.dim, self.dim + 1].map(|k| softplus(theta[k].f64()));
        Parts { a, b, distance: square.sqrt() }
    }
}

impl<R: Real> RowMap<R> for Radial {
    fn dim(&self) -> usize {
        self.dim
    }

    fn parameters(&self) -> usize {
        self.dim + 2
    }

    fn map(&self, theta: &[R], u: &[R], y: &mut [R]) -> f64 {
        let parts = self.parts_at(theta, u);
        let stretch = R::of(parts.stretch());
        for i in 0..self.dim {
            y[i] = theta[i] + stretch * (u[i] - theta[i]);
        }
        let slope = parts.quadratic().ln() - 2.0 * (parts.distance + parts.a).ln();
        (self.dim - 1) as f64 * parts.stretch().ln() + slope
    }

    /// `r² + (B − R)·r − A·R = 0` with the distance `R` of `y`.
    fn solve(&self, theta: &[R], y: &[R], u: &mut [R]) {
        let Parts { a, b, distance } = self.parts_at(theta, y);
        let excess = distance - b;
        let root = excess.hypot(2.0 * (a * distance).sqrt());
        // of the two forms of the root the one that does not subtract
        let r = if excess > 0.0 { 0.5 * (excess + root) } else { 2.0 * a * distance / (root - excess) };
        let shrink = R::of(1.0 / Parts { a, b, distance: r }.stretch());
        for i in 0..self.dim {
            u[i] = theta[i] + shrink * (y[i] - theta[i]);
        }
    }

    fn gradient(&self, theta: &[R], u: &[R], dy: &[R], d_log_det: R, du: &mut [R], d_theta: &mut [R]) {
        let parts = self.parts_at(theta, u);
        let (Parts { a, b, distance: r }, stretch, quadratic) = (&parts, parts.stretch(), parts.quadratic());
        let (dl, sum) = (d_log_det.f64(), r + a);
        let outward: f64 = (0..self.dim).map(|i| dy[i].f64() * (u[i].f64() - theta[i].f64())).sum();
        // through the stretch g = (r + B)/(r + A), and directly through log(r² + 2Ar + AB) − 2 log(r + A)
        let d_stretch = outward + dl * (self.dim - 1) as f64 / stretch;
        let d_r = d_stretch * (a - b) / (sum * sum) + dl * (2.0 * sum / quadratic - 2.0 / sum);
        let d_a = -d_stretch * stretch / sum + dl * ((2.0 * r + b) / quadratic - 2.0 / sum);
        let d_b = d_stretch / sum + dl * a / quadratic;

        let (stretch, d_r) = (R::of(stretch), R::of(if *r > 0.0 { d_r / r } else { 0.0 }));
        for i in 0..self.dim {
            du[i] = stretch * dy[i] + d_r * (u[i] - theta[i]);
            d_theta[i] += dy[i] - du[i];
        }
        for (k, d) in [(self.dim, d_a), (self.dim + 1, d_b)] {
            d_theta[k] += R::of(d * sigmoid(theta[k].f64()));
        }
    }

    /// `J` stretches along `u − u₀` by the slope of the distance, and across it as the map does.
    fn solve_transposed(&self, theta: &[R], u: &[R], g: &mut [R]) {
        let parts = self.parts_at(theta, u);
        let (across, r) = (1.0 / parts.stretch(), parts.distance);
        let along = (r + parts.a).powi(2) / parts.quadratic();
        let outward: f64 = (0..self.dim).map(|i| g[i].f64() * (u[i].f64() - theta[i].f64())).sum();
        let by = R::of(if r > 0.0 { (along - across) * outward / (r * r) } else { 0.0 });
        for i in 0..self.dim {
            g[i] = R::of(across) * g[i] + by * (u[i] - theta[i]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::laws::noise;
    use super::*;

    /// `α = 1`, `β = 2`, centre `(3, 0, −1)`.
    fn example() -> [f64; 5] {
        [3.0, 0.0, -1.0, softplus_inverse(1.0), softplus_inverse(3.0)]
    }

    #[test]
    fn the_log_det_is_that_of_the_formula() {
        // r = 2, h = 1/3, h' = −1/9: (1 + 2/3)²·(1 + 2/3 − 2/9·2); without the r the last factor would be 13/9
        let log_det = Radial { dim: 3 }.map(&example(), &[3.0, 2.0, -1.0], &mut [0.0; 3]);
        assert!((log_det - (2.0 * (5.0f64 / 3.0).ln() + (11.0f64 / 9.0).ln())).abs() < 1e-14, "{log_det}");
    }

    #[test]
    fn the_centre_stays_and_rows_move_away_from_it() {
        // with z + z₀ in place of z − z₀ neither holds
        let (map, theta, mut y) = (Radial { dim: 3 }, example(), [0.0; 3]);
        map.map(&theta, &theta[..3], &mut y);
        assert_eq!(y, theta[..3]);
        map.map(&theta, &[3.0, 2.0, -1.0], &mut y);
        assert!((y[1] - 2.0 * 5.0 / 3.0).abs() < 1e-14 && y[0] == 3.0 && y[2] == -1.0, "{y:?}");
    }

    #[test]
    fn the_distance_grows_for_any_parameters() {
        for seed in 0..2000 {
            let theta = noise(seed, 4, [0.3, 3.0, 30.0][seed as usize % 3]);
            let map = Radial { dim: 2 };
            let mut last = -1.0;
            for i in 0..20 {
                let mut y = [0.0; 2];
                let log_det = map.map(&theta, &[theta[0] + 0.3 * f64::from(i), theta[1]], &mut y);
                assert!(y[0] - theta[0] > last && log_det.is_finite(), "seed {seed} at {i}: {y:?}");
                last = y[0] - theta[0];
            }
        }
    }

    #[test]
    fn in_the_centre_all_is_finite() {
        let (map, theta) = (Radial { dim: 3 }, example());
        let center = &theta[..3];
        let (mut du, mut d_theta) = ([f64::NAN; 3], [0.0; 5]);
        map.gradient(&theta, center, &[1.0, 2.0, 3.0], 1.0, &mut du, &mut d_theta);
        // the stretch there is B/A = 3
        assert!(du.iter().zip([3.0, 6.0, 9.0]).all(|(du, expected)| (du - expected).abs() < 1e-12), "{du:?}");
        assert!(d_theta.iter().all(|d| d.is_finite()), "{d_theta:?}");
        let (mut g, mut back) = ([3.0, 6.0, 9.0], [f64::NAN; 3]);
        map.solve_transposed(&theta, center, &mut g);
        map.solve(&theta, center, &mut back);
        assert!(g.iter().zip([1.0, 2.0, 3.0]).all(|(g, expected)| (g - expected).abs() < 1e-12), "{g:?}");
        assert_eq!(back, center);
    }
}
