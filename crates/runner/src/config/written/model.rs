//! What a user may write of the family of a flow, and of what its layers start from.

use super::choice::{self, Choice};
use flowstill_kernel::rows::Ridge;
use flowstill_model::{Base as BasePlan, Factors, Family};
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
    /// `factors`: `plu`, `householder`, `rotation`, `triangular`, `diagonal` or `permutation`, default `plu`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linear: Option<Linear>,
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
    pub factors: Option<Factors>,
}

impl choice::Settings for ModelSettings {
    const NAMES: &'static [&'static str] =
        &["maf", "iaf", "coupling", "planar", "radial", "linear", "elementwise", "truth"];
    const EXPECTED: &'static str = "one family of flows, as `coupling` or `{planar: {function: arctan}}`";

    fn given(&self) -> Vec<&'static str> {
        choice::given([("planar", self.planar.is_some()), ("linear", self.linear.is_some())])
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
            "linear" => {
                let factors = settings.linear.as_ref().and_then(|s| s.factors).unwrap_or(Factors::Plu);
                Family::Linear { factors }
            }
            "elementwise" => Family::Elementwise,
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
            Family::Planar { function } => settings.planar = Some(Planar { function: Some(*function) }),
            Family::Linear { factors } => settings.linear = Some(Linear { factors: Some(*factors) }),
        }
        Self::Set(Box::new(settings))
    }
}

/// What the layers start from.
pub type Base = Choice<BaseSettings>;

/// The bases that have settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaseSettings {}

impl choice::Settings for BaseSettings {
    const NAMES: &'static [&'static str] = &["normal", "diagonal"];
    const EXPECTED: &'static str = "one base, as `normal` or `diagonal`";

    fn given(&self) -> Vec<&'static str> {
        Vec::new()
    }
}

impl Base {
    /// The base with what was not written filled in.
    pub fn plan(&self) -> BasePlan {
        match self.name() {
            Some("diagonal") => BasePlan::Diagonal,
            _ => BasePlan::Normal,
        }
    }
}

impl From<&BasePlan> for Base {
    fn from(base: &BasePlan) -> Self {
        Self::Named(match base {
            BasePlan::Normal => "normal",
            BasePlan::Diagonal => "diagonal",
        })
    }
}
