//! What was done in a run, in one sentence.

use crate::config::Experiment;
use crate::report::with_thousands;
use flowstill_data::Dataset;
use flowstill_model::Architecture;

/// Which models were trained on which data, and how; `by` are the phases of the distillation in words.
pub fn trained(experiment: &Experiment, data: &Dataset, by: &str) -> String {
    let (student, columns) = (&experiment.student.architecture, data.dim());
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
