//! The table of flows under test, and the tools that the laws share.

use dfdx::prelude::{Cpu, Device};
use flowstill_flow::graph::{Graph, Parameters, rows};
use flowstill_flow::{Element, Flow};
use flowstill_kernel::affine::Direction;
use flowstill_kernel::noise::{Purpose, fill_gaussian};
use flowstill_kernel::rows::{Covariance, Form, LogDet, Ridge, RowSpec, Smooth, Solver, Trace, Transformer};
use flowstill_kernel::univariate::{
    Affine, BSpline, Base, Distribution, Kernel, Mixture, PositiveSum, RationalQuadratic, Univariate,
};
use flowstill_model::{Activation, Autoregressive, FlowSpec, LayerSpec, Layout, OrderRule, Orientation, ViewKind};
use std::sync::Arc;

pub const DIMS: [usize; 5] = [1, 2, 3, 5, 8];

pub fn made(orientation: Orientation, order: Vec<usize>, hidden: &[usize], activation: Activation) -> LayerSpec {
    LayerSpec::Autoregressive(Autoregressive {
        orientation,
        order,
        hidden: hidden.to_vec(),
        activation,
        log_scale_clip: 5.0,
        residual: false,
        identity: None,
        univariate: None,
    })
}

/// Every flow under test for one dimension, with a name for messages.
pub fn table(dim: usize) -> Vec<(&'static str, FlowSpec)> {
    use Orientation::{Iaf, Maf};
    let natural: Vec<usize> = (0..dim).collect();
    let reversed: Vec<usize> = (0..dim).rev().collect();
    let random = OrderRule::Random.orders(dim, 2, 3).remove(1);
    let chain = |orientation| {
        vec![
            made(orientation, natural.clone(), &[12], Activation::Tanh),
            LayerSpec::ActNorm { orientation },
            made(orientation, reversed.clone(), &[9, 7], Activation::Softplus),
            made(orientation, random.clone(), &[], Activation::Tanh),
        ]
    };
    let one = |layer| vec![layer];
    let rowwise = |map, orientation| LayerSpec::Rowwise { map, orientation };
    let lone = |map| one(rowwise(map, Maf));
    let plu = || {
        RowSpec::Linear(Form::Plu { order: random.clone(), signs: (0..dim).map(|i| 1 - 2 * (i as i8 % 2)).collect() })
    };
    let medley = |orientation| {
        vec![
            rowwise(RowSpec::Planar { function: Ridge::Arctan }, orientation),
            rowwise(RowSpec::Householder { reflections: 2, triangle: true }, orientation),
            made(orientation, natural.clone(), &[9], Activation::Tanh),
            rowwise(RowSpec::Radial, orientation),
            rowwise(plu(), orientation),
            rowwise(RowSpec::Elementwise { univariate: spline(3) }, orientation),
        ]
    };
    let gaussians = |components, covariance| RowSpec::GaussianMixture { components, covariance };
    let base = |distribution| RowSpec::Elementwise { univariate: Univariate::Base(Base { distribution }) };
    let onto_uniform = Mixture { components: 3, kernel: Kernel::Gaussian, onto: Distribution::Uniform };
    let mut table = vec![
        ("mixture of gaussians, full", lone(gaussians(3, Covariance::Full))),
        // the density is closed whatever the layer says
        ("mixture of gaussians, diagonal", one(rowwise(gaussians(2, Covariance::Diagonal), Iaf))),
        ("one gaussian", lone(gaussians(1, Covariance::Full))),
        (
            "maf on a mixture of gaussians",
            vec![rowwise(gaussians(2, Covariance::Full), Maf), made(Maf, reversed.clone(), &[9], Activation::Tanh)],
        ),
        ("elementwise student-t", lone(RowSpec::Elementwise { univariate: Univariate::StudentT })),
        ("maf, student-t", one(with(made(Maf, natural.clone(), &[9], Activation::Tanh), Univariate::StudentT))),
        (
            "maf on a logistic base",
            vec![rowwise(base(Distribution::Logistic), Maf), made(Maf, natural.clone(), &[9], Activation::Tanh)],
        ),
        (
            "distribution functions onto a uniform base",
            vec![
                rowwise(base(Distribution::Uniform), Maf),
                rowwise(RowSpec::Elementwise { univariate: Univariate::Mixture(onto_uniform) }, Maf),
            ],
        ),
        ("planar, density outright", lone(RowSpec::Planar { function: Ridge::Tanh })),
        ("planar, sampling outright", one(rowwise(RowSpec::Planar { function: Ridge::Softplus }, Iaf))),
        ("radial, density outright", lone(RowSpec::Radial)),
        ("radial, sampling outright", one(rowwise(RowSpec::Radial, Iaf))),
        ("linear, plu", lone(plu())),
        ("linear, triangular", one(rowwise(RowSpec::Linear(Form::Triangular), Iaf))),
        ("linear, diagonal", lone(RowSpec::Linear(Form::Diagonal))),
        ("linear, shift", lone(RowSpec::Linear(Form::Shift))),
        ("householder with triangle", lone(RowSpec::Householder { reflections: 3, triangle: true })),
        ("householder", one(rowwise(RowSpec::Householder { reflections: 2, triangle: false }, Iaf))),
        ("elementwise spline", lone(RowSpec::Elementwise { univariate: spline(6) })),
        ("contraction, density outright", lone(contraction(&[7], Smooth::LipSwish))),
        ("contraction of two hidden layers, sampling outright", one(rowwise(contraction(&[6, 9], Smooth::Tanh), Iaf))),
        ("continuous, adaptive", lone(continuous(Smooth::Tanh, Solver::Adaptive { tolerance: 1e-12 }))),
        (
            "continuous, fixed, sampling outright",
            one(rowwise(continuous(Smooth::Softplus, Solver::Fixed { steps: 40 }), Iaf)),
        ),
        ("medley, density outright", medley(Maf)),
        ("medley, sampling outright", medley(Iaf)),
        ("maf, natural order", one(made(Maf, natural.clone(), &[16], Activation::Tanh))),
        ("maf, reversed order", one(made(Maf, reversed.clone(), &[10, 6], Activation::Elu))),
        ("maf, random order, linear conditioner", one(made(Maf, random.clone(), &[], Activation::Relu))),
        ("iaf, natural order", one(made(Iaf, natural.clone(), &[16], Activation::Tanh))),
        ("iaf, random order", one(made(Iaf, random.clone(), &[8, 8, 8], Activation::Sigmoid))),
        ("iaf, residual", one(residual(Iaf, natural.clone(), &[12, 12, 12, 12, 12]))),
        ("maf, residual", one(residual(Maf, random.clone(), &[20, 20, 20]))),
        ("act_norm", one(LayerSpec::ActNorm { orientation: Maf })),
        (
            "maf, mixture of gaussians",
            one(with(made(Maf, random.clone(), &[9], Activation::Tanh), mixture(Kernel::Gaussian))),
        ),
        (
            "iaf, mixture of logistics",
            one(with(made(Iaf, natural.clone(), &[9], Activation::Tanh), mixture(Kernel::Logistic))),
        ),
        ("maf, additive", one(with(made(Maf, natural.clone(), &[9], Activation::Tanh), Univariate::Additive))),
        ("iaf, b-spline", one(with(made(Iaf, natural.clone(), &[9], Activation::Tanh), b_spline()))),
        ("maf, positive sum", one(with(made(Maf, natural.clone(), &[9], Activation::Tanh), positive_sum()))),
        ("elementwise mixture", lone(RowSpec::Elementwise { univariate: mixture(Kernel::Logistic) })),
        ("elementwise sinh-arcsinh", lone(RowSpec::Elementwise { univariate: Univariate::SinhArcsinh })),
        ("maf, spline", one(with(made(Maf, random.clone(), &[12], Activation::Tanh), spline(4)))),
        ("iaf, spline", one(with(made(Iaf, natural.clone(), &[10, 7], Activation::Elu), spline(3)))),
        ("maf chain", chain(Maf)),
        ("iaf chain", chain(Iaf)),
        ("causal transformer, maf, affine", one(transformer(Maf, random.clone(), None, affine()))),
        ("causal transformer, iaf, spline", one(transformer(Iaf, reversed.clone(), None, spline(3)))),
    ];
    if dim > 1 {
        let coupled = |layer| coupling(layer, dim.div_ceil(2));
        let chain = |orientation| {
            vec![
                coupled(made(orientation, natural.clone(), &[9, 7], Activation::Tanh)),
                LayerSpec::ActNorm { orientation },
                coupled(residual(orientation, reversed.clone(), &[8, 8, 8])),
                coupled(made(orientation, random.clone(), &[], Activation::Tanh)),
            ]
        };
        table.push(("maf coupling", one(coupling(made(Maf, random.clone(), &[11], Activation::Elu), 1))));
        table.push(("iaf coupling", one(coupling(made(Iaf, reversed.clone(), &[11], Activation::Elu), dim - 1))));
        let splines = |orientation| {
            vec![
                coupled(with(made(orientation, natural.clone(), &[9], Activation::Tanh), spline(5))),
                LayerSpec::ActNorm { orientation },
                coupled(made(orientation, reversed.clone(), &[9], Activation::Tanh)),
                coupled(with(made(orientation, random.clone(), &[7], Activation::Tanh), spline(2))),
            ]
        };
        table.push(("maf spline coupling chain", splines(Maf)));
        table.push(("iaf spline coupling chain", splines(Iaf)));
        table.push(("maf coupling chain", chain(Maf)));
        let half = Some(dim.div_ceil(2));
        table.push(("coupling transformer, iaf, affine", one(transformer(Iaf, random.clone(), half, affine()))));
        table.push(("coupling transformer, maf, spline", one(transformer(Maf, reversed.clone(), Some(1), spline(3)))));
        table.push(("iaf coupling chain", chain(Iaf)));
    }
    table.into_iter().map(|(name, layers)| (name, FlowSpec { dim, layers })).collect()
}

