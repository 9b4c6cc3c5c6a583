//! What a user may write of a recipe: its phases and their objectives.

use super::OrNone;
use flowstill_student::Rows;
use flowstill_trainer::Schedule;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// One phase of a recipe: an objective, what belongs to it, when it ends, and any key of `training`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// What is minimised. Required.
    pub objective: Option<Objective>,
    /// Rows of the target for the objectives that want some: `data`, the training rows; `teacher`, draws from the
    /// teacher; `both`, half of each. Default `both` for `warm_start`, `teacher` for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<Rows>,
    /// `mixed`, `reconstruction`: weight of the forward KL, from 0 to 1 (Jeffreys' divergence at 0.5), or the weights at
    /// the beginning and the end of the phase. Default 0.5 and 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forward_weight: Option<Ramp>,
    /// `reverse_kl`, `path_gradient`, `mixed`: weight of the cross-entropy, at least 0, or those at the beginning and the
    /// end of the phase. Default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cross_entropy_weight: Option<Ramp>,
    /// `mixed`: gradient of the reverse KL, `path` or `plain`. Default `path`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gradient: Option<GradientKind>,
    /// `alpha`: α of the divergence, 0 to 10. Default 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alpha: Option<f64>,
    /// `alpha`: most that one weight may count, in mean weights, or `none`. Default 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_clip: Option<OrNone<f64>>,
    /// `many_samples`: draws from each conditional. Default 16.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<i64>,
    /// `closed_form`: weight of the squared difference of log-scales. Default 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regulariser: Option<f64>,
    /// Ends the phase when a validation measures one of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Until>,
    /// As in `training`, and so are those that follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmup: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<OrNone<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ema: Option<OrNone<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_last: Option<OrNone<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validate_every: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<OrNone<i64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_every: Option<i64>,
}

/// Bounds that end a phase: shares are reached from below, divergences (nats) from above.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Until {
    /// Effective sample size of student samples as a share of their number, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ess_reverse: Option<f64>,
    /// The same seen from teacher samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ess_forward: Option<f64>,
    /// KL(student ‖ teacher).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kl_reverse: Option<f64>,
    /// KL(teacher ‖ student).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kl_forward: Option<f64>,
}

/// What the student minimises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// layer by layer, what the teacher's layers say of rows on their way through it
    WarmStart,
    /// KL(student ‖ teacher), estimated on the student's own samples
    ReverseKl,
    /// the same by its path gradient, whose variance vanishes where the two agree
    PathGradient,
    /// KL(teacher ‖ student), estimated on rows of the target
    ForwardKl,
    /// the reverse and the forward KL together, half of a batch for each
    Mixed,
    /// α-divergence with clipped weights
    Alpha,
    /// squared distance between a row and what the student makes of its place in the teacher's base space
    Reconstruction,
    /// reverse KL with many draws from each conditional (Parallel WaveNet); one order in all layers
    ManySamples,
    /// reverse KL of the conditionals in closed form (ClariNet); one order in all layers
    ClosedForm,
}

/// How the gradient of a reverse KL is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GradientKind {
    Path,
    Plain,
}

/// `auto`, or a list of phases.
#[derive(Debug, Clone, PartialEq)]
pub enum Recipe {
    Auto,
    Phases(Vec<Phase>),
}

impl Serialize for Recipe {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Phases(phases) => phases.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Recipe {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Recipe;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("`auto` or a list of phases, as `[{objective: warm_start}, {objective: path_gradient}]`")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Recipe, E> {
                if text == "auto" {
                    Ok(Recipe::Auto)
                } else {
                    Err(E::invalid_value(serde::de::Unexpected::Str(text), &self))
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Recipe, A::Error> {
                let mut phases = Vec::new();
                while let Some(phase) = items.next_element()? {
                    phases.push(phase);
                }
                Ok(Recipe::Phases(phases))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// A number, or two: at the beginning and at the end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ramp(pub f64, pub f64);

impl Serialize for Ramp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 == self.1 { self.0.serialize(serializer) } else { [self.0, self.1].serialize(serializer) }
    }
}

impl<'de> Deserialize<'de> for Ramp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrTwo;

        impl<'de> Visitor<'de> for OneOrTwo {
            type Value = Ramp;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a number, or two in a list: at the beginning and at the end")
            }

            fn visit_f64<E>(self, value: f64) -> Result<Ramp, E> {
                Ok(Ramp(value, value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Ramp, E> {
                Ok(Ramp(value as f64, value as f64))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Ramp, A::Error> {
                use serde::de::Error;
                let values: (Option<f64>, Option<f64>) = (items.next_element()?, items.next_element()?);
                match (values, items.next_element::<f64>()?) {
                    ((Some(from), Some(to)), None) => Ok(Ramp(from, to)),
                    _ => Err(A::Error::custom("expected two numbers in the list, at the beginning and at the end")),
                }
            }
        }

        deserializer.deserialize_any(OneOrTwo)
    }
}
