//! Activations with two continuous derivatives, for networks whose Jacobians are differentiated in turn.

use crate::isa::{Instructions, dispatch};
use crate::{Activation, Real};
use serde::{Deserialize, Serialize};

/// Hidden-unit nonlinearity `h = f(a)` with `|f'| ≤ 1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Smooth {
    /// `tanh a`
    Tanh,
    /// `log(1 + e^a)`
    Softplus,
    /// `a·σ(a)/1.1` with the logistic function `σ` (Chen et al. 2019, §3.3): a swish, whose slope is at most 1.09984,
    /// divided so that it is no more than 1
    LipSwish,
}

/// What a swish is divided by.
const SWISH: f64 = 1.1;

impl Smooth {
    /// All of them, for tables of tests and for messages that list the choices.
    pub const ALL: [Self; 3] = [Self::Tanh, Self::Softplus, Self::LipSwish];

    /// The name used in YAML and in checkpoints.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tanh => "tanh",
            Self::Softplus => "softplus",
            Self::LipSwish => "lip_swish",
        }
    }

    /// `[f(a), f'(a), f''(a)]`.
    #[inline(always)]
    pub fn at<R: Real>(self, a: R) -> [R; 3] {
        let one = R::one();
        let sigmoid = Activation::Sigmoid.apply(a);
        let spread = sigmoid * (one - sigmoid);
        match self {
            Self::Tanh => {
                let h = Activation::Tanh.apply(a);
                let slope = one - h * h;
                [h, slope, -(h + h) * slope]
            }
            Self::Softplus => [Activation::Softplus.apply(a), sigmoid, spread],
            Self::LipSwish => {
                let (scale, two) = (R::of(1.0 / SWISH), R::of(2.0));
                let curve = spread * (two + a * (one - two * sigmoid));
                [scale * (a * sigmoid), scale * (sigmoid + a * spread), scale * curve]
            }
        }
    }
}

dispatch! {
    /// `h ← f(h)`, with the slopes and second derivatives at what `h` was.
    pub(super) fn activate(f: Smooth, h: &mut [R], slope: &mut [R], curve: &mut [R]) = activate_body
}

#[inline(always)]
fn activate_body<R: Real, I: Instructions>(f: Smooth, h: &mut [R], slope: &mut [R], curve: &mut [R]) {
    assert!(h.len() == slope.len() && h.len() == curve.len());
    // one loop for each, so that nothing is decided within it
    match f {
        Smooth::Tanh => each::<R, 0>(h, slope, curve),
        Smooth::Softplus => each::<R, 1>(h, slope, curve),
        Smooth::LipSwish => each::<R, 2>(h, slope, curve),
    }
}

#[inline(always)]
fn each<R: Real, const F: usize>(h: &mut [R], slope: &mut [R], curve: &mut [R]) {
    for i in 0..h.len() {
        [h[i], slope[i], curve[i]] = Smooth::ALL[F].at(h[i]);
    }
}

dispatch! {
    /// `out[k] = slope·da[k]` for as many blocks of the length of `slope` as there are.
    pub(super) fn scale(slope: &[R], da: &[R], out: &mut [R]) = scale_body
}

#[inline(always)]
fn scale_body<R: Real, I: Instructions>(slope: &[R], da: &[R], out: &mut [R]) {
    for (da, out) in da.chunks_exact(slope.len()).zip(out.chunks_exact_mut(slope.len())) {
        for i in 0..slope.len() {
            out[i] = slope[i] * da[i];
        }
    }
}

dispatch! {
    /// `g ← slope·g`.
    pub(super) fn scale_in_place(slope: &[R], g: &mut [R]) = scale_in_place_body
}

#[inline(always)]
fn scale_in_place_body<R: Real, I: Instructions>(slope: &[R], g: &mut [R]) {
    for i in 0..slope.len() {
        g[i] *= slope[i];
    }
}

dispatch! {
    /// The step back through `dh_k = f'(a)·da_k`: `sum += curve·Σ_k da[k]·g[k]`, then `g[k] ← slope·g[k]`.
    pub(super) fn reverse(slope: &[R], curve: &[R], da: &[R], g: &mut [R], sum: &mut [R]) = reverse_body
}

#[inline(always)]
fn reverse_body<R: Real, I: Instructions>(slope: &[R], curve: &[R], da: &[R], g: &mut [R], sum: &mut [R]) {
    let len = slope.len();
    assert!(curve.len() == len && sum.len() == len);
    for (da, g) in da.chunks_exact(len).zip(g.chunks_exact_mut(len)) {
        for i in 0..len {
            sum[i] += curve[i] * (da[i] * g[i]);
            g[i] *= slope[i];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_are_those_of_differences() {
        for f in Smooth::ALL {
            for a in [-4.0f64, -1.2, -0.1, 0.0, 0.6, 2.3] {
                let step = 1e-5;
                let ([up, slope_up, _], [down, slope_down, _]) = (f.at(a + step), f.at(a - step));
                let [_, slope, curve] = f.at(a);
                assert!(((up - down) / (2.0 * step) - slope).abs() < 1e-9, "{} at {a}", f.name());
                assert!(((slope_up - slope_down) / (2.0 * step) - curve).abs() < 1e-9, "{} at {a}", f.name());
            }
        }
    }

    #[test]
    fn slopes_are_at_most_one() {
        for f in Smooth::ALL {
            for i in -20_000..=20_000 {
                let slope = f.at(f64::from(i) * 1e-3)[1];
                assert!(slope.abs() <= 1.0, "{} at {i}: {slope}", f.name());
            }
        }
        // an undivided swish would stretch
        assert!(SWISH * Smooth::LipSwish.at(2.4)[1] > 1.09);
    }

    #[test]
    fn far_out_all_is_finite() {
        for f in Smooth::ALL {
            for a in [-1e6f64, -1e4, 1e4, 1e6] {
                assert!(f.at(a).iter().all(|v| v.is_finite()) && f.at(a as f32).iter().all(|v| v.is_finite()));
            }
        }
    }

    #[test]
    fn names_are_those_of_checkpoints() {
        for f in Smooth::ALL {
            assert_eq!(serde_json::to_string(&f).unwrap(), format!("{:?}", f.name()));
        }
    }
}
