//! What a user may write of the family of a flow, and of what its layers start from.

use super::choice::{self, Choice};
use flowstill_kernel::rows::{Covariance, Ridge, Smooth, Solver};
use flowstill_model::{Base as BasePlan, Exactness, Factors, Family, Hutchinson, Roulette, Start};
use serde::{Deserialize, Serialize};

/// The family of a flow.
pub type Model = Choice<ModelSettings>;

/// The families that have settings: exactly one of these.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSettings {
    /// `function`: `tanh`, `arctan` or `softplus`, default `tanh`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planar: Option<Planar>,
    /// `factors`: `plu`, `householder`, `rotation`, `triangular`, `diagonal`, `permutation` or `reverse`, default `plu`;
    /// or `order`, a list in which each column stands once, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linear: Option<Linear>,
    /// `activation`: `lip_swish`, `tanh` or `softplus`, default `lip_swish`; `lipschitz`, 0.01 to 0.99, default 0.9;
    /// `log_det`: `auto`, `exact` or `roulette`, default `auto`: exact up to 16 dimensions; of the roulette `terms`,
    /// default 6, and `probability`, 0.01 to 0.99, default 0.1: its variance is finite if the square of `lipschitz` is
    /// below 1 − `probability`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub residual: Option<Residual>,
    /// `activation` as above, default `tanh`; `tolerance`, default 1e-5, or a number of equal `steps`; `trace`: `auto`,
    /// `exact` or `hutchinson`, default `auto`: exact up to 16 dimensions; `probes` of Hutchinson's, default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continuous: Option<Continuous>,
    /// `components`, default 10; `covariance`: `full` or `diagonal`, default `full`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gaussian_mixture: Option<GaussianMixture>,
}

/// The keys of a residual flow.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Residual {
    pub activation: Option<Smooth>,
    pub lipschitz: Option<f64>,
    pub log_det: Option<LogDet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
}

/// How a log-det is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogDet {
    Auto,
    Exact,
    Roulette,
}

/// The keys of a continuous flow.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Continuous {
    pub activation: Option<Smooth>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<i64>,
    pub trace: Option<Trace>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probes: Option<i64>,
}

/// How a trace is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trace {
    Auto,
    Exact,
    Hutchinson,
}

/// The keys of a mixture of Gaussians.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GaussianMixture {
    pub components: Option<i64>,
    pub covariance: Option<Covariance>,
}

/// The keys of a planar flow.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planar {
    pub function: Option<Ridge>,
}

/// The keys of a linear flow.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Linear {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub factors: Option<Factors>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Vec<i64>>,
}

impl ModelSettings {
    /// What is wrong where two settings exclude each other.
    pub fn contradiction(&self) -> Option<String> {
        let both =
            |one: &str, other: &str| Some(format!("expected `{one}` or `{other}`, got both; remove one of the two"));
        if self.linear.as_ref().is_some_and(|l| l.factors.is_some() && l.order.is_some()) {
            return both("factors", "order");
        }
        if let Some(continuous) = &self.continuous {
            if continuous.steps.is_some() && continuous.tolerance.is_some() {
                return both("steps", "tolerance");
            }
            if continuous.trace == Some(Trace::Exact) && continuous.probes.is_some() {
                return Some("`probes` mean nothing beside `trace: exact`; remove them".to_owned());
            }
        }
        let residual = self.residual.as_ref()?;
        (residual.log_det == Some(LogDet::Exact) && (residual.terms.is_some() || residual.probability.is_some()))
            .then(|| "`terms` and `probability` mean nothing beside `log_det: exact`; remove them".to_owned())
    }
}

/// A count as it is; what is none was refused before.
fn count(written: Option<i64>, default: usize) -> usize {
    written.map_or(default, |n| usize::try_from(n).unwrap_or(0))
}

impl Linear {
    fn family(&self) -> Family {
        match &self.order {
            // what is no column is refused as one that no data have
            Some(order) => {
                let column = |&column: &i64| usize::try_from(column).unwrap_or(usize::MAX);
                Family::Permutation { order: order.iter().map(column).collect() }
            }
            None => Family::Linear { factors: self.factors.unwrap_or(Factors::Plu) },
        }
    }
}

