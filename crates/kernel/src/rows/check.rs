//! What no map can be built of, and why.

use super::{Form, LogDet, RowSpec, Solver, Trace};
use crate::univariate::SettingError;
use thiserror::Error;

/// Largest dimension and number of reflections and components: products of them stay far from overflow.
const MOST: usize = 1 << 20;

/// Most parameters of one map: 2 GiB of them in double precision.
const MOST_PARAMETERS: usize = 1 << 28;

/// Most hidden layers of a network.
const DEEPEST: usize = 64;

/// Above it, solving would take thousands of steps.
const MOST_LIPSCHITZ: f64 = 0.99;

/// What is wrong with a [`RowSpec`].
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum RowError {
    #[error("rows have from 1 to {MOST} dimensions, got {0}")]
    BadDimension(usize),
    #[error("order must be a permutation of 0…{last}, got {order:?}")]
    BadOrder { last: usize, order: Vec<usize> },
    #[error("signs must be {dim} numbers that are 1 or -1, got {signs:?}")]
    BadSigns { dim: usize, signs: Vec<i8> },
    #[error("a householder map takes from 1 to {MOST} reflections, got {0}")]
    BadReflections(usize),
    #[error("a mixture of Gaussians takes from 1 to {MOST} components, got {0}")]
    BadComponents(usize),
    #[error(
        "a {kind} map of {dim} dimensions would have {found} parameters, expected at most {MOST_PARAMETERS}; a diagonal or \
         elementwise map has a few per dimension"
    )]
    TooLarge { kind: &'static str, dim: usize, found: usize },
    #[error("a network has up to {DEEPEST} hidden layers of 1 to {MOST} units, got {0:?}")]
    BadHidden(Vec<usize>),
    #[error("lipschitz must be from 0.01 to {MOST_LIPSCHITZ}, got {0}")]
    BadLipschitz(String),
    #[error("a roulette takes from 1 to 1000 terms and a probability from 0.01 to 0.99, got {terms} and {probability}")]
    BadRoulette { terms: usize, probability: String },
    #[error("a solver takes a tolerance from 1e-13 to 0.1, got {0}")]
    BadTolerance(String),
    #[error("{what} must be from 1 to {most}, got {found}")]
    BadCount { what: &'static str, most: usize, found: usize },
    #[error(
        "{what} makes whole jacobians and takes up to {} dimensions, got {dim}; {instead} takes any number",
        LogDet::MOST_EXACT
    )]
    TooWide { what: &'static str, instead: &'static str, dim: usize },
    #[error("a coupling needs two dimensions or more, as some determine the others, got 1; leave out identity")]
    NothingToCouple,
    #[error("a transformer's {what} must be {expected}, got {found}")]
    BadTransformer { what: &'static str, expected: String, found: usize },
    #[error(transparent)]
    Setting(#[from] SettingError),
}

impl RowSpec {
    /// Checks what the types cannot say, for rows of `dim` numbers. The other methods want a specification that has passed.
    pub fn check(&self, dim: usize) -> Result<(), RowError> {
        if !(1..=MOST).contains(&dim) {
            return Err(RowError::BadDimension(dim));
        }
        match self {
            Self::Permutation { order } => check_order(dim, order)?,
            Self::Linear(Form::Plu { order, signs }) => {
                check_order(dim, order)?;
                if signs.len() != dim || signs.iter().any(|sign| ![1, -1].contains(sign)) {
                    return Err(RowError::BadSigns { dim, signs: signs.clone() });
                }
            }
            Self::Householder { reflections, .. } if !(1..=MOST).contains(reflections) => {
                return Err(RowError::BadReflections(*reflections));
            }
            Self::GaussianMixture { components, .. } if !(1..=MOST).contains(components) => {
                return Err(RowError::BadComponents(*components));
            }
            Self::Elementwise { univariate } => univariate.check()?,
            Self::Residual { hidden, lipschitz, log_det, .. } => {
                check_hidden(hidden)?;
                if !(0.01..=MOST_LIPSCHITZ).contains(lipschitz) {
                    return Err(RowError::BadLipschitz(lipschitz.to_string()));
                }
                match *log_det {
                    LogDet::Exact => check_exact("log_det: exact", "roulette", dim)?,
                    LogDet::Roulette { terms, probability, .. } => {
                        if !((1..=1000).contains(&terms) && (0.01..=0.99).contains(&probability)) {
                            return Err(RowError::BadRoulette { terms, probability: probability.to_string() });
                        }
                    }
                }
            }
            Self::Continuous { hidden, solver, trace, .. } => {
                check_hidden(hidden)?;
                match *solver {
                    Solver::Adaptive { tolerance } if !(1e-13..=0.1).contains(&tolerance) => {
                        return Err(RowError::BadTolerance(tolerance.to_string()));
                    }
                    Solver::Fixed { steps } => check_count("steps", 10_000, steps)?,
                    Solver::Adaptive { .. } => {}
                }
                match *trace {
                    Trace::Exact => check_exact("trace: exact", "hutchinson", dim)?,
                    Trace::Hutchinson { probes, .. } => check_count("probes", 1000, probes)?,
                }
            }
            Self::Planar { .. }
            | Self::Radial
            | Self::Linear(_)
            | Self::Householder { .. }
            | Self::GaussianMixture { .. } => {}
            Self::Transformer(transformer) => transformer.check(dim)?,
        }
        match self.parameters(dim) {
            found if found > MOST_PARAMETERS => Err(RowError::TooLarge { kind: self.kind(), dim, found }),
            _ => Ok(()),
        }
    }
}

fn check_hidden(hidden: &[usize]) -> Result<(), RowError> {
    let built = hidden.len() <= DEEPEST && hidden.iter().all(|width| (1..=MOST).contains(width));
    if built { Ok(()) } else { Err(RowError::BadHidden(hidden.to_vec())) }
}

fn check_count(what: &'static str, most: usize, found: usize) -> Result<(), RowError> {
    if (1..=most).contains(&found) { Ok(()) } else { Err(RowError::BadCount { what, most, found }) }
}

/// `what` is possible in so many dimensions; `instead` in any number.
fn check_exact(what: &'static str, instead: &'static str, dim: usize) -> Result<(), RowError> {
    if dim <= LogDet::MOST_EXACT { Ok(()) } else { Err(RowError::TooWide { what, instead, dim }) }
}

pub(super) fn check_order(dim: usize, order: &[usize]) -> Result<(), RowError> {
    let mut sorted = order.to_vec();
    sorted.sort_unstable();
    if sorted.into_iter().eq(0..dim) {
        Ok(())
    } else {
        Err(RowError::BadOrder { last: dim - 1, order: order.to_vec() })
    }
}
