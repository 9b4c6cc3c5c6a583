//! From a plan back to the YAML from which the same plan would be read, with nothing left to guess.

use super::data::SPLIT;
use super::plan::{Experiment, FlowPlan, StudentPlan, TeacherPlan};
use super::written::{self, OrNone, StudentModel, TeacherModel};
use flowstill_data::{Source, Target};
use flowstill_model::Pixels;
use flowstill_student::Recipe;
use flowstill_trainer::Settings;
use serde::{Serialize, Serializer};

impl Experiment {
    /// The resolved experiment as YAML: every key written out, paths absolute.
    ///
    /// # Errors
    /// None for a checked experiment; serde_yaml's own otherwise.
    pub fn to_yaml(&self) -> Result<String, serde_yaml::Error> {
        serde_yaml::to_string(self)
    }
}

impl Serialize for Experiment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        written::Experiment::from(self).serialize(serializer)
    }
}

impl From<&Experiment> for written::Experiment {
    fn from(plan: &Experiment) -> Self {
        Self {
            name: Some(plan.name.clone()),
            seed: Some(plan.seed),
            threads: Some(whole(plan.threads)),
            data: Some((&plan.data).into()),
            teacher: Some((&plan.teacher).into()),
            student: Some((&plan.student).into()),
            evaluation: Some(written::Evaluation { samples: Some(whole(plan.evaluation.samples)) }),
            bench: Some(OrNone((!plan.bench.batches.is_empty()).then(|| written::Bench {
                batches: Some(wholes(&plan.bench.batches)),
                repetitions: Some(whole(plan.bench.repetitions)),
            }))),
            ..Self::default()
        }
    }
}

impl From<&Source> for written::Data {
    fn from(source: &Source) -> Self {
        match source {
            Source::File { path, split, pixels, seed: _ } => Self {
                path: Some(path.clone()),
                split: Some(split.to_vec()),
                pixels: pixels.as_ref().map(Into::into),
                ..Self::default()
            },
            Source::Mnist { folder, pixels, seed: _ } => {
                Self { mnist: Some(folder.clone()), pixels: Some(pixels.into()), ..Self::default() }
            }
            Source::Parts { train, validation, test, split, pixels, seed: _ } => Self {
                train: Some(train.clone()),
                validation: validation.clone(),
                test: test.clone(),
                // a split is refused where there is nothing to split, and is then the default
                split: (validation.is_none() || test.is_none() || *split != SPLIT).then(|| split.to_vec()),
                pixels: pixels.as_ref().map(Into::into),
                ..Self::default()
            },
            Source::Synthetic { target, rows, split, seed: _ } => Self {
                synthetic: Some(target.name().to_owned()),
                rows: Some(whole(*rows)),
                dim: Some(whole(target.dim())),
                components: match target {
                    Target::GaussianMixture { components, .. } => Some(whole(*components)),
                    _ => None,
                },
                split: Some(split.to_vec()),
                ..Self::default()
            },
        }
    }
}

impl From<&Pixels> for written::Pixels {
    fn from(pixels: &Pixels) -> Self {
        Self {
            levels: Some(pixels.levels.into()),
            alpha: Some(pixels.alpha),
            shape: pixels.shape.map(|shape| wholes(&shape)),
        }
    }
}

impl From<&TeacherPlan> for written::Teacher {
    fn from(plan: &TeacherPlan) -> Self {
        match plan {
            TeacherPlan::Flow(plan) => plan.into(),
            TeacherPlan::Truth(_) => Self { model: Some(TeacherModel::Truth), ..Self::default() },
        }
    }
}

impl From<&FlowPlan> for written::Teacher {
    fn from(plan: &FlowPlan) -> Self {
        let architecture = &plan.architecture;
        Self {
            model: Some(if architecture.coupling { TeacherModel::Coupling } else { TeacherModel::Maf }),
            layers: Some(whole(architecture.layers)),
            hidden: Some(wholes(&architecture.hidden)),
            activation: Some(architecture.activation),
            order: Some(architecture.order),
            normalisation: Some(architecture.normalisation),
            log_scale_clip: Some(architecture.log_scale_clip),
            residual: Some(architecture.residual),
            map: Some(architecture.map.as_ref().into()),
            training: Some((&plan.training).into()),
        }
    }
}

impl From<&StudentPlan> for written::Student {
    fn from(plan: &StudentPlan) -> Self {
        let architecture = &plan.architecture;
        Self {
            model: Some(if architecture.coupling { StudentModel::Coupling } else { StudentModel::Iaf }),
            layers: Some(whole(architecture.layers)),
            hidden: Some(wholes(&architecture.hidden)),
            activation: Some(architecture.activation),
            order: Some(architecture.order),
            normalisation: Some(architecture.normalisation),
            log_scale_clip: Some(architecture.log_scale_clip),
            residual: Some(architecture.residual),
            map: Some(architecture.map.as_ref().into()),
            recipe: Some((&plan.recipe).into()),
            objective: None,
            training: match &plan.recipe {
                Recipe::Auto(settings) => Some(settings.into()),
                Recipe::Phases(_) => None,
            },
        }
    }
}

impl From<&Settings> for written::Training {
    fn from(settings: &Settings) -> Self {
        // ranges were checked, so every number fits
        let steps = |n: u64| Some(n as i64);
        Self {
            steps: steps(settings.steps),
            batch: Some(whole(settings.batch)),
            rate: Some(settings.rate),
            schedule: Some(settings.schedule),
            warmup: steps(settings.warmup),
            weight_decay: Some(settings.weight_decay),
            clip_norm: Some(OrNone(settings.clip_norm)),
            ema: Some(OrNone(settings.ema)),
            validate_every: steps(settings.validate_every),
            patience: Some(OrNone(settings.patience.map(i64::from))),
            checkpoint_every: steps(settings.checkpoint_every),
        }
    }
}

/// A checked count, which is far below the limit of either type.
pub(super) fn whole(count: usize) -> i64 {
    count as i64
}

fn wholes(counts: &[usize]) -> Vec<i64> {
    counts.iter().copied().map(whole).collect()
}
