//! Pictures as data: from pixels, which are whole numbers, to rows of real numbers that a flow can learn, and back.

use serde::{Deserialize, Serialize};
use std::f64::consts::LN_2;

/// Most levels of a pixel: those of 16 bits.
pub const MOST_LEVELS: u32 = 1 << 16;
/// Range of `alpha`: below it the logit of a black pixel has no digits left, above it the picture has none.
pub const ALPHAS: [f64; 2] = [1e-9, 0.4];

/// How pixels become rows of real numbers (Papamakarios et al. 2017, appendix D; Dinh et al. 2017, section 4.1).
///
/// A pixel is a whole number `k` from 0 to `levels − 1`. Noise `u`, uniform on `[0, 1)`, makes it real, the value
/// `v = k + u`, and the logit takes it to the whole line:
///
/// ```text
/// s = α + (1 − 2α) v/levels,    y = logit(s) = log s − log(1 − s)
/// log |dy/dv| = log(1 − 2α) − log levels − log s − log(1 − s)
/// ```
///
/// A flow learns the density of `y`, standardised as other data are. The density of `v` follows by the formula above,
/// and bounds the probability of the picture `k`: `log P(k) = log ∫ p(k + u) du ≥ E[log p(k + u)]`. Divided by
/// `−dim · log 2`, it is the number of *bits per dimension* that a lossless code would need, `log₂ levels` for a uniform
/// density.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pixels {
    /// number of values that a pixel can have, 256 for one byte
    pub levels: u32,
    /// distance that is kept from both ends of the logit, where it is infinite
    pub alpha: f64,
    /// rows and columns of a picture, where they are known; a row of data is a picture line by line
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<[usize; 2]>,
}

impl Default for Pixels {
    /// Bytes, with the paper's α for MNIST.
    fn default() -> Self {
        Self { levels: 256, alpha: 1e-6, shape: None }
    }
}

impl Pixels {
    /// What is wrong with the settings for pictures of `dim` pixels, in words.
    pub fn check(&self, dim: usize) -> Result<(), String> {
        let [least, most] = ALPHAS;
        if !(2..=MOST_LEVELS).contains(&self.levels) {
            Err(format!("pixels have {} levels, expected 2 to {MOST_LEVELS}", self.levels))
        } else if !(least..=most).contains(&self.alpha) {
            Err(format!("the logit of pixels has α = {}, expected {least} to {most}", self.alpha))
        } else if let Some([rows, columns]) = self.shape
            && rows.checked_mul(columns) != Some(dim)
        {
            Err(format!("pictures are said to be {rows} × {columns}, but have {dim} pixels"))
        } else {
            Ok(())
        }
    }

    /// `y` of a value `v`; ±∞ for one that no `y` leads to.
    pub fn to_logit(&self, value: f64) -> f64 {
        let (share, kept) = (value / f64::from(self.levels), 1.0 - 2.0 * self.alpha);
        // 1 − s by its own formula, which keeps its digits near white
        let (s, rest) = (self.alpha + kept * share, self.alpha + kept * (1.0 - share));
        match (s > 0.0, rest > 0.0) {
            (true, true) => (s / rest).ln(),
            (false, _) => f64::NEG_INFINITY,
            (true, false) => f64::INFINITY,
        }
    }

    /// `v` of a logit; below 0 or above `levels`, by `levels α/(1 − 2α)` at most, for one beyond all pixels.
    pub fn from_logit(&self, y: f64) -> f64 {
        let s = 1.0 / (1.0 + (-y).exp());
        f64::from(self.levels) * (s - self.alpha) / (1.0 - 2.0 * self.alpha)
    }

    /// The pixel of a value: `k` of `k + u`, and the nearest one of a value beyond all pixels.
    pub fn whole(&self, value: f64) -> f64 {
        value.floor().clamp(0.0, f64::from(self.levels - 1))
    }

    /// `Σ log |dy/dv|` of one row `y`: add it to a log-density of `y` to get the one of `v`.
    ///
    /// `−log s − log(1 − s) = softplus(−y) + softplus(y) = |y| + 2 log(1 + e^−|y|)`, which loses no digit anywhere.
    pub fn log_det(&self, y: &[f64]) -> f64 {
        let each = (1.0 - 2.0 * self.alpha).ln() - f64::from(self.levels).ln();
        y.iter().map(|y| each + y.abs() + 2.0 * (-y.abs()).exp().ln_1p()).sum()
    }

    /// Log-density of the values of one picture, from that of its row `y`.
    pub fn log_prob(&self, log_prob: f64, y: &[f64]) -> f64 {
        // where there is no density the Jacobian, which may be infinite there, changes nothing
        if log_prob == f64::NEG_INFINITY { log_prob } else { log_prob + self.log_det(y) }
    }
}

