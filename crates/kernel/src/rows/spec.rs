//! Maps of rows by name, as checkpoints hold them.

use super::{
    Continuous, Covariance, Elementwise, Form, GaussianMixture, Householder, Linear, LogDet, Permutation, Planar,
    Radial, Residual, Ridge, RowMap, Smooth, Solver, Trace, Transformer,
};
use crate::Real;
use crate::univariate::Univariate;
use rand::Rng;
use serde::{Deserialize, Serialize};

/// A map of rows, except for its dimension and its numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RowSpec {
    /// One univariate map per coordinate: [`Elementwise`].
    Elementwise { univariate: Univariate },
    /// Along one vector: [`Planar`].
    Planar { function: Ridge },
    /// Away from one point: [`Radial`].
    Radial,
    /// A matrix in triangular factors, and a shift: [`Linear`].
    Linear(Form),
    /// A product of reflections, with `triangle` after an upper triangular matrix: [`Householder`].
    Householder { reflections: usize, triangle: bool },
    /// `y_i = u_{order[i]}`: [`Permutation`].
    Permutation { order: Vec<usize> },
    /// Conditional distribution functions of a mixture of Gaussians, which is then the base: [`GaussianMixture`].
    GaussianMixture { components: usize, covariance: Covariance },
    /// `y = u + g(u)` with a contraction `g`: [`Residual`].
    Residual { hidden: Vec<usize>, activation: Smooth, lipschitz: f64, log_det: LogDet },
    /// The solution of a differential equation: [`Continuous`].
    Continuous { hidden: Vec<usize>, activation: Smooth, solver: Solver, trace: Trace },
    /// Autoregressive or coupling, with a Transformer: [`Transformer`].
    Transformer(Transformer),
}

/// Evaluates the body for whichever map it is.
macro_rules! each {
    ($spec:expr, $dim:expr, $map:ident => $body:expr) => {{
        let dim = $dim;
        match $spec {
            RowSpec::Elementwise { univariate } => {
                let $map = Elementwise { dim, univariate: univariate.clone() };
                $body
            }
            RowSpec::Planar { function } => {
                let $map = Planar { dim, function: *function };
                $body
            }
            RowSpec::Radial => {
                let $map = Radial { dim };
                $body
            }
            RowSpec::Linear(form) => {
                let $map = Linear { dim, form: form.clone() };
                $body
            }
            RowSpec::Householder { reflections, triangle } => {
                let $map = Householder { dim, reflections: *reflections, triangle: *triangle };
                $body
            }
            RowSpec::Permutation { order } => {
                let $map = Permutation { order: order.clone() };
                $body
            }
            RowSpec::GaussianMixture { components, covariance } => {
                let $map = GaussianMixture { dim, components: *components, covariance: *covariance };
                $body
            }
            RowSpec::Residual { hidden, activation, lipschitz, log_det } => {
                let (hidden, log_det) = (hidden.clone(), log_det.clone());
                let $map = Residual { dim, hidden, activation: *activation, lipschitz: *lipschitz, log_det };
                $body
            }
            RowSpec::Continuous { hidden, activation, solver, trace } => {
                let (hidden, activation, solver, trace) = (hidden.clone(), *activation, *solver, *trace);
                let $map = Continuous { dim, hidden, activation, solver, trace };
                $body
            }
            RowSpec::Transformer(transformer) => {
                let $map = transformer.clone();
                $body
            }
        }
    }};
}