/// The layer as a coupling: the first `identity` coordinates of its order determine the others.
pub fn coupling(layer: LayerSpec, identity: usize) -> LayerSpec {
    match layer {
        LayerSpec::Autoregressive(a) => LayerSpec::Autoregressive(Autoregressive { identity: Some(identity), ..a }),
        other => other,
    }
}

/// The layer with another map of each coordinate.
pub fn with(layer: LayerSpec, univariate: Univariate) -> LayerSpec {
    match layer {
        LayerSpec::Autoregressive(a) => LayerSpec::Autoregressive(Autoregressive { univariate: Some(univariate), ..a }),
        other => other,
    }
}

/// A residual map of rows.
fn contraction(hidden: &[usize], activation: Smooth) -> RowSpec {
    RowSpec::Residual { hidden: hidden.to_vec(), activation, lipschitz: 0.9, log_det: LogDet::Exact }
}

/// With steps so fine that the log-det is that of the Jacobian within the tolerance of its law.
fn continuous(activation: Smooth, solver: Solver) -> RowSpec {
    RowSpec::Continuous { hidden: vec![5], activation, solver, trace: Trace::Exact }
}

/// A layer with a small Transformer.
pub fn transformer(orientation: Orientation, order: Vec<usize>, identity: Option<usize>, map: Univariate) -> LayerSpec {
    let direction = if orientation == Orientation::Maf { Direction::Inverse } else { Direction::Forward };
    let map = Transformer { direction, order, identity, blocks: 1, width: 6, heads: 2, map };
    LayerSpec::Rowwise { map: RowSpec::Transformer(map), orientation }
}

