//! From a checked sweep to its plan: data are loaded, stages named, costs estimated.

use crate::error::SweepError;
use crate::graph::Graph;
use crate::marker::Done;
use crate::plan::{self, FORMAT_VERSION, Plan, PlannedCell, Rules, StageKeys};
use crate::stage::Kind;
use crate::store::Store;
use flowstill_data::{Dataset, Source, load};
use flowstill_model::Orientation;
use flowstill_runner::config::Fitting;
use flowstill_runner::config::sweep::{Cell, StoppingRule, Sweep};
use flowstill_runner::provenance::VERSION;
use flowstill_runner::{Experiment, RunError};
use flowstill_student::Recipe;
use rayon::prelude::*;
use serde_json::Map;
use std::collections::HashMap;

/// Passes through its conditioners that a row costs in a training step: forward, and backward to inputs and weights.
const PASSES_OF_A_STEP: f64 = 3.0;
/// Passes that a row of a comparison costs.
const PASSES_OF_A_COMPARISON: f64 = 4.0;

/// The plan of `sweep`. Loads every set of data once, so that a missing or damaged file is found before the first
/// training.
pub fn plan(sweep: &Sweep) -> Result<Plan, SweepError> {
    let data = datasets(sweep)?;
    let cells: Result<Vec<_>, SweepError> =
        sweep.cells.par_iter().map(|cell| planned(cell, &data[&source_key(&cell.experiment.data)])).collect();
    Ok(Plan {
        format_version: FORMAT_VERSION,
        version: VERSION.to_owned(),
        name: sweep.name.clone(),
        keys: sweep.keys.clone(),
        rules: Rules {
            time_limit: sweep.limits.time.map(|time| time.as_secs_f64()),
            retries: sweep.limits.retries,
            stopping: sweep.stopping.as_ref().map(|stopping| plan::Stopping {
                metric: stopping.metric.clone(),
                smaller_is_better: stopping.smaller_is_better,
                rule: match stopping.rule {
                    StoppingRule::Median { after, least } => plan::StoppingRule::Median { after, least },
                    StoppingRule::Halving { first, factor } => plan::StoppingRule::Halving { first, factor },
                },
            }),
        },
        cells: cells?,
    })
}

/// What a set of data is called here; two cells with the same share it.
pub fn source_key(source: &Source) -> String {
    format!("{source:?}")
}

/// Which stages are done already, and how many multiply-adds those took in a second on which the cost was estimated;
/// nothing where none was done.
pub fn experience(store: &Store, graph: &Graph) -> (Vec<bool>, Option<f64>) {
    let markers: Vec<Option<Done>> = graph.nodes.par_iter().map(|node| Done::load(store, &node.id)).collect();
    let measured = graph.nodes.iter().zip(&markers).filter(|(node, _)| node.id.kind != Kind::Speed);
    let (work, seconds) = measured
        .filter_map(|(node, done)| Some((node.cost, done.as_ref()?.seconds)))
        .fold((0.0, 0.0), |sum, (cost, seconds)| (sum.0 + cost, sum.1 + seconds));
    let rate = (seconds > 0.0).then(|| work / seconds);
    (markers.iter().map(Option::is_some).collect(), rate)
}

/// Content hash, number of columns and of test rows.
struct Content {
    hash: String,
    dim: usize,
    test_rows: usize,
}

fn datasets(sweep: &Sweep) -> Result<HashMap<String, Content>, SweepError> {
    let mut sources: HashMap<String, &Source> = HashMap::new();
    for cell in &sweep.cells {
        sources.entry(source_key(&cell.experiment.data)).or_insert(&cell.experiment.data);
    }
    sources
        .into_par_iter()
        .map(|(key, source)| {
            let data: Dataset = load(source).map_err(RunError::from)?;
            Ok((key, Content { dim: data.dim(), test_rows: data.test.len(), hash: data.hash }))
        })
        .collect()
}

fn planned(cell: &Cell, data: &Content) -> Result<PlannedCell, SweepError> {
    let experiment = &cell.experiment;
    Ok(PlannedCell {
        name: cell.name.clone(),
        settings: cell.settings.iter().cloned().collect::<Map<_, _>>(),
        baseline: cell.baseline.clone(),
        seed: experiment.seed,
        costs: costs(experiment, data),
        stages: StageKeys::of(experiment, &data.hash),
        yaml: experiment.to_yaml().expect("a checked experiment has a YAML form"),
    })
}

/// Iterations times rows, by which a mixture is fitted, where it is not known how many there will be.
const ROWS_OF_A_MIXTURE: f64 = 1e6;

/// Multiply-adds of the stages, roughly: a schedule needs no more.
fn costs(experiment: &Experiment, data: &Content) -> Vec<f64> {
    let seed = experiment.seed;
    let flow = experiment.teacher.flow();
    let parameters = |architecture: &flowstill_model::Architecture, orientation| {
        flowstill_model::Layout::new(&architecture.spec(data.dim, orientation, seed)).len() as f64
    };
    let teacher_size = flow.map_or(0.0, |plan| parameters(&plan.architecture, Orientation::Maf));
    let teacher = flow.map(|plan| match &plan.training {
        Fitting::Gradient(training) => training.steps as f64 * training.batch as f64 * teacher_size * PASSES_OF_A_STEP,
        Fitting::Em(_) => ROWS_OF_A_MIXTURE * teacher_size,
    });
    let Some(plan) = &experiment.distillation else {
        return teacher.into_iter().chain([data.test_rows as f64 * teacher_size]).collect();
    };
    let student_size = parameters(&plan.student.architecture, Orientation::Iaf);
    let rows = match &plan.student.recipe {
        Recipe::Auto(training) => training.steps as f64 * training.batch as f64,
        Recipe::Phases(phases) => phases.iter().map(|p| p.training.steps as f64 * p.training.batch as f64).sum(),
    };
    let student = rows * (teacher_size + student_size) * PASSES_OF_A_STEP;
    let evaluation = plan.evaluation.samples as f64 * (teacher_size + student_size) * PASSES_OF_A_COMPARISON;
    teacher.into_iter().chain([student, evaluation]).collect()
}
