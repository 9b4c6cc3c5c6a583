//! The standard normal distribution on the scale of logarithms, far into both tails.

use libm::erfc;
use std::f64::consts::FRAC_1_SQRT_2;

/// `½ log 2π`.
const LOG_SQRT_TAU: f64 = 0.918_938_533_204_672_8;

/// From here on the tail is a continued fraction, which then needs few terms; erfc underflows only much later.
const FAR: f64 = 8.0;

/// `log φ(z)`.
pub fn log_density(z: f64) -> f64 {
    -0.5 * z * z - LOG_SQRT_TAU
}

/// `Φ(z)` and `Φ(−z)`, down to where they are too small for a double.
pub fn tails(z: f64) -> [f64; 2] {
    let small = 0.5 * erfc(z.abs() * FRAC_1_SQRT_2);
    if z < 0.0 { [small, 1.0 - small] } else { [1.0 - small, small] }
}

/// `log Φ(z)` and `log Φ(−z)`.
pub fn log_tails(z: f64) -> [f64; 2] {
    let small = log_upper(z.abs());
    let large = (-small.exp()).ln_1p();
    if z < 0.0 { [small, large] } else { [large, small] }
}

/// The `z` with these [`log_tails`], from the smaller of the two, which has the digits.
pub fn quantile([below, above]: [f64; 2]) -> f64 {
    if below < above { -upper_quantile(below) } else { upper_quantile(above) }
}

/// `log Φ(−z)`, for `z` not far below zero; beyond [`FAR`] by Laplace's continued fraction
/// `Φ(−z) = φ(z) / (z + 1/(z + 2/(z + 3/(z + …))))`.
fn log_upper(z: f64) -> f64 {
    if z < FAR {
        return (0.5 * erfc(z * FRAC_1_SQRT_2)).ln();
    }
    let fraction = (1..=24).rev().fold(z, |below, k| z + f64::from(k) / below);
    log_density(z) - fraction.ln()
}

/// The `z` with `log Φ(−z) = log_q`, for at most about `log ½`: a rational approximation in `√(−2 log q)` to 4.5e-4
/// (Abramowitz & Stegun 1964, 26.2.23), then Newton steps on the logarithm, which is nearly a parabola.
fn upper_quantile(log_q: f64) -> f64 {
    let t = (-2.0 * log_q).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let mut z = t - above / below;
    for _ in 0..3 {
        let log = log_upper(z);
        z += (log - log_q) / (log_density(z) - log).exp();
    }
    z
}

#[cfg(test)]
mod tests {
    use super::*;

    /// mpmath with 60 digits: `log(erfc(z / sqrt(2)) / 2)`.
    const LOG_UPPER: [(f64, f64); 10] = [
        (0.0, -std::f64::consts::LN_2),
        (0.5, -1.175_911_761_593_618_6),
        (1.0, -1.841_021_645_009_263_5),
        (2.5, -5.081_648_277_278_69),
        (5.0, -15.064_998_393_988_725),
        (7.999, -35.005_316_284_639_32),
        (8.001, -35.021_559_020_864_89),
        (12.0, -75.410_673_001_568_8),
        (40.0, -804.608_442_013_753_8),
        (447.2, -100_000.941_949_455_28),
    ];

    #[test]
    fn tails_have_known_values() {
        for (z, log) in LOG_UPPER {
            let [below, above] = log_tails(z);
            assert!((above - log).abs() <= 4e-16 * log.abs().max(1.0), "{z}: {above} {log}");
            assert_eq!(log_tails(-z), [above, below]);
            assert!((below.exp() + above.exp() - 1.0).abs() < 3e-16, "{z}");
            let [_, tail] = tails(z);
            assert!(z > 38.0 || (tail.ln() - log).abs() <= 4e-16 * log.abs().max(1.0), "{z}: {tail}");
            assert_eq!(tails(-z), [tail, tails(z)[0]]);
        }
    }

    #[test]
    fn quantiles_have_known_values() {
        // mpmath: the first is where the tail is 2.5 %, the last solves log Φ(z) = −1e5
        for (log, z) in [(0.025f64.ln(), -1.959_963_984_540_054), (-1e5, -447.197_893_678_525_1)] {
            let other = (-log.exp()).ln_1p();
            let (lower, upper) = (quantile([log, other]), quantile([other, log]));
            assert!((lower / z - 1.0).abs() < 1e-14 && lower == -upper, "{log}: {lower} {upper} {z}");
        }
    }

    #[test]
    fn quantiles_undo_tails() {
        for i in -3000..=3000 {
            let z = (f64::from(i) / 250.0).powi(5) / 250.0;
            let again = quantile(log_tails(z));
            assert!((again - z).abs() < 1e-12 * z.abs().max(1e-3), "{z}: {again}");
        }
    }

    #[test]
    fn beyond_the_reach_of_probabilities_logarithms_are_finite() {
        for z in [-1e7, -1e3, 40.0, 1e7] {
            let again = quantile(log_tails(z));
            assert!((again / z - 1.0).abs() < 1e-12, "{z}: {again}");
        }
        assert!(quantile([f64::NAN, f64::NAN]).is_nan());
    }
}
