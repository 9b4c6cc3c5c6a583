//! The whole bijection between base and data, in standardised space, and the density that it carries.

use crate::base::Base;
use crate::segment::{Buffers, Segment, apply, segments};
use crate::{Method, Rounds, SamplerError};
use flowstill_kernel::Real;
use flowstill_kernel::affine::Direction;
use flowstill_kernel::incremental::LANES;
use flowstill_model::fold::fold_batch_norm;
use flowstill_model::{FlowSpec, Layout};
use rayon::prelude::*;
use std::sync::{Mutex, PoisonError};

/// Most rows that one task maps: their activations stay in a core's L2 cache.
pub(crate) const SHARD_ROWS: usize = 96;

/// A chain of bijections `x = S(z)` over a standard normal base, computing in `R` (`f32` in use, `f64` in tests of
/// laws). Batch normalisation is folded into the diagonal map that it is after training.
#[derive(Debug)]
pub struct Chain<R> {
    dim: usize,
    theta: Vec<R>,
    forward: Vec<Segment<R>>,
    inverse: Vec<Segment<R>>,
    /// buffers of calls that are over
    spare: Mutex<Vec<Buffers<R>>>,
}

impl<R: Real> Clone for Chain<R> {
    fn clone(&self) -> Self {
        let (theta, forward, inverse) = (self.theta.clone(), self.forward.clone(), self.inverse.clone());
        Self { dim: self.dim, theta, forward, inverse, spare: Mutex::default() }
    }
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
        let (spec, mut theta) = fold_batch_norm(spec, theta);
        Layout::new(&spec).mask(&mut theta);
        let theta = theta.iter().map(|&t| R::of(f64::from(t))).collect();
        let (forward, inverse) = (segments(&spec, Direction::Forward), segments(&spec, Direction::Inverse));
        Ok(Self { dim: spec.dim, theta, forward, inverse, spare: Mutex::default() })
    }

    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Whether `forward` (sampling) has a layer that [`Method`] decides about: a MAF.
    pub fn forward_is_sequential(&self) -> bool {
        is_sequential(&self.forward)
    }

    /// Whether `inverse` (density) has a layer that [`Method`] decides about: an IAF.
    pub fn inverse_is_sequential(&self) -> bool {
        is_sequential(&self.inverse)
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
        Ok(self.density(x.to_vec(), Base::default(), method))
    }

    /// `x = S(z)` with `log p(x) = log p_Z(z) − log|det dS/dz|` from the same pass.
    ///
    /// With [`Method::Jacobi`] `S` holds up to the tolerance only, so the density is computed anew at the returned
    /// `x`. Cost and errors: those of [`Chain::forward_and_log_det`].
    pub fn forward_and_log_prob(&self, z: &[R], method: Method) -> Result<Drawn<R>, SamplerError> {
        self.check("forward", z, method)?;
        Ok(self.draw(z.to_vec(), Base::default(), method))
    }

    pub(crate) fn draw(&self, z: Vec<R>, base: Base, method: Method) -> Drawn<R> {
        let at_base: Vec<f64> = z.chunks_exact(self.dim).map(|z| base.log_prob(z)).collect();
        let Mapped { values, log_det, rounds } = self.map(Direction::Forward, z, method);
        let log_prob = if rounds.solved > 0 {
            self.density(values.clone(), base, method)
        } else {
            at_base.iter().zip(&log_det).map(|(at_base, log_det)| settle(at_base - log_det)).collect()
        };
        Drawn { values, log_prob, rounds }
    }

    pub(crate) fn density(&self, x: Vec<R>, base: Base, method: Method) -> Vec<f64> {
        let mapped = self.map(Direction::Inverse, x, method);
        let rows = mapped.values.chunks_exact(self.dim).zip(&mapped.log_det);
        rows.map(|(z, log_det)| settle(base.log_prob(z) + log_det)).collect()
    }

    pub(crate) fn map(&self, direction: Direction, mut values: Vec<R>, method: Method) -> Mapped<R> {
        let mut log_det = vec![0.0; values.len() / self.dim];
        let segments = match direction {
            Direction::Forward => &self.forward,
            Direction::Inverse => &self.inverse,
        };
        // how rows are grouped changes no bit of them, so they may be shared out to however many threads there are
        let share = log_det.len().div_ceil(rayon::current_num_threads());
        let shard = share.next_multiple_of(LANES).clamp(LANES, SHARD_ROWS);
        let map_shard = |values: &mut [R], log_det: &mut [f64]| {
            let mut buffers = self.spare().pop().unwrap_or_default();
            let rounds = apply(segments, &self.theta, method, values, log_det, &mut buffers);
            self.spare().push(buffers);
            rounds
        };
        let rounds = if log_det.len() <= shard {
            // nothing to share out: stay on this thread
            map_shard(&mut values, &mut log_det)
        } else {
            values
                .par_chunks_mut(shard * self.dim)
                .zip(log_det.par_chunks_mut(shard))
                .map(|(values, log_det)| map_shard(values, log_det))
                .reduce(Rounds::default, Rounds::merge)
        };
        Mapped { values, log_det, rounds }
    }

    fn spare(&self) -> std::sync::MutexGuard<'_, Vec<Buffers<R>>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn check(&self, operation: &'static str, rows: &[R], method: Method) -> Result<(), SamplerError> {
        method.check()?;
        check_rows(operation, rows, self.dim)
    }
}

fn is_sequential<R>(segments: &[Segment<R>]) -> bool {
    segments.iter().any(|segment| matches!(segment, Segment::Sequential(_)))
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

/// Parameters and inputs are numbers, so NaN can only come from an overflow: a point beyond all mass.
fn settle(log_prob: f64) -> f64 {
    if log_prob.is_nan() { f64::NEG_INFINITY } else { log_prob }
}
