//! Flows with random parameters, for every test file.
#![allow(dead_code, reason = "each test file uses its part")]

use flowstill_kernel::affine::Direction;
use flowstill_kernel::rows::{Covariance, Form, LogDet, Ridge, RowSpec, Smooth, Solver, Trace, Transformer};
use flowstill_kernel::univariate::{Affine, Base, Distribution, Kernel, Mixture, RationalQuadratic, Univariate};
use flowstill_model::{
    Activation, Autoregressive, Checkpoint, FlowSpec, LayerSpec, Layout, Orientation, Provenance, Role, Standardizer,
};
use flowstill_sampler::Method;

pub const MAF: Orientation = Orientation::Maf;
pub const IAF: Orientation = Orientation::Iaf;
pub const METHODS: [Method; 3] = [Method::Naive, Method::Incremental, Method::Jacobi { tolerance: 0.0 }];

pub fn autoregressive(orientation: Orientation, order: Vec<usize>, hidden: &[usize]) -> LayerSpec {
    LayerSpec::Autoregressive(Autoregressive {
        orientation,
        order,
        hidden: hidden.to_vec(),
        // smooth, so that no kink spoils finite differences
        activation: Activation::Tanh,
        log_scale_clip: 3.0,
        residual: false,
        identity: None,
        univariate: None,
    })
}

/// The layer as a coupling: the first `identity` coordinates of its order determine the others.
pub fn coupling(layer: LayerSpec, identity: usize) -> LayerSpec {
    match layer {
        LayerSpec::Autoregressive(a) => LayerSpec::Autoregressive(Autoregressive { identity: Some(identity), ..a }),
        other => other,
    }
}

/// Natural, reversed, and one that is neither.
pub fn order(dim: usize, k: usize) -> Vec<usize> {
    match k % 3 {
        0 => (0..dim).collect(),
        1 => (0..dim).rev().collect(),
        _ => (0..dim).map(|i| (i + dim / 2) % dim).collect(),
    }
}

/// The chain whose draws are sometimes far beyond any grid.
pub const HEAVY: &str = "heavy tails";