fn affine() -> Univariate {
    Univariate::Affine(Affine { log_scale_clip: 5.0 })
}

fn mixture(kernel: Kernel) -> Univariate {
    Univariate::Mixture(Mixture { components: 3, kernel, onto: Distribution::Normal })
}

fn b_spline() -> Univariate {
    Univariate::BSpline(BSpline { bins: 6, bound: 3.0 })
}

fn positive_sum() -> Univariate {
    Univariate::PositiveSum(PositiveSum { terms: 2 })
}

pub fn spline(bins: usize) -> Univariate {
    Univariate::RationalQuadratic(RationalQuadratic { bins, bound: 3.0 })
}

/// An autoregressive layer with residual blocks.
pub fn residual(orientation: Orientation, order: Vec<usize>, hidden: &[usize]) -> LayerSpec {
    match made(orientation, order, hidden, Activation::Tanh) {
        LayerSpec::Autoregressive(a) => LayerSpec::Autoregressive(Autoregressive { residual: true, ..a }),
        other => other,
    }
}

/// Random parameters of which none is special, masked entries zero.
pub fn random_parameters(spec: &FlowSpec, scale: f64) -> Vec<f64> {
    let layout = Layout::new(spec);
    let mut noise = vec![0.0f32; layout.len()];
    fill_gaussian(11, Purpose::Init, 0, 0, 1, &mut noise);
    let mut theta: Vec<f64> = noise.iter().map(|&v| f64::from(v) * scale).collect();
    for view in &layout.views {
        if view.kind == ViewKind::Buffer {
            theta[view.range.clone()].iter_mut().for_each(|v| *v = v.abs() + 0.5);
        }
    }
    for (layer, range) in spec.layers.iter().zip(&layout.layers) {
        if let LayerSpec::Autoregressive(a) = layer {
            a.made().mask(&mut theta[range.clone()]);
        }
    }
    theta
}

