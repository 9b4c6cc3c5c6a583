//! What a user may write of a flow: the keys that `teacher`, `student` and the links of a chain share.

use super::{Base, Conditioner, Map, Model, Objective, OrNone, Recipe, Training};
use flowstill_model::{Activation, Factors, Normalisation, OrderRule};
use serde::{Deserialize, Serialize};

/// A section with the keys of a flow and some of its own.
macro_rules! flow_section {
    ($(#[$about:meta])* $section:ident { $($(#[$doc:meta])* $key:ident: $kind:ty,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $section {
            /// The family of flows; `flowstill families` lists them with their settings, given as
            /// `{planar: {function: arctan}}`. A teacher's default is `maf`, a student's `iaf`.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub model: Option<Model>,
            /// Number of layers, 1 to 1000. Default 5 for `maf`, `iaf` and `coupling`, 16 for `planar`,
            /// `radial` and `residual`, else 1.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub layers: Option<i64>,
            /// Widths of the hidden layers of each network; `[]` makes a conditioner linear. Default [128, 128], for
            /// one of 32 for `residual`, two of 64 for `continuous`.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub hidden: Option<Vec<i64>>,
            /// Hidden units: `relu`, `leaky_relu`, `tanh`, `elu`, `softplus`, `sigmoid`. Default `relu`.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub activation: Option<Activation>,
            /// Order of the coordinates from layer to layer: `reverse`, `random`, `same` or `alternating`. In a coupling
            /// the first half determines the rest: so halves, random masks or checkerboards. Default `reverse`.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub order: Option<OrderRule>,
            /// Layer between layers: `none`, `act_norm` or `batch_norm`. Default `none`.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub normalisation: Option<Normalisation>,
            /// Linear map between layers: `none`, `permutation`, `plu`, `householder`, `rotation`, `triangular`,
            /// `diagonal` or `reverse`. Default `none`.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub mixing: Option<OrNone<Factors>>,
            /// Soft bound on the log-scales of affine layers, 0.001 to 80. Default 5.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub log_scale_clip: Option<f64>,
            /// Whether the hidden layers after the first are residual blocks of two; `hidden` then lists an odd number of
            /// equal widths. Default false.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub residual: Option<bool>,
            /// The network of each layer: `mlp`, masked or of the coordinates that determine the others, or
            /// `transformer`, also as `{transformer: {blocks: 2, width: 32, heads: 4}}`. Default `mlp`.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub conditioner: Option<Conditioner>,
            /// What is done to each coordinate: `affine`, `additive` (NICE, with a scaling layer at the base),
            /// `rational_quadratic`, `b_spline`, `mixture`, `positive_sum`, `sinh_arcsinh`, `leaky_relu` or `student_t`; in a chain
            /// also the maps from and onto intervals `sigmoid`, `logit`, `tanh`, `artanh`, `softplus` and
            /// `softplus_inverse`. With settings as
            /// `{rational_quadratic: {bins: 8, bound: 4}}`. Default `affine`, for `cdf` `mixture`.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub map: Option<Map>,
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $key: $kind,)*
        }

        impl $section {
            /// The keys of a flow.
            pub fn link(&self) -> Link {
                Link {
                    model: self.model.clone(),
                    layers: self.layers,
                    hidden: self.hidden.clone(),
                    activation: self.activation,
                    order: self.order,
                    normalisation: self.normalisation,
                    mixing: self.mixing,
                    log_scale_clip: self.log_scale_clip,
                    residual: self.residual,
                    conditioner: self.conditioner.clone(),
                    map: self.map.clone(),
                }
            }

            /// A section with these keys of a flow and none of its own.
            #[allow(clippy::needless_update, reason = "a link has no keys but these")]
            pub fn of(link: Link) -> Self {
                Self {
                    model: link.model,
                    layers: link.layers,
                    hidden: link.hidden,
                    activation: link.activation,
                    order: link.order,
                    normalisation: link.normalisation,
                    mixing: link.mixing,
                    log_scale_clip: link.log_scale_clip,
                    residual: link.residual,
                    conditioner: link.conditioner,
                    map: link.map,
                    ..Self::default()
                }
            }
        }
    };
}

flow_section! {
    /// One part of a chain.
    Link {}
}

flow_section! {
    /// The teacher: a flow that is fitted to the rows; or, with `model: truth` and no other key, the known density of the
    /// data.
    Teacher {
        /// What the layers start from: `normal`, `diagonal`, `student_t`, `logistic`, `uniform` or `mixture`, also as
        /// `{mixture: {components: 8}}`. Default `normal`.
        base: Option<Base>,
        /// In place of `model` and the keys of its layers: parts of the flow, from base to data, each with keys as
        /// above.
        chain: Option<Vec<Link>>,
        /// Maximum likelihood on the training rows, by gradient. A mixture of Gaussians is fitted by EM, for which `steps` are
        /// iterations, 500 by default, and `patience` is 20; it has no other keys.
        training: Option<Training>,
        /// Of pictures, whether the noise that makes pixels real numbers is drawn anew in every epoch. Default false.
        fresh_noise: Option<bool>,
        /// Probability with which a hidden unit of `mlp` conditioners is left out of a training step, below 1. Default 0.
        dropout: Option<f64>,
    }
}

flow_section! {
    /// The student: a flow that samples in one pass. The keys of its architecture default to the teacher's values where
    /// both are made of conditioned layers (`maf`, `iaf`, `coupling`), or are of one family.
    Student {
        /// As for the teacher.
        base: Option<Base>,
        /// As for the teacher.
        chain: Option<Vec<Link>>,
        /// How it is distilled: `auto`, phases chosen by what is measured on the way, of `training.steps` steps in all; or
        /// a list of phases. Default `auto`.
        recipe: Option<Recipe>,
        /// In place of a recipe, the one objective of its only phase, with the settings of `training`.
        objective: Option<Objective>,
        /// Distillation; its defaults are its own, not the teacher's. Phases of a recipe take from here what they do not
        /// say themselves.
        training: Option<Training>,
    }
}

impl Link {
    /// The keys that are given.
    pub fn given(&self) -> Vec<&'static str> {
        super::choice::given([
            ("model", self.model.is_some()),
            ("layers", self.layers.is_some()),
            ("hidden", self.hidden.is_some()),
            ("activation", self.activation.is_some()),
            ("order", self.order.is_some()),
            ("normalisation", self.normalisation.is_some()),
            ("mixing", self.mixing.is_some()),
            ("log_scale_clip", self.log_scale_clip.is_some()),
            ("residual", self.residual.is_some()),
            ("conditioner", self.conditioner.is_some()),
            ("map", self.map.is_some()),
        ])
    }
}