impl Residual {
    fn family(&self) -> Family {
        let roulette = Roulette { terms: count(self.terms, 6), probability: self.probability.unwrap_or(0.1) };
        Family::Residual {
            activation: self.activation.unwrap_or(Smooth::LipSwish),
            lipschitz: self.lipschitz.unwrap_or(0.9),
            log_det: match self.log_det.unwrap_or(LogDet::Auto) {
                LogDet::Auto => Exactness::Auto(roulette),
                LogDet::Exact => Exactness::Exact,
                LogDet::Roulette => Exactness::Estimate(roulette),
            },
        }
    }
}

impl Continuous {
    fn family(&self) -> Family {
        let hutchinson = Hutchinson { probes: count(self.probes, 1) };
        Family::Continuous {
            activation: self.activation.unwrap_or(Smooth::Tanh),
            solver: match self.steps {
                Some(steps) => Solver::Fixed { steps: count(Some(steps), 0) },
                None => Solver::Adaptive { tolerance: self.tolerance.unwrap_or(1e-5) },
            },
            trace: match self.trace.unwrap_or(Trace::Auto) {
                Trace::Auto => Exactness::Auto(hutchinson),
                Trace::Exact => Exactness::Exact,
                Trace::Hutchinson => Exactness::Estimate(hutchinson),
            },
        }
    }
}

impl GaussianMixture {
    fn plan(&self) -> (usize, Covariance) {
        (count(self.components, 10), self.covariance.unwrap_or(Covariance::Full))
    }

    fn of(components: usize, covariance: Covariance) -> Self {
        Self { components: Some(components as i64), covariance: Some(covariance) }
    }
}

impl choice::Settings for ModelSettings {
    const NAMES: &'static [&'static str] = &[
        "maf",
        "iaf",
        "coupling",
        "planar",
        "radial",
        "linear",
        "elementwise",
        "cdf",
        "residual",
        "continuous",
        "gaussian_mixture",
        "gaussian",
        "truth",
    ];
    const EXPECTED: &'static str = "one family of flows, as `coupling` or `{planar: {function: arctan}}`";

    fn given(&self) -> Vec<&'static str> {
        choice::given([
            ("planar", self.planar.is_some()),
            ("linear", self.linear.is_some()),
            ("residual", self.residual.is_some()),
            ("continuous", self.continuous.is_some()),
            ("gaussian_mixture", self.gaussian_mixture.is_some()),
        ])
    }
}

impl Model {
    /// The family with what was not written filled in; nothing for `truth`.
    pub fn family(&self) -> Option<Family> {
        let none = ModelSettings::default();
        let settings = self.settings().unwrap_or(&none);
        Some(match self.name()? {
            "maf" | "iaf" => Family::Autoregressive,
            "coupling" => Family::Coupling,
            "planar" => {
                let function = settings.planar.as_ref().and_then(|s| s.function).unwrap_or(Ridge::Tanh);
                Family::Planar { function }
            }
            "radial" => Family::Radial,
            "linear" => settings.linear.clone().unwrap_or_default().family(),
            "elementwise" => Family::Elementwise,
            "cdf" => Family::Cdf,
            "residual" => settings.residual.clone().unwrap_or_default().family(),
            "continuous" => settings.continuous.clone().unwrap_or_default().family(),
            "gaussian_mixture" => {
                let (components, covariance) = settings.gaussian_mixture.clone().unwrap_or_default().plan();
                Family::GaussianMixture { components, covariance }
            }
            "gaussian" => Family::GaussianMixture { components: 1, covariance: Covariance::Full },
            _ => return None,
        })
    }

