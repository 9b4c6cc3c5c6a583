//! The kinds of layer that an architecture repeats, and what can stand between them and below them.

use crate::spec::{LayerSpec, Orientation};
use flowstill_kernel::Univariate;
use flowstill_kernel::rows::{Covariance, Form, LogDet, Permutation, Ridge, RowSpec, Smooth, Solver, Trace};
use flowstill_kernel::univariate::{Base as Standard, Distribution};
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
    /// A given order of the coordinates.
    Permutation { order: Vec<usize> },
    /// Each coordinate by itself.
    Elementwise,
    /// Each coordinate by itself, by the distribution function of a mixture onto a uniform base.
    Cdf,
    /// [`flowstill_kernel::rows::Residual`]
    Residual { activation: Smooth, lipschitz: f64, log_det: Exactness<Roulette> },
    /// [`flowstill_kernel::rows::Continuous`]
    Continuous { activation: Smooth, solver: Solver, trace: Exactness<Hutchinson> },
    /// [`flowstill_kernel::rows::GaussianMixture`]: a teacher of this family alone is fitted by EM, all others by gradient.
    GaussianMixture { components: usize, covariance: Covariance },
}

/// How a number that costs a pass per dimension is had: exactly, by an unbiased estimate, or in whichever of these ways
/// costs less.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Exactness<E> {
    /// exact up to [`EXACT`] dimensions, else this estimate
    Auto(E),
    Exact,
    Estimate(E),
}

/// Dimensions up to which an exact number costs little more than an estimate.
pub const EXACT: usize = 16;

impl<E: Copy> Exactness<E> {
    /// The estimate, if it is to be taken in `dim` dimensions.
    pub fn estimate(self, dim: usize) -> Option<E> {
        match self {
            Self::Estimate(estimate) => Some(estimate),
            Self::Auto(estimate) => (dim > EXACT).then_some(estimate),
            Self::Exact => None,
        }
    }
}

/// See [`LogDet::Roulette`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roulette {
    pub terms: usize,
    pub probability: f64,
}

/// See [`Trace::Hutchinson`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hutchinson {
    pub probes: usize,
}

/// The network that gives the parameters of the maps in an autoregressive or coupling layer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Conditioner {
    /// a masked multilayer perceptron with the architecture's hidden layers
    #[default]
    Mlp,
    /// [`flowstill_kernel::rows::Transformer`]
    Transformer { blocks: usize, width: usize, heads: usize },
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
    /// the last coordinate becomes the first
    Reverse,
}

impl Factors {
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
            Self::Reverse => RowSpec::Permutation { order: Permutation::reverse(dim).order },
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
    /// Student's t with learned degrees of freedom, location and scale of each coordinate
    StudentT,
    Logistic,
    /// from 0 to 1
    Uniform,
    /// a mixture of Gaussians, learned together with the layers
    Mixture {
        components: usize,
        covariance: Covariance,
        start: Start,
    },
}

/// Where the mixture of a teacher's base starts; a student's starts at random.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// fitted by expectation maximisation to what the layers make of the training rows
    #[default]
    Em,
    /// nearly the standard normal distribution, of components that differ
    Random,
}

impl Base {
    /// Its layer, if it has one.
    pub(crate) fn layer(&self, orientation: Orientation) -> Option<LayerSpec> {
        let map = match self {
            Self::Normal => return None,
            Self::Diagonal => RowSpec::Linear(Form::Diagonal),
            Self::StudentT => RowSpec::Elementwise { univariate: Univariate::StudentT },
            Self::Logistic => standard(Distribution::Logistic),
            Self::Uniform => standard(Distribution::Uniform),
            Self::Mixture { components, covariance, .. } => {
                RowSpec::GaussianMixture { components: *components, covariance: *covariance }
            }
        };
        Some(LayerSpec::Rowwise { map, orientation })
    }
}

/// The map from the standard normal distribution to another one, in each coordinate.
fn standard(distribution: Distribution) -> RowSpec {
    RowSpec::Elementwise { univariate: Univariate::Base(Standard { distribution }) }
}

/// The log-det of a residual layer in `dim` dimensions; `seed` is that of its estimates.
pub(crate) fn log_det(choice: Exactness<Roulette>, dim: usize, seed: u64) -> LogDet {
    match choice.estimate(dim) {
        None => LogDet::Exact,
        Some(Roulette { terms, probability }) => LogDet::Roulette { terms, probability, seed },
    }
}

/// The trace in a continuous layer, likewise.
pub(crate) fn trace(choice: Exactness<Hutchinson>, dim: usize, seed: u64) -> Trace {
    match choice.estimate(dim) {
        None => Trace::Exact,
        Some(Hutchinson { probes }) => Trace::Hutchinson { probes, seed },
    }
}
