//! What is minimised, in which phases.

use crate::annealed::Annealed;
use crate::source::Rows;
use flowstill_trainer::Settings;
use serde::{Deserialize, Serialize};

/// How a student is distilled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipe {
    /// phases chosen by what teacher and student are and by what is measured on the way; the settings' steps are those
    /// of all phases together
    Auto(Settings),
    /// one after the other, each from the best parameters of the one before
    Phases(Vec<Phase>),
}

/// One objective for a number of steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    pub objective: Objective,
    pub training: Settings,
}

/// An objective with its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// [`crate::warm_start`] on these rows
    WarmStart { rows: Rows },
    /// [`crate::objectives::reverse_kl`]
    ReverseKl { cross_entropy_weight: Annealed },
    /// [`crate::objectives::path_gradient`]
    PathGradient { cross_entropy_weight: Annealed },
    /// [`crate::objectives::forward_kl`]
    ForwardKl { rows: Rows },
    /// `(1 − λ)·reverse KL + λ·forward KL`, at λ = ½ half of Jeffreys' divergence; the reverse part by its path gradient
    /// or the plain one; half of a batch for each of the two
    Mixed { forward_weight: Annealed, rows: Rows, cross_entropy_weight: Annealed, path: bool },
    /// [`crate::objectives::alpha`]
    Alpha { alpha: f64, weight_clip: Option<f64> },
    /// `reconstruction + weight·forward KL`, see [`crate::objectives::reconstruction`]; half of a batch for each
    Reconstruction { rows: Rows, forward_weight: Annealed },
    /// [`crate::objectives::many_samples`]
    ManySamples { samples: usize },
    /// [`crate::objectives::closed_form`]
    ClosedForm { regulariser: f64 },
}

impl Objective {
    /// The name by which experiments ask for it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::WarmStart { .. } => "warm_start",
            Self::ReverseKl { .. } => "reverse_kl",
            Self::PathGradient { .. } => "path_gradient",
            Self::ForwardKl { .. } => "forward_kl",
            Self::Mixed { .. } => "mixed",
            Self::Alpha { .. } => "alpha",
            Self::Reconstruction { .. } => "reconstruction",
            Self::ManySamples { .. } => "many_samples",
            Self::ClosedForm { .. } => "closed_form",
        }
    }
}
