//! Measuring teacher and student: likelihood of test rows, distances between the two and from the data, agreement of the
//! samplers, speed.

use super::StageRecord;
use super::teacher::Opened;
use crate::error::RunError;
use crate::metrics::{Likelihood, ModelMetrics};
use crate::truth::Truth;
use flowstill_data::{Dataset, Source};
use flowstill_eval::measure::JACOBI_TOLERANCE;
use flowstill_eval::{self as eval, AgainstData, Estimate, EvalError, ModeCoverage, Quality, Samples, Speed, compare};
use flowstill_eval::{measure, measure_alone};
use flowstill_model::bits_per_dimension;
use flowstill_sampler::{Method, Purpose, Sampler, Stream};

/// Rows on which the three methods of the sequential direction are compared, and numbers in them: the naive method takes
/// one pass for each column.
const AGREEMENT_ROWS: usize = 1024;
const AGREEMENT_NUMBERS: usize = 1 << 16;
const LEAST_AGREEMENT_ROWS: usize = 16;

/// Rows that are taken to the base and back at most.
const ROUND_TRIP_ROWS: usize = 256;

/// Likelihood of the test part under the teacher, and its cost if it is a flow.
pub fn teacher(teacher: &Opened, data: &Dataset) -> Result<ModelMetrics, RunError> {
    match teacher {
        Opened::Flow { sampler, record } => model(sampler, data, record),
        Opened::Truth(truth) => known(truth, data),
    }
}

/// The same of a teacher that has no student, whose samples nobody asks for.
pub fn unsampled(teacher: &Opened, data: &Dataset) -> Result<ModelMetrics, RunError> {
    match teacher {
        Opened::Flow { sampler, record } => fitted(sampler, data, record),
        Opened::Truth(truth) => known(truth, data),
    }
}

/// Likelihood of the test part and the cost of one model.
pub fn model(sampler: &Sampler, data: &Dataset, record: &StageRecord) -> Result<ModelMetrics, RunError> {
    Ok(ModelMetrics {
        sampler_disagreement: disagreement(sampler)?,
        round_trip_error: Some(round_trip(sampler, &data.test.values)?),
        ..fitted(sampler, data, record)?
    })
}

fn fitted(sampler: &Sampler, data: &Dataset, record: &StageRecord) -> Result<ModelMetrics, RunError> {
    Ok(ModelMetrics {
        free_parameters: Some(sampler.cost().free_parameters),
        training: Some(record.clone()),
        ..alone(likelihood(sampler, data)?)
    })
}

fn known(truth: &Truth, data: &Dataset) -> Result<ModelMetrics, RunError> {
    Ok(ModelMetrics { known_density: Some(truth.name().to_owned()), ..alone(likelihood(truth, data)?) })
}

/// A model of which nothing but this is known.
fn alone(likelihood: Likelihood) -> ModelMetrics {
    let Likelihood { test_log_likelihood, test_log_likelihood_standardised, bits_per_dimension } = likelihood;
    ModelMetrics {
        known_density: None,
        test_log_likelihood,
        test_log_likelihood_standardised,
        bits_per_dimension,
        free_parameters: None,
        sampler_disagreement: None,
        round_trip_error: None,
        training: None,
    }
}

/// Likelihood of the test part. One density for each of its rows.
pub fn likelihood(density: &dyn eval::Teacher, data: &Dataset) -> Result<Likelihood, RunError> {
    let log_prob = density.log_prob(&data.test.values)?;
    let standardised = Estimate::named("log-density of test rows", &log_prob)?;
    Ok(Likelihood {
        test_log_likelihood: Estimate { mean: standardised.mean - data.standardizer.log_det(), ..standardised },
        test_log_likelihood_standardised: standardised,
        bits_per_dimension: bits(data, &log_prob)?,
    })
}

