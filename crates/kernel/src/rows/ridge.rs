//! The functions of one number that planar maps are made with.

use super::arithmetic::{sigmoid, softplus};
use serde::{Deserialize, Serialize};

/// The function `h` of a planar map: smooth, with slopes from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ridge {
    /// `tanh t`, as in the paper
    Tanh,
    /// `arctan t`, which bends far out as well
    Arctan,
    /// `log(1 + e^t)`: one half of the space is moved, a shear or a stretch far out
    Softplus,
}

/// A [`Ridge`] at a point.
pub(super) struct Point {
    /// `h`
    pub value: f64,
    /// `h'`
    pub slope: f64,
    /// `1 − h'`, outright, as the difference would lose its digits
    pub rest: f64,
    /// `h''`
    pub bend: f64,
}

impl Ridge {
    /// All of them, for tables of tests and for messages that list the choices.
    pub const ALL: [Self; 3] = [Self::Tanh, Self::Arctan, Self::Softplus];

    pub(super) fn at(self, t: f64) -> Point {
        match self {
            Self::Tanh => {
                let (value, slope) = (t.tanh(), t.cosh().powi(-2));
                Point { value, slope, rest: value * value, bend: -2.0 * value * slope }
            }
            Self::Arctan => {
                let slope = 1.0 / (1.0 + t * t);
                Point { value: t.atan(), slope, rest: 1.0 / (1.0 + (t * t).recip()), bend: -2.0 * t * slope * slope }
            }
            Self::Softplus => {
                let (slope, rest) = (sigmoid(t), sigmoid(-t));
                Point { value: softplus(t), slope, rest, bend: slope * rest }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_have_the_slopes_of_differences() {
        for function in Ridge::ALL {
            for t in [-30.0, -2.0, -0.1, 0.0, 0.4, 3.0, 30.0] {
                let (at, step) = (function.at(t), 1e-5);
                let (left, right) = (function.at(t - step), function.at(t + step));
                assert!((at.slope - (right.value - left.value) / (2.0 * step)).abs() < 1e-9, "{function:?} at {t}");
                assert!((at.bend - (right.slope - left.slope) / (2.0 * step)).abs() < 1e-9, "{function:?} at {t}");
                assert!((at.slope + at.rest - 1.0).abs() < 1e-15 && at.slope >= 0.0, "{function:?} at {t}");
            }
        }
    }
}
