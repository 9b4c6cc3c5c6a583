//! Activation functions of the hidden units, with derivatives written in terms of the *output*, so that the
//! backward pass needs no pre-activations.

use crate::Real;
use serde::{Deserialize, Serialize};

/// Hidden-unit nonlinearity `h = f(a)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// `max(0, a)`
    Relu,
    /// `a` above zero, `0.01·a` below
    LeakyRelu,
    /// `tanh a`
    Tanh,
    /// `a` above zero, `e^a − 1` below
    Elu,
    /// `log(1 + e^a)`
    Softplus,
    /// `1 / (1 + e^{−a})`
    Sigmoid,
}

/// Slope of [`Activation::LeakyRelu`] below zero.
const LEAK: f64 = 0.01;

impl Activation {
    /// All of them, for tables of tests and for messages that list the choices.
    pub const ALL: [Self; 6] = [Self::Relu, Self::LeakyRelu, Self::Tanh, Self::Elu, Self::Softplus, Self::Sigmoid];

    /// The name used in YAML and in checkpoints.
    pub fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::LeakyRelu => "leaky_relu",
            Self::Tanh => "tanh",
            Self::Elu => "elu",
            Self::Softplus => "softplus",
            Self::Sigmoid => "sigmoid",
        }
    }

    /// `f(a)`.
    #[inline(always)]
    pub fn apply<R: Real>(self, a: R) -> R {
        let zero = R::zero();
        match self {
            Self::Relu => a.max(zero),
            Self::LeakyRelu => a.max(a * R::of(LEAK)),
            // 1 − 2/(e^{2a} + 1)
            Self::Tanh => R::one() - R::of(2.0) / ((a + a).fast_exp() + R::one()),
            Self::Elu => {
                let below = a.min(zero).fast_exp() - R::one();
                if a > zero { a } else { below }
            }
            // max(a, 0) + log(1 + e^{−|a|}) does not overflow
            Self::Softplus => a.max(zero) + (-a.abs()).fast_exp().fast_ln_1p(),
            Self::Sigmoid => R::one() / (R::one() + (-a).fast_exp()),
        }
    }

    /// `f'(a)` given `h = f(a)`.
    #[inline(always)]
    pub fn slope_at_output<R: Real>(self, h: R) -> R {
        let (zero, one) = (R::zero(), R::one());
        match self {
            Self::Relu => {
                if h > zero {
                    one
                } else {
                    zero
                }
            }
            Self::LeakyRelu => {
                if h > zero {
                    one
                } else {
                    R::of(LEAK)
                }
            }
            Self::Tanh => one - h * h,
            Self::Elu => {
                if h > zero {
                    one
                } else {
                    h + one
                }
            }
            Self::Softplus => one - (-h).fast_exp(),
            Self::Sigmoid => h * (one - h),
        }
    }
}

/// Evaluates the body with the constant `F` equal to the activation: a loop in it is compiled once for each and
/// vectorised, which a choice inside the loop would prevent.
macro_rules! specialised {
    ($activation:expr, $f:ident => $body:expr) => {
        specialised!($activation, $f => $body, Relu LeakyRelu Tanh Elu Softplus Sigmoid)
    };
    ($activation:expr, $f:ident => $body:expr, $($name:ident)*) => {
        match $activation {
            $($crate::Activation::$name => {
                const $f: $crate::Activation = $crate::Activation::$name;
                $body
            })*
        }
    };
}
pub(crate) use specialised;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_match_finite_differences() {
        for f in Activation::ALL {
            for a in [-3.0f64, -0.7, 0.4, 2.5] {
                let step = 1e-6;
                let numeric = (f.apply(a + step) - f.apply(a - step)) / (2.0 * step);
                let analytic = f.slope_at_output(f.apply(a));
                assert!((numeric - analytic).abs() < 1e-8, "{} at {a}: {numeric} against {analytic}", f.name());
            }
        }
    }

    #[test]
    fn extreme_inputs_stay_finite() {
        for f in Activation::ALL {
            for a in [-1e4f32, 1e4] {
                assert!(f.apply(a).is_finite() && f.slope_at_output(f.apply(a)).is_finite(), "{} at {a}", f.name());
            }
        }
    }
}
