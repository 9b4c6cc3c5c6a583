//! Every estimator of a gradient against the analytic gradient of what it estimates.
//!
//! Teacher and student are Gaussians in two dimensions: `p` is a MAF layer `x_2 = m_2 + w·x_1 + σ_2·z_2`, `q` an IAF layer
//! with constant shifts `b` and log-scales `α`, and all divergences have closed forms.

use flowstill_flow::shards::Accumulator;
use flowstill_flow::{Conditionals, Flow, FlowError, FrozenFlow, Parameters};
use flowstill_kernel::affine::soft_clip;
use flowstill_model::{Architecture, FlowSpec, Layout, OrderRule, Orientation};
use flowstill_student::objectives::alpha::Alpha;
use flowstill_student::objectives::closed_form::ClosedForm;
use flowstill_student::objectives::conditionals::Pair;
use flowstill_student::objectives::forward_kl::ForwardKl;
use flowstill_student::objectives::many_samples::ManySamples;
use flowstill_student::objectives::path_gradient::PathGradient;
use flowstill_student::objectives::reconstruction::Reconstruction;
use flowstill_student::objectives::reverse_kl::ReverseKl;
use flowstill_student::{Annealed, Estimator, Rows, Source, Step};
use std::sync::Arc;

const MEAN: [f64; 2] = [0.4, -0.3];
const SLOPE: f64 = 0.5;
const LOG_SD: [f64; 2] = [-0.2, -0.4];
/// Shifts and log-scales of the student.
const STUDENT: [f64; 4] = [0.1, -0.4, 0.15, 0.05];

fn spec(orientation: Orientation) -> FlowSpec {
    Architecture { layers: 1, hidden: vec![], order: OrderRule::Same, ..Architecture::default() }.spec(
        2,
        orientation,
        0,
    )
}

/// The raw log-scale whose soft clip, at 5, is `alpha`.
fn raw(alpha: f64) -> f32 {
    (alpha / (1.0 - alpha.abs() / 5.0)) as f32
}

/// `x_i = shift_i + slope·(x_1 or z_1) + e^{log_sd_i}·z_i`.
fn layer(spec: &FlowSpec, shift: [f64; 2], log_sd: [f64; 2], slope: f64) -> Vec<f32> {
    let layout = Layout::new(spec);
    let mut theta = vec![0.0; layout.len()];
    let bias = layout.view("layers.0.bias_out").unwrap();
    bias.set_values(&[shift[0] as f32, raw(log_sd[0]), shift[1] as f32, raw(log_sd[1])], &mut theta);
    let weight = layout.view("layers.0.weight_out").unwrap();
    let mut values = weight.values(&theta);
    // input 0, shift of coordinate 1
    values[2] = slope as f32;
    weight.set_values(&values, &mut theta);
    theta
}

fn teacher() -> FrozenFlow {
    let spec = spec(Orientation::Maf);
    FrozenFlow::new(&spec, &layer(&spec, MEAN, LOG_SD, SLOPE)).unwrap()
}

/// Mean and covariance of the teacher.
fn moments() -> ([f64; 2], [[f64; 2]; 2]) {
    let (v1, v2) = ((2.0 * LOG_SD[0]).exp(), (2.0 * LOG_SD[1]).exp());
    ([MEAN[0], MEAN[1] + SLOPE * MEAN[0]], [[v1, SLOPE * v1], [SLOPE * v1, SLOPE * SLOPE * v1 + v2]])
}

/// `½·(tr(B⁻¹A) + (b − a)ᵀB⁻¹(b − a) − 2 + log|B| − log|A|)`, the divergence of `N(b, B)` from `N(a, A)`.
fn gaussian_kl(a: [f64; 2], big_a: [[f64; 2]; 2], b: [f64; 2], big_b: [[f64; 2]; 2]) -> f64 {
    let det = |m: [[f64; 2]; 2]| m[0][0] * m[1][1] - m[0][1] * m[1][0];
    let d = det(big_b);
    let inverse = [[big_b[1][1] / d, -big_b[0][1] / d], [-big_b[1][0] / d, big_b[0][0] / d]];
    let off = [b[0] - a[0], b[1] - a[1]];
    let mut sum = -2.0 + d.ln() - det(big_a).ln();
    for i in 0..2 {
        for j in 0..2 {
            sum += inverse[i][j] * (big_a[j][i] + off[i] * off[j]);
        }
    }
    0.5 * sum
}

fn student_moments([b1, b2, a1, a2]: [f64; 4]) -> ([f64; 2], [[f64; 2]; 2]) {
    ([b1, b2], [[(2.0 * a1).exp(), 0.0], [0.0, (2.0 * a2).exp()]])
}

fn reverse(at: [f64; 4]) -> f64 {
    let ((a, big_a), (b, big_b)) = (student_moments(at), moments());
    gaussian_kl(a, big_a, b, big_b)
}

fn forward(at: [f64; 4]) -> f64 {
    let ((a, big_a), (b, big_b)) = (student_moments(at), moments());
    gaussian_kl(b, big_b, a, big_a)
}

