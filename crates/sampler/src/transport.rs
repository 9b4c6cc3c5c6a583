//! From the samples of one flow to those of another: down to the base by the one, up to the data by the other.

use crate::base::Base;
use crate::chain::check_rows;
use crate::{Chain, Mapped, Method, Sampler, SamplerError, blocks};
use flowstill_kernel::Real;
use flowstill_kernel::affine::Direction;

/// `x' = S_B(T_A(x))`, which carries samples of `p_A` into samples of `p_B`, in the units of either's data.
///
/// In one dimension, both flows increasing, it is `F_B⁻¹ ∘ F_A`, the monotone rearrangement. In several it is the
/// Knothe–Rosenblatt map by conditional distribution functions where both flows are triangular in one order of the
/// coordinates (autoregressive layers that all have that order), since there is only one increasing triangular map
/// between two densities (Bogachev, Kolesnikov & Medvedev 2005). Other flows give another map of `p_A` into `p_B`, one
/// of many: which one depends on how the flows were made. None of them is the optimal transport in general.
///
/// Cost per row: a density of A and a sample of B. A row's bits do not depend on the rows beside it or on the threads.
#[derive(Debug, Clone)]
pub struct Transport {
    from: Sampler,
    to: Sampler,
}

impl Transport {
    /// From the distribution of `from` to that of `to`, temperatures included. Errors: different dimensions.
    pub fn new(from: Sampler, to: Sampler) -> Result<Self, SamplerError> {
        check_dimensions(from.dim(), to.dim())?;
        Ok(Self { from, to })
    }

    /// The way back.
    pub fn inverted(self) -> Self {
        Self { from: self.to, to: self.from }
    }

    /// Where the rows are to come from.
    pub fn source(&self) -> &Sampler {
        &self.from
    }

    /// Where they go.
    pub fn destination(&self) -> &Sampler {
        &self.to
    }

    /// Rows × dim in the units of A's data to as many in those of B's.
    ///
    /// Errors: partial rows, NaN, rows so far out that their images are no numbers; all but the first name the row.
    pub fn map(&self, rows: &[f64]) -> Result<Vec<f64>, SamplerError> {
        Ok(self.map_and_log_det(rows)?.0)
    }

    /// [`Transport::map`] with `log|det ∂x'/∂x|` of each row, nats, both standardisations included, so that
    /// `log p_A(x) = log p_B(x') + log|det ∂x'/∂x|`.
    pub fn map_and_log_det(&self, rows: &[f64]) -> Result<(Vec<f64>, Vec<f64>), SamplerError> {
        let (from, to) = (self.from.standardizer(), self.to.standardizer());
        check_rows("transport", rows, self.from.dim())?;
        let ends =
            [&self.from, &self.to].map(|flow| End { chain: flow.chain(), base: flow.base(), method: flow.method() });
        let logits = self.from.pixels().map(|pixels| rows.iter().map(|x| pixels.to_logit(*x)).collect::<Vec<_>>());
        let rows = logits.as_deref().unwrap_or(rows);
        let Mapped { values, mut log_det, .. } = carry(ends, from.standardize(rows));
        let between = to.log_det() - from.log_det();
        log_det.iter_mut().for_each(|log_det| *log_det += between);
        let restored = to.restore(&values);
        for (pixels, logits, sign) in [(self.from.pixels(), rows, 1.0), (self.to.pixels(), &restored, -1.0)] {
            let Some(pixels) = pixels else { continue };
            let each = log_det.iter_mut().zip(logits.chunks_exact(self.to.dim()));
            each.for_each(|(log_det, logits)| *log_det += sign * pixels.log_prob(0.0, logits));
        }
        let each = values.chunks_exact(self.to.dim()).zip(&log_det);
        let is_lost = |(row, log_det): (&[f32], &f64)| !(log_det.is_finite() && row.iter().all(|x| x.is_finite()));
        match each.map(is_lost).position(|lost| lost) {
            Some(row) => Err(SamplerError::Lost { row }),
            None => Ok((self.to.restore(&values), log_det)),
        }
    }

    /// [`Transport::map_and_log_det`] of `chunk_rows` rows (at least 1) at a time: the same numbers, in the memory of one
    /// chunk.
    pub fn chunks(
        &self,
        rows: &[f64],
        chunk_rows: usize,
    ) -> impl Iterator<Item = Result<(Vec<f64>, Vec<f64>), SamplerError>> {
        let dim = self.from.dim();
        blocks(0..rows.len().div_ceil(dim) as u64, chunk_rows).map(move |(first, count)| {
            let first = first as usize;
            let chunk = &rows[first * dim..rows.len().min((first + count) * dim)];
            self.map_and_log_det(chunk).map_err(|error| error.counted_from(first))
        })
    }
}

impl<R: Real> Chain<R> {
    /// [`Transport`] without standardisations: `x' = S_B(T_A(x))`, where A is this chain and B is `to`, and its log-det.
    ///
    /// Errors: different dimensions, and those of [`Chain::inverse_and_log_det`].
    pub fn transport(&self, to: &Self, x: &[R], method: Method) -> Result<Mapped<R>, SamplerError> {
        check_dimensions(self.dim(), to.dim())?;
        self.check("transport", x, method)?;
        Ok(carry([self, to].map(|chain| End { chain, base: Base::default(), method }), x.to_vec()))
    }
}

/// One of the two flows, in standardised space.
struct End<'a, R> {
    chain: &'a Chain<R>,
    base: Base,
    method: Method,
}

fn carry<R: Real>([from, to]: [End<R>; 2], x: Vec<R>) -> Mapped<R> {
    let down = from.chain.map(Direction::Inverse, x, from.method);
    let mut z = down.values;
    let between = from.base.carry(to.base, &mut z, from.chain.dim());
    let up = to.chain.map(Direction::Forward, z, to.method);
    let log_det = down.log_det.iter().zip(&up.log_det).map(|(down, up)| down + between + up).collect();
    Mapped { values: up.values, log_det, rounds: down.rounds.merge(up.rounds) }
}

fn check_dimensions(from: usize, to: usize) -> Result<(), SamplerError> {
    if from == to { Ok(()) } else { Err(SamplerError::TransportDimension { from, to }) }
}
