//! From a frozen density to a student, phase by phase.

use crate::auto::Auto;
use crate::distillation::Distillation;
use crate::measure::Probe;
use crate::parts::parts;
use crate::phase::{Finished, PhaseObserver, PhaseStart};
use crate::recipe::{Objective, Phase, Recipe};
use crate::source::Source;
use crate::warm_start::cache::Place;
use flowstill_flow::calibrate::{Calibrate, calibrate};
use flowstill_flow::{Engine, FlowError};
use flowstill_kernel::noise::{Purpose, fill_gaussian};
use flowstill_model::fold::freeze;
use flowstill_model::init::initial_parameters;
use flowstill_model::{Architecture, FlowSpec, Layout, Orientation};
use flowstill_trainer::objective::Objective as _;
use flowstill_trainer::{End, Environment, Observer, Record, StepReport, TrainError};
use std::io;
use std::path::{Path, PathBuf};

/// A distilled flow, batch normalisation folded.
#[derive(Debug, Clone, PartialEq)]
pub struct Distilled {
    pub spec: FlowSpec,
    pub theta: Vec<f32>,
    pub phases: Vec<Finished>,
}

/// How much a cache of trajectories may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub cache_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { cache_bytes: 1 << 30 }
    }
}

/// Distils `source` into an IAF. Uses the current rayon pool; with the fused engine the result does not depend on its
/// size.
///
/// Each phase starts from the best parameters of the one before and keeps a state of its own beside
/// `environment.state`, so that nothing finished is done twice.
pub fn fit(
    source: Source,
    architecture: &Architecture,
    recipe: &Recipe,
    limits: Limits,
    seed: u64,
    engine: Engine,
    environment: &Environment,
    observer: &mut dyn PhaseObserver,
) -> Result<Distilled, TrainError> {
    let failed = |e: FlowError| TrainError::Objective(Box::new(e));
    let dim = source.dim();
    let spec = architecture.spec(dim, Orientation::Iaf, seed);
    let layout = Layout::new(&spec);
    let probe = Probe::new(&source, seed).map_err(failed)?;
    let mut theta = initial_parameters(&spec, seed);
    let mut phases: Vec<Finished> = Vec::new();
    let (auto, written, total): (_, &[Phase], u64) = match recipe {
        Recipe::Auto(settings) => {
            let auto = Auto::new(&source, &spec, settings.clone(), seed).map_err(failed)?;
            (Some(auto), &[], settings.steps)
        }
        Recipe::Phases(phases) => (None, phases, phases.iter().map(|phase| phase.training.steps).sum()),
    };
    let cache = environment.state.map(|path| beside(path, "trajectories"));
    for index in 0.. {
        let next = match &auto {
            Some(auto) => auto
                .next(&source, &spec, &theta, &phases, seed, engine)
                .map_err(failed)?
                .map(|(phase, reason)| (phase, Some(reason))),
            None => written.get(index).map(|phase| (phase.clone(), None)),
        };
        let Some((Phase { objective, mut training }, reason)) = next else { break };
        if index == 0 && !matches!(objective, Objective::WarmStart { .. }) {
            let mut draws = vec![0.0; crate::measure::DRAWS * dim];
            fill_gaussian(seed, Purpose::Validation, 0, 0, dim, &mut draws);
            calibrate(&spec, &mut theta, &draws, Orientation::Iaf, Calibrate::ActNorm).map_err(failed)?;
        }
        training.validate_start |= index > 0;
        let first_step = phases.iter().map(|phase| phase.outcome.steps).sum();
        let place = Place {
            path: cache.as_deref(),
            fingerprint: environment.fingerprint,
            most_bytes: limits.cache_bytes,
            interrupted: environment.interrupted,
        };
        // every phase has draws of its own
        let phase_seed = seed ^ (index as u64) << 48;
        let parts = match parts(&objective, &source, &spec, &training, place, phase_seed, index == 0) {
            Ok(parts) => parts,
            Err(FlowError::Interrupted) => {
                phases.push(Finished::unbegun(objective.name(), first_step, theta.clone()));
                break;
            }
            Err(error @ (FlowError::NoRows(_) | FlowError::NotAFlow(_) | FlowError::NoConditionals(_))) => {
                return Err(TrainError::Refused(Box::new(error)));
            }
            Err(error) => return Err(failed(error)),
        };
        let sizes = (training.batch, training.steps);
        let mut minimised =
            Distillation::new(&spec, source, &probe, parts, sizes, phase_seed, engine).map_err(failed)?;
        let (terms, measures) = (minimised.terms().to_vec(), minimised.measures().to_vec());
        let start = PhaseStart {
            objective: objective.name(),
            terms: &terms,
            measures: &measures,
            reason: reason.as_deref(),
            first_step,
            steps: training.steps,
        };
        observer.phase(&start).map_err(TrainError::Observer)?;
        let state = environment.state.map(|path| state_of(path, index));
        let environment = Environment { state: state.as_deref(), ..*environment };
        let mut shifted = Shifted { inner: observer, first_step, total };
        let outcome = flowstill_trainer::fit(&mut minimised, theta, &layout, &training, &environment, &mut shifted)?;
        theta = outcome.theta.clone();
        let interrupted = outcome.end == End::Interrupted;
        let finished = Finished { objective: objective.name(), reason, terms, measures, first_step, outcome };
        observer.phase_over(&finished).map_err(TrainError::Observer)?;
        phases.push(finished);
        if interrupted {
            break;
        }
    }
    let (spec, theta) = freeze(&spec, &theta);
    Ok(Distilled { spec, theta, phases })
}

/// Where the state of phase `index` is kept, given that of the first.
pub fn state_of(first: &Path, index: usize) -> PathBuf {
    if index == 0 { first.to_owned() } else { beside(first, &format!("{index}.safetensors")) }
}

/// The file of the same stem with another extension.
fn beside(path: &Path, extension: &str) -> PathBuf {
    path.with_extension(extension)
}

/// An observer that sees the steps of one phase as a part of all.
struct Shifted<'a> {
    inner: &'a mut dyn PhaseObserver,
    first_step: u64,
    total: u64,
}

impl Observer for Shifted<'_> {
    fn start(&mut self, step: u64, _: u64) -> io::Result<()> {
        self.inner.start(self.first_step + step, self.total)
    }

    fn step(&mut self, report: &StepReport) -> io::Result<()> {
        self.inner.step(&StepReport { step: self.first_step + report.step, ..*report })
    }

    fn validation(&mut self, record: &Record, theta: &[f32]) -> io::Result<()> {
        let shifted = Record { step: self.first_step + record.step, ..record.clone() };
        self.inner.validation(&shifted, theta)
    }
}
