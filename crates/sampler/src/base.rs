//! The base distribution from which a flow draws.

use crate::SamplerError;
use flowstill_kernel::Real;

/// Temperatures beyond these leave no digits of `f32` for the flow to work with.
pub(crate) const LEAST: f64 = 1e-3;
pub(crate) const MOST: f64 = 1e3;

/// `N(0, t²I)` for a temperature `t`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Base {
    temperature: f64,
    /// `1/t²`
    precision: f64,
    /// `log 2πt²`
    log_width: f64,
}

impl Default for Base {
    /// Temperature 1.
    fn default() -> Self {
        Self { temperature: 1.0, precision: 1.0, log_width: std::f64::consts::TAU.ln() }
    }
}

impl Base {
    /// Errors: a temperature that is not from [`LEAST`] to [`MOST`].
    pub fn at(temperature: f64) -> Result<Self, SamplerError> {
        if !(LEAST..=MOST).contains(&temperature) {
            return Err(SamplerError::Temperature(temperature));
        }
        let log_width = std::f64::consts::TAU.ln() + 2.0 * temperature.ln();
        Ok(Self { temperature, precision: temperature.powi(-2), log_width })
    }

    pub fn temperature(self) -> f64 {
        self.temperature
    }

    /// Turns standard normal draws into draws of this base.
    pub fn scale(self, z: &mut [f32]) {
        if self.temperature != 1.0 {
            let temperature = self.temperature as f32;
            z.iter_mut().for_each(|z| *z *= temperature);
        }
    }

    /// Carries rows of this base into rows of `to`; returns the log-det, the same for every row of `dim` numbers.
    pub fn carry<R: Real>(self, to: Self, z: &mut [R], dim: usize) -> f64 {
        let ratio = to.temperature / self.temperature;
        if ratio != 1.0 {
            z.iter_mut().for_each(|z| *z *= R::of(ratio));
        }
        dim as f64 * ratio.ln()
    }

    /// `log N(z; 0, t²I) = −½|z|²/t² − D/2·log 2πt²` of one row.
    pub fn log_prob<R: Real>(self, z: &[R]) -> f64 {
        let squares: f64 = z.iter().map(|z| z.f64() * z.f64()).sum();
        -0.5 * (squares * self.precision + z.len() as f64 * self.log_width)
    }
}
