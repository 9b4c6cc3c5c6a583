//! From the results of a run to its report.

use crate::config::{Distillation, Experiment};
use crate::figure::{Curves, Densities, DensityGrid, LogWeights, Samples};
use crate::metrics::{Metrics, ModelMetrics};
use crate::report::{Phase, Report, TestLikelihood, objective_in_words, recipe_in_words, with_thousands};
use crate::stage::drawn::Drawn;
use crate::stage::{PhaseRecord, StageRecord};
use crate::story;
use flowstill_data::{Dataset, Source};
use flowstill_eval as eval;
use flowstill_sampler::{Sampler, SamplerError};

/// Rows shown of the data.
const SHOWN_ROWS: usize = 4000;
/// Cells of a density picture along each side.
const GRID: usize = 160;

/// Everything the page shows. `drawn` are the standardised samples behind the comparison; there is no `teacher` where a
/// known density stands for it.
pub fn report(
    (experiment, plan): (&Experiment, &Distillation),
    data: &Dataset,
    teacher: Option<&Sampler>,
    student: &Sampler,
    metrics: &Metrics,
    drawn: &Drawn,
) -> Result<Report, SamplerError> {
    let samples = samples(data, drawn, teacher.is_some());
    let densities =
        if data.dim() == 2 { densities(experiment, teacher, student, &samples)? } else { Densities::default() };
    let phases = metrics.student.training.as_ref().map(phases).unwrap_or_default();
    let teacher_in_words = teacher.map_or_else(
        || format!("Teacher: the known density `{}`, of which nothing was trained.", data.name),
        |teacher| in_words("Teacher", teacher),
    );
    Ok(Report {
        title: experiment.name.clone(),
        trained: story::trained(experiment, &plan.student, data, &recipe_in_words(&phases)),
        known_density: teacher.is_none(),
        pixels: data.pixels.clone(),
        architecture: vec![teacher_in_words, in_words("Student", student)],
        facts: vec![
            ("training rows".into(), with_thousands(data.training_rows())),
            ("validation rows".into(), with_thousands(data.validation.len())),
            ("test rows".into(), with_thousands(data.test.len())),
            match data.pixels.as_ref().and_then(|pixels| pixels.shape) {
                Some([rows, columns]) => ("pixels".into(), format!("{rows} × {columns}")),
                None => ("columns".into(), data.dim().to_string()),
            },
            ("samples compared".into(), with_thousands(metrics.distillation.samples)),
            ("threads".into(), experiment.threads.to_string()),
            (
                "steps of distillation".into(),
                with_thousands(metrics.student.training.as_ref().map_or(0, |t| t.steps as usize)),
            ),
        ],
        curves: curves(metrics),
        phases,
        teacher_likelihood: Some(likelihood(&metrics.teacher)),
        student_likelihood: Some(likelihood(&metrics.student)),
        quality: Some(metrics.distillation.clone()),
        speed: metrics.speed.clone(),
        speed_notes: metrics.speed_notes.clone(),
        samples,
        densities,
        log_weights: LogWeights {
            teacher: drawn.teacher.log_weights.clone(),
            student: drawn.student.log_weights.clone(),
        },
        timings: timings(metrics),
        config: experiment.to_yaml().expect("a checked experiment has a YAML form"),
        provenance: provenance(metrics),
        warnings: warnings(experiment, data, metrics),
    })
}

fn in_words(who: &str, sampler: &Sampler) -> String {
    let cost = sampler.cost();
    format!(
        "{who}: {} trainable parameters. Per row, sampling costs {}; the density of a given row costs {}.",
        with_thousands(cost.free_parameters),
        cost.forward,
        cost.inverse
    )
}

fn likelihood(model: &ModelMetrics) -> TestLikelihood {
    TestLikelihood {
        data_space: model.test_log_likelihood,
        standardised: model.test_log_likelihood_standardised,
        bits_per_dimension: model.bits_per_dimension,
    }
}

