//! The affine element map of an autoregressive layer, `x = μ + e^α·z` with the soft clip
//! `α = a / (1 + |a|/c)`: bounded by `c`, identity near zero, and a gradient that never dies.

use crate::Real;
use crate::isa::{Instructions, dispatch};
use crate::made::GROUP;
use crate::panels::{COLUMNS, Panels};
use serde::{Deserialize, Serialize};

/// Which way the element map is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// base → data: `y = μ + e^α·u`, log-det `Σ α`
    Forward,
    /// data → base: `y = (u − μ)·e^{−α}`, log-det `−Σ α`
    Inverse,
}

impl Direction {
    /// The other one.
    pub fn opposite(self) -> Self {
        match self {
            Self::Forward => Self::Inverse,
            Self::Inverse => Self::Forward,
        }
    }
}

/// `α = a / (1 + |a|/c)`.
#[inline(always)]
pub fn soft_clip<R: Real>(a: R, clip: R) -> R {
    a / (R::one() + a.abs() / clip)
}

/// `dα/da = 1 / (1 + |a|/c)² = (1 − |α|/c)²`, given `α`.
#[inline(always)]
pub(crate) fn slope_at_clipped<R: Real>(alpha: R, clip: R) -> R {
    let s = R::one() - alpha.abs() / clip;
    s * s
}

/// (y, α, |dy/du|) of one element.
#[inline(always)]
pub fn element<R: Real>(direction: Direction, shift: R, raw: R, clip: R, u: R) -> (R, R, R) {
    let alpha = soft_clip(raw, clip);
    match direction {
        Direction::Forward => {
            let scale = alpha.fast_exp();
            (shift + scale * u, alpha, scale)
        }
        Direction::Inverse => {
            let scale = (-alpha).fast_exp();
            ((u - shift) * scale, alpha, scale)
        }
    }
}

dispatch! {
    /// Maps the columns of `u` to those of `y`, given the network's outputs, and adds each row's log-det. Replaces
    /// shift and raw log-scale in `outputs` by `|dy/du|` and `α`, which [`backward`] wants.
    pub(crate) fn forward(
        direction: Direction,
        clip: R,
        u: &Panels<R>,
        outputs: &mut Panels<R>,
        y: &mut Panels<R>,
        log_det: &mut [f64],
    ) = forward_body
}

#[inline(always)]
fn forward_body<R: Real, I: Instructions>(
    direction: Direction,
    clip: R,
    u: &Panels<R>,
    outputs: &mut Panels<R>,
    y: &mut Panels<R>,
    log_det: &mut [f64],
) {
    match direction {
        Direction::Forward => forward_in::<R, I, true>(clip, u, outputs, y, log_det),
        Direction::Inverse => forward_in::<R, I, false>(clip, u, outputs, y, log_det),
    }
}

#[inline(always)]
fn forward_in<R: Real, I: Instructions, const FORWARD: bool>(
    clip: R,
    u: &Panels<R>,
    outputs: &mut Panels<R>,
    y: &mut Panels<R>,
    log_det: &mut [f64],
) {
    let direction = if FORWARD { Direction::Forward } else { Direction::Inverse };
    for group in 0..outputs.count() {
        let half = group % 2 * GROUP;
        let u = u.panel(group / 2).chunks_exact(COLUMNS);
        let y = y.panel_mut(group / 2).chunks_exact_mut(COLUMNS);
        for ((outputs, u), y) in outputs.panel_mut(group).chunks_exact_mut(COLUMNS).zip(u).zip(y) {
            let (shift, raw, u): ([R; GROUP], [R; GROUP], [R; GROUP]) =
                (lanes(outputs, 0), lanes(outputs, GROUP), lanes(u, half));
            let (mut value, mut alpha, mut scale) = ([R::zero(); GROUP], [R::zero(); GROUP], [R::zero(); GROUP]);
            for i in 0..GROUP {
                (value[i], alpha[i], scale[i]) = element(direction, shift[i], raw[i], clip, u[i]);
            }
            y[half..half + GROUP].copy_from_slice(&value);
            outputs[..GROUP].copy_from_slice(&scale);
            outputs[GROUP..].copy_from_slice(&alpha);
        }
    }
    // in double precision, and so not in the loop above: half as many numbers fit into a register
    for group in 0..outputs.count() {
        for (outputs, log_det) in outputs.panel(group).chunks_exact(COLUMNS).zip(log_det.iter_mut()) {
            let mut sum = [0.0f64; GROUP];
            for i in 0..GROUP {
                sum[i] = outputs[GROUP + i].f64();
            }
            let sum = ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
            *log_det += if FORWARD { sum } else { -sum };
        }
    }
}

