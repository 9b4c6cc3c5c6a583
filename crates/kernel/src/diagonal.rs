//! The diagonal affine map `x = e^{log_scale} ⊙ z + shift` on panels, with `log|det dx/dz| = Σ log_scale`.

use crate::Real;
use crate::affine::Direction;
use crate::panels::{COLUMNS, Panels, column_offset};

/// Maps the columns of `y` in place and adds each row's log-det. Column `i` is coordinate `order[i]`.
pub(crate) fn forward<R: Real>(
    direction: Direction,
    theta: &[R],
    order: &[usize],
    y: &mut Panels<R>,
    log_det: &mut [f64],
) {
    let (log_scale, shift) = theta.split_at(order.len());
    let stride = y.stride();
    for (column, &i) in order.iter().enumerate() {
        let shift = shift[i];
        let rows = y.data_mut()[column_offset(column, stride)..].iter_mut().step_by(COLUMNS).take(log_det.len());
        match direction {
            Direction::Forward => {
                let scale = log_scale[i].exp();
                rows.for_each(|value| *value = scale * *value + shift);
            }
            Direction::Inverse => {
                let scale = (-log_scale[i]).exp();
                rows.for_each(|value| *value = (*value - shift) * scale);
            }
        }
    }
    let sum: f64 = log_scale.iter().map(|s| s.f64()).sum();
    let change = if direction == Direction::Forward { sum } else { -sum };
    log_det.iter_mut().for_each(|log_det| *log_det += change);
}

/// The gradients of [`forward`]: that of the given side in place of `dy`; adds those of the parameters.
pub(crate) fn backward<R: Real>(
    direction: Direction,
    theta: &[R],
    order: &[usize],
    y: &Panels<R>,
    d_log_det: &[R],
    dy: &mut Panels<R>,
    mut d_theta: Option<&mut [R]>,
) {
    let (log_scale, shift) = theta.split_at(order.len());
    let (y_stride, stride) = (y.stride(), dy.stride());
    for (column, &i) in order.iter().enumerate() {
        let y = y.data()[column_offset(column, y_stride)..].iter().step_by(COLUMNS);
        let dy = dy.data_mut()[column_offset(column, stride)..].iter_mut().step_by(COLUMNS);
        let (mut d_log_scale, mut d_shift) = (R::zero(), R::zero());
        let scale = match direction {
            Direction::Forward => log_scale[i].exp(),
            Direction::Inverse => (-log_scale[i]).exp(),
        };
        for ((dy, &y), &g_log_det) in dy.zip(y).zip(d_log_det) {
            let g = *dy;
            match direction {
                Direction::Forward => {
                    d_log_scale += g * (y - shift[i]) + g_log_det;
                    d_shift += g;
                    *dy = g * scale;
                }
                Direction::Inverse => {
                    let du = g * scale;
                    d_log_scale -= g * y + g_log_det;
                    d_shift -= du;
                    *dy = du;
                }
            }
        }
        if let Some(d_theta) = d_theta.as_deref_mut() {
            d_theta[i] += d_log_scale;
            d_theta[order.len() + i] += d_shift;
        }
    }
}