/// Pure and mixed chains over `dim` coordinates, each under its name.
pub fn flows(dim: usize) -> Vec<(&'static str, FlowSpec)> {
    let layer = |orientation, k| autoregressive(orientation, order(dim, k), [&[7, 5][..], &[9], &[]][k % 3]);
    let act_norm = |orientation| LayerSpec::ActNorm { orientation };
    let batch_norm = |orientation| LayerSpec::BatchNorm { orientation };
    let coupled = |orientation, k| coupling(layer(orientation, k), (dim - 1).min(k + 1));
    let mut flows = vec![
        ("maf", vec![layer(MAF, 0), layer(MAF, 1), layer(MAF, 2)]),
        ("iaf", vec![layer(IAF, 0), layer(IAF, 1), layer(IAF, 2)]),
        ("diagonal", vec![act_norm(MAF), act_norm(IAF)]),
        ("linear", vec![layer(MAF, 2)]),
        ("normalised maf", vec![layer(MAF, 0), batch_norm(MAF), layer(MAF, 1), act_norm(MAF)]),
        ("mixed", vec![layer(IAF, 1), act_norm(IAF), layer(MAF, 0), batch_norm(IAF), layer(IAF, 2), layer(MAF, 1)]),
    ];
    let with = |layer, map| match layer {
        LayerSpec::Autoregressive(a) => LayerSpec::Autoregressive(Autoregressive { univariate: Some(map), ..a }),
        other => other,
    };
    let spline = || Univariate::RationalQuadratic(RationalQuadratic { bins: 4, bound: 3.0 });
    let mixture =
        || Univariate::Mixture(Mixture { components: 3, kernel: Kernel::Gaussian, onto: Distribution::Normal });
    let rowwise = |map, orientation| LayerSpec::Rowwise { map, orientation };
    let elementwise = |univariate| rowwise(RowSpec::Elementwise { univariate }, MAF);
    let onto_uniform = Mixture { components: 3, kernel: Kernel::Gaussian, onto: Distribution::Uniform };
    let signs = (0..dim).map(|i| if i % 2 == 0 { 1 } else { -1 }).collect();
    flows.extend([
        ("splines and mixtures", vec![with(layer(MAF, 0), spline()), with(layer(IAF, 1), mixture()), layer(MAF, 2)]),
        (
            "mixture of gaussians",
            vec![rowwise(RowSpec::GaussianMixture { components: 3, covariance: Covariance::Full }, MAF), layer(MAF, 1)],
        ),
        (
            "diagonal mixture",
            vec![rowwise(RowSpec::GaussianMixture { components: 2, covariance: Covariance::Diagonal }, IAF)],
        ),
        (
            "logistic base",
            vec![
                elementwise(Univariate::Base(Base { distribution: Distribution::Logistic })),
                elementwise(Univariate::Mixture(Mixture { onto: Distribution::Logistic, ..onto_uniform })),
                layer(IAF, 0),
            ],
        ),
        (HEAVY, vec![layer(IAF, 0), elementwise(Univariate::StudentT)]),
        (
            "distribution functions onto a uniform base",
            vec![
                elementwise(Univariate::Base(Base { distribution: Distribution::Uniform })),
                elementwise(Univariate::Mixture(onto_uniform)),
            ],
        ),
        (
            "maps of rows",
            vec![
                rowwise(RowSpec::Planar { function: Ridge::Tanh }, MAF),
                rowwise(RowSpec::Linear(Form::Plu { order: order(dim, 2), signs }), IAF),
                layer(IAF, 1),
                rowwise(RowSpec::Radial, IAF),
                rowwise(RowSpec::Householder { reflections: 2, triangle: true }, MAF),
                rowwise(RowSpec::Permutation { order: order(dim, 2) }, MAF),
                rowwise(RowSpec::Elementwise { univariate: Univariate::SinhArcsinh }, MAF),
            ],
        ),
    ]);
    let contraction =
        RowSpec::Residual { hidden: vec![7, 5], activation: Smooth::LipSwish, lipschitz: 0.9, log_det: LogDet::Exact };
    let continuous = RowSpec::Continuous {
        hidden: vec![6],
        activation: Smooth::Tanh,
        solver: Solver::Adaptive { tolerance: 1e-9 },
        trace: Trace::Exact,
    };
    flows.push(("continuous", vec![rowwise(continuous.clone(), MAF), layer(IAF, 1), rowwise(continuous, IAF)]));
    flows.push(("residual", vec![rowwise(contraction.clone(), MAF), rowwise(contraction, IAF), layer(MAF, 2)]));
    let transformer = |orientation, k, identity, map| {
        let direction = if orientation == MAF { Direction::Inverse } else { Direction::Forward };
        let order = order(dim, k);
        let map = Transformer { direction, order, identity, blocks: 1, width: 8, heads: 2, map };
        rowwise(RowSpec::Transformer(map), orientation)
    };
    let affine = || Univariate::Affine(Affine { log_scale_clip: 3.0 });
    let causal = |orientation, k, map| transformer(orientation, k, None, map);
    flows.push(("causal transformers", vec![causal(MAF, 0, affine()), causal(IAF, 2, spline()), layer(MAF, 1)]));
    if dim > 1 {
        let coupled = |orientation, k, map| transformer(orientation, k, Some(dim.div_ceil(2)), map);
        flows.push(("coupling transformers", vec![coupled(IAF, 2, affine()), coupled(MAF, 1, spline())]));
    }
    if dim > 1 {
        flows.push(("coupling maf", vec![coupled(MAF, 0), coupled(MAF, 1), act_norm(MAF), coupled(MAF, 2)]));
        flows.push(("coupling iaf", vec![coupled(IAF, 1), layer(MAF, 0), coupled(IAF, 2)]));
    }
    flows.into_iter().map(|(name, layers)| (name, FlowSpec { dim, layers })).collect()
}

/// Numbers in −1…1 that look random.
pub fn wave(n: usize, phase: f64) -> Vec<f64> {
    (0..n).map(|i| ((i as f64 * 12.9898 + phase).sin() * 43758.5453).fract()).collect()
}

/// Parameters far from the start of training, variances positive.
pub fn parameters(spec: &FlowSpec) -> Vec<f32> {
    let layout = Layout::new(spec);
    let mut theta: Vec<f32> = wave(layout.len(), 0.4).into_iter().map(|t| 0.5 * t as f32).collect();
    for view in layout.views.iter().filter(|v| v.name.ends_with("variance")) {
        theta[view.range.clone()].iter_mut().for_each(|t| *t = 0.7 + t.abs());
    }
    layout.mask(&mut theta);
    theta
}

pub fn checkpoint(spec: FlowSpec) -> Checkpoint {
    let theta = parameters(&spec);
    let dim = spec.dim;
    Checkpoint {
        role: Role::Teacher,
        standardizer: Standardizer {
            mean: (0..dim).map(|i| 10.0 * i as f64 - 3.0).collect(),
            sd: (0..dim).map(|i| 2.0 / (1.0 + 3.0 * i as f64)).collect(),
        },
        pixels: None,
        columns: (0..dim).map(|i| format!("c{i}")).collect(),
        provenance: Provenance::default(),
        spec,
        theta,
    }
}

pub fn narrow(x: &[f64]) -> Vec<f32> {
    x.iter().map(|&x| x as f32).collect()
}

#[track_caller]
pub fn assert_close(a: f64, b: f64, tolerance: f64, what: &str) {
    assert!((a - b).abs() <= tolerance * (1.0 + b.abs()), "{what}: {a} against {b}");
}
