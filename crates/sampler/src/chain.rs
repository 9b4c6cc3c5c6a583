//! The whole bijection between base and data, in standardised space, and the density that it carries.

use crate::autoregressive::AutoregressiveLayer;
use crate::layer::{Buffers, Diagonal, Direction, Layer};
use crate::{Method, Rounds, SamplerError};
use flowstill_kernel::Real;
use flowstill_model::fold::fold_batch_norm;
use flowstill_model::{FlowSpec, LayerSpec, Layout, Orientation};
use rayon::prelude::*;

/// Rows that one task maps; fixed, so that the cut of a batch does not depend on the number of threads.
pub(crate) const SHARD_ROWS: usize = 128;

/// A chain of bijections `x = S(z)` over a standard normal base, computing in `R` (`f32` in use, `f64` in tests of
/// laws). Batch normalisation is folded into the diagonal map that it is after training.
#[derive(Debug, Clone)]
pub struct Chain<R> {
    dim: usize,
    layers: Vec<Layer<R>>,
    sequential: [bool; 2],
}

/// Mapped rows with the log-det of the map just applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapped<R> {
    /// rows × dim
    pub values: Vec<R>,
    /// one per row, nats
    pub log_det: Vec<f64>,
    pub rounds: Rounds,
}

/// Rows pushed from the base to the data, with their own density.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn<R> {
    /// rows × dim
    pub values: Vec<R>,
    /// one per row, nats
    pub log_prob: Vec<f64>,
    pub rounds: Rounds,
}

impl<R: Real> Chain<R> {
    /// The chain of `spec` with the flat parameters `theta` (laid out as [`Layout::new`] says).
    pub fn new(spec: &FlowSpec, theta: &[f32]) -> Result<Self, SamplerError> {
        spec.validate()?;
        let layout = Layout::new(spec);
        if layout.len() != theta.len() {
            return Err(SamplerError::ParameterCount { expected: layout.len(), found: theta.len() });
        }
        if let Some((at, &value)) = theta.iter().enumerate().find(|(_, t)| !t.is_finite()) {
            let name = layout.view_at(at).map_or_else(String::new, |view| view.name.clone());
            return Err(SamplerError::NonFiniteParameter { name, value });
        }
        let (spec, theta) = fold_batch_norm(spec, theta);
        let mut chain = Self { dim: spec.dim, layers: Vec::with_capacity(spec.layers.len()), sequential: [false; 2] };
        for (layer, range) in spec.layers.iter().zip(Layout::new(&spec).layers) {
            let part: Vec<R> = theta[range].iter().map(|&t| R::of(f64::from(t))).collect();
            chain.layers.push(match layer {
                LayerSpec::Autoregressive(a) => {
                    chain.sequential[usize::from(a.orientation == Orientation::Iaf)] = true;
                    Layer::Autoregressive(AutoregressiveLayer::new(a, part))
                }
                LayerSpec::ActNorm { .. } | LayerSpec::BatchNorm { .. } => Layer::Diagonal(Diagonal::new(&part)),
            });
        }
        Ok(chain)
    }

    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Whether `forward` (sampling) has a layer that [`Method`] decides about: a MAF.
    pub fn forward_is_sequential(&self) -> bool {
        self.sequential[0]
    }

    /// Whether `inverse` (density) has a layer that [`Method`] decides about: an IAF.
    pub fn inverse_is_sequential(&self) -> bool {
        self.sequential[1]
    }

    /// `x = S(z)` and `log|det dS/dz|` for rows × dim numbers.
    ///
    /// Cost: 1 pass per IAF layer; per MAF layer the multiply-adds of 1 pass in `dim` steps (incremental), `dim`
    /// passes (naive), or rounds + 1 passes (Jacobi). Errors: partial rows, NaN, a bad tolerance.
    pub fn forward_and_log_det(&self, z: &[R], method: Method) -> Result<Mapped<R>, SamplerError> {
        self.check("forward", z, method)?;
        Ok(self.map(Direction::Forward, z.to_vec(), method))
    }

    /// `z = T(x)` and `log|det dT/dx|` for rows × dim numbers.
    ///
    /// Cost: 1 pass per MAF layer; IAF layers as MAF layers in [`Chain::forward_and_log_det`]. Errors: the same.
    pub fn inverse_and_log_det(&self, x: &[R], method: Method) -> Result<Mapped<R>, SamplerError> {
        self.check("inverse", x, method)?;
        Ok(self.map(Direction::Inverse, x.to_vec(), method))
    }

