//! Student's t distribution on the scale of logarithms, with derivatives by its degrees of freedom `ν`.

use std::f64::consts::PI;
use std::ops::{Add, Div, Mul};

/// A number that depends on `ν`, with its derivative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dual {
    pub value: f64,
    pub slope: f64,
}

impl Dual {
    fn constant(value: f64) -> Self {
        Self { value, slope: 0.0 }
    }

    /// `log(½ − e^self)`.
    fn log_half_minus_exp(self) -> Self {
        let part = self.value.exp();
        Self { value: (0.5 - part).ln(), slope: -part * self.slope / (0.5 - part) }
    }

    fn ln(self) -> Self {
        Self { value: self.value.ln(), slope: self.slope / self.value }
    }
}

impl Add for Dual {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { value: self.value + other.value, slope: self.slope + other.slope }
    }
}

impl Mul for Dual {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let slope = self.slope * other.value + self.value * other.slope;
        Self { value: self.value * other.value, slope }
    }
}

impl Div for Dual {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let value = self.value / other.value;
        Self { value, slope: (self.slope - value * other.slope) / other.value }
    }
}

/// The distribution with `nu` degrees of freedom, from about 0.1 to 1000.
#[derive(Debug, Clone, Copy)]
pub struct Student {
    nu: f64,
    /// logarithm of the density at 0
    peak: Dual,
}

impl Student {
    pub fn new(nu: f64) -> Self {
        let ratio = log_gamma_ratio(0.5 * nu);
        let peak = Dual { value: ratio.value - 0.5 * (nu * PI).ln(), slope: 0.5 * ratio.slope - 0.5 / nu };
        Self { nu, peak }
    }

    /// `log f(t)`.
    pub fn log_density(&self, t: f64) -> Dual {
        let u = t / self.nu.sqrt();
        let (log, share) = (log_one_plus_square(u), share_of_square(u));
        let power = 0.5 * (self.nu + 1.0);
        Dual { value: self.peak.value - power * log, slope: self.peak.slope - 0.5 * log + power * share / self.nu }
    }

    /// Derivative of the logarithm of the density by `t`.
    pub fn score(&self, t: f64) -> f64 {
        // in two steps, as the square of a large t may overflow
        -(self.nu + 1.0) / (self.nu / t + t)
    }

    /// `log P(T > t)` for `t ≥ 0`. With the continued fraction `K(a, b, x)` of the incomplete beta function and
    /// `x = ν/(ν + t²)` it is `f(t)·(t/ν)·K(ν/2, ½, x)` in the tail and `½ − f(t)·t·K(½, ν/2, 1 − x)` near the centre.
    pub fn log_upper(&self, t: f64) -> Dual {
        let (half, half_nu) = (Dual::constant(0.5), Dual { value: 0.5 * self.nu, slope: 0.5 });
        let share = share_of_square(t / self.nu.sqrt());
        let density = self.log_density(t);
        if (1.0 - share) * (half_nu.value + 2.5) < half_nu.value + 1.0 {
            // not 1 − share, which far out has no digits
            let rest = 1.0 / (1.0 + t / self.nu * t);
            let fraction = continued_fraction(half_nu, half, Dual { value: rest, slope: share * rest / self.nu });
            let factor = Dual { value: (t / self.nu).ln(), slope: -1.0 / self.nu };
            density + factor + fraction.ln()
        } else if t == 0.0 {
            Dual::constant(-std::f64::consts::LN_2)
        } else {
            let fraction =
                continued_fraction(half, half_nu, Dual { value: share, slope: -share * (1.0 - share) / self.nu });
            (density + Dual::constant(t.ln()) + fraction.ln()).log_half_minus_exp()
        }
    }
}

/// `log(1 + u²)`.
fn log_one_plus_square(u: f64) -> f64 {
    if u.abs() < 1.0 { (u * u).ln_1p() } else { 2.0 * u.abs().ln() + (1.0 / (u * u)).ln_1p() }
}

/// `u²/(1 + u²)`.
fn share_of_square(u: f64) -> f64 {
    if u.abs() < 1.0 { u * u / (1.0 + u * u) } else { 1.0 / (1.0 + 1.0 / (u * u)) }
}

/// The continued fraction `K` in `I_x(a, b) = x^a·(1 − x)^b / (a·B(a, b))·K` (DLMF 8.17.22), by Lentz's method; it
/// converges fast for `x < (a + 1)/(a + b + 2)`. Its derivative is that of every step.
fn continued_fraction(a: Dual, b: Dual, x: Dual) -> Dual {
    const MOST_STEPS: u32 = 500;
    let (one, number) = (Dual::constant(1.0), |m: u32| Dual::constant(f64::from(m)));
    let minus = |d: Dual| Dual { value: -d.value, slope: -d.slope };
    let mut upper = one;
    let mut lower = one / (one + minus((a + b) * x / (a + one)));
    let mut fraction = lower;
    for m in 1..MOST_STEPS {
        let at = a + number(2 * m);
        let even = number(m) * (b + minus(number(m))) * x / ((at + minus(one)) * at);
        let odd = minus((a + number(m)) * (a + b + number(m)) * x / (at * (at + one)));
        let mut step = one;
        for term in [even, odd] {
            lower = one / (one + term * lower);
            upper = one + term / upper;
            step = step * lower * upper;
        }
        fraction = fraction * step;
        let settled = step.slope.abs() <= 1e-15 * (fraction.slope / fraction.value).abs();
        if (step.value - 1.0).abs() <= f64::EPSILON && (settled || step.slope.abs() < 1e-19) {
            break;
        }
    }
    fraction
}

