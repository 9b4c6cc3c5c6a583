//! What was done in a run, in one sentence.

use crate::config::{Experiment, StudentPlan};
use crate::families;
use crate::report::with_thousands;
use flowstill_data::Dataset;
use flowstill_model::{Architecture, Role};

/// Which models were trained on which data, and how; `by` are the phases of the distillation in words.
pub fn trained(experiment: &Experiment, student: &StudentPlan, data: &Dataset, by: &str) -> String {
    let columns = data.dim();
    let plural = if columns == 1 { "" } else { "s" };
    let by_student = in_words(&student.architecture, Role::Student);
    match experiment.teacher.flow() {
        Some(teacher) => format!(
            "The teacher, {}, was fitted to {} rows of {} ({columns} column{plural}) by maximum likelihood, and distilled \
             into the student, {by_student}, by {by}.",
            in_words(&teacher.architecture, Role::Teacher),
            with_thousands(data.training_rows()),
            data.name,
        ),
        None => format!(
            "The student, {by_student}, was distilled from the known density of {} ({columns} column{plural}), which is its \
             teacher, by {by}.",
            data.name,
        ),
    }
}

/// The families of an architecture with their numbers of layers, as `5 layers of maf`.
fn in_words(architecture: &Architecture, role: Role) -> String {
    let link = |link: &Architecture| {
        let plural = if link.layers == 1 { "" } else { "s" };
        format!("{} layer{plural} of {}", link.layers, families::of(&link.family).name(role))
    };
    architecture.links().map(link).collect::<Vec<_>>().join(" and ")
}
