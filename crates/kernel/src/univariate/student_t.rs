//! The distribution function of Student's t, then the quantile function of the standard normal: data with power-law tails
//! from a base that has none (Jaini, Kobyzev, Yu & Brubaker 2020, "Tails of Lipschitz triangular flows": no Lipschitz map
//! can do that).

use super::bracketed;
use super::double::Double;
use super::normal;
use super::settings::Settings;
use super::student::Student;
use crate::affine::{slope_at_clipped, soft_clip};

/// Degrees of freedom at zero, and the bound of their logarithm relative to that: from 0.5 to 200.
const START: f64 = 10.0;
const CLIP: f64 = 3.0;

/// Bound of the logarithm of the scale.
const SCALE_CLIP: f64 = 5.0;

/// The farthest solution, in scales: single precision still holds what follows from it. Only base values that no draw has
/// lead there.
const FARTHEST: f64 = 1e25;

/// `z = Φ⁻¹(T_ν((x − m)/s))` with the distribution function `T_ν` of Student's t, `ℓ = log t_ν((x − m)/s) − log s − log φ(z)`;
/// from the real numbers onto them. The density of the data is Student's t with location `m` and scale `s` exactly.
///
/// `p = [m, a, b]` with `s = e^α`, `ν = 10·e^β` and the soft clips `α = a / (1 + |a|/5)`, `β = b / (1 + |b|/3)`, so that
/// `ν` is between 0.5 (neither variance nor mean) and 200 (next to normal). At zeros it is 10, and the map within 0.1 of the
/// identity for `|x| ≤ 1`. Tails are known by their logarithms; the derivative by `ν` is that of their continued fraction. The
/// other direction is bracketed Newton in `asinh` of the solution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StudentT;

/// The map at some `x`.
struct At {
    student: Student,
    nu: f64,
    /// soft-clipped
    alpha: f64,
    beta: f64,
    scale: f64,
    /// `(x − m)/s`
    t: f64,
}

impl At {
    fn new(p: &[f64], x: f64) -> Self {
        let (alpha, beta) = (soft_clip(p[1], SCALE_CLIP), soft_clip(p[2], CLIP));
        let (nu, scale) = (START * beta.exp(), alpha.exp());
        // beyond, powers would overflow
        let t = ((x - p[0]) / scale).clamp(-1e300, 1e300);
        Self { student: Student::new(nu), nu, alpha, beta, scale, t }
    }
}

/// `Φ⁻¹(T(t))`.
fn mapped(student: &Student, t: f64) -> f64 {
    let small = student.log_upper(t.abs()).value;
    let z = normal::quantile([(-small.exp()).ln_1p(), small]);
    if t < 0.0 { -z } else { z }
}

impl Settings for StudentT {
    fn name(&self) -> &'static str {
        "student_t"
    }
}

impl Double for StudentT {
    fn parameters(&self) -> usize {
        3
    }

    fn map(&self, p: &[f64], x: f64) -> (f64, f64) {
        let at = At::new(p, x);
        let z = mapped(&at.student, at.t);
        (z, at.student.log_density(at.t).value - at.alpha - normal::log_density(z))
    }

    /// The tails are heavier than the normal ones: the solution is beyond `z`.
    fn solve(&self, p: &[f64], z: f64) -> f64 {
        let At { student, scale, .. } = At::new(p, 0.0);
        let map_and_slope = |v: f64| {
            let t = v.sinh();
            let mapped = mapped(&student, t);
            let slope = (student.log_density(t).value - normal::log_density(mapped)).exp();
            (mapped, slope * v.cosh())
        };
        let far = z.abs();
        let t = bracketed::solve(map_and_slope, far, [far.asinh(), FARTHEST.asinh()]).sinh();
        p[0] + scale * t.copysign(z)
    }

    /// `∂z/∂ν = ∓(∂ log P(T > |t|)/∂ν)·P/φ(z)`, and `∂ℓ = ∂log t_ν + z·∂z`.
    fn gradient(&self, p: &[f64], x: f64, dz: f64, dl: f64, dp: &mut [f64]) -> f64 {
        let at = At::new(p, x);
        let (z, density) = (mapped(&at.student, at.t), at.student.log_density(at.t));
        let (log_base, upper) = (normal::log_density(z), at.student.log_upper(at.t.abs()));
        let dz = dz + dl * z;
        let d_t = dz * (density.value - log_base).exp() + dl * at.student.score(at.t);
        let z_by_nu = -(upper.value - log_base).exp() * upper.slope.copysign(upper.slope * at.t);
        dp[0] = -d_t / at.scale;
        dp[1] = -(d_t * at.t + dl) * slope_at_clipped(at.alpha, SCALE_CLIP);
        dp[2] = (dz * z_by_nu + dl * density.slope) * at.nu * slope_at_clipped(at.beta, CLIP);
        d_t / at.scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The raw number whose soft clip is `clipped`.
    fn raw(clipped: f64, clip: f64) -> f64 {
        clipped / (1.0 - clipped.abs() / clip)
    }

    #[test]
    fn the_density_is_that_of_the_formula() {
        // ν = 1 is Cauchy's: 1/(π s (1 + t²))
        let p = [0.7, raw(2f64.ln(), SCALE_CLIP), raw(-(10f64.ln()), CLIP)];
        for x in [-1e6, -30.0, 0.7, 1.2, 1e9] {
            let (z, log) = StudentT.map(&p, x);
            let exact = -(2.0 * std::f64::consts::PI * (1.0 + ((x - 0.7) / 2.0).powi(2))).ln();
            assert!((normal::log_density(z) + log - exact).abs() < 1e-12 * (1.0 + exact.abs()), "{x}");
            let below = 0.5 + ((x - 0.7) / 2.0).atan() / std::f64::consts::PI;
            assert!(x.abs() > 100.0 || (normal::tails(z)[0] - below).abs() < 1e-14, "{x}: {z}");
        }
    }

    #[test]
    fn a_ten_thousandth_normal_quantile_is_far_out_for_heavy_tails_only() {
        let x = |degrees: f64| StudentT.solve(&[0.0, 0.0, raw((degrees / 10.0).ln(), CLIP)], 3.719_016_485_455_68);
        // Cauchy's quantile is tan(π(½ − 10⁻⁴)) = 3183.1; that of t with 5 degrees of freedom is 9.6776
        assert!((x(1.0) / 3_183.098_757_1 - 1.0).abs() < 1e-9, "{}", x(1.0));
        assert!((x(5.0) - 9.677_566_3).abs() < 1e-6, "{}", x(5.0));
        assert!((x(190.0) - 3.719).abs() < 0.1, "{}", x(190.0));
    }

    #[test]
    fn the_middle_and_the_ends_are_numbers() {
        for z in [0.0, -1e-300, 60.0, -1e7] {
            let x = StudentT.solve(&[0.0; 3], z);
            assert!(x.is_finite() && x * z >= 0.0 && StudentT.map(&[0.0; 3], x).1.is_finite(), "{z}: {x}");
        }
        for x in [f64::MAX, f64::NEG_INFINITY] {
            let (z, log) = StudentT.map(&[0.0; 3], x);
            assert!(z.is_finite() && log < -100.0, "{x}: {z} {log}");
        }
        let mut dp = [f64::NAN; 3];
        let dx = StudentT.gradient(&[0.0; 3], 0.0, 1.0, 1.0, &mut dp);
        assert!(dx.is_finite() && dp.iter().all(|d| d.is_finite()), "{dx} {dp:?}");
    }
}
