//! What maps cost, counted rather than timed.

use super::{Covariance, Form, LogDet, RowSpec, Trace, Transformer};
use crate::Univariate;

/// The cost of a map for one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowCost {
    /// of products with parameters: of one evaluation, where the map takes several rounds of them; functions of single numbers are not
    /// counted
    pub multiply_adds: u64,
    pub closed: Way,
    pub solved: Way,
}

/// How a direction is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// outright
    Once,
    /// one coordinate after the other, every unit once
    Steps,
    /// in rounds whose number depends on the row
    Rounds,
}

impl RowSpec {
    /// What the map costs in `dim` dimensions.
    pub fn cost(&self, dim: usize) -> RowCost {
        let triangle = dim * (dim + 1) / 2;
        let (multiply_adds, closed, solved) = match self {
            Self::Elementwise { univariate } => (0, Way::Once, solved(univariate)),
            Self::Planar { .. } => (2 * dim, Way::Once, Way::Rounds),
            Self::Radial => (2 * dim, Way::Once, Way::Once),
            Self::Linear(form) => {
                let count = match form {
                    Form::Plu { .. } => dim * dim,
                    Form::Triangular => triangle,
                    Form::Diagonal => dim,
                    Form::Shift => 0,
                };
                (count, Way::Once, Way::Once)
            }
            Self::Householder { reflections, triangle: with } => {
                (2 * reflections * dim + if *with { triangle } else { 0 }, Way::Once, Way::Once)
            }
            Self::Permutation { .. } => (0, Way::Once, Way::Once),
            Self::GaussianMixture { components, covariance } => {
                let each = if *covariance == Covariance::Full { triangle } else { dim };
                (components * each, Way::Once, Way::Rounds)
            }
            Self::Residual { hidden, log_det, .. } => {
                let passes = match log_det {
                    LogDet::Exact => 1 + dim,
                    // those that are always taken, and as many more as are expected
                    LogDet::Roulette { terms, probability, .. } => {
                        1 + terms + ((1.0 - probability) / probability).round() as usize
                    }
                };
                (passes * weights(dim, hidden, dim), Way::Once, Way::Rounds)
            }
            Self::Continuous { hidden, trace, .. } => {
                let tangents = match trace {
                    Trace::Exact => dim,
                    Trace::Hutchinson { probes, .. } => *probes,
                };
                ((1 + tangents) * weights(dim + 1, hidden, dim), Way::Rounds, Way::Rounds)
            }
            Self::Transformer(transformer) => {
                let solved = if transformer.identity.is_some() { Way::Once } else { Way::Steps };
                (attention(transformer, dim), Way::Once, solved)
            }
        };
        RowCost { multiply_adds: multiply_adds as u64, closed, solved }
    }
}

fn weights(inputs: usize, hidden: &[usize], outputs: usize) -> usize {
    let widths: Vec<usize> = [inputs].iter().chain(hidden).chain([&outputs]).copied().collect();
    widths.windows(2).map(|pair| pair[0] * pair[1]).sum()
}

/// Four square maps and two of four times the width for each token, the attention to those it sees, and the outputs.
fn attention(transformer: &Transformer, dim: usize) -> usize {
    let Transformer { identity, blocks, width, map, .. } = transformer;
    let seen = identity.map_or(dim * (dim + 1) / 2, |identity| identity * dim);
    blocks * (dim * 12 * width * width + 2 * seen * width) + dim * width * map.parameters()
}

fn solved(univariate: &Univariate) -> Way {
    match univariate {
        Univariate::BSpline(_) | Univariate::Mixture(_) | Univariate::PositiveSum(_) | Univariate::StudentT => {
            Way::Rounds
        }
        _ => Way::Once,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Smooth;
    use super::*;

    #[test]
    fn a_residual_map_costs_a_pass_per_tangent_or_term() {
        let cost = |log_det| {
            let map = RowSpec::Residual { hidden: vec![4, 5], activation: Smooth::Tanh, lipschitz: 0.9, log_det };
            map.cost(3)
        };
        // 3·4 + 4·5 + 5·3 weights
        assert_eq!(cost(LogDet::Exact), RowCost { multiply_adds: 4 * 47, closed: Way::Once, solved: Way::Rounds });
        assert_eq!(cost(LogDet::Roulette { terms: 2, probability: 0.25, seed: 0 }).multiply_adds, 6 * 47);
    }

    #[test]
    fn factors_cost_their_entries() {
        let count = |form| RowSpec::Linear(form).cost(4).multiply_adds;
        assert_eq!([count(Form::plu(vec![0, 1, 2, 3])), count(Form::Triangular), count(Form::Diagonal)], [16, 10, 4]);
        assert_eq!(RowSpec::Householder { reflections: 3, triangle: true }.cost(4).multiply_adds, 34);
    }
}