/// `(E_q[w²] − 1)/2` by quadrature on a fine grid.
fn half_chi_squared(at: [f64; 4]) -> f64 {
    let (mean, [[c11, c12], [_, c22]]) = moments();
    let det = c11 * c22 - c12 * c12;
    let (n, width) = (500, 9.0);
    let h = 2.0 * width / f64::from(n);
    let mut total = 0.0;
    for i in 0..n {
        for j in 0..n {
            let x = [i, j].map(|k| -width + h * (f64::from(k) + 0.5));
            let d = [x[0] - mean[0], x[1] - mean[1]];
            let square = (c22 * d[0] * d[0] - 2.0 * c12 * d[0] * d[1] + c11 * d[1] * d[1]) / det;
            let log_p = -0.5 * (square + det.ln());
            let z = [(x[0] - at[0]) * (-at[2]).exp(), (x[1] - at[1]) * (-at[3]).exp()];
            let log_q = -0.5 * (z[0] * z[0] + z[1] * z[1]) - at[2] - at[3];
            total += (2.0 * log_p - log_q).exp();
        }
    }
    0.5 * (total * h * h / std::f64::consts::TAU - 1.0)
}

/// `E|S(T(x)) − x|²` for `x = A·z + m` of the teacher.
fn reconstruction([b1, b2, a1, a2]: [f64; 4]) -> f64 {
    let (mean, _) = moments();
    let (s1, s2) = (LOG_SD[0].exp(), LOG_SD[1].exp());
    // x_1 = m_1 + s_1·z_1, x_2 = m_2 + w·s_1·z_1 + s_2·z_2
    (b1 - mean[0]).powi(2)
        + (a1.exp() - s1).powi(2)
        + (b2 - mean[1]).powi(2)
        + (SLOPE * s1).powi(2)
        + (a2.exp() - s2).powi(2)
}

/// The regulariser of the closed form, `λ·Σ|log s_p − log s_q|²`, beside the KL.
fn regularised(at: [f64; 4]) -> f64 {
    reverse(at) + 4.0 * ((at[2] - LOG_SD[0]).powi(2) + (at[3] - LOG_SD[1]).powi(2))
}

fn slopes(of: impl Fn([f64; 4]) -> f64) -> [f64; 4] {
    std::array::from_fn(|i| {
        let moved = |h: f64| {
            let mut at = STUDENT;
            at[i] += h;
            of(at)
        };
        (moved(1e-5) - moved(-1e-5)) / 2e-5
    })
}

/// Gradients by shifts and log-scales of `steps` steps.
fn gradients(estimator: &dyn Estimator, theta: &[f32], steps: u64, batch: usize) -> Vec<[f64; 4]> {
    let (teacher, spec) = (teacher(), spec(Orientation::Iaf));
    let flow = Flow::new(&spec).unwrap();
    let layout = Layout::new(&spec);
    let bias = layout.view("layers.0.bias_out").unwrap();
    let raws = bias.values(theta);
    let one = |index| {
        let theta = Parameters::frozen(Arc::new(theta.to_vec()));
        let source = Source { target: &teacher, data: &[] };
        let step = Step { index, batch, progress: 0.5, seed: 3, flow: &flow, theta: &theta, source };
        let mut gradient = vec![0.0; layout.len()];
        estimator.add_gradient(&step, 1.0, &mut Accumulator::default(), &mut gradient).unwrap();
        let g = bias.values(&gradient).into_iter().map(f64::from).collect::<Vec<_>>();
        // from the raw log-scale to its soft clip
        let clipped = |i: usize| (1.0 - soft_clip(f64::from(raws[i]), 5.0).abs() / 5.0).powi(-2);
        [g[0], g[2], g[1] * clipped(1), g[3] * clipped(3)]
    };
    (0..steps).map(one).collect()
}

fn pair() -> Pair {
    Pair::new("a test", &teacher(), &spec(Orientation::Iaf)).unwrap()
}

#[test]
fn every_estimator_is_unbiased() {
    let one = Annealed::constant(1.0);
    let theta = layer(&spec(Orientation::Iaf), [STUDENT[0], STUDENT[1]], [STUDENT[2], STUDENT[3]], 0.0);
    let table: Vec<(&str, Box<dyn Estimator>, [f64; 4])> = vec![
        ("reverse KL", Box::new(ReverseKl { cross_entropy_weight: one }), slopes(reverse)),
        ("path gradient", Box::new(PathGradient { cross_entropy_weight: one }), slopes(reverse)),
        ("forward KL", Box::new(ForwardKl { rows: Rows::Teacher }), slopes(forward)),
        ("alpha 2", Box::new(Alpha { alpha: 2.0, clip: None, normalise: false }), slopes(half_chi_squared)),
        ("alpha 0", Box::new(Alpha { alpha: 0.0, clip: None, normalise: true }), slopes(reverse)),
        ("reconstruction", Box::new(Reconstruction { rows: Rows::Teacher }), slopes(reconstruction)),
        ("many samples", Box::new(ManySamples { pair: pair(), samples: 8 }), slopes(reverse)),
        ("closed form", Box::new(ClosedForm { pair: pair(), regulariser: 4.0 }), slopes(regularised)),
    ];
    for (name, estimator, analytic) in table {
        let steps = 40;
        let draws = gradients(&*estimator, &theta, steps, 2000);
        for i in 0..4 {
            let mean = draws.iter().map(|d| d[i]).sum::<f64>() / steps as f64;
            let variance = draws.iter().map(|d| (d[i] - mean).powi(2)).sum::<f64>() / (steps - 1) as f64;
            let error = (variance / steps as f64).sqrt();
            let (size, truth) = (0.2 + analytic[i].abs(), analytic[i]);
            assert!(error < 0.03 * size, "{name}, parameter {i}: too noisy to tell, {mean} ± {error}, {truth}");
            assert!((mean - truth).abs() < 4.5 * error + 1e-5, "{name}, parameter {i}: {mean} ± {error}, {truth}");
        }
    }
}

