//! What an autoregressive layer does to a coordinate, given its network's outputs for it.

use crate::affine::{self, Direction};
use crate::made::GROUP;
use crate::panels::{COLUMNS, Panels, column_offset};
use crate::spline_panels::{self, Splines};
use crate::{Real, Univariate};

/// The affine map, whose routines are vectorised, or any other increasing map of one number.
#[derive(Debug, Clone, PartialEq)]
pub enum ElementMap {
    /// `x = μ + e^α·z`, `α` soft-clipped at `clip`: [`crate::affine`]
    Affine {
        clip: f64,
    },
    Univariate(Univariate),
}

impl ElementMap {
    /// Outputs of the network per coordinate.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Affine { .. } => 2,
            Self::Univariate(univariate) => univariate.parameters(),
        }
    }

    /// The mapped number and the log-derivative of the map, given the outputs `p`.
    #[inline]
    pub fn apply<R: Real>(&self, direction: Direction, p: &[R], u: R) -> (R, R) {
        match self {
            Self::Affine { clip } => {
                let (y, alpha, _) = affine::element(direction, p[0], p[1], R::of(*clip), u);
                (y, if direction == Direction::Forward { alpha } else { -alpha })
            }
            Self::Univariate(univariate) => univariate.apply(direction, p, u),
        }
    }
}

/// Maps the columns of `u` to those of `y`, given the network's outputs, and adds each row's log-det.
pub(crate) fn forward<R: Real>(
    univariate: &Univariate,
    direction: Direction,
    dim: usize,
    u: &Panels<R>,
    outputs: &Panels<R>,
    y: &mut Panels<R>,
    log_det: &mut [f64],
) {
    match univariate {
        Univariate::RationalQuadratic(spline) => {
            spline_panels::forward(&mut Splines::new(*spline, direction), dim, u, outputs, y, log_det);
        }
        _ => forward_one_by_one(univariate, direction, dim, u, outputs, y, log_det),
    }
}

/// [`forward`] as it is for every map.
pub(crate) fn forward_one_by_one<R: Real>(
    univariate: &Univariate,
    direction: Direction,
    dim: usize,
    u: &Panels<R>,
    outputs: &Panels<R>,
    y: &mut Panels<R>,
    log_det: &mut [f64],
) {
    let mut p = vec![R::zero(); univariate.parameters()];
    let (u_stride, y_stride, stride) = (u.stride(), y.stride(), outputs.stride());
    for coordinate in 0..dim {
        let (from, to) = (column_offset(coordinate, u_stride), column_offset(coordinate, y_stride));
        for (row, log_det) in log_det.iter_mut().enumerate() {
            take(&mut p, outputs.data(), coordinate, stride, row);
            let (mapped, log) = univariate.apply(direction, &p, u.data()[from + row * COLUMNS]);
            y.data_mut()[to + row * COLUMNS] = mapped;
            *log_det += log.f64();
        }
    }
}

/// The gradients of [`forward`]: from those of `y` and of the log-det to those of the network's outputs, in `d_outputs`,
/// and of `u`, in place of `dy`.
pub(crate) fn backward<R: Real>(
    univariate: &Univariate,
    direction: Direction,
    dim: usize,
    outputs: &Panels<R>,
    u: &Panels<R>,
    y: &Panels<R>,
    d_log_det: &[R],
    dy: &mut Panels<R>,
    d_outputs: &mut Panels<R>,
) {
    // columns that belong to nobody stay so
    d_outputs.clear();
    match univariate {
        Univariate::RationalQuadratic(spline) => {
            let splines = &mut Splines::new(*spline, direction);
            spline_panels::backward(splines, dim, outputs, u, y, d_log_det, dy, d_outputs);
        }
        _ => backward_one_by_one(univariate, direction, dim, outputs, u, y, d_log_det, dy, d_outputs),
    }
}

/// [`backward`] as it is for every map, into outputs that are zero.
pub(crate) fn backward_one_by_one<R: Real>(
    univariate: &Univariate,
    direction: Direction,
    dim: usize,
    outputs: &Panels<R>,
    u: &Panels<R>,
    y: &Panels<R>,
    d_log_det: &[R],
    dy: &mut Panels<R>,
    d_outputs: &mut Panels<R>,
) {
    let count = univariate.parameters();
    let (mut p, mut dp) = (vec![R::zero(); count], vec![R::zero(); count]);
    let (u_stride, y_stride, stride, d_stride) = (u.stride(), y.stride(), outputs.stride(), dy.stride());
    let d_outputs_stride = d_outputs.stride();
    for coordinate in 0..dim {
        let (from, to) = (column_offset(coordinate, u_stride), column_offset(coordinate, y_stride));
        let d_at = column_offset(coordinate, d_stride);
        for (row, &d_log) in d_log_det.iter().enumerate() {
            take(&mut p, outputs.data(), coordinate, stride, row);
            let (u, y) = (u.data()[from + row * COLUMNS], y.data()[to + row * COLUMNS]);
            let d = &mut dy.data_mut()[d_at + row * COLUMNS];
            *d = univariate.gradient(direction, &p, u, y, *d, d_log, &mut dp);
            for (k, &dp) in dp.iter().enumerate() {
                d_outputs.data_mut()[place(coordinate, k, count, d_outputs_stride) + row * COLUMNS] = dp;
            }
        }
    }
}

/// The outputs of one row and coordinate.
fn take<R: Real>(p: &mut [R], outputs: &[R], coordinate: usize, stride: usize, row: usize) {
    let count = p.len();
    for (k, p) in p.iter_mut().enumerate() {
        *p = outputs[place(coordinate, k, count, stride) + row * COLUMNS];
    }
}

/// Where output `k` of `count` of a coordinate lies in the first row.
fn place(coordinate: usize, k: usize, count: usize, stride: usize) -> usize {
    column_offset(coordinate / GROUP * GROUP * count + k * GROUP + coordinate % GROUP, stride)
}
