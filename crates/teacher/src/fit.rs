//! From data to a teacher.

use crate::em::start_base;
use crate::nll::Nll;
use flowstill_data::{Dataset, FreshNoise};
use flowstill_flow::calibrate::{Calibrate, calibrate};
use flowstill_flow::{Engine, FlowError};
use flowstill_model::fold::freeze;
use flowstill_model::init::initial_parameters;
use flowstill_model::{Architecture, Base, FlowSpec, Layout, Orientation, Start};
use flowstill_trainer::{Environment, Observer, Outcome, Settings, TrainError, Trial};

/// A fitted flow, frozen: see [`freeze`].
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    pub spec: FlowSpec,
    pub theta: Vec<f32>,
    pub outcome: Outcome,
}

/// How a flow is fitted.
#[derive(Debug, Clone, Copy)]
pub struct Learning<'a> {
    pub training: &'a Settings,
    /// whether the noise of pictures is drawn anew in every epoch
    pub fresh_noise: bool,
    /// probability with which a hidden unit of the conditioners is dropped in a step, below 1; 0 for none
    pub dropout: f64,
    pub seed: u64,
    pub engine: Engine,
}

/// Fits a MAF to the training part, from a base that is itself fitted to it if it is a mixture, watching the validation part.
/// Uses the current rayon pool; the result does not depend on its size.
pub fn fit(
    data: &Dataset,
    architecture: &Architecture,
    learning: Learning,
    environment: &Environment,
    observer: &mut dyn Observer,
) -> Result<Trained, TrainError> {
    let training = learning.training;
    let Prepared { spec, start, mut objective } = prepare(data, architecture, learning)?;
    let layout = Layout::new(&spec);
    let outcome = flowstill_trainer::fit(&mut objective, start, &layout, training, environment, observer)?;
    let (spec, theta) = freeze(&spec, &outcome.theta);
    Ok(Trained { spec, theta, outcome })
}

/// The learning-rate range test of this fit: a step at each of the `rates`, see [`flowstill_trainer::try_rates`].
pub fn try_rates(
    data: &Dataset,
    architecture: &Architecture,
    learning: Learning,
    rates: &[f64],
    observer: &mut dyn Observer,
) -> Result<Vec<Trial>, TrainError> {
    let training = learning.training;
    let Prepared { spec, start, mut objective } = prepare(data, architecture, learning)?;
    flowstill_trainer::try_rates(&mut objective, start, &Layout::new(&spec), training, rates, observer)
}

/// All that there is before the first step.
struct Prepared<'a> {
    spec: FlowSpec,
    start: Vec<f32>,
    objective: Nll<'a>,
}

fn prepare<'a>(data: &'a Dataset, architecture: &Architecture, learning: Learning) -> Result<Prepared<'a>, TrainError> {
    let Learning { training, fresh_noise, dropout, seed, engine } = learning;
    let failed = |e: FlowError| TrainError::Objective(Box::new(e));
    if dropout > 0.0 && engine == Engine::Reference {
        return Err(TrainError::Refused(Box::new(FlowError::NoDropout)));
    }
    let spec = architecture.spec(data.dim(), Orientation::Maf, seed);
    let mut start = initial_parameters(&spec, seed);
    calibrate(&spec, &mut start, &data.train.values, Orientation::Maf, Calibrate::ActNorm).map_err(failed)?;
    if matches!(architecture.base, Base::Mixture { start: Start::Em, .. }) {
        start_base(&spec, &mut start, &data.train, seed)?;
    }
    let mut objective = Nll::new(&spec, &data.train, &data.validation, training.batch, seed, engine)
        .map_err(failed)?
        .with_dropout(dropout, seed);
    if let Some(fresh) = FreshNoise::new(data, seed).filter(|_| fresh_noise) {
        objective = objective.with_fresh_noise(fresh);
    }
    if let Some(stream) = &data.stream {
        objective = objective.with_stream(stream, training.batch, seed);
    }
    Ok(Prepared { spec, start, objective })
}
