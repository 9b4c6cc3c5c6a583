//! The section `teacher`: a flow to be trained, or the known density of synthetic data.

use super::check::Checker;
use super::flow;
use super::path::KeyPath;
use super::plan::{Fitting, FlowPlan, TeacherPlan};
use super::training;
use super::written;
use flowstill_data::{Source, Target};
use flowstill_model::{Architecture, Conditioner, Family, Role};

/// The teacher for rows from `source`; nothing where the data have no density that could be one.
pub(super) fn check(
    checker: &mut Checker,
    written: Option<&written::Teacher>,
    data: Option<&written::Data>,
    source: Option<&Source>,
) -> Option<TeacherPlan> {
    let nothing = written::Teacher::default();
    let written = written.unwrap_or(&nothing);
    if written.model.as_ref().and_then(|model| model.name()) == Some("truth") {
        lonely(checker, written);
        return truth(checker, data, source).map(TeacherPlan::Truth);
    }
    let architecture =
        flow::Written { link: written.link(), base: written.base.as_ref(), chain: written.chain.as_deref() }.checked(
            checker,
            Role::Teacher,
            None,
        );
    let mixture = matches!(architecture.family, Family::GaussianMixture { .. }) && architecture.chain.is_empty();
    let training = if mixture {
        Fitting::Em(training::check_em(checker, written.training.as_ref()))
    } else {
        let at = "teacher.training";
        Fitting::Gradient(training::check(checker, written.training.as_ref(), at, &training::TEACHER))
    };
    let fresh_noise = written.fresh_noise.unwrap_or(false);
    if fresh_noise && !source.is_none_or(Source::is_pictures) {
        let message = "is noise of pixels, and the rows are no pictures; remove it, or say `pixels: {}` beside the file if they are";
        checker.wrong_with("teacher.fresh_noise", "data", message.to_owned());
    } else if fresh_noise && mixture {
        let message =
            "means nothing for a mixture of Gaussians, which is fitted by EM to rows that stay as they are; remove it";
        checker.wrong_with("teacher.fresh_noise", "teacher.model", message.to_owned());
    }
    let dropout = dropout(checker, written.dropout, &architecture);
    Some(TeacherPlan::Flow(FlowPlan { architecture, training, fresh_noise, dropout }.into()))
}

/// The probability of dropping a hidden unit; only masked networks have units that are dropped.
fn dropout(checker: &mut Checker, written: Option<f64>, architecture: &Architecture) -> f64 {
    let Some(rate) = written else { return 0.0 };
    let networks = architecture.links().any(|link| {
        matches!(link.family, Family::Autoregressive | Family::Coupling)
            && link.conditioner == Conditioner::Mlp
            // a residual network drops what lies within its blocks, of two layers each
            && link.hidden.len() > if link.residual { 1 } else { 0 }
    });
    if !networks && rate > 0.0 {
        let message = "drops hidden units of the conditioners of `maf` and `coupling`, of residual ones those within blocks, and this flow has none; \
             remove it";
        checker.wrong_with("teacher.dropout", "teacher.model", message.to_owned());
    }
    checker.number("teacher.dropout", rate, |rate| (0.0..1.0).contains(&rate), "from 0 to below 1, such as 0.1")
}

/// Notes the keys that only a flow has.
fn lonely(checker: &mut Checker, written: &written::Teacher) {
    let others = [
        ("base", written.base.is_some()),
        ("chain", written.chain.is_some()),
        ("training", written.training.is_some()),
        ("fresh_noise", written.fresh_noise.is_some()),
        ("dropout", written.dropout.is_some()),
    ];
    let others = others.into_iter().filter(|(_, given)| *given).map(|(key, _)| key);
    for key in written.link().given().into_iter().filter(|key| *key != "model").chain(others) {
        let message = match key {
            "fresh_noise" | "dropout" => {
                "means nothing beside `model: truth`, a known density of which nothing is trained; remove it"
            }
            _ => {
                "means nothing beside `model: truth`, a known density of which nothing is trained; remove it, or write it under \
                 `student`"
            }
        };
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
