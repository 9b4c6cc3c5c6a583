//! From a frozen density to a student.

use crate::reverse_kl::{ReverseKl, VALIDATION_DRAWS};
use flowstill_flow::calibrate::{Calibrate, calibrate};
use flowstill_flow::{Engine, FlowError, Target};
use flowstill_kernel::noise::{Purpose, fill_gaussian};
use flowstill_model::fold::fold_batch_norm;
use flowstill_model::init::initial_parameters;
use flowstill_model::{Architecture, FlowSpec, Layout, Orientation};
use flowstill_trainer::{Environment, Observer, Outcome, Settings, TrainError};

/// A distilled flow, batch normalisation folded.
#[derive(Debug, Clone, PartialEq)]
pub struct Distilled {
    pub spec: FlowSpec,
    pub theta: Vec<f32>,
    pub outcome: Outcome,
}

/// Distils `target` into an IAF by reverse KL. Uses the current rayon pool; the result does not depend on its size.
pub fn fit(
    target: &dyn Target,
    architecture: &Architecture,
    training: &Settings,
    seed: u64,
    engine: Engine,
    environment: &Environment,
    observer: &mut dyn Observer,
) -> Result<Distilled, TrainError> {
    let failed = |e: FlowError| TrainError::Objective(Box::new(e));
    let dim = target.dim();
    let spec = architecture.spec(dim, Orientation::Iaf, seed);
    let mut start = initial_parameters(&spec, seed);
    let mut draws = vec![0.0; VALIDATION_DRAWS * dim];
    fill_gaussian(seed, Purpose::Validation, 0, 0, dim, &mut draws);
    calibrate(&spec, &mut start, &draws, Orientation::Iaf, Calibrate::ActNorm).map_err(failed)?;
    let layout = Layout::new(&spec);
    let mut objective = ReverseKl::new(&spec, target, training.batch, seed, engine).map_err(failed)?;
    let outcome = flowstill_trainer::fit(&mut objective, start, &layout, training, environment, observer)?;
    let (spec, theta) = fold_batch_norm(&spec, &outcome.theta);
    Ok(Distilled { spec, theta, outcome })
}
