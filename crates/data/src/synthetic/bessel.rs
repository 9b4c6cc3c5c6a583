//! The modified Bessel function I₀, scaled.

/// `log(e^{−x} I₀(x))` for x ≥ 0 and its derivative `I₁(x)/I₀(x) − 1`, to about 1e-14 and without overflow: the power
/// series (all its terms are positive) up to 20, then the asymptotic one, whose smallest term is below e^{−40} there;
/// the derivative term by term.
pub fn log_scaled_i0(x: f64) -> (f64, f64) {
    let (mut term, mut sum, mut slope) = (1.0, 1.0, 0.0);
    if x <= 20.0 {
        let mut k = 1.0;
        while term > 1e-17 * sum {
            // the derivative of (x/2)^{2k}/k!² is that of one power less, times x/2k
            slope += term * x / (2.0 * k);
            term *= 0.25 * x * x / (k * k);
            sum += term;
            k += 1.0;
        }
        return (sum.ln() - x, slope / sum - 1.0);
    }
    for k in 1..=20 {
        let odd = f64::from(2 * k - 1);
        term *= odd * odd / (f64::from(8 * k) * x);
        sum += term;
        slope -= f64::from(k) * term / x;
    }
    (sum.ln() - 0.5 * (std::f64::consts::TAU * x).ln(), slope / sum - 0.5 / x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_integral() {
        // I₀(x) = 1/π ∫₀^π e^{x cos t} dt; the mid-point rule converges exponentially for periodic integrands
        for x in [0.0, 1e-3, 0.5, 3.0, 10.0, 19.99, 20.01, 35.0, 200.0, 5e3] {
            let n = 4000;
            let (mut mean, mut derivative) = (0.0, 0.0);
            for i in 0..n {
                let below = (std::f64::consts::PI * (f64::from(i) + 0.5) / f64::from(n)).cos() - 1.0;
                mean += (x * below).exp() / f64::from(n);
                derivative += below * (x * below).exp() / f64::from(n);
            }
            let (log, slope) = log_scaled_i0(x);
            assert!((log - mean.ln()).abs() < 1e-13 * (1.0 + mean.ln().abs()), "{x}: {log} {}", mean.ln());
            assert!((slope - derivative / mean).abs() < 1e-13, "{x}: {slope} {}", derivative / mean);
        }
        let (log, slope) = log_scaled_i0(1e300);
        assert!(log.is_finite() && slope.is_finite());
    }
}
