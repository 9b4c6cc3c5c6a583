//! The samplers that are measured: the teacher in three ways, the student, and the student corrected by its teacher.

use crate::error::check_dimensions;
use crate::exactness::{CORRECTED, Corrector, Yield};
use crate::speed::{Contender, measure_by};
use crate::timing::{Effort, interleaved};
use crate::{EvalError, Speed};
use flowstill_model::LayerSpec;
use flowstill_sampler::{Exact, Method, Sampler, SamplerError};
use std::hint::black_box;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// As close as the other methods are to each other in `f32`; less would spend rounds on rounding errors.
pub const JACOBI_TOLERANCE: f64 = 1e-5;

/// Measures sampling with log-density, one call a batch, by the teacher in its three methods and by the student; at the
/// largest batch also by the student corrected by its teacher, with what an effective sample costs.
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
    let exact = teacher.map(|teacher| Exact::new(student.clone(), teacher.clone()));
    let mut notes = Vec::new();
    let failure = OnceLock::new();
    let mut contenders = Vec::new();
    if let Some(teacher) = teacher {
        let by = |method| teacher.clone().with_method(method);
        let all = Some(Yield::ALL);
        contenders.extend([
            Contender::new("teacher_naive", by(Method::Naive)?, all, &failure),
            Contender::new("teacher_jacobi", by(Method::Jacobi { tolerance: JACOBI_TOLERANCE })?, all, &failure),
            Contender::new("teacher_incremental", by(Method::Incremental)?, all, &failure),
        ]);
    }
    contenders.push(Contender::new("student", student.clone(), None, &failure));
    match &exact {
        Some(Ok(exact)) => contenders.extend(CORRECTED.map(|one| Contender::corrected(one, exact, student, &failure))),
        Some(Err(error)) => notes.push(format!("the corrected student is not measured: {error}")),
        None => {}
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|e| EvalError::Threads { threads, reason: e.to_string() })?;
    let speed = pool.install(|| measure_by(&contenders, batches, threads, effort, &mut interleaved));
    drop(contenders);
    match failure.into_inner() {
        Some(error) => Err(error.into()),
        None => {
            notes.extend(speed.notes);
            Ok(Speed { notes, ..speed })
        }
    }
}

impl<'a> Contender<'a> {
    /// Draws straight from a flow, whose samples yield `yields` of the teacher's. The first error goes to `failure`.
    fn new(op: &'static str, sampler: Sampler, yields: Option<Yield>, failure: &'a OnceLock<SamplerError>) -> Self {
        let (dim, layers, hidden) = sizes(&sampler);
        let call = move |batch| {
            if let Err(error) = black_box(sampler.sample_and_log_prob(0, 0, batch)) {
                // a second error adds nothing to the first
                let _ = failure.set(error);
            }
        };
        Self {
            op,
            dim,
            layers,
            hidden,
            call: Box::new(call),
            yields: Box::new(move |_, _| Ok(yields)),
            proposals: None,
        }
    }

    /// Draws from the student and corrects it; what cannot be corrected is found out before it is timed.
    fn corrected(
        Corrector { op, correction, proposals }: Corrector,
        exact: &'a Exact,
        student: &Sampler,
        failure: &'a OnceLock<SamplerError>,
    ) -> Self {
        let (dim, layers, hidden) = sizes(student);
        // how many proposals a row takes is only seen on the way: a thousand, say, where few are accepted
        let draw = move |batch: usize, limit: Duration| {
            let start = Instant::now();
            exact.draw::<Refusal>(correction, 0, batch as u64, &mut |rows| {
                black_box(rows);
                if start.elapsed() > limit { Err(Refusal::Late(limit)) } else { Ok(()) }
            })
        };
        // what has been drawn within the limit once is timed to its end
        let call = move |batch| {
            if let Err(Refusal::Sampler(error)) = draw(batch, Duration::MAX) {
                let _ = failure.set(error);
            }
        };
        let yields = move |batch, limit| {
            draw(batch, limit).map(|corrected| Some(Yield::of(&corrected))).map_err(|refusal| refusal.to_string())
        };
        Self { op, dim, layers, hidden, call: Box::new(call), yields: Box::new(yields), proposals: Some(proposals) }
    }
}

/// Why a corrected student is not timed.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    Sampler(#[from] SamplerError),
    #[error("one call takes more than {} s, and was broken off", .0.as_secs())]
    Late(Duration),
}

/// Dimension, number and widths of the autoregressive layers; all have the same widths.
fn sizes(sampler: &Sampler) -> (usize, usize, Vec<usize>) {
    let mut hidden = sampler.spec().layers.iter().filter_map(|layer| match layer {
        LayerSpec::Autoregressive(a) => Some(&a.hidden),
        LayerSpec::ActNorm { .. } | LayerSpec::BatchNorm { .. } | LayerSpec::Rowwise { .. } => None,
    });
    let layers = hidden.clone().count();
    (sampler.dim(), layers, hidden.next().cloned().unwrap_or_default())
}
