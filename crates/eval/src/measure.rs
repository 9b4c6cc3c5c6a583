//! The samplers that are measured: the teacher in three ways, and the student.

use crate::error::check_dimensions;
use crate::speed::{Contender, measure_by};
use crate::timing::{Effort, interleaved};
use crate::{EvalError, Speed};
use flowstill_model::LayerSpec;
use flowstill_sampler::{Method, Sampler, SamplerError};
use std::hint::black_box;
use std::sync::OnceLock;

/// As close as the other methods are to each other in `f32`; less would spend rounds on rounding errors.
pub const JACOBI_TOLERANCE: f64 = 1e-5;

/// Measures sampling with log-density, one call a batch, by the teacher in its three methods and by the student.
///
/// Each row is the median of up to `repetitions` timings, taken in turns ([`interleaved`]); slow operations get fewer
/// timings, at least one, and a point that would take far too long is left out with a note. `threads` is the size of
/// the pool that all calls run in. Drawing the base noise is part of every call.
///
/// # Errors
/// Different dimensions, a zero among the arguments, threads that do not start, batches that do not fit into memory.
pub fn measure(
    teacher: &Sampler,
    student: &Sampler,
    batches: &[usize],
    repetitions: usize,
    threads: usize,
) -> Result<Speed, EvalError> {
    measure_with(teacher, student, batches, threads, Effort::new(repetitions))
}

/// [`measure`] with another idea of how long to measure.
pub fn measure_with(
    teacher: &Sampler,
    student: &Sampler,
    batches: &[usize],
    threads: usize,
    effort: Effort,
) -> Result<Speed, EvalError> {
    check_dimensions(teacher.dim(), student.dim())?;
    by_turns(Some(teacher), student, batches, threads, effort)
}

/// [`measure`] for a student whose teacher is no flow, and has no sampler to be measured beside it.
pub fn measure_alone(
    student: &Sampler,
    batches: &[usize],
    repetitions: usize,
    threads: usize,
) -> Result<Speed, EvalError> {
    by_turns(None, student, batches, threads, Effort::new(repetitions))
}

fn by_turns(
    teacher: Option<&Sampler>,
    student: &Sampler,
    batches: &[usize],
    threads: usize,
    effort: Effort,
) -> Result<Speed, EvalError> {
    let least_batch = batches.iter().copied().min().unwrap_or(1);
    let arguments = [("batches", least_batch), ("repetitions", effort.repetitions), ("threads", threads)];
    if let Some(&(key, _)) = arguments.iter().find(|(_, value)| *value == 0) {
        return Err(EvalError::Zero { key });
    }
    let failure = OnceLock::new();
    let mut contenders = Vec::new();
    if let Some(teacher) = teacher {
        let by = |method| teacher.clone().with_method(method);
        contenders.extend([
            Contender::new("teacher_naive", by(Method::Naive)?, &failure),
            Contender::new("teacher_jacobi", by(Method::Jacobi { tolerance: JACOBI_TOLERANCE })?, &failure),
            Contender::new("teacher_incremental", by(Method::Incremental)?, &failure),
        ]);
    }
    contenders.push(Contender::new("student", student.clone(), &failure));
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|e| EvalError::Threads { threads, reason: e.to_string() })?;
    let speed = pool.install(|| measure_by(&contenders, batches, threads, effort, &mut interleaved));
    drop(contenders);
    match failure.into_inner() {
        Some(error) => Err(error.into()),
        None => Ok(speed),
    }
}

impl<'a> Contender<'a> {
    /// Sizes are those of the autoregressive layers; all have the same widths. The first error goes to `failure`.
    fn new(op: &'static str, sampler: Sampler, failure: &'a OnceLock<SamplerError>) -> Self {
        let widths: Vec<_> = sampler
            .spec()
            .layers
            .iter()
            .filter_map(|layer| if let LayerSpec::Autoregressive(a) = layer { Some(a.hidden.clone()) } else { None })
            .collect();
        Self {
            op,
            dim: sampler.dim(),
            layers: widths.len(),
            hidden: widths.into_iter().next().unwrap_or_default(),
            call: Box::new(move |batch| {
                if let Err(error) = black_box(sampler.sample_and_log_prob(0, 0, batch)) {
                    // a second error adds nothing to the first
                    let _ = failure.set(error);
                }
            }),
        }
    }
}
