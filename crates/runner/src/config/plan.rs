//! An experiment that has been checked: all that a run needs to know, with every default filled in.

use crate::error::RunError;
use flowstill_data::{Dataset, Source, Target};
use flowstill_model::fold::EXACT_WHEN_FROZEN;
use flowstill_model::{Architecture, Base, Family, OrderRule, Orientation, Roulette, Start};
use flowstill_student::Recipe;
use flowstill_teacher::em;
use flowstill_trainer::{Settings, TrainError};
use serde::Serialize;

/// A checked experiment. It serialises as the YAML from which it would be read again, with absolute paths and without
/// defaults to guess; see [`Experiment::to_yaml`].
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// safe as the name of a folder
    pub name: String,
    pub seed: u64,
    /// threads of the run, at least 1
    pub threads: usize,
    pub data: Source,
    pub teacher: TeacherPlan,
    /// nothing where the teacher alone is trained
    pub distillation: Option<Distillation>,
}

/// What the student is distilled from, or what stands alone.
#[derive(Debug, Clone, PartialEq)]
pub enum TeacherPlan {
    Flow(Box<FlowPlan>),
    /// no flow: the known density of the synthetic data
    Truth(Target),
}

/// How a teacher is built and fitted to the rows, by maximum likelihood.
#[derive(Debug, Clone, PartialEq)]
pub struct FlowPlan {
    pub architecture: Architecture,
    pub training: Fitting,
    /// noise of pictures is drawn anew in every epoch
    pub fresh_noise: bool,
    /// probability with which hidden units of the conditioners are dropped in a step, 0 for none
    pub dropout: f64,
}

/// How the parameters of a teacher are found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Fitting {
    Gradient(Settings),
    /// expectation maximisation, of a mixture of Gaussians
    Em(em::Settings),
}

impl Fitting {
    /// The settings of a training by gradient.
    pub fn gradient(&self) -> Option<&Settings> {
        match self {
            Self::Gradient(settings) => Some(settings),
            Self::Em(_) => None,
        }
    }
}

impl TeacherPlan {
    /// The flow that is to be trained, if there is one.
    pub fn flow(&self) -> Option<&FlowPlan> {
        match self {
            Self::Flow(plan) => Some(plan),
            Self::Truth(_) => None,
        }
    }
}

/// What is made of the teacher: a student, and how both are compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Distillation {
    pub student: StudentPlan,
    pub evaluation: Evaluation,
    pub bench: Bench,
}

/// How the student is built and distilled.
#[derive(Debug, Clone, PartialEq)]
pub struct StudentPlan {
    pub architecture: Architecture,
    pub recipe: Recipe,
}

/// How teacher and student are compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// samples per estimate, at least 2
    pub samples: usize,
}

/// How speed is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Bench {
    /// numbers of samples drawn at once, each at least 1; none where speed is not measured
    pub batches: Vec<usize>,
    /// repetitions of each measurement, at least 1
    pub repetitions: usize,
}

impl Experiment {
    /// What is made of the teacher.
    ///
    /// # Errors
    /// If the experiment has no student.
    pub fn with_student(&self) -> Result<&Distillation, RunError> {
        self.distillation.as_ref().ok_or_else(|| RunError::NoStudent { name: self.name.clone() })
    }

    /// Whether all flows can be built for the data.
    ///
    /// # Errors
    /// The first layer that cannot, such as a coupling of a single column; a mixture that is to be fitted to fewer rows than it has
    /// components.
    pub fn buildable(&self, data: &Dataset) -> Result<(), RunError> {
        let (dim, rows) = (data.dim(), data.train.len());
        if let Some(components) = self.teacher.flow().and_then(fitted_by_em).filter(|&components| components > rows) {
            let error = em::EmError::TooFewRows { components, rows };
            return Err(RunError::Train { stage: "teacher", source: TrainError::Refused(Box::new(error)) });
        }
        for (who, architecture) in self.architectures() {
            let orientation = if who == "teacher" { Orientation::Maf } else { Orientation::Iaf };
            let spec = architecture.spec(dim, orientation, self.seed);
            spec.validate().map_err(|source| RunError::Architecture { who, source })?;
        }
        Ok(())
    }

    /// What is allowed but seldom meant, for data of `dim` dimensions, which is known only once they are loaded.
    pub fn warnings(&self, dim: usize) -> Vec<String> {
        let each = self.architectures().flat_map(|(who, architecture)| {
            [
                gaussian(who, architecture, dim),
                unbounded_variance(who, architecture, dim),
                estimated(who, architecture, dim),
            ]
        });
        each.flatten().collect()
    }

    fn architectures(&self) -> impl Iterator<Item = (&'static str, &Architecture)> {
        let teacher = self.teacher.flow().map(|plan| ("teacher", &plan.architecture));
        let student = self.distillation.as_ref().map(|plan| ("student", &plan.student.architecture));
        teacher.into_iter().chain(student)
    }
}

/// The components of a mixture that starts or is fitted by EM.
fn fitted_by_em(plan: &FlowPlan) -> Option<usize> {
    match (&plan.training, &plan.architecture.family, &plan.architecture.base) {
        (Fitting::Em(_), Family::GaussianMixture { components, .. }, _) => Some(*components),
        (_, _, Base::Mixture { components, start: Start::Em, .. }) => Some(*components),
        _ => None,
    }
}

/// The warning for affine autoregressive layers that cannot be more than Gaussian, or have conditionals that cannot.
fn gaussian(who: &str, architecture: &Architecture, dim: usize) -> Option<String> {
    let affine = architecture.family == Family::Autoregressive && architecture.map.is_none();
    if !affine || !architecture.chain.is_empty() || architecture.mixing.is_some() || architecture.base != Base::Normal {
        return None;
    }
    if dim == 1 {
        return Some(format!(
            "{who}: the data have one dimension, where an affine autoregressive flow is a Gaussian however it is trained; \
             take `map: mixture` or another map"
        ));
    }
    let (cause, way_out) = if architecture.layers == 1 {
        ("a single affine autoregressive layer", "take more layers")
    } else if architecture.order == OrderRule::Same {
        ("affine autoregressive layers that all have the same order", "set `order` to `reverse` or `random`")
    } else {
        return None;
    };
    Some(format!("{who}: {cause} can only have Gaussian conditionals; {way_out} unless that is what you study"))
}

/// The warning for log-determinants that stay estimates when training is over.
fn estimated(who: &str, architecture: &Architecture, dim: usize) -> Option<String> {
    let estimate = architecture.links().any(|link| match link.family {
        Family::Residual { log_det, .. } => log_det.estimate(dim).is_some(),
        Family::Continuous { trace, .. } => trace.estimate(dim).is_some(),
        _ => false,
    });
    (estimate && dim > EXACT_WHEN_FROZEN).then(|| {
        format!(
            "{who}: above {EXACT_WHEN_FROZEN} columns log-determinants stay estimates when training is over, so that single \
             densities, KL and ESS are as noisy as these; means over rows are right"
        )
    })
}

/// The warning for a roulette whose estimates may have no variance.
fn unbounded_variance(who: &str, architecture: &Architecture, dim: usize) -> Option<String> {
    architecture.links().find_map(|link| {
        let Family::Residual { lipschitz, log_det, .. } = link.family else { return None };
        let Roulette { probability, .. } = log_det.estimate(dim)?;
        (lipschitz * lipschitz >= 1.0 - probability).then(|| {
            format!(
                "{who}: log-dets by roulette may have no variance where the square of `lipschitz` is above 1 − `probability`; \
                 lower either of the two"
            )
        })
    })
}
