//! Measuring teacher and student: likelihood of test rows, distances between the two and from the data, agreement of the
//! samplers, speed.

use super::StageRecord;
use crate::error::RunError;
use crate::metrics::ModelMetrics;
use flowstill_data::{Dataset, Source};
use flowstill_eval::coverage::MOST_ROWS;
use flowstill_eval::measure::JACOBI_TOLERANCE;
use flowstill_eval::{AgainstData, Estimate, EvalError, ModeCoverage, Quality, Samples, Speed, compare, measure};
use flowstill_sampler::{Method, Purpose, Sampler, Stream};

/// Rows on which the three methods of the sequential direction are compared.
const AGREEMENT_ROWS: usize = 1024;

/// Likelihood of the test part and the cost of one model.
pub fn model(sampler: &Sampler, data: &Dataset, record: &StageRecord) -> Result<ModelMetrics, RunError> {
    let log_prob = sampler.log_prob(&data.test.values)?;
    let standardised = Estimate::named("log-density of test rows", &log_prob)?;
    Ok(ModelMetrics {
        test_log_likelihood: Estimate { mean: standardised.mean - data.standardizer.log_det(), ..standardised },
        test_log_likelihood_standardised: standardised,
        free_parameters: sampler.cost().free_parameters,
        sampler_disagreement: disagreement(sampler)?,
        training: record.clone(),
    })
}

/// The largest difference between samples drawn by the three methods, relative to 1 + |x|.
fn disagreement(sampler: &Sampler) -> Result<Option<f64>, RunError> {
    if sampler.cost().forward.sequential_layers == 0 {
        return Ok(None);
    }
    let stream = Stream { seed: 0, purpose: Purpose::Evaluation };
    let draw = |method| sampler.clone().with_method(method)?.sample(stream, 0, AGREEMENT_ROWS);
    let reference = draw(Method::Naive)?;
    let mut largest: f64 = 0.0;
    for method in [Method::Incremental, Method::Jacobi { tolerance: JACOBI_TOLERANCE }] {
        for (a, b) in draw(method)?.iter().zip(&reference) {
            let difference = f64::from((a - b).abs()) / (1.0 + f64::from(b.abs()));
            if !difference.is_finite() {
                let what = format!("a sample drawn by the {} method", method.name());
                return Err(EvalError::NonFinite { what, bad: 1, rows: AGREEMENT_ROWS }.into());
            }
            largest = largest.max(difference);
        }
    }
    Ok(Some(largest))
}

/// Distances between the two densities, and of the samples behind them from test rows; `source` is where the data came
/// from, which may know its modes.
pub fn quality(
    teacher: &Sampler,
    student: &Sampler,
    data: &Dataset,
    source: &Source,
    samples: usize,
    seed: u64,
) -> Result<(Quality, Samples), RunError> {
    let (quality, drawn) = compare(teacher, student, samples, seed)?;
    let quality = Quality {
        modes: modes(data, source, &drawn),
        against_data: AgainstData::of(data.dim(), &data.test.values, &drawn.teacher.x, &drawn.student.x),
        ..quality
    };
    Ok((quality, drawn))
}

/// Centres are in the units of the data, so samples are brought there.
fn modes(data: &Dataset, source: &Source, drawn: &Samples) -> Option<ModeCoverage> {
    let Source::Synthetic { target, .. } = source else { return None };
    let centres = target.density().mode_centres()?;
    let restored = |x: &[f32]| data.standardizer.restore(&x[..x.len().min(MOST_ROWS * data.dim())]);
    let [test, teacher, student] = [&data.test.values, &drawn.teacher.x, &drawn.student.x].map(|x| restored(x));
    ModeCoverage::of(&centres, &test, &teacher, &student)
}

/// Sampling speed of the teacher's three methods and the student.
pub fn speed(
    teacher: &Sampler,
    student: &Sampler,
    batches: &[usize],
    repetitions: usize,
    threads: usize,
) -> Result<Speed, RunError> {
    Ok(measure(teacher, student, batches, repetitions, threads)?)
}
