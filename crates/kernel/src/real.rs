//! One trait for the two floating-point types that every routine is written for.

use num_traits::{Float, FromPrimitive, NumAssign};

/// `f32` (training, sampling) or `f64` (laws and references).
pub trait Real:
    Float + FromPrimitive + NumAssign + Default + std::fmt::Debug + std::iter::Sum + Send + Sync + 'static
{
    /// Nearest value to `x`.
    fn of(x: f64) -> Self;
    /// Exact widening, for sums that are kept in double precision.
    fn f64(self) -> f64;
    /// `e^x` that a compiler can vectorise: to 2 units in the last place in `f32`, clamped to the range of normal
    /// numbers; the library's in `f64`.
    fn fast_exp(self) -> Self;
    /// `log(1 + x)` for `x` in 0…1 that a compiler can vectorise: to 3e-7 of the value in `f32`; the library's in `f64`.
    fn fast_ln_1p(self) -> Self;
    /// `log x` for `x > 0` that a compiler can vectorise: to 3 units in the last place in `f32`, for normal numbers; the
    /// library's in `f64`. NaN for zero and below.
    fn fast_ln(self) -> Self;
}

impl Real for f32 {
    #[inline(always)]
    fn of(x: f64) -> Self {
        x as f32
    }
    #[inline(always)]
    fn f64(self) -> f64 {
        f64::from(self)
    }

    /// `e^x = 2^n·e^r` with `n = round(x / ln 2)`, `|r| ≤ ln 2 / 2` and the Taylor polynomial of degree 7.
    #[inline(always)]
    fn fast_exp(self) -> Self {
        // adding 1.5·2²³ rounds to an integer, which then stands in the low bits
        const SHIFT: f32 = 12_582_912.0;
        // the high part has few digits, so that its product with n is exact
        const LN_2_HIGH: f32 = 0.693_359_4;
        const LN_2_LOW: f32 = -2.121_944_4e-4;
        let x = self.clamp(-87.3, 88.3);
        let shifted = x * std::f32::consts::LOG2_E + SHIFT;
        let n = shifted - SHIFT;
        let r = x - n * LN_2_HIGH - n * LN_2_LOW;
        let high = ((r * (1.0 / 5040.0) + 1.0 / 720.0) * r + 1.0 / 120.0) * r + 1.0 / 24.0;
        let polynomial = (((high * r + 1.0 / 6.0) * r + 0.5) * r + 1.0) * r + 1.0;
        polynomial * f32::from_bits(shifted.to_bits().wrapping_add(127) << 23)
    }

    /// `2·artanh(s)` with `s = x/(2 + x) ≤ 1/3` and the series to `s¹³`.
    #[inline(always)]
    fn fast_ln_1p(self) -> Self {
        let s = self / (self + 2.0);
        let q = s * s;
        let high = ((q * (2.0 / 13.0) + 2.0 / 11.0) * q + 2.0 / 9.0) * q + 2.0 / 7.0;
        s * (((high * q + 2.0 / 5.0) * q + 2.0 / 3.0) * q + 2.0)
    }

    /// `log x = n·ln 2 + 2·artanh(s)` with `x = 2^n·m`, `m` from √½ to √2, `s = (m − 1)/(m + 1)` and the series to `s⁹`.
    #[inline(always)]
    fn fast_ln(self) -> Self {
        const LN_2_HIGH: f32 = 0.693_359_4;
        const LN_2_LOW: f32 = -2.121_944_4e-4;
        let root_of_half = std::f32::consts::FRAC_1_SQRT_2.to_bits();
        let n = (self.to_bits().wrapping_sub(root_of_half) as i32) >> 23;
        let m = f32::from_bits(self.to_bits().wrapping_sub((n << 23) as u32));
        let s = (m - 1.0) / (m + 1.0);
        let q = s * s;
        let series = s * ((((q * (2.0 / 9.0) + 2.0 / 7.0) * q + 2.0 / 5.0) * q + 2.0 / 3.0) * q + 2.0);
        let n = n as f32;
        let log = n * LN_2_HIGH + (n * LN_2_LOW + series);
        if self > 0.0 { log } else { f32::NAN }
    }
}

impl Real for f64 {
    #[inline(always)]
    fn of(x: f64) -> Self {
        x
    }
    #[inline(always)]
    fn f64(self) -> f64 {
        self
    }

    #[inline(always)]
    fn fast_exp(self) -> Self {
        self.exp()
    }
    #[inline(always)]
    fn fast_ln_1p(self) -> Self {
        self.ln_1p()
    }
    #[inline(always)]
    fn fast_ln(self) -> Self {
        if self > 0.0 { self.ln() } else { f64::NAN }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fast_exp_is_within_two_units_in_the_last_place() {
        for i in -873_000..883_000 {
            let x = i as f32 * 1e-4;
            let exact = f64::from(x).exp();
            let error = (f64::from(x.fast_exp()) - exact).abs() / exact;
            assert!(error < 2.4e-7, "at {x}: relative error {error}");
        }
    }

    #[test]
    fn fast_ln_1p_is_close_on_its_interval() {
        for i in 0..=1_000_000 {
            let x = i as f32 * 1e-6;
            let exact = f64::from(x).ln_1p();
            let error = (f64::from(x.fast_ln_1p()) - exact).abs();
            assert!(error <= 3e-7 * exact, "at {x}: error {error}");
        }
    }

    #[test]
    fn fast_ln_is_close_for_all_sizes() {
        for i in 0..1_000_000u32 {
            // positive normal numbers
            let x = f32::from_bits(0x0080_0000 + i * 2122);
            let exact = f64::from(x).ln();
            let error = (f64::from(x.fast_ln()) - exact).abs();
            assert!(error <= 2e-7 * exact.abs() + 1e-9, "at {x}: error {error} of {exact}");
        }
        assert!((f32::NAN.fast_ln().is_nan() && (0f32).fast_ln().is_nan() && (-1f32).fast_ln().is_nan()));
        assert_eq!((1f32.fast_ln(), 1f64.fast_ln()), (0.0, 0.0));
    }

    #[test]
    fn fast_exp_is_finite_beyond_its_range_and_keeps_nan() {
        assert!((-1e4f32).fast_exp() < 1.3e-38 && (-1e4f32).fast_exp() > 0.0);
        assert!(1e4f32.fast_exp() > 1e38 && 1e4f32.fast_exp().is_finite());
        assert!(f32::NAN.fast_exp().is_nan());
        assert_eq!(0f32.fast_exp(), 1.0);
    }
}
