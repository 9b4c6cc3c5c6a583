//! A student beside its teacher: samples of both, and the distances between them.

use crate::error::check_dimensions;
use crate::{Draws, EvalError, Quality};
use flowstill_sampler::{Drawn, Method, Purpose, Sampler, SamplerError, Stream};

/// The student's base draws start here in the stream whose beginning is the teacher's: the two sets are independent,
/// and neither changes with the number of samples.
const FIRST_STUDENT_ROW: u64 = 1 << 40;

/// What a comparison drew, for pictures: standardised rows with both log-densities.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    pub dim: usize,
    pub teacher: Draws,
    pub student: Draws,
}

/// What a student is compared with: a density in standardised space that can be sampled.
pub trait Teacher: Sync {
    /// Number of coordinates.
    fn dim(&self) -> usize;

    /// Rows `first_row..first_row + rows` of `stream`, rows × dim, and their log-densities in nats. Row `i` is a function
    /// of the density, `stream` and `i` alone.
    ///
    /// # Errors
    /// More rows than fit into memory.
    fn sample_and_log_prob(
        &self,
        stream: Stream,
        first_row: u64,
        rows: usize,
    ) -> Result<(Vec<f32>, Vec<f64>), SamplerError>;

    /// Log-densities of `x`, rows × dim, in nats.
    ///
    /// # Errors
    /// Rows that are none.
    fn log_prob(&self, x: &[f32]) -> Result<Vec<f64>, SamplerError>;
}

/// A trained flow, by its incremental method.
impl Teacher for Sampler {
    fn dim(&self) -> usize {
        Sampler::dim(self)
    }

    fn sample_and_log_prob(
        &self,
        stream: Stream,
        first_row: u64,
        rows: usize,
    ) -> Result<(Vec<f32>, Vec<f64>), SamplerError> {
        let incremental = self.clone().with_method(Method::Incremental)?;
        let Drawn { values, log_prob, .. } = Sampler::sample_and_log_prob(&incremental, stream, first_row, rows)?;
        Ok((values, log_prob))
    }

    fn log_prob(&self, x: &[f32]) -> Result<Vec<f64>, SamplerError> {
        Sampler::log_prob(&self.clone().with_method(Method::Incremental)?, x)
    }
}

/// Draws `samples` rows from each side, evaluates both densities at all of them, and measures the distances.
///
/// Everything is in standardised space; distances between densities do not depend on that choice, as both share the
/// standardisation. Draws are those of [`Purpose::Evaluation`]. Cost per sample: two teacher passes (one of them
/// incremental, if it is a flow) and two student passes (one of them incremental).
///
/// # Errors
/// Different dimensions, fewer than two samples, more than fit into memory, or densities that give values which are not
/// finite.
pub fn compare(
    teacher: &dyn Teacher,
    student: &Sampler,
    samples: usize,
    seed: u64,
) -> Result<(Quality, Samples), EvalError> {
    check_dimensions(teacher.dim(), student.dim())?;
    let student = student.clone().with_method(Method::Incremental)?;
    let stream = Stream { seed, purpose: Purpose::Evaluation };

    let (x, log_p) = teacher.sample_and_log_prob(stream, 0, samples)?;
    let of_teacher = Draws { log_q: student.log_prob(&x)?, log_p, x };
    let Drawn { values: x, log_prob: log_q, .. } = student.sample_and_log_prob(stream, FIRST_STUDENT_ROW, samples)?;
    let of_student = Draws { log_p: teacher.log_prob(&x)?, log_q, x };

    let quality = Quality::of(teacher.dim(), &of_teacher, &of_student)?;
    Ok((quality, Samples { dim: teacher.dim(), teacher: of_teacher, student: of_student }))
}