#[test]
fn half_of_the_cross_entropy_gives_half_of_its_gradient() {
    let theta = layer(&spec(Orientation::Iaf), [STUDENT[0], STUDENT[1]], [STUDENT[2], STUDENT[3]], 0.0);
    let entropy = |at: [f64; 4]| -(at[2] + at[3]);
    let annealed = slopes(|at| 0.5 * (reverse(at) - entropy(at)) + entropy(at));
    // at half of the phase, β has gone from 0.2 halfway to 0.8
    let beta = Annealed { from: 0.2, to: 0.8 };
    let table: [Box<dyn Estimator>; 2] =
        [Box::new(ReverseKl { cross_entropy_weight: beta }), Box::new(PathGradient { cross_entropy_weight: beta })];
    for estimator in table {
        let draws = gradients(&*estimator, &theta, 40, 2000);
        for i in 0..4 {
            let mean = draws.iter().map(|d| d[i]).sum::<f64>() / 40.0;
            assert!((mean - annealed[i]).abs() < 0.02, "parameter {i}: {mean} {}", annealed[i]);
        }
    }
}

#[test]
fn the_path_gradient_vanishes_where_the_student_is_the_teacher() {
    let (mean, _) = moments();
    let theta = layer(&spec(Orientation::Iaf), mean, LOG_SD, SLOPE * LOG_SD[0].exp());
    let one = Annealed::constant(1.0);
    let largest = |estimator: &dyn Estimator| {
        let draws = gradients(estimator, &theta, 5, 256);
        draws.iter().flatten().fold(0.0f64, |most, g| most.max(g.abs()))
    };
    assert!(largest(&PathGradient { cross_entropy_weight: one }) < 1e-5);
    assert!(largest(&Alpha { alpha: 2.0, clip: Some(10.0), normalise: true }) < 1e-5);
    // the plain one is noise of its usual size there
    assert!(largest(&ReverseKl { cross_entropy_weight: one }) > 0.02);
    assert!(largest(&ClosedForm { pair: pair(), regulariser: 4.0 }) < 1e-5);
}

#[test]
fn the_forward_gradient_is_that_of_the_density_through_the_inverse() {
    let architecture = Architecture { layers: 3, hidden: vec![8, 8], ..Architecture::default() };
    let spec = architecture.spec(2, Orientation::Iaf, 1);
    let layout = Layout::new(&spec);
    let mut theta: Vec<f32> = (0..layout.len()).map(|i| 0.4 * (1.3 * i as f32).sin()).collect();
    layout.mask(&mut theta);
    let teacher = teacher();
    let gradient = |engine| {
        let flow = Flow::on(&spec, engine).unwrap();
        let theta = Parameters::frozen(Arc::new(theta.clone()));
        let source = Source { target: &teacher, data: &[] };
        let step = Step { index: 0, batch: 300, progress: 0.0, seed: 3, flow: &flow, theta: &theta, source };
        let mut gradient = vec![0.0; layout.len()];
        let rows = ForwardKl { rows: Rows::Teacher };
        rows.add_gradient(&step, 1.0, &mut Accumulator::default(), &mut gradient).unwrap();
        gradient
    };
    // the reference differentiates through the unrolled inverse
    let (exact, unrolled) = (gradient(flowstill_flow::Engine::Fused), gradient(flowstill_flow::Engine::Reference));
    let size = unrolled.iter().fold(0.0f32, |most, g| most.max(g.abs()));
    for (a, b) in exact.iter().zip(&unrolled) {
        assert!((a - b).abs() < 2e-4 * size, "{a} {b}, largest {size}");
    }
}

#[test]
fn several_orders_have_no_conditionals() {
    let several = Architecture { layers: 2, ..Architecture::default() };
    let refused = Conditionals::new(&several.spec(3, Orientation::Maf, 0)).err().unwrap().to_string();
    assert!(refused.contains("different orders") && refused.contains("`order: same`"), "{refused}");
    let error = Pair::new("closed_form", &teacher(), &several.spec(2, Orientation::Iaf, 0)).err().unwrap();
    assert!(matches!(error, FlowError::NoConditionals(_)), "{error}");
}
