//! One bijection of the chain, in numbers.

use crate::autoregressive::AutoregressiveLayer;
use crate::{Method, Rounds};
use flowstill_kernel::Real;
use flowstill_kernel::incremental::Sweep;

/// Which way a layer is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// base → data
    Forward,
    /// data → base
    Inverse,
}

/// Batch normalisation is a [`Diagonal`] by the time a model is a sampler.
#[derive(Debug, Clone)]
pub(crate) enum Layer<R> {
    Autoregressive(AutoregressiveLayer<R>),
    Diagonal(Diagonal<R>),
}

/// Buffers of one shard; reuse them from shard to shard.
#[derive(Debug, Default)]
pub(crate) struct Buffers<R> {
    pub sweep: Sweep<R>,
    /// rows × dim in degree order, what the network reads
    pub v: Vec<R>,
    /// rows × dim × 2, what it answers
    pub outputs: Vec<R>,
    /// rows × dim in degree order, rows that are done
    pub solution: Vec<R>,
    /// indices of rows that are not
    pub active: Vec<usize>,
}

impl<R: Real> Layer<R> {
    /// Maps whole rows in place and adds each row's log-det of the map just applied.
    pub fn apply(
        &self,
        direction: Direction,
        method: Method,
        values: &mut [R],
        log_det: &mut [f64],
        buffers: &mut Buffers<R>,
    ) -> Rounds {
        match self {
            Self::Autoregressive(layer) => layer.apply(direction, method, values, log_det, buffers),
            Self::Diagonal(layer) => {
                layer.apply(direction, values, log_det);
                Rounds::default()
            }
        }
    }
}

/// `x = e^{log_scale} ⊙ z + shift`, with `log|det dx/dz| = Σ log_scale`.
#[derive(Debug, Clone)]
pub(crate) struct Diagonal<R> {
    scale: Vec<R>,
    inverse_scale: Vec<R>,
    shift: Vec<R>,
    log_det: f64,
}

impl<R: Real> Diagonal<R> {
    /// `theta` is the log-scales, then the shifts.
    pub fn new(theta: &[R]) -> Self {
        let (log_scale, shift) = theta.split_at(theta.len() / 2);
        Self {
            scale: log_scale.iter().map(|s| s.exp()).collect(),
            inverse_scale: log_scale.iter().map(|s| (-*s).exp()).collect(),
            shift: shift.to_vec(),
            log_det: log_scale.iter().map(|s| s.f64()).sum(),
        }
    }

    fn apply(&self, direction: Direction, values: &mut [R], log_det: &mut [f64]) {
        let sign = if direction == Direction::Forward { 1.0 } else { -1.0 };
        for (row, log_det) in values.chunks_exact_mut(self.shift.len()).zip(log_det) {
            for (i, value) in row.iter_mut().enumerate() {
                *value = match direction {
                    Direction::Forward => self.scale[i] * *value + self.shift[i],
                    Direction::Inverse => (*value - self.shift[i]) * self.inverse_scale[i],
                };
            }
            *log_det += sign * self.log_det;
        }
    }
}
