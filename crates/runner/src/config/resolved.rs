//! From a plan back to the YAML from which the same plan would be read, with nothing left to guess.

use super::data::SPLIT;
use super::plan::{Experiment, Fitting, FlowPlan, StudentPlan, TeacherPlan};
use super::written::{self, Base, Link, Model, OrNone};
use crate::families;
use flowstill_data::{Source, Target};
use flowstill_model::{Architecture, Conditioner, Pixels, Role};
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
        let distillation = plan.distillation.as_ref();
        let measured = distillation.map(|plan| &plan.bench).filter(|bench| !bench.batches.is_empty());
        Self {
            name: Some(plan.name.clone()),
            seed: Some(plan.seed),
            threads: Some(whole(plan.threads)),
            data: Some((&plan.data).into()),
            teacher: Some((&plan.teacher).into()),
            student: Some(OrNone(distillation.map(|plan| (&plan.student).into()))),
            evaluation: Some(OrNone(
                distillation.map(|plan| written::Evaluation { samples: Some(whole(plan.evaluation.samples)) }),
            )),
            bench: Some(OrNone(measured.map(|bench| written::Bench {
                batches: Some(wholes(&bench.batches)),
                repetitions: Some(whole(bench.repetitions)),
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
            Source::Streamed { train, validation, test } => Self {
                train: Some(train.clone()),
                validation: Some(validation.clone()),
                test: Some(test.clone()),
                stream: Some(true),
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
            TeacherPlan::Flow(plan) => plan.as_ref().into(),
            TeacherPlan::Truth(_) => Self { model: Some(Model::Named("truth")), ..Self::default() },
        }
    }
}

impl From<&FlowPlan> for written::Teacher {
    fn from(plan: &FlowPlan) -> Self {
        let (link, base, chain) = flow(&plan.architecture, Role::Teacher);
        let fresh_noise = plan.fresh_noise.then_some(true);
        let dropout = (plan.dropout > 0.0).then_some(plan.dropout);
        Self { base, chain, training: Some(training(&plan.training)), fresh_noise, dropout, ..Self::of(link) }
    }
}

impl From<&StudentPlan> for written::Student {
    fn from(plan: &StudentPlan) -> Self {
        let (link, base, chain) = flow(&plan.architecture, Role::Student);
        let training = match &plan.recipe {
            Recipe::Auto(settings) => Some(settings.into()),
            Recipe::Phases(_) => None,
        };
        Self { base, chain, recipe: Some((&plan.recipe).into()), training, ..Self::of(link) }
    }
}

fn training(fitting: &Fitting) -> written::Training {
    match fitting {
        Fitting::Gradient(settings) => settings.into(),
        Fitting::Em(settings) => written::Training {
            steps: Some(settings.steps as i64),
            patience: Some(OrNone(settings.patience.map(i64::from))),
            ..Default::default()
        },
    }
}

/// The keys of a whole flow.
fn flow(architecture: &Architecture, role: Role) -> (Link, Option<Base>, Option<Vec<Link>>) {
    let base = Some((&architecture.base).into());
    if architecture.chain.is_empty() {
        let read = families::of(&architecture.family).keys.contains(&"base");
        return (link(architecture, role), base.filter(|_| read), None);
    }
    (Link::default(), base, Some(architecture.chain.iter().map(|part| link(part, role)).collect()))
}

/// The keys that its family reads.
fn link(architecture: &Architecture, role: Role) -> Link {
    let about = families::of(&architecture.family);
    let read = |key: &str| about.keys.contains(&key);
    let masked = architecture.conditioner == Conditioner::Mlp;
    Link {
        model: Some(Model::of(&architecture.family, role == Role::Student)),
        layers: read("layers").then(|| whole(architecture.layers)),
        hidden: (read("hidden") && masked).then(|| wholes(&architecture.hidden)),
        activation: (read("activation") && masked).then_some(architecture.activation),
        order: read("order").then_some(architecture.order),
        normalisation: read("normalisation").then_some(architecture.normalisation),
        mixing: read("mixing").then_some(OrNone(architecture.mixing)),
        log_scale_clip: read("log_scale_clip").then_some(architecture.log_scale_clip),
        residual: (read("residual") && masked).then_some(architecture.residual),
        conditioner: read("conditioner").then(|| (&architecture.conditioner).into()),
        map: read("map").then(|| architecture.map.as_ref().into()),
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
            average_last: settings.average_last.map(|share| OrNone(Some(share))),
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
