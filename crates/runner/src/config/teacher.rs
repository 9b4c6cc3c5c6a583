//! The section `teacher`: a flow to be trained, or the known density of synthetic data.

use super::check::{Checker, choices};
use super::path::KeyPath;
use super::plan::{FlowPlan, TeacherPlan};
use super::training;
use super::written::{self, TeacherModel};
use flowstill_data::{Source, Target};
use flowstill_model::Architecture;

/// The teacher for rows from `source`; nothing where the data have no density that could be one.
pub(super) fn check(
    checker: &mut Checker,
    written: Option<&written::Teacher>,
    data: Option<&written::Data>,
    source: Option<&Source>,
) -> Option<TeacherPlan> {
    let nothing = written::Teacher::default();
    let written = written.unwrap_or(&nothing);
    if written.model == Some(TeacherModel::Truth) {
        lonely(checker, written);
        return truth(checker, data, source).map(TeacherPlan::Truth);
    }
    Some(TeacherPlan::Flow(FlowPlan {
        architecture: choices(written).checked(checker, "teacher", &Architecture::default()),
        training: training::check(checker, written.training.as_ref(), "teacher.training", &training::TEACHER),
    }))
}

/// Notes the keys that only a flow has.
fn lonely(checker: &mut Checker, written: &written::Teacher) {
    let of_a_flow = [
        ("layers", written.layers.is_some()),
        ("hidden", written.hidden.is_some()),
        ("activation", written.activation.is_some()),
        ("order", written.order.is_some()),
        ("normalisation", written.normalisation.is_some()),
        ("log_scale_clip", written.log_scale_clip.is_some()),
        ("residual", written.residual.is_some()),
        ("map", written.map.is_some()),
        ("training", written.training.is_some()),
    ];
    for (key, _) in of_a_flow.into_iter().filter(|(_, given)| *given) {
        let message = "means nothing beside `model: truth`, a known density of which nothing is trained; remove it, or \
                       write it under `student`";
        checker.wrong_with(KeyPath::from("teacher").key(key), "teacher.model", message.to_owned());
    }
}

/// The density behind the rows, if a student can learn from its gradient.
fn truth(checker: &mut Checker, data: Option<&written::Data>, source: Option<&Source>) -> Option<Target> {
    let mut refuse = |why: &str| checker.wrong_with("teacher.model", "data", why.to_owned());
    match source {
        Some(Source::Synthetic { target: Target::Checkerboard, .. }) => {
            refuse(
                "`truth` needs a density whose gradient leads to where it is high, and `checkerboard` is flat with hard \
                 edges; take another density for `data.synthetic`, or train a teacher with `model: maf`",
            );
            None
        }
        Some(Source::Synthetic { target, .. }) => Some(*target),
        _ => {
            // what is wrong with a density, or that there are no data at all, is said where it stands
            if data.is_some_and(|data| {
                data.synthetic.is_none() && (data.path.is_some() || data.train.is_some() || data.mnist.is_some())
            }) {
                refuse(
                    "`truth` is the known density of synthetic data, and rows of a file have none; give \
                     `data: {synthetic: banana}` or another density, or train a teacher with `model: maf`",
                );
            }
            None
        }
    }
}
