//! The kinds of layer that an architecture repeats, and what can stand between them and below them.

use crate::spec::{LayerSpec, Orientation};
use flowstill_kernel::rows::{Form, Permutation, Ridge, RowSpec};
use rand::Rng;
use serde::{Deserialize, Serialize};

/// The kind of layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Family {
    /// Each coordinate is mapped with parameters that depend on the earlier ones: MAF (Papamakarios, Pavlakou & Murray
    /// 2017) or IAF (Kingma et al. 2016).
    Autoregressive,
    /// One part of the coordinates determines the other: NICE (Dinh, Krueger & Bengio 2014), RealNVP (Dinh,
    /// Sohl-Dickstein & Bengio 2017).
    Coupling,
    /// [`flowstill_kernel::rows::Planar`]
    Planar { function: Ridge },
    /// [`flowstill_kernel::rows::Radial`]
    Radial,
    /// A matrix with a shift, in factors.
    Linear { factors: Factors },
    /// Each coordinate by itself.
    Elementwise,
}

/// How a linear map is parametrised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Factors {
    /// `P·L·(U + diag s)` with a random permutation `P`
    Plu,
    /// reflections and an upper triangle, a QR decomposition
    Householder,
    /// an even number of reflections: a rotation
    Rotation,
    /// lower triangular with a positive diagonal
    Triangular,
    /// one scale per coordinate
    Diagonal,
    /// a random permutation, without parameters or shift
    Permutation,
}

impl Factors {
    pub const ALL: [Self; 6] =
        [Self::Plu, Self::Householder, Self::Rotation, Self::Triangular, Self::Diagonal, Self::Permutation];

    /// The name in YAML.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plu => "plu",
            Self::Householder => "householder",
            Self::Rotation => "rotation",
            Self::Triangular => "triangular",
            Self::Diagonal => "diagonal",
            Self::Permutation => "permutation",
        }
    }

    /// The map of `dim` coordinates; `rng` draws its permutation, if it has one.
    pub fn map(self, dim: usize, rng: &mut impl Rng) -> RowSpec {
        match self {
            Self::Plu => RowSpec::Linear(Form::plu(Permutation::random(dim, rng).order)),
            Self::Householder => RowSpec::Householder { reflections: dim, triangle: true },
            // with an even number up to the dimension every rotation is reached
            Self::Rotation => RowSpec::Householder { reflections: (dim / 2 * 2).max(2), triangle: false },
            Self::Triangular => RowSpec::Linear(Form::Triangular),
            Self::Diagonal => RowSpec::Linear(Form::Diagonal),
            Self::Permutation => RowSpec::Permutation { order: Permutation::random(dim, rng).order },
        }
    }
}

/// What the layers start from. All of them are maps of the standard normal distribution, which stays the base of the
/// specification: a base with another shape is its first layer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Base {
    #[default]
    Normal,
    /// normal with a learned mean and standard deviation of each coordinate
    Diagonal,
}

impl Base {
    /// Its layer, if it has one.
    pub(crate) fn layer(&self, orientation: Orientation) -> Option<LayerSpec> {
        let map = match self {
            Self::Normal => return None,
            Self::Diagonal => RowSpec::Linear(Form::Diagonal),
        };
        Some(LayerSpec::Rowwise { map, orientation })
    }
}
