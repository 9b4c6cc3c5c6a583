//! Functions of one number that do not overflow where their values are finite.

use crate::Real;

/// `log(1 + e^a)`.
#[inline]
pub fn softplus<R: Real>(a: R) -> R {
    a.max(R::zero()) + (-a.abs()).fast_exp().fast_ln_1p()
}

/// `1 / (1 + e^{−a})`.
#[inline]
pub fn sigmoid<R: Real>(a: R) -> R {
    R::one() / (R::one() + (-a).fast_exp())
}

/// `log cosh a`.
#[inline]
pub fn log_cosh<R: Real>(a: R) -> R {
    a.abs() + (R::of(-2.0) * a.abs()).fast_exp().fast_ln_1p() - R::of(std::f64::consts::LN_2)
}

/// `log Σ e^v`; −∞ for nothing and for all `v = −∞`.
pub fn log_sum_exp(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let most = values.clone().fold(f64::NEG_INFINITY, f64::max);
    if most == f64::NEG_INFINITY { most } else { most + values.map(|v| (v - most).exp()).sum::<f64>().ln() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_the_definitions_where_these_do_not_overflow() {
        for i in -60..=60 {
            let a = f64::from(i) * 0.25;
            assert!((softplus(a) - a.exp().ln_1p()).abs() < 1e-14, "{a}");
            assert!((sigmoid(a) - a.exp() / (1.0 + a.exp())).abs() < 1e-15, "{a}");
            assert!((log_cosh(a) - a.cosh().ln()).abs() < 1e-14, "{a}");
        }
        assert_eq!((softplus(1e4), softplus(-1e4), log_cosh(-1e4)), (1e4, 0.0, 1e4 - std::f64::consts::LN_2));
    }

    #[test]
    fn sums_of_exponentials_do_not_overflow() {
        let sum = |values: &[f64]| log_sum_exp(values.iter().copied());
        assert!((sum(&[1e4, 1e4]) - 1e4 - 2f64.ln()).abs() < 1e-11);
        assert!((sum(&[-1e5, -1e5 + 3f64.ln()]) + 1e5 - 4f64.ln()).abs() < 1e-10);
        assert_eq!(sum(&[f64::NEG_INFINITY, f64::NEG_INFINITY]), f64::NEG_INFINITY);
    }
}
