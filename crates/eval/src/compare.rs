//! A student beside its teacher: samples of both, and the distances between them.

use crate::error::check_dimensions;
use crate::{Draws, EvalError, Quality};
use flowstill_sampler::{Drawn, Method, Purpose, Sampler, Stream};

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

/// Draws `samples` rows from each flow, evaluates both densities at all of them, and measures the distances.
///
/// Everything is in standardised space; distances between densities do not depend on that choice, as both flows share
/// the standardisation. Base draws are those of [`Purpose::Evaluation`]. Cost per sample: two teacher passes (one of
/// them incremental) and two student passes (one of them incremental).
///
/// # Errors
/// Different dimensions, fewer than two samples, more than fit into memory, or flows that give values which are not
/// finite.
pub fn compare(
    teacher: &Sampler,
    student: &Sampler,
    samples: usize,
    seed: u64,
) -> Result<(Quality, Samples), EvalError> {
    check_dimensions(teacher, student)?;
    let teacher = teacher.clone().with_method(Method::Incremental)?;
    let student = student.clone().with_method(Method::Incremental)?;
    let stream = Stream { seed, purpose: Purpose::Evaluation };

    let Drawn { values: x, log_prob: log_p, .. } = teacher.sample_and_log_prob(stream, 0, samples)?;
    let of_teacher = Draws { log_q: student.log_prob(&x)?, log_p, x };
    let Drawn { values: x, log_prob: log_q, .. } = student.sample_and_log_prob(stream, FIRST_STUDENT_ROW, samples)?;
    let of_student = Draws { log_p: teacher.log_prob(&x)?, log_q, x };

    let quality = Quality::of(teacher.dim(), &of_teacher, &of_student)?;
    Ok((quality, Samples { dim: teacher.dim(), teacher: of_teacher, student: of_student }))
}
