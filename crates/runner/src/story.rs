//! What was done in a run, in one sentence.

use crate::config::Experiment;
use crate::metrics::Metrics;
use crate::report::with_thousands;
use flowstill_data::Dataset;
use flowstill_model::Architecture;

/// Which models were trained on which data, and how.
pub fn trained(experiment: &Experiment, data: &Dataset, metrics: &Metrics) -> String {
    let (student, columns) = (&experiment.student.architecture, data.dim());
    let by = objectives(metrics);
    let plural = if columns == 1 { "" } else { "s" };
    match experiment.teacher.flow() {
        Some(teacher) => format!(
            "{} teacher of {} was fitted to {} rows of {} ({columns} column{plural}) by maximum likelihood, and distilled into \
             {} student of {} by {by}.",
            if teacher.architecture.coupling { "A coupling" } else { "A MAF" },
            layers(&teacher.architecture),
            with_thousands(data.train.len()),
            data.name,
            if student.coupling { "a coupling" } else { "an IAF" },
            layers(student),
        ),
        None => format!(
            "{} student of {} was distilled from the known density of {} ({columns} column{plural}), which is its teacher, by \
             {by}.",
            if student.coupling { "A coupling" } else { "An IAF" },
            layers(student),
            data.name,
        ),
    }
}

fn layers(architecture: &Architecture) -> String {
    let kind = if architecture.coupling { "coupling" } else { "autoregressive" };
    format!("{} {kind} layer{}", architecture.layers, if architecture.layers == 1 { "" } else { "s" })
}

/// The objectives of the student's phases, in their order; phases of one objective count once.
fn objectives(metrics: &Metrics) -> String {
    let phases = metrics.student.training.iter().flat_map(|record| &record.phases);
    let mut names: Vec<&str> = phases.map(|phase| in_words(&phase.objective)).collect();
    names.dedup();
    names.join(", then ")
}

fn in_words(objective: &str) -> &str {
    match objective {
        "warm_start" => "a warm start layer by layer",
        "reverse_kl" => "reverse KL",
        "path_gradient" => "the path gradient of the reverse KL",
        "forward_kl" => "forward KL",
        "mixed" => "reverse and forward KL together",
        "alpha" => "an α-divergence",
        "reconstruction" => "reconstruction",
        "many_samples" => "reverse KL with many samples",
        "closed_form" => "reverse KL in closed form",
        other => other,
    }
}