impl RowSpec {
    /// The kind of map, as errors and descriptions name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Elementwise { .. } => "elementwise",
            Self::Planar { .. } => "planar",
            Self::Radial => "radial",
            Self::Linear(_) => "linear",
            Self::Householder { .. } => "householder",
            Self::Permutation { .. } => "permutation",
            Self::GaussianMixture { .. } => "gaussian_mixture",
            Self::Residual { .. } => "residual",
            Self::Continuous { .. } => "continuous",
            Self::Transformer(_) => "transformer",
        }
    }

    /// The map, in either precision.
    pub fn build<R: Real>(&self, dim: usize) -> Box<dyn RowMap<R> + Send + Sync> {
        each!(self, dim, map => Box::new(map))
    }

    /// Numbers in `θ`.
    pub fn parameters(&self, dim: usize) -> usize {
        each!(self, dim, map => RowMap::<f32>::parameters(&map))
    }

    /// Names and shapes of the tensors that `θ` holds one after another; none of them is empty.
    pub fn parts(&self, dim: usize) -> Vec<(String, Vec<usize>)> {
        each!(self, dim, map => map.parts().into_iter().map(|(name, shape)| (name.to_string(), shape)).collect())
    }

    /// Where training starts: at the identity or next to it (permutations, signs and an odd number of reflections are
    /// what they are), and never where a parameter would have no gradient from any row.
    pub fn initial(&self, dim: usize, rng: &mut impl Rng) -> Vec<f32> {
        match self {
            Self::Planar { function } => Planar { dim, function: *function }.initial(rng),
            Self::Radial => Radial { dim }.initial(rng),
            Self::Householder { reflections, triangle } => {
                Householder { dim, reflections: *reflections, triangle: *triangle }.initial(rng)
            }
            Self::GaussianMixture { components, covariance } => {
                GaussianMixture { dim, components: *components, covariance: *covariance }.initial(rng)
            }
            Self::Residual { hidden, .. } => Residual::initial(dim, hidden, rng),
            Self::Continuous { hidden, .. } => Continuous::initial(dim, hidden, rng),
            Self::Transformer(transformer) => transformer.initial(rng),
            Self::Elementwise { .. } | Self::Linear(_) | Self::Permutation { .. } => vec![0.0; self.parameters(dim)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::affine::Direction;
    use crate::noise::{Purpose, stream};
    use crate::rows::laws::noise;
    use crate::univariate::{Affine, RationalQuadratic};

    fn spline(bins: usize, bound: f64) -> RowSpec {
        RowSpec::Elementwise { univariate: Univariate::RationalQuadratic(RationalQuadratic { bins, bound }) }
    }

    fn plu(order: &[usize], signs: &[i8]) -> RowSpec {
        RowSpec::Linear(Form::Plu { order: order.to_vec(), signs: signs.to_vec() })
    }

    fn residual(hidden: &[usize], lipschitz: f64, log_det: LogDet) -> RowSpec {
        RowSpec::Residual { hidden: hidden.to_vec(), activation: Smooth::LipSwish, lipschitz, log_det }
    }

    fn continuous(solver: Solver, trace: Trace) -> RowSpec {
        RowSpec::Continuous { hidden: vec![6, 5], activation: Smooth::Tanh, solver, trace }
    }

    fn transformer(identity: Option<usize>) -> Transformer {
        let map = Univariate::Affine(Affine { log_scale_clip: 5.0 });
        Transformer {
            direction: Direction::Inverse,
            order: vec![2, 0, 1],
            identity,
            blocks: 1,
            width: 4,
            heads: 2,
            map,
        }
    }

    /// One of each kind for three dimensions, with what a checkpoint says.
    fn table() -> Vec<(RowSpec, &'static str)> {
        vec![
            (spline(4, 3.0), r#"{"elementwise":{"univariate":{"rational_quadratic":{"bins":4,"bound":3.0}}}}"#),
            (RowSpec::Planar { function: Ridge::Tanh }, r#"{"planar":{"function":"tanh"}}"#),
            (RowSpec::Radial, r#""radial""#),
            (plu(&[2, 0, 1], &[1, 1, 1]), r#"{"linear":{"plu":{"order":[2,0,1],"signs":[1,1,1]}}}"#),
            (RowSpec::Linear(Form::Triangular), r#"{"linear":"triangular"}"#),
            (RowSpec::Linear(Form::Diagonal), r#"{"linear":"diagonal"}"#),
            (RowSpec::Linear(Form::Shift), r#"{"linear":"shift"}"#),
            (
                RowSpec::Householder { reflections: 2, triangle: true },
                r#"{"householder":{"reflections":2,"triangle":true}}"#,
            ),
            (
                RowSpec::Householder { reflections: 2, triangle: false },
                r#"{"householder":{"reflections":2,"triangle":false}}"#,
            ),
            (RowSpec::Permutation { order: vec![2, 1, 0] }, r#"{"permutation":{"order":[2,1,0]}}"#),
            (
                RowSpec::GaussianMixture { components: 3, covariance: Covariance::Full },
                r#"{"gaussian_mixture":{"components":3,"covariance":"full"}}"#,
            ),
            (
                RowSpec::GaussianMixture { components: 2, covariance: Covariance::Diagonal },
                r#"{"gaussian_mixture":{"components":2,"covariance":"diagonal"}}"#,
            ),
            (
                residual(&[6, 5], 0.9, LogDet::Exact),
                r#"{"residual":{"hidden":[6,5],"activation":"lip_swish","lipschitz":0.9,"log_det":"exact"}}"#,
            ),
            (
                residual(&[6], 0.9, LogDet::Roulette { terms: 4, probability: 0.5, seed: 7 }),
                concat!(
                    r#"{"residual":{"hidden":[6],"activation":"lip_swish","lipschitz":0.9,"#,
                    r#""log_det":{"roulette":{"terms":4,"probability":0.5,"seed":7}}}}"#
                ),
            ),
            (
                continuous(Solver::Adaptive { tolerance: 1e-5 }, Trace::Exact),
                concat!(
                    r#"{"continuous":{"hidden":[6,5],"activation":"tanh","#,
                    r#""solver":{"adaptive":{"tolerance":0.00001}},"trace":"exact"}}"#
                ),
            ),
            (
                continuous(Solver::Fixed { steps: 4 }, Trace::Hutchinson { probes: 2, seed: 7 }),
                concat!(
                    r#"{"continuous":{"hidden":[6,5],"activation":"tanh","#,
                    r#""solver":{"fixed":{"steps":4}},"trace":{"hutchinson":{"probes":2,"seed":7}}}}"#
                ),
            ),
            (
                RowSpec::Transformer(transformer(None)),
                r#"{"transformer":{"direction":"inverse","order":[2,0,1],"blocks":1,"width":4,"heads":2,"map":{"affine":{"log_scale_clip":5.0}}}}"#,
            ),
            (
                RowSpec::Transformer(transformer(Some(2))),
                r#"{"transformer":{"direction":"inverse","order":[2,0,1],"identity":2,"blocks":1,"width":4,"heads":2,"map":{"affine":{"log_scale_clip":5.0}}}}"#,
            ),
        ]
    }

    #[test]
    fn checkpoints_name_the_maps() {
        for (spec, json) in table() {
            assert_eq!(serde_json::to_string(&spec).unwrap(), json);
            assert_eq!(serde_json::from_str::<RowSpec>(json).unwrap(), spec);
            assert!(json.contains(spec.kind()), "{json}");
        }
        let unknown = r#"{"planar":{"function":"tanh","units":3}}"#;
        assert!(serde_json::from_str::<RowSpec>(unknown).unwrap_err().to_string().contains("units"));
    }

    #[test]
    fn parts_hold_all_parameters_and_none_is_empty() {
        for (spec, _) in table() {
            // an order says for how many coordinates
            let ordered = matches!(
                spec,
                RowSpec::Permutation { .. } | RowSpec::Linear(Form::Plu { .. }) | RowSpec::Transformer(_)
            );
            for dim in if ordered { vec![3] } else { vec![1, 2, 3, 8] } {
                assert_eq!(spec.check(dim), Ok(()));
                let sizes: Vec<usize> = spec.parts(dim).iter().map(|(_, shape)| shape.iter().product()).collect();
                assert!(!sizes.contains(&0), "{spec:?}: {sizes:?}");
                let (found, map) = (sizes.iter().sum::<usize>(), spec.build::<f64>(dim));
                assert_eq!((found, found, dim), (spec.parameters(dim), map.parameters(), map.dim()), "{spec:?}");
                assert_eq!(found, spec.initial(dim, &mut stream(0, Purpose::Init, 0)).len(), "{spec:?}");
            }
        }
    }

    #[test]
    fn maps_start_near_the_identity_where_every_parameter_has_a_gradient() {
        for (spec, json) in table() {
            let map = spec.build::<f64>(3);
            for seed in 0..20 {
                let theta = spec.initial(3, &mut stream(seed, Purpose::Init, 0));
                assert_eq!(theta, spec.initial(3, &mut stream(seed, Purpose::Init, 0)));
                let theta: Vec<f64> = theta.into_iter().map(f64::from).collect();
                let mut largest = vec![0.0f64; theta.len()];
                for row in 0..40 {
                    let (u, dy) = (noise(row, 3, 1.0), noise(100 + row, 3, 1.0));
                    let (mut y, mut du, mut d_theta) = ([0.0; 3], [0.0; 3], vec![0.0; theta.len()]);
                    let log_det = map.map(&theta, &u, &mut y);
                    let place = |i: usize| match &spec {
                        RowSpec::Permutation { order } | RowSpec::Linear(Form::Plu { order, .. }) => order[i],
                        _ => i,
                    };
                    let near = (0..3).all(|i| (y[i] - u[place(i)]).abs() < 0.25) && log_det.abs() < 0.25;
                    assert!(near, "{json}, seed {seed}: {u:?} {y:?} {log_det}");
                    map.gradient(&theta, &u, &dy, -1.0, &mut du, &mut d_theta);
                    largest.iter_mut().zip(d_theta).for_each(|(most, d)| *most = most.max(d.abs()));
                }
                // in a network some are small by chance
                assert!(largest.iter().all(|&d| d > 1e-6), "{json}, seed {seed}: {largest:?}");
            }
        }
    }

    #[test]
    fn what_cannot_be_built_is_refused_with_what_was_expected() {
        let wrong = |change: fn(&mut Transformer)| {
            let mut wrong = transformer(None);
            change(&mut wrong);
            RowSpec::Transformer(wrong)
        };
        for (spec, dim, expected) in [
            (RowSpec::Radial, 0, "from 1 to"),
            (RowSpec::Permutation { order: vec![0, 0, 1] }, 3, "permutation of 0…2, got [0, 0, 1]"),
            (plu(&[0, 1], &[1, 1]), 3, "permutation of 0…2, got [0, 1]"),
            (plu(&[1, 0], &[1, 0]), 2, "2 numbers that are 1 or -1, got [1, 0]"),
            (plu(&[1, 0], &[1]), 2, "2 numbers that are 1 or -1, got [1]"),
            (RowSpec::Householder { reflections: 0, triangle: true }, 2, "reflections, got 0"),
            (RowSpec::GaussianMixture { components: 0, covariance: Covariance::Full }, 2, "components, got 0"),
            (RowSpec::GaussianMixture { components: 1 << 20, covariance: Covariance::Full }, 99, "at most 268435456"),
            (
                RowSpec::Householder { reflections: usize::MAX, triangle: true },
                2,
                "reflections, got 18446744073709551615",
            ),
            (RowSpec::Linear(Form::Triangular), 1 << 16, "at most 268435456"),
            (residual(&[4, 0], 0.9, LogDet::Exact), 2, "1 to 1048576 units, got [4, 0]"),
            (residual(&[usize::MAX], 0.9, LogDet::Exact), 2, "1 to 1048576 units"),
            (residual(&[1 << 20, 1 << 20], 0.9, LogDet::Exact), 2, "at most 268435456"),
            (residual(&[4], 1.0, LogDet::Exact), 2, "from 0.01 to 0.99, got 1"),
            (residual(&[4], f64::NAN, LogDet::Exact), 2, "got NaN"),
            (residual(&[4], 0.9, LogDet::Exact), 1025, "roulette takes any number"),
            (
                residual(&[4], 0.9, LogDet::Roulette { terms: 0, probability: 0.5, seed: 0 }),
                2,
                "from 1 to 1000 terms and a probability from 0.01 to 0.99, got 0 and 0.5",
            ),
            (continuous(Solver::Adaptive { tolerance: 0.0 }, Trace::Exact), 2, "from 1e-13 to 0.1, got 0"),
            (continuous(Solver::Fixed { steps: 0 }, Trace::Exact), 2, "steps must be from 1 to 10000, got 0"),
            (
                continuous(Solver::Fixed { steps: 1 }, Trace::Hutchinson { probes: 0, seed: 0 }),
                2,
                "probes must be from 1 to 1000, got 0",
            ),
            (continuous(Solver::Fixed { steps: 1 }, Trace::Exact), 2000, "hutchinson takes any number"),
            (spline(1, 3.0), 2, "from 2 to 64, got 1"),
            (spline(65, 3.0), 2, "from 2 to 64, got 65"),
            (spline(8, f64::NAN), 2, "bound"),
            (RowSpec::Transformer(transformer(None)), 2, "permutation of 0…1"),
            (RowSpec::Transformer(transformer(Some(0))), 3, "identity must be from 1 to 2, got 0"),
            (RowSpec::Transformer(transformer(Some(3))), 3, "identity must be from 1 to 2, got 3"),
            (wrong(|t| t.blocks = 0), 3, "blocks must be from 1 to 64, got 0"),
            (wrong(|t| t.heads = 3), 3, "width must be a multiple of its 3 heads from 2 to 4096, got 4"),
            (wrong(|t| t.heads = 0), 3, "heads must be from 1 to 4096, got 0"),
            (wrong(|t| t.width = 1 << 20), 3, "from 2 to 4096, got 1048576"),
            (wrong(|t| (t.blocks, t.width) = (64, 4096)), 3, "at most 268435456"),
            (wrong(|t| t.map = Univariate::Tanh), 3, "parameters of its map must be from 1 on, got 0"),
            (wrong(|t| t.map = Univariate::Affine(Affine { log_scale_clip: 0.0 })), 3, "log_scale_clip"),
            (RowSpec::Transformer(Transformer { order: vec![0], ..transformer(Some(1)) }), 1, "two dimensions or more"),
        ] {
            let message = spec.check(dim).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}
