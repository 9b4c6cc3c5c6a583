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
            Self::Tanh => a.tanh(),
            Self::Elu => {
                if a > zero {
                    a
                } else {
                    a.exp_m1()
                }
            }
            // max(a, 0) + log(1 + e^{−|a|}) does not overflow
            Self::Softplus => a.max(zero) + (-a.abs()).exp().ln_1p(),
            Self::Sigmoid => R::one() / (R::one() + (-a).exp()),
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
            Self::Softplus => one - (-h).exp(),
            Self::Sigmoid => h * (one - h),
        }
    }
}

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