fn curves(metrics: &Metrics) -> Curves {
    let mut curves = Curves::default();
    if let Some(teacher) = &metrics.teacher.training {
        curves.teacher_training = teacher.curve("nll");
        curves.teacher_validation = teacher.validation_curve();
    }
    if let Some(student) = &metrics.student.training {
        curves.student_phases =
            student.phases.iter().map(|p| (p.first_step, objective_in_words(&p.objective))).collect();
        curves.student_kl_forward = student.measured("kl_forward");
        curves.student_kl_reverse = student.measured("kl_reverse");
        curves.student_ess_forward = student.measured("ess_forward");
        curves.student_ess_reverse = student.measured("ess_reverse");
        curves.student_mean_weight = student.measured("mean_weight");
        curves.student_entropy = student.measured("entropy");
        curves.student_cross_entropy = student.measured("cross_entropy");
    }
    curves
}

fn phases(student: &StageRecord) -> Vec<Phase> {
    let each = |phase: &PhaseRecord| {
        let measured = |name: &str| phase.measures.get(student.measures.iter().position(|m| m == name)?).copied();
        Phase {
            objective: phase.objective.clone(),
            reason: phase.reason.clone(),
            steps: phase.steps as usize,
            kept: phase.best_step as usize,
            kl_forward: measured("kl_forward"),
            kl_reverse: measured("kl_reverse"),
            ess: measured("ess_reverse"),
            ended: phase.ended.clone(),
        }
    };
    student.phases.iter().map(each).collect()
}

fn timings(metrics: &Metrics) -> Vec<(String, f64)> {
    let timing = &metrics.timing;
    let stages = [
        ("teacher", timing.teacher_seconds),
        ("student", Some(timing.student_seconds)),
        ("comparison", Some(timing.evaluation_seconds)),
        ("speed", (!metrics.speed.is_empty()).then_some(timing.speed_seconds)),
    ];
    stages.into_iter().filter_map(|(stage, seconds)| Some((stage.to_owned(), seconds?))).collect()
}

/// Draws from a known density are what the data are, and not shown a second time.
fn samples(data: &Dataset, drawn: &Drawn, teacher: bool) -> Samples {
    let first = |values: &[f32]| {
        let values = &values[..values.len().min(SHOWN_ROWS * data.dim())];
        data.restore(values)
    };
    Samples {
        columns: data.columns.clone(),
        data: first(&data.test.values),
        teacher: if teacher { first(&drawn.teacher.x) } else { Vec::new() },
        student: first(&drawn.student.x),
    }
}

/// Log-densities over the square that holds the data.
fn densities(
    experiment: &Experiment,
    teacher: Option<&Sampler>,
    student: &Sampler,
    samples: &Samples,
) -> Result<Densities, SamplerError> {
    let (Some(x), Some(y)) = (samples.range(0), samples.range(1)) else { return Ok(Densities::default()) };
    let middle = |(low, high): (f64, f64), i: usize| low + (high - low) * (i as f64 + 0.5) / GRID as f64;
    let points: Vec<f64> = (0..GRID).flat_map(|j| (0..GRID).flat_map(move |i| [middle(x, i), middle(y, j)])).collect();
    let grid = |log_density| DensityGrid { x, y, width: GRID, height: GRID, log_density };
    let truth = match &experiment.data {
        Source::Synthetic { target, .. } => {
            let density = target.density();
            Some(grid(points.chunks_exact(2).map(|point| density.log_prob(point)).collect()))
        }
        _ => None,
    };
    Ok(Densities {
        truth,
        teacher: teacher.map(|teacher| teacher.log_prob_data(&points)).transpose()?.map(grid),
        student: Some(grid(student.log_prob_data(&points)?)),
    })
}

fn provenance(metrics: &Metrics) -> Vec<(String, String)> {
    let p = &metrics.provenance;
    [
        ("flowstill", p.version.clone()),
        ("configuration (SHA-256)", p.config_hash.clone()),
        ("data (SHA-256)", p.data_hash.clone()),
        ("seed", p.seed.to_string()),
        ("threads", p.threads.to_string()),
        ("processor", p.processor.clone()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// What the numbers say and a reader may overlook.
fn warnings(experiment: &Experiment, data: &Dataset, metrics: &Metrics) -> Vec<String> {
    [experiment.warnings(data.dim()), eval::warnings(&metrics.distillation)].concat()
}