/// Bits per dimension of the test part, whose rows have the standardised log-densities `log_prob`, if they are pictures.
fn bits(data: &Dataset, log_prob: &[f64]) -> Result<Option<Estimate>, RunError> {
    let Some(pixels) = &data.pixels else { return Ok(None) };
    let (dim, scale) = (data.dim(), data.standardizer.log_det());
    let each = |(log_prob, row): (&f64, &[f32])| {
        let log_prob = pixels.log_prob(log_prob - scale, &data.standardizer.restore(row));
        bits_per_dimension(log_prob, dim)
    };
    let bits: Vec<f64> = log_prob.iter().zip(data.test.values.chunks_exact(dim)).map(each).collect();
    Ok(Some(Estimate::named("bits per dimension of test pictures", &bits)?))
}

/// The largest difference between samples drawn by the three methods, relative to 1 + |x|.
fn disagreement(sampler: &Sampler) -> Result<Option<f64>, RunError> {
    if sampler.cost().forward.sequential_layers == 0 {
        return Ok(None);
    }
    let stream = Stream { seed: 0, purpose: Purpose::Evaluation };
    let rows = (AGREEMENT_NUMBERS / sampler.dim()).clamp(LEAST_AGREEMENT_ROWS, AGREEMENT_ROWS);
    let draw = |method| sampler.clone().with_method(method)?.sample(stream, 0, rows);
    let reference = draw(Method::Naive)?;
    let mut largest: f64 = 0.0;
    for method in [Method::Incremental, Method::Jacobi { tolerance: JACOBI_TOLERANCE }] {
        for (a, b) in draw(method)?.iter().zip(&reference) {
            let difference = f64::from((a - b).abs()) / (1.0 + f64::from(b.abs()));
            if !difference.is_finite() {
                let what = format!("a sample drawn by the {} method", method.name());
                return Err(EvalError::NonFinite { what, bad: 1, rows }.into());
            }
            largest = largest.max(difference);
        }
    }
    Ok(Some(largest))
}

/// By how much the first test rows miss themselves after a way to the base and back, relative to 1 + |x|: the largest of
/// the numbers that come back at all, as a far row may be lost in the tails of the base.
fn round_trip(sampler: &Sampler, rows: &[f32]) -> Result<f64, RunError> {
    let count = (AGREEMENT_NUMBERS / sampler.dim()).clamp(LEAST_AGREEMENT_ROWS, ROUND_TRIP_ROWS);
    let x = &rows[..rows.len().min(count * sampler.dim())];
    let z = sampler.inverse_and_log_det(x)?.values;
    let back = sampler.forward_and_log_det(&z)?.values;
    let errors = back.iter().zip(x).map(|(back, x)| f64::from((back - x).abs()) / (1.0 + f64::from(x.abs())));
    Ok(errors.filter(|error| error.is_finite()).fold(0.0, f64::max))
}

/// Distances between the two densities, and of the samples behind them from test rows; `source` is where the data came
/// from, which may know its modes.
pub fn quality(
    teacher: &dyn eval::Teacher,
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

/// Centres are in the units of the data and in the columns in which modes lie apart, so samples are brought there.
fn modes(data: &Dataset, source: &Source, drawn: &Samples) -> Option<ModeCoverage> {
    let Source::Synthetic { target, .. } = source else { return None };
    let density = target.density();
    let (centres, columns) = (density.mode_centres()?, density.mode_columns());
    let placed = |x: &[f32]| -> Vec<f64> {
        let restored = data.restore(x);
        restored.chunks_exact(data.dim()).flat_map(|row| columns.iter().map(|&column| row[column])).collect()
    };
    let [test, teacher, student] = [&data.test.values, &drawn.teacher.x, &drawn.student.x].map(|x| placed(x));
    ModeCoverage::of(&centres, &test, &teacher, &student)
}

/// Sampling speed of the student and, if the teacher is a flow, of its three methods; nothing but a note where there are
/// no batches.
pub fn speed(
    teacher: Option<&Sampler>,
    student: &Sampler,
    batches: &[usize],
    repetitions: usize,
    threads: usize,
) -> Result<Speed, RunError> {
    if batches.is_empty() {
        return Ok(Speed { notes: vec!["not measured: `bench: none`".to_owned()], ..Speed::default() });
    }
    Ok(match teacher {
        Some(teacher) => measure(teacher, student, batches, repetitions, threads)?,
        None => measure_alone(student, batches, repetitions, threads)?,
    })
}
