//! Rational-quadratic splines of whole panels, 16 at a time: 8 coordinates, whose parameters stand side by side, of two rows.

mod lanes;
#[cfg(test)]
mod tests;

use crate::Real;
use crate::affine::Direction;
use crate::isa::{Instructions, dispatch};
use crate::lane::{Lane, pair_of, put, take};
use crate::made::GROUP;
use crate::panels::{COLUMNS, Panels, column_offset};
use crate::univariate::RationalQuadratic;
use lanes::{gradient, map, shares, solve};

/// What the splines need apart from their parameters, and room to work.
pub(crate) struct Splines<R> {
    spline: RationalQuadratic,
    closed: bool,
    /// raw widths, heights and slopes
    p: Vec<Lane<R>>,
    dp: Vec<Lane<R>>,
    more: Vec<Lane<R>>,
    widths: Vec<Lane<R>>,
    heights: Vec<Lane<R>>,
}

impl<R: Real> Splines<R> {
    pub fn new(spline: RationalQuadratic, direction: Direction) -> Self {
        let zeros = |count| vec![[R::zero(); COLUMNS]; count];
        let count = 3 * spline.bins - 1;
        Self {
            spline,
            closed: direction == Direction::Inverse,
            p: zeros(count),
            dp: zeros(count),
            more: zeros(count),
            widths: zeros(spline.bins),
            heights: zeros(spline.bins),
        }
    }
}

dispatch! {
    /// Maps the columns of `u` to those of `y`, given the network's outputs, and adds each row's log-det.
    pub(crate) fn forward(
        splines: &mut Splines<R>,
        dim: usize,
        u: &Panels<R>,
        outputs: &Panels<R>,
        y: &mut Panels<R>,
        log_det: &mut [f64],
    ) = forward_body
}

#[inline(always)]
fn forward_body<R: Real, I: Instructions>(
    splines: &mut Splines<R>,
    dim: usize,
    u: &Panels<R>,
    outputs: &Panels<R>,
    y: &mut Panels<R>,
    log_det: &mut [f64],
) {
    let rows = log_det.len();
    let (u_stride, y_stride) = (u.stride(), y.stride());
    for first in (0..dim).step_by(GROUP) {
        let (from, to) = (column_offset(first, u_stride), column_offset(first, y_stride));
        let live = (dim - first).min(GROUP);
        for row in (0..rows).step_by(2) {
            let pair = (rows - row).min(2);
            take(&mut splines.p, outputs, first, row, pair);
            let given = pair_of(u.data(), from + row * COLUMNS, pair);
            shares(splines.spline, &splines.p, &mut splines.widths, &mut splines.heights);
            let (mapped, log) = apply(splines, &given);
            for (r, log_det) in log_det[row..row + pair].iter_mut().enumerate() {
                let at = to + (row + r) * COLUMNS;
                y.data_mut()[at..at + GROUP].copy_from_slice(&mapped[r * GROUP..][..GROUP]);
                // columns that belong to nobody are zero, and so the logarithms of their slopes need not be
                *log_det += log[r * GROUP..][..live].iter().map(|log| log.f64()).sum::<f64>();
            }
        }
    }
}

dispatch! {
    /// The gradients of [`forward`]: from those of `y` and of the log-det to those of the network's outputs, in `d_outputs`,
    /// and of `u`, in place of `dy`.
    pub(crate) fn backward(
        splines: &mut Splines<R>,
        dim: usize,
        outputs: &Panels<R>,
        u: &Panels<R>,
        y: &Panels<R>,
        d_log_det: &[R],
        dy: &mut Panels<R>,
        d_outputs: &mut Panels<R>,
    ) = backward_body
}

#[inline(always)]
fn backward_body<R: Real, I: Instructions>(
    splines: &mut Splines<R>,
    dim: usize,
    outputs: &Panels<R>,
    u: &Panels<R>,
    y: &Panels<R>,
    d_log_det: &[R],
    dy: &mut Panels<R>,
    d_outputs: &mut Panels<R>,
) {
    let rows = d_log_det.len();
    let (u_stride, y_stride, d_stride) = (u.stride(), y.stride(), dy.stride());
    for first in (0..dim).step_by(GROUP) {
        let at = |stride: usize, row: usize| column_offset(first, stride) + row * COLUMNS;
        let live = (dim - first).min(GROUP);
        for row in (0..rows).step_by(2) {
            let pair = (rows - row).min(2);
            take(&mut splines.p, outputs, first, row, pair);
            shares(splines.spline, &splines.p, &mut splines.widths, &mut splines.heights);
            let mut d = pair_of(dy.data(), at(d_stride, row), pair);
            let mut d_log = [R::zero(); COLUMNS];
            for r in 0..pair {
                // columns that belong to nobody, whose gradients must be zero
                d[r * GROUP + live..(r + 1) * GROUP].fill(R::zero());
                d_log[r * GROUP..][..live].fill(d_log_det[row + r]);
            }
            let Splines { spline, closed, p, dp, more, widths, heights } = splines;
            if *closed {
                let u = pair_of(u.data(), at(u_stride, row), pair);
                d = gradient(*spline, p, widths, heights, &u, &d, &d_log, dp);
            } else {
                // as for every map whose closed direction is the other: by the implicit function theorem
                let u = pair_of(y.data(), at(y_stride, row), pair);
                let (_, log) = map(*spline, p, widths, heights, &u);
                let (mut minus, zeros) = (d_log, [R::zero(); COLUMNS]);
                minus.iter_mut().for_each(|d| *d = -*d);
                let through_log = gradient(*spline, p, widths, heights, &u, &zeros, &minus, more);
                let mut back = [R::zero(); COLUMNS];
                for n in 0..COLUMNS {
                    d[n] = (d[n] + through_log[n]) * (-log[n]).fast_exp();
                    back[n] = -d[n];
                }
                gradient(*spline, p, widths, heights, &u, &back, &minus, dp);
            }
            for r in 0..pair {
                dy.data_mut()[at(d_stride, row + r)..][..GROUP].copy_from_slice(&d[r * GROUP..][..GROUP]);
            }
            put(&splines.dp, d_outputs, first, row, pair);
        }
    }
}

/// The mapped numbers and the logarithms of the slopes, in the direction that is wanted.
#[inline(always)]
fn apply<R: Real>(splines: &Splines<R>, given: &Lane<R>) -> (Lane<R>, Lane<R>) {
    let Splines { spline, closed, p, widths, heights, .. } = splines;
    if *closed {
        return map(*spline, p, widths, heights, given);
    }
    let u = solve(*spline, p, widths, heights, given);
    let (_, mut log) = map(*spline, p, widths, heights, &u);
    log.iter_mut().for_each(|log| *log = -*log);
    (u, log)
}