pub fn gaussian(batch: usize, dim: usize, scale: f64) -> Vec<f64> {
    let mut noise = vec![0.0f32; batch * dim];
    fill_gaussian(5, Purpose::BaseDraws, 0, 0, dim, &mut noise);
    noise.iter().map(|&v| f64::from(v) * scale).collect()
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Way {
    Forward,
    Inverse,
}

pub const WAYS: [Way; 2] = [Way::Forward, Way::Inverse];

/// Values and log-dets of the whole flow.
pub fn evaluate<E: Element>(spec: &FlowSpec, theta: &[E], x: &[E], way: Way) -> (Vec<E>, Vec<E>)
where
    Cpu: Device<E>,
{
    let flow = Flow::<E>::new(spec).unwrap();
    let theta = Parameters::frozen(Arc::new(theta.to_vec()));
    let mut graph = Graph::new();
    let x = rows(x.to_vec(), spec.dim);
    let (y, log_det) = match way {
        Way::Forward => flow.forward_and_log_det(&theta, &x, &mut graph).unwrap(),
        Way::Inverse => flow.inverse_and_log_det(&theta, &x, &mut graph).unwrap(),
    };
    (y.as_vec(), log_det.as_vec())
}

/// The Jacobian at one point by central differences of fourth order, row `i` = output `i`.
pub fn jacobian(dim: usize, x: &[f64], f: impl Fn(&[f64]) -> Vec<f64>) -> Vec<Vec<f64>> {
    let h = 2e-5;
    let columns: Vec<Vec<f64>> = (0..dim)
        .map(|j| {
            let at = |step: f64| {
                let mut moved = x.to_vec();
                moved[j] += step;
                f(&moved)
            };
            let (a, b, c, d) = (at(-2.0 * h), at(-h), at(h), at(2.0 * h));
            (0..dim).map(|i| (a[i] - 8.0 * b[i] + 8.0 * c[i] - d[i]) / (12.0 * h)).collect()
        })
        .collect();
    (0..dim).map(|i| columns.iter().map(|column| column[i]).collect()).collect()
}

/// `log|det A|` by elimination with partial pivoting.
pub fn log_abs_det(mut a: Vec<Vec<f64>>) -> f64 {
    let n = a.len();
    let mut total = 0.0;
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs())).unwrap();
        a.swap(k, pivot);
        total += a[k][k].abs().ln();
        for i in k + 1..n {
            let factor = a[i][k] / a[k][k];
            for j in k..n {
                a[i][j] -= factor * a[k][j];
            }
        }
    }
    total
}