/// A log-density of the values of a picture of `dim` pixels as bits per dimension.
pub fn bits_per_dimension(log_prob: f64, dim: usize) -> f64 {
    -log_prob / (dim as f64 * LN_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> [Pixels; 4] {
        [(256, 1e-6), (256, 0.05), (2, 1e-3), (65_536, 1e-9)].map(|(levels, alpha)| Pixels {
            levels,
            alpha,
            shape: None,
        })
    }

    #[test]
    fn there_and_back() {
        for pixels in settings() {
            let levels = f64::from(pixels.levels);
            for i in 0..=1000 {
                let value = levels * f64::from(i) / 1000.0;
                let back = pixels.from_logit(pixels.to_logit(value));
                assert!((back - value).abs() < 1e-9 * levels, "{pixels:?}: {value} came back as {back}");
                // dequantised values lead back to their pixel
                let whole = value.floor().min(levels - 1.0);
                assert_eq!(pixels.whole(pixels.from_logit(pixels.to_logit(whole + 0.5))), whole);
            }
            assert_eq!((pixels.whole(-0.1), pixels.whole(levels + 0.1)), (0.0, levels - 1.0));
        }
    }

    #[test]
    fn the_log_det_is_that_of_the_map_by_differences() {
        for pixels in settings() {
            let levels = f64::from(pixels.levels);
            for share in [1e-3, 0.01, 0.2, 0.5, 0.9, 0.999] {
                let (value, step) = (share * levels, 1e-5 * levels * f64::min(share, 1.0 - share));
                let slope = (pixels.to_logit(value + step) - pixels.to_logit(value - step)) / (2.0 * step);
                let log_det = pixels.log_det(&[pixels.to_logit(value)]);
                assert!((log_det - slope.ln()).abs() < 1e-6, "{pixels:?} at {value}: {log_det} against {}", slope.ln());
            }
        }
    }

    #[test]
    fn a_uniform_density_takes_as_many_bits_as_a_pixel_has() {
        for pixels in settings() {
            let levels = f64::from(pixels.levels);
            let y: Vec<f64> = (0..28).map(|i| pixels.to_logit(levels * (f64::from(i) + 0.3) / 28.0)).collect();
            // the density of y = logit(v) for v uniform on [0, levels)
            let log_prob = -28.0 * levels.ln() - pixels.log_det(&y);
            let bits = bits_per_dimension(pixels.log_prob(log_prob, &y), 28);
            assert!((bits - levels.log2()).abs() < 1e-12, "{pixels:?}: {bits}");
        }
    }

    #[test]
    fn bits_are_those_of_the_papers_formula() {
        let pixels = Pixels::default();
        let (y, alpha): ([f64; 3], f64) = ([-13.0, 0.4, 7.0], 1e-6);
        let jacobian = y.iter().map(|y| {
            let s = 1.0 / (1.0 + (-y).exp());
            (1.0 - 2.0 * alpha).ln() - s.ln() - (1.0 - s).ln()
        });
        let expected = -(-4.2 + jacobian.sum::<f64>() - 3.0 * 256f64.ln()) / (3.0 * 2f64.ln());
        let found = bits_per_dimension(pixels.log_prob(-4.2, &y), 3);
        assert!((found - expected).abs() < 1e-9, "{found} against {expected}");
    }

    #[test]
    fn the_density_of_values_integrates_to_one() {
        // y ~ N(0.3, 1.5²): the density of v over the pixels and what little lies beyond them
        for pixels in settings() {
            let levels = f64::from(pixels.levels);
            let beyond = levels * pixels.alpha / (1.0 - 2.0 * pixels.alpha);
            let (low, cells) = (-beyond, 200_000);
            let width = (levels + 2.0 * beyond) / f64::from(cells);
            let density = |i: i32| {
                let y = pixels.to_logit(low + width * (f64::from(i) + 0.5));
                let z = (y - 0.3) / 1.5;
                let log_prob = -0.5 * z * z - (1.5 * (2.0 * std::f64::consts::PI).sqrt()).ln();
                pixels.log_prob(log_prob, &[y]).exp()
            };
            let mass = (0..cells).map(density).sum::<f64>() * width;
            assert!((mass - 1.0).abs() < 1e-4, "{pixels:?}: {mass}");
        }
    }

    #[test]
    fn what_no_logit_leads_to_has_no_density() {
        let pixels = Pixels::default();
        for value in [-1.0, 257.0, -1e300, f64::INFINITY] {
            let y = pixels.to_logit(value);
            assert!(y.is_infinite() && (y < 0.0) == (value < 0.0), "{value}");
            assert_eq!(pixels.log_prob(f64::NEG_INFINITY, &[y]), f64::NEG_INFINITY);
        }
        assert!(pixels.log_det(&[1e4, -1e4]).is_finite());
        assert!(pixels.from_logit(1e4) > 255.9 && pixels.from_logit(-1e4) < 0.0);
    }

    #[test]
    fn settings_are_checked() {
        let with = |levels, alpha, shape| Pixels { levels, alpha, shape }.check(12);
        assert_eq!(with(256, 1e-6, Some([3, 4])), Ok(()));
        assert!(with(1, 1e-6, None).unwrap_err().contains("1 levels"));
        assert!(with(256, 0.5, None).unwrap_err().contains("α = 0.5"));
        assert!(with(256, f64::NAN, None).is_err());
        assert!(with(256, 1e-6, Some([4, 4])).unwrap_err().contains("4 × 4"));
        assert!(with(256, 1e-6, Some([usize::MAX, 2])).is_err());
    }
}