    /// `log p(x) = log p_Z(T(x)) + log|det dT/dx|`, one per row, for rows × dim numbers.
    ///
    /// A row so far out that the numbers overflow on the way to the base, or that is infinite, has −∞; never NaN.
    /// Cost and errors: those of [`Chain::inverse_and_log_det`].
    pub fn log_prob(&self, x: &[R], method: Method) -> Result<Vec<f64>, SamplerError> {
        self.check("log_prob", x, method)?;
        Ok(self.density(x.to_vec(), method))
    }

    /// `x = S(z)` with `log p(x) = log p_Z(z) − log|det dS/dz|` from the same pass.
    ///
    /// With [`Method::Jacobi`] `S` holds up to the tolerance only, so the density is computed anew at the returned
    /// `x`. Cost and errors: those of [`Chain::forward_and_log_det`].
    pub fn forward_and_log_prob(&self, z: &[R], method: Method) -> Result<Drawn<R>, SamplerError> {
        self.check("forward", z, method)?;
        let base = z.chunks_exact(self.dim).map(log_standard_normal).collect();
        Ok(self.draw(z.to_vec(), base, method))
    }

    pub(crate) fn draw(&self, z: Vec<R>, base: Vec<f64>, method: Method) -> Drawn<R> {
        let Mapped { values, log_det, rounds } = self.map(Direction::Forward, z, method);
        let log_prob = if rounds.solved > 0 {
            self.density(values.clone(), method)
        } else {
            base.iter().zip(&log_det).map(|(base, log_det)| settle(base - log_det)).collect()
        };
        Drawn { values, log_prob, rounds }
    }

    pub(crate) fn density(&self, x: Vec<R>, method: Method) -> Vec<f64> {
        let mapped = self.map(Direction::Inverse, x, method);
        let rows = mapped.values.chunks_exact(self.dim).zip(&mapped.log_det);
        rows.map(|(z, log_det)| settle(log_standard_normal(z) + log_det)).collect()
    }

    pub(crate) fn map(&self, direction: Direction, mut values: Vec<R>, method: Method) -> Mapped<R> {
        let mut log_det = vec![0.0; values.len() / self.dim];
        let rounds = if log_det.len() <= SHARD_ROWS {
            // nothing to share out: stay on this thread
            self.map_shard(direction, method, &mut values, &mut log_det, &mut Buffers::default())
        } else {
            values
                .par_chunks_mut(SHARD_ROWS * self.dim)
                .zip(log_det.par_chunks_mut(SHARD_ROWS))
                .map_init(Buffers::default, |buffers, (values, log_det)| {
                    self.map_shard(direction, method, values, log_det, buffers)
                })
                .reduce(Rounds::default, Rounds::merge)
        };
        Mapped { values, log_det, rounds }
    }

    fn map_shard(
        &self,
        direction: Direction,
        method: Method,
        values: &mut [R],
        log_det: &mut [f64],
        buffers: &mut Buffers<R>,
    ) -> Rounds {
        let mut rounds = Rounds::default();
        let mut apply = |layer: &Layer<R>| {
            rounds = rounds.merge(layer.apply(direction, method, values, log_det, buffers));
        };
        match direction {
            Direction::Forward => self.layers.iter().for_each(&mut apply),
            Direction::Inverse => self.layers.iter().rev().for_each(&mut apply),
        }
        rounds
    }

    pub(crate) fn check(&self, operation: &'static str, rows: &[R], method: Method) -> Result<(), SamplerError> {
        method.check()?;
        check_rows(operation, rows, self.dim)
    }
}

/// Whole rows, no NaN.
pub(crate) fn check_rows<R: Real>(operation: &'static str, rows: &[R], dim: usize) -> Result<(), SamplerError> {
    if !rows.len().is_multiple_of(dim) {
        return Err(SamplerError::Shape { operation, len: rows.len(), dim });
    }
    match rows.iter().position(|value| value.is_nan()) {
        Some(at) => Err(SamplerError::NotANumber { operation, row: at / dim, column: at % dim }),
        None => Ok(()),
    }
}

/// `−½|z|² − D/2·log 2π`.
pub(crate) fn log_standard_normal<R: Real>(z: &[R]) -> f64 {
    let squares: f64 = z.iter().map(|z| z.f64() * z.f64()).sum();
    -0.5 * (squares + z.len() as f64 * std::f64::consts::TAU.ln())
}

/// Parameters and inputs are numbers, so NaN can only come from an overflow: a point beyond all mass.
fn settle(log_prob: f64) -> f64 {
    if log_prob.is_nan() { f64::NEG_INFINITY } else { log_prob }
}
