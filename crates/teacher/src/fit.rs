//! From data to a teacher.

use crate::em::start_base;
use crate::nll::Nll;
use flowstill_data::Dataset;
use flowstill_flow::calibrate::{Calibrate, calibrate};
use flowstill_flow::{Engine, FlowError};
use flowstill_model::fold::fold_batch_norm;
use flowstill_model::init::initial_parameters;
use flowstill_model::{Architecture, Base, FlowSpec, Layout, Orientation, Start};
use flowstill_trainer::{Environment, Observer, Outcome, Settings, TrainError};

/// A fitted flow, batch normalisation folded.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    pub spec: FlowSpec,
    pub theta: Vec<f32>,
    pub outcome: Outcome,
}

/// Fits a MAF to the training part, from a base that is itself fitted to it if it is a mixture, watching the validation part. Uses the current rayon pool; the result does not
/// depend on its size.
pub fn fit(
    data: &Dataset,
    architecture: &Architecture,
    training: &Settings,
    seed: u64,
    engine: Engine,
    environment: &Environment,
    observer: &mut dyn Observer,
) -> Result<Trained, TrainError> {
    let failed = |e: FlowError| TrainError::Objective(Box::new(e));
    let spec = architecture.spec(data.dim(), Orientation::Maf, seed);
    let mut start = initial_parameters(&spec, seed);
    calibrate(&spec, &mut start, &data.train.values, Orientation::Maf, Calibrate::ActNorm).map_err(failed)?;
    if matches!(architecture.base, Base::Mixture { start: Start::Em, .. }) {
        start_base(&spec, &mut start, &data.train, seed)?;
    }
    let layout = Layout::new(&spec);
    let mut objective = Nll::new(&spec, &data.train, &data.validation, training.batch, seed, engine).map_err(failed)?;
    let outcome = flowstill_trainer::fit(&mut objective, start, &layout, training, environment, observer)?;
    let (spec, theta) = fold_batch_norm(&spec, &outcome.theta);
    Ok(Trained { spec, theta, outcome })
}
