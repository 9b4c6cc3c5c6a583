//! Distributions that a mixture is made of or mapped onto, on the scale of logarithms.

use super::normal;
use super::scalar::softplus;
use serde::{Deserialize, Serialize};

/// A standard distribution of one number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// Mean 0 and standard deviation 1.
    #[default]
    Normal,
    /// With the distribution function `1 / (1 + e^{−z})`.
    Logistic,
    /// From 0 to 1.
    Uniform,
}

impl Distribution {
    /// Where its numbers are.
    pub fn support(self) -> [f64; 2] {
        match self {
            Self::Normal | Self::Logistic => super::settings::REALS,
            Self::Uniform => [0.0, 1.0],
        }
    }

    pub fn standard_deviation(self) -> f64 {
        match self {
            Self::Normal => 1.0,
            Self::Logistic => std::f64::consts::PI / 3f64.sqrt(),
            Self::Uniform => 12f64.sqrt().recip(),
        }
    }

    /// Logarithm of the density, in nats.
    pub fn log_density(self, z: f64) -> f64 {
        match self {
            Self::Normal => normal::log_density(z),
            Self::Logistic => -softplus(z) - softplus(-z),
            Self::Uniform => 0.0,
        }
    }

    /// Derivative of [`Distribution::log_density`].
    pub fn score(self, z: f64) -> f64 {
        match self {
            Self::Normal => -z,
            Self::Logistic => -(0.5 * z).tanh(),
            Self::Uniform => 0.0,
        }
    }

    /// Logarithms of the probabilities below and above `z`; NaN outside of the support.
    pub fn log_tails(self, z: f64) -> [f64; 2] {
        match self {
            Self::Normal => normal::log_tails(z),
            Self::Logistic => [-softplus(-z), -softplus(z)],
            Self::Uniform => [z.ln(), (-z).ln_1p()],
        }
    }

    /// The `z` with these [`Distribution::log_tails`].
    pub fn quantile(self, tails: [f64; 2]) -> f64 {
        let [below, above] = tails;
        match self {
            Self::Normal => normal::quantile(tails),
            Self::Logistic => below - above,
            Self::Uniform if below < above => below.exp(),
            Self::Uniform => -above.exp_m1(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Distribution::{Logistic, Normal, Uniform};

    #[test]
    fn density_score_tails_and_quantile_belong_together() {
        for (which, places) in [(Normal, [-3.0, -0.2, 1.7]), (Logistic, [-9.0, 0.3, 5.0]), (Uniform, [0.01, 0.5, 0.9])]
        {
            for z in places {
                let [below, above] = which.log_tails(z);
                assert!((below.exp() + above.exp() - 1.0).abs() < 1e-15, "{which:?} at {z}");
                assert!((which.quantile([below, above]) - z).abs() < 1e-13, "{which:?} at {z}");
                let slope = |f: &dyn Fn(f64) -> f64| (f(z + 1e-5) - f(z - 1e-5)) / 2e-5;
                let density = slope(&|z| which.log_tails(z)[0].exp());
                assert!((density - which.log_density(z).exp()).abs() < 1e-9, "{which:?} at {z}");
                assert!((slope(&|z| which.log_density(z)) - which.score(z)).abs() < 1e-8, "{which:?} at {z}");
            }
        }
    }

    #[test]
    fn the_standard_deviation_is_that_of_equally_spaced_quantiles() {
        for which in [Normal, Logistic, Uniform] {
            let n = 100_000;
            let quantile = |k: i32| {
                let below = (f64::from(k) + 0.5) / f64::from(n);
                which.quantile([below.ln(), (-below).ln_1p()])
            };
            let mean = (0..n).map(quantile).sum::<f64>() / f64::from(n);
            let variance = (0..n).map(|k| (quantile(k) - mean).powi(2)).sum::<f64>() / f64::from(n);
            assert!((variance.sqrt() / which.standard_deviation() - 1.0).abs() < 1e-3, "{which:?}: {variance}");
        }
    }
}
