//! The modified Bessel function I₀, scaled.

/// `log(e^{−x} I₀(x))` for x ≥ 0, to about 1e-14 and without overflow: the power series (all its terms are positive)
/// up to 20, then the asymptotic one, whose smallest term is below e^{−40} there.
pub fn log_scaled_i0(x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    if x <= 20.0 {
        let quarter = 0.25 * x * x;
        let mut k = 1.0;
        while term > 1e-17 * sum {
            term *= quarter / (k * k);
            sum += term;
            k += 1.0;
        }
        return sum.ln() - x;
    }
    for k in 1..=20 {
        let odd = f64::from(2 * k - 1);
        term *= odd * odd / (f64::from(8 * k) * x);
        sum += term;
    }
    sum.ln() - 0.5 * (std::f64::consts::TAU * x).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_integral() {
        // I₀(x) = 1/π ∫₀^π e^{x cos t} dt; the mid-point rule converges exponentially for periodic integrands
        for x in [0.0, 1e-3, 0.5, 3.0, 10.0, 19.99, 20.01, 35.0, 200.0, 5e3] {
            let n = 4000;
            let mean = (0..n)
                .map(|i| (std::f64::consts::PI * (f64::from(i) + 0.5) / f64::from(n)).cos())
                .map(|c| (x * (c - 1.0)).exp())
                .sum::<f64>()
                / f64::from(n);
            assert!(
                (log_scaled_i0(x) - mean.ln()).abs() < 1e-13 * (1.0 + mean.ln().abs()),
                "{x}: {} {}",
                log_scaled_i0(x),
                mean.ln()
            );
        }
        assert!(log_scaled_i0(1e300).is_finite());
    }
}
