//! From an objective to its estimators.

use crate::annealed::Annealed;
use crate::distillation::Part;
use crate::objectives::alpha::Alpha;
use crate::objectives::closed_form::ClosedForm;
use crate::objectives::conditionals::Pair;
use crate::objectives::forward_kl::ForwardKl;
use crate::objectives::many_samples::ManySamples;
use crate::objectives::path_gradient::PathGradient;
use crate::objectives::reconstruction::Reconstruction;
use crate::objectives::reverse_kl::ReverseKl;
use crate::recipe::Objective;
use crate::source::Source;
use crate::step::Estimator;
use crate::warm_start::cache::{Cache, GROUP, Place};
use crate::warm_start::pairing::Pairing;
use crate::warm_start::trajectory::Teacher;
use crate::warm_start::{HELD_OUT, WarmStart};
use flowstill_flow::FlowError;
use flowstill_model::FlowSpec;
use flowstill_trainer::Settings;
use std::sync::Arc;

/// The weighted estimators of `objective`, in the `first` phase of a recipe or a later one.
///
/// # Errors
/// An objective that this target, or this student, does not allow.
pub fn parts(
    objective: &Objective,
    source: &Source,
    student: &FlowSpec,
    training: &Settings,
    place: Place,
    seed: u64,
    first: bool,
) -> Result<Vec<Part>, FlowError> {
    if student.couples_rows() && !matches!(objective, Objective::ReverseKl { .. }) {
        return Err(FlowError::NoConditionals(format!(
            "`{}` is not for a student whose rows are coupled by batch normalisation; use `act_norm`, or `reverse_kl`",
            objective.name()
        )));
    }
    let one = |estimator: Box<dyn Estimator>| vec![Part { weight: Annealed::constant(1.0), estimator }];
    Ok(match *objective {
        Objective::WarmStart { rows } => {
            let teacher = source.target.as_flow().ok_or(FlowError::NotAFlow("warm_start"))?;
            let pairing = Pairing::new(teacher.spec(), student)?;
            if !first && pairing.layers().len() < student.layers.len() {
                return Err(FlowError::NoConditionals(
                    "`warm_start` of a student with layers beside those it pairs must be the first phase: they are the \
                     identity only then"
                        .to_owned(),
                ));
            }
            let teacher = Teacher::new(teacher.spec(), &teacher.parameters().values);
            let wanted = usize::try_from(training.steps).unwrap_or(usize::MAX).saturating_mul(training.batch);
            let sizes = (HELD_OUT + GROUP, wanted.saturating_add(HELD_OUT));
            let cache = Arc::new(Cache::new(place, &teacher, source, rows, seed, sizes)?);
            one(Box::new(WarmStart { pairing, cache }))
        }
        Objective::ReverseKl { cross_entropy_weight } => one(Box::new(ReverseKl { cross_entropy_weight })),
        Objective::PathGradient { cross_entropy_weight } => one(Box::new(PathGradient { cross_entropy_weight })),
        Objective::ForwardKl { rows } => one(Box::new(ForwardKl { rows })),
        Objective::Mixed { forward_weight, rows, cross_entropy_weight, path } => {
            let reverse: Box<dyn Estimator> = if path {
                Box::new(PathGradient { cross_entropy_weight })
            } else {
                Box::new(ReverseKl { cross_entropy_weight })
            };
            let rest = Annealed { from: 1.0 - forward_weight.from, to: 1.0 - forward_weight.to };
            vec![
                Part { weight: rest, estimator: reverse },
                Part { weight: forward_weight, estimator: Box::new(ForwardKl { rows }) },
            ]
        }
        Objective::Alpha { alpha, weight_clip } => one(Box::new(Alpha { alpha, clip: weight_clip, normalise: true })),
        Objective::Reconstruction { rows, forward_weight } => {
            source.target.as_flow().ok_or(FlowError::NotAFlow("reconstruction"))?;
            vec![
                Part { weight: Annealed::constant(1.0), estimator: Box::new(Reconstruction { rows }) },
                Part { weight: forward_weight, estimator: Box::new(ForwardKl { rows }) },
            ]
        }
        Objective::ManySamples { samples } => {
            one(Box::new(ManySamples { pair: Pair::new("many_samples", source.target, student)?, samples }))
        }
        Objective::ClosedForm { regulariser } => {
            one(Box::new(ClosedForm { pair: Pair::new("closed_form", source.target, student)?, regulariser }))
        }
    })
}