/// `log Γ(a + ½) − log Γ(a)` with its derivative by `a`: the asymptotic series (from DLMF 5.11.8), after as many steps
/// `Γ(a + 1) = a·Γ(a)` as it needs.
fn log_gamma_ratio(mut a: f64) -> Dual {
    const LEAST: f64 = 10.0;
    const SERIES: [f64; 7] = [
        -1.0 / 8.0,
        1.0 / 192.0,
        -1.0 / 640.0,
        17.0 / 14_336.0,
        -31.0 / 18_432.0,
        691.0 / 180_224.0,
        -5461.0 / 425_984.0,
    ];
    let (mut product, mut slope) = (1.0, 0.0);
    while a < LEAST {
        product *= a / (a + 0.5);
        slope += 0.5 / (a * (a + 0.5));
        a += 1.0;
    }
    let (mut value, mut power) = (0.5 * a.ln() + f64::ln(product), 1.0 / a);
    slope += 0.5 / a;
    for (k, coefficient) in SERIES.into_iter().enumerate() {
        value += coefficient * power;
        slope -= coefficient * power * (2 * k + 1) as f64 / a;
        power /= a * a;
    }
    Dual { value, slope }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_of_gamma_functions_have_known_values() {
        // mpmath: loggamma(a + 0.5) − loggamma(a), digamma(a + 0.5) − digamma(a)
        for (a, value, slope) in [
            (0.25, -1.084_741_573_266_782, std::f64::consts::PI),
            (1.0, -0.120_782_237_635_245_22, 0.613_705_638_880_109_4),
            (5.0, 0.779_760_137_270_770_6, 0.104_975_480_149_950_65),
            (12.0, 1.232_039_666_062_559_9, 0.042_533_971_299_100_03),
            (100.0, 2.301_335_098_202_222_7, 0.005_012_499_843_757_812),
        ] {
            let found = log_gamma_ratio(a);
            assert!((found.value - value).abs() < 1e-15 * (1.0 + value.abs()), "{a}: {found:?}");
            assert!((found.slope - slope).abs() < 2e-15 * slope, "{a}: {found:?}");
        }
    }

    #[test]
    fn tails_have_known_values_and_derivatives() {
        // mpmath with 60 digits: log(betainc(ν/2, ½, 0, ν/(ν + t²), regularized) / 2) and its derivative by ν
        for (nu, t, value, slope) in [
            (0.5, 0.0, -std::f64::consts::LN_2, 0.0),
            (0.5, 0.3, -0.861_732_529_947_450_2, -0.114_219_045_663_543_05),
            (0.5, 1e4, -5.742_416_317_509_615, -9.486_117_638_661_26),
            (0.5, 1e25, -29.919_559_793_197_095, -57.840_404_588_336_22),
            (1.0, 1.0, -1.386_294_361_119_890_6, -0.264_811_921_877_846_9),
            (1.0, 1e6, -14.960_240_443_814_008, -13.622_363_377_405_051),
            (2.5, 0.7, -1.303_047_665_812_505_9, -0.039_345_739_864_782_3),
            (2.5, 0.9, -1.499_991_858_112_797_8, -0.062_251_292_291_669_286),
            (2.5, 50.0, -10.110_450_827_765_66, -3.117_253_567_998_39),
            (10.0, 0.1, -0.774_009_445_534_063_4, -0.000_210_917_925_202_015_48),
            (10.0, 3.0, -5.009_861_466_885_058, -0.106_287_154_367_431_57),
            (10.0, 1e4, -82.685_668_611_772_88, -7.606_560_180_543_067),
            (10.0, 1e25, -566.228_537_682_189_2, -55.960_847_038_279_14),
            (37.0, 1.8, -3.218_642_610_638_803, -0.002_759_150_462_914_953_5),
            (200.0, 0.5, -1.175_021_383_402_015_6, -4.446_437_077_449_536_5e-06),
            (200.0, 2.0, -3.753_883_444_908_187_7, -0.000_144_708_769_126_184_82),
            (200.0, 40.0, -223.233_531_295_701_9, -0.656_383_847_010_260_9),
            (200.0, 1e4, -1_315.805_883_961_405_5, -6.063_677_433_777_785_5),
            (200.0, 1e25, -10_986.663_075_526_696, -54.417_962_391_655_244),
        ] {
            let found = Student::new(nu).log_upper(t);
            let close = (found.value - value).abs() < 1e-14 * value.abs().max(1.0);
            assert!(close, "ν = {nu}, t = {t}: {found:?} {value}");
            assert!((found.slope - slope).abs() <= 1e-10 * slope.abs(), "ν = {nu}, t = {t}: {found:?} {slope}");
        }
    }

    #[test]
    fn density_score_and_tail_belong_together() {
        for nu in [0.5, 2.0, 9.0, 150.0] {
            let student = Student::new(nu);
            for t in [0.01, 0.4, 1.7, 6.0, 80.0] {
                let slope = |f: &dyn Fn(f64) -> f64| (f(t * (1.0 + 1e-5)) - f(t * (1.0 - 1e-5))) / (2e-5 * t);
                let (log_density, log_upper) = (student.log_density(t).value, student.log_upper(t).value);
                let density = -slope(&|t| student.log_upper(t).value) * log_upper.exp();
                assert!((density / log_density.exp() - 1.0).abs() < 1e-7, "ν = {nu}, t = {t}");
                let score = slope(&|t| student.log_density(t).value);
                assert!((student.score(t) - score).abs() < 1e-8 * (1.0 + score.abs()), "ν = {nu}, t = {t}");
                let [less, more] = [nu - 1e-5, nu + 1e-5].map(|nu| Student::new(nu).log_density(t).value);
                let by_nu = (more - less) / 2e-5;
                assert!((student.log_density(t).slope - by_nu).abs() < 1e-8, "ν = {nu}, t = {t}");
            }
        }
    }
}