    /// The family as it is written for a teacher or, `one_pass`, for a student.
    pub fn of(family: &Family, one_pass: bool) -> Self {
        let mut settings = ModelSettings::default();
        match family {
            Family::Autoregressive if one_pass => return Self::Named("iaf"),
            Family::Autoregressive => return Self::Named("maf"),
            Family::Coupling => return Self::Named("coupling"),
            Family::Radial => return Self::Named("radial"),
            Family::Elementwise => return Self::Named("elementwise"),
            Family::Cdf => return Self::Named("cdf"),
            Family::Residual { activation, lipschitz, log_det } => {
                let (log_det, roulette) = match *log_det {
                    Exactness::Exact => (LogDet::Exact, None),
                    Exactness::Auto(roulette) => (LogDet::Auto, Some(roulette)),
                    Exactness::Estimate(roulette) => (LogDet::Roulette, Some(roulette)),
                };
                settings.residual = Some(Residual {
                    activation: Some(*activation),
                    lipschitz: Some(*lipschitz),
                    log_det: Some(log_det),
                    terms: roulette.map(|roulette| roulette.terms as i64),
                    probability: roulette.map(|roulette| roulette.probability),
                });
            }
            Family::Continuous { activation, solver, trace } => {
                let (trace, hutchinson) = match *trace {
                    Exactness::Exact => (Trace::Exact, None),
                    Exactness::Auto(hutchinson) => (Trace::Auto, Some(hutchinson)),
                    Exactness::Estimate(hutchinson) => (Trace::Hutchinson, Some(hutchinson)),
                };
                let (tolerance, steps) = match *solver {
                    Solver::Adaptive { tolerance } => (Some(tolerance), None),
                    Solver::Fixed { steps } => (None, Some(steps as i64)),
                };
                settings.continuous = Some(Continuous {
                    activation: Some(*activation),
                    tolerance,
                    steps,
                    trace: Some(trace),
                    probes: hutchinson.map(|hutchinson| hutchinson.probes as i64),
                });
            }
            Family::GaussianMixture { components, covariance } => {
                settings.gaussian_mixture = Some(GaussianMixture::of(*components, *covariance));
            }
            Family::Planar { function } => settings.planar = Some(Planar { function: Some(*function) }),
            Family::Linear { factors } => {
                settings.linear = Some(Linear { factors: Some(*factors), order: None });
            }
            Family::Permutation { order } => {
                let order = order.iter().map(|&column| column as i64).collect();
                settings.linear = Some(Linear { factors: None, order: Some(order) });
            }
        }
        Self::Set(Box::new(settings))
    }
}

/// What the layers start from.
pub type Base = Choice<BaseSettings>;

/// The bases that have settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaseSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mixture: Option<MixtureBase>,
}

/// The keys of a mixture of Gaussians below a flow: those of `model: gaussian_mixture` and one more.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MixtureBase {
    pub components: Option<i64>,
    pub covariance: Option<Covariance>,
    /// `em` fits a teacher's to what its layers, as they start, make of the training rows.
    pub start: Option<Start>,
}

impl choice::Settings for BaseSettings {
    const NAMES: &'static [&'static str] = &["normal", "diagonal", "student_t", "logistic", "uniform", "mixture"];
    const EXPECTED: &'static str = "one base, as `student_t` or `{mixture: {components: 8}}`";

    fn given(&self) -> Vec<&'static str> {
        choice::given([("mixture", self.mixture.is_some())])
    }
}

impl Base {
    /// The base with what was not written filled in.
    pub fn plan(&self) -> BasePlan {
        match self.name() {
            Some("diagonal") => BasePlan::Diagonal,
            Some("student_t") => BasePlan::StudentT,
            Some("logistic") => BasePlan::Logistic,
            Some("uniform") => BasePlan::Uniform,
            Some("mixture") => {
                let written = self.settings().and_then(|settings| settings.mixture.clone());
                let MixtureBase { components, covariance, start } = written.unwrap_or_default();
                let (components, covariance) = GaussianMixture { components, covariance }.plan();
                BasePlan::Mixture { components, covariance, start: start.unwrap_or_default() }
            }
            _ => BasePlan::Normal,
        }
    }
}

impl From<&BasePlan> for Base {
    fn from(base: &BasePlan) -> Self {
        Self::Named(match base {
            BasePlan::Normal => "normal",
            BasePlan::Diagonal => "diagonal",
            BasePlan::StudentT => "student_t",
            BasePlan::Logistic => "logistic",
            BasePlan::Uniform => "uniform",
            BasePlan::Mixture { components, covariance, start } => {
                let GaussianMixture { components, covariance } = GaussianMixture::of(*components, *covariance);
                let mixture = Some(MixtureBase { components, covariance, start: Some(*start) });
                return Self::Set(Box::new(BaseSettings { mixture }));
            }
        })
    }
}