/// Eight neighbours, as values: slices that might overlap are not vectorised.
#[inline(always)]
fn lanes<R: Real>(row: &[R], first: usize) -> [R; GROUP] {
    std::array::from_fn(|i| row[first + i])
}

dispatch! {
    /// The gradients of [`forward`]: from that of `y` and of the log-det to those of the network's outputs, in
    /// `d_outputs`, and of `u`, in place of `dy`. `kept` is what [`forward`] left in the outputs.
    pub(crate) fn backward(
        direction: Direction,
        clip: R,
        dim: usize,
        kept: &Panels<R>,
        u: &Panels<R>,
        y: &Panels<R>,
        d_log_det: &[R],
        dy: &mut Panels<R>,
        d_outputs: &mut Panels<R>,
    ) = backward_body
}

#[inline(always)]
fn backward_body<R: Real, I: Instructions>(
    direction: Direction,
    clip: R,
    dim: usize,
    kept: &Panels<R>,
    u: &Panels<R>,
    y: &Panels<R>,
    d_log_det: &[R],
    dy: &mut Panels<R>,
    d_outputs: &mut Panels<R>,
) {
    match direction {
        Direction::Forward => backward_in::<R, I, true>(clip, dim, kept, u, d_log_det, dy, d_outputs),
        Direction::Inverse => backward_in::<R, I, false>(clip, dim, kept, y, d_log_det, dy, d_outputs),
    }
}

/// `mapped` is the side that multiplies the derivative of the scale: `u` forward, `y` inverse.
#[inline(always)]
fn backward_in<R: Real, I: Instructions, const FORWARD: bool>(
    clip: R,
    dim: usize,
    kept: &Panels<R>,
    mapped: &Panels<R>,
    d_log_det: &[R],
    dy: &mut Panels<R>,
    d_outputs: &mut Panels<R>,
) {
    for group in 0..kept.count() {
        let (panel, half) = (group / 2, group % 2 * GROUP);
        let kept = kept.panel(group).chunks_exact(COLUMNS);
        let mapped = mapped.panel(panel).chunks_exact(COLUMNS);
        let rows = dy.panel_mut(panel).chunks_exact_mut(COLUMNS);
        let outputs = d_outputs.panel_mut(group).chunks_exact_mut(COLUMNS);
        for ((((kept, mapped), dy), d_outputs), &g_log_det) in kept.zip(mapped).zip(rows).zip(outputs).zip(d_log_det) {
            let (scale, alpha): ([R; GROUP], [R; GROUP]) = (lanes(kept, 0), lanes(kept, GROUP));
            let (mapped, g): ([R; GROUP], [R; GROUP]) = (lanes(mapped, half), lanes(dy, half));
            let (mut du, mut d_shift, mut d_raw) = ([R::zero(); GROUP], [R::zero(); GROUP], [R::zero(); GROUP]);
            for i in 0..GROUP {
                du[i] = g[i] * scale[i];
                let slope = slope_at_clipped(alpha[i], clip);
                if FORWARD {
                    d_shift[i] = g[i];
                    d_raw[i] = (du[i] * mapped[i] + g_log_det) * slope;
                } else {
                    d_shift[i] = -du[i];
                    d_raw[i] = -(g[i] * mapped[i] + g_log_det) * slope;
                }
            }
            dy[half..half + GROUP].copy_from_slice(&du);
            d_outputs[..GROUP].copy_from_slice(&d_shift);
            d_outputs[GROUP..].copy_from_slice(&d_raw);
        }
    }
    // columns that belong to nobody, where the log-det's gradient must not go
    let (last, live) = ((dim - 1) / GROUP, (dim - 1) % GROUP + 1);
    for d_outputs in d_outputs.panel_mut(last).chunks_exact_mut(COLUMNS) {
        d_outputs[live..GROUP].fill(R::zero());
        d_outputs[GROUP + live..].fill(R::zero());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn soft_clip_is_the_identity_near_zero_bounded_and_differentiable() {
        let clip = 5.0f64;
        assert!((soft_clip(1e-6, clip) - 1e-6).abs() < 1e-11);
        for a in [-1e4, -7.0, -0.3, 0.0, 0.3, 7.0, 1e4] {
            assert!(soft_clip(a, clip).abs() < clip && slope_at_clipped(soft_clip(a, clip), clip) > 0.0);
            let step = 1e-6;
            let numeric = (soft_clip(a + step, clip) - soft_clip(a - step, clip)) / (2.0 * step);
            assert!((numeric - slope_at_clipped(soft_clip(a, clip), clip)).abs() < 1e-6, "at {a}");
        }
    }
}
