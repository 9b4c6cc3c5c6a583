//! The specification of a flow: everything about it except its numbers.

use flowstill_kernel::{Activation, Made};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A flow: a standard-normal base of `dim` coordinates and a chain of bijections.
///
/// `layers` are listed from the base to the data: `forward` (sampling) applies them first to last, `inverse`
/// (density) last to first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowSpec {
    pub dim: usize,
    pub layers: Vec<LayerSpec>,
}

/// One bijection of the chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerSpec {
    /// `x_i = μ_i(v_<i) + e^{α_i(v_<i)}·z_i`, see [`Autoregressive`].
    Autoregressive(Autoregressive),
    /// `x = e^{log_scale} ⊙ z + shift`, one scale and shift per coordinate (Glow, Kingma & Dhariwal 2018, §3.1).
    /// `orientation` says which side the data-dependent start normalises: the base side for [`Orientation::Maf`],
    /// the data side for [`Orientation::Iaf`].
    ActNorm { orientation: Orientation },
    /// Batch normalisation as a bijection (MAF, Papamakarios et al. 2017, §3.1). With minibatch statistics in
    /// training; [`crate::fold::fold_batch_norm`] turns it into the diagonal affine map it is afterwards.
    BatchNorm { orientation: Orientation },
}

/// Which variable the conditioner reads, and so which direction takes one pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Orientation {
    /// Reads the data side `x_<i`: density in 1 pass, sampling in `dim` sequential steps.
    Maf,
    /// Reads the base side `z_<i`: sampling (with its density) in 1 pass, density of foreign points in `dim` steps.
    Iaf,
}

/// An affine autoregressive layer whose conditioner is a MADE (Germain et al. 2015).
///
/// With `v = x` ([`Orientation::Maf`]) or `v = z` ([`Orientation::Iaf`]): `x_i = μ_i(v_<i) + e^{α_i(v_<i)}·z_i`,
/// where "before" is in the sense of `order`, and `α = a / (1 + |a|/clip)` is the soft-clipped output `a`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Autoregressive {
    pub orientation: Orientation,
    /// `order[i]` is the coordinate that comes i-th.
    pub order: Vec<usize>,
    /// Widths of the hidden layers; empty for a linear conditioner.
    pub hidden: Vec<usize>,
    pub activation: Activation,
    /// Bound `c` of the soft clip: `|α| < c`.
    pub log_scale_clip: f64,
    /// Whether the hidden layers after the first are residual blocks of two (He et al. 2016).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub residual: bool,
}

impl Autoregressive {
    /// The conditioner's network: two outputs (shift, raw log-scale) per coordinate.
    pub fn made(&self) -> Made {
        let made = Made::new(self.order.len(), &self.hidden, 2, self.activation);
        if self.residual { made.residual().expect("a checked specification has blocks of equal widths") } else { made }
    }
}

/// Bounds of the log-scale clip: below, layers could hardly scale; above, `e^α` is beyond single precision.
pub const LEAST_CLIP: f64 = 1e-3;
/// See [`LEAST_CLIP`].
pub const MOST_CLIP: f64 = 80.0;

/// Most hidden layers.
const DEEPEST: usize = 1024;

/// Largest dimension, width and number of layers: products of them stay far from overflow.
const MOST: usize = 1 << 20;

/// What is wrong with a specification.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum SpecError {
    #[error("a flow needs at least one dimension")]
    NoDimension,
    #[error("a flow needs at least one layer")]
    NoLayer,
    #[error("layer {layer}: order must be a permutation of 0…{last}, got {order:?}")]
    BadOrder { layer: usize, last: usize, order: Vec<usize> },
    #[error("layer {layer}: {found} hidden layers, expected at most {DEEPEST}")]
    TooDeep { layer: usize, found: usize },
    #[error("layer {layer}: a hidden layer needs at least one unit")]
    EmptyHidden { layer: usize },
    #[error("{what} is {found}, expected at most {MOST}")]
    TooLarge { what: &'static str, found: usize },
    #[error(
        "layer {layer}: residual blocks need an odd number of hidden layers of one width (one, and two for each block), \
         got {hidden:?}"
    )]
    BadResidual { layer: usize, hidden: Vec<usize> },
    #[error("layer {layer}: the log-scale clip must be a number from {LEAST_CLIP} to {MOST_CLIP}")]
    BadClip { layer: usize },
}

impl FlowSpec {
    /// Checks what the types cannot say: sizes, permutations, bounds.
    pub fn validate(&self) -> Result<(), SpecError> {
        if self.dim == 0 {
            return Err(SpecError::NoDimension);
        }
        if self.layers.is_empty() {
            return Err(SpecError::NoLayer);
        }
        let widths = self.layers.iter().filter_map(|layer| match layer {
            LayerSpec::Autoregressive(a) => a.hidden.iter().copied().max().map(|width| ("a hidden width", width)),
            _ => None,
        });
        let sizes = [("the dimension", self.dim), ("the number of layers", self.layers.len())];
        if let Some((what, found)) = widths.chain(sizes).find(|(_, size)| *size > MOST) {
            return Err(SpecError::TooLarge { what, found });
        }
        for (layer, spec) in self.layers.iter().enumerate() {
            if let LayerSpec::Autoregressive(a) = spec {
                if a.hidden.len() > DEEPEST {
                    return Err(SpecError::TooDeep { layer, found: a.hidden.len() });
                }
                let mut sorted = a.order.clone();
                sorted.sort_unstable();
                if !sorted.iter().copied().eq(0..self.dim) {
                    return Err(SpecError::BadOrder { layer, last: self.dim - 1, order: a.order.clone() });
                }
                if a.hidden.contains(&0) {
                    return Err(SpecError::EmptyHidden { layer });
                }
                let blocks = a.hidden.len() % 2 == 1 && a.hidden.iter().all(|width| *width == a.hidden[0]);
                if a.residual && !blocks {
                    return Err(SpecError::BadResidual { layer, hidden: a.hidden.clone() });
                }
                if !(a.log_scale_clip >= LEAST_CLIP && a.log_scale_clip <= MOST_CLIP) {
                    return Err(SpecError::BadClip { layer });
                }
            }
        }
        Ok(())
    }

    /// Whether a row's result depends on the other rows of its batch (batch normalisation in training).
    pub fn couples_rows(&self) -> bool {
        self.layers.iter().any(|l| matches!(l, LayerSpec::BatchNorm { .. }))
    }
}

impl LayerSpec {
    /// The kind of layer, as errors and descriptions name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Autoregressive(_) => "autoregressive",
            Self::ActNorm { .. } => "act_norm",
            Self::BatchNorm { .. } => "batch_norm",
        }
    }
}
