//! What every map of rows must be: its log-det is that of its Jacobian, its solution inverts it, its gradients are those
//! of differences, and the transposed solution solves. A new map is a row of the table.

use super::{
    Continuous, Covariance, Elementwise, Form, GaussianMixture, Householder, Linear, LogDet, Permutation, Planar,
    Radial, Residual, Ridge, RowMap, Smooth, Solver, Trace, Transformer,
};
use crate::Real;
use crate::affine::Direction;
use crate::noise::{Purpose, fill_gaussian, stream};
use crate::univariate::{Affine, RationalQuadratic, Univariate};

/// A map in both precisions, with a name for messages.
type Named = (&'static str, Box<dyn RowMap<f64>>, Box<dyn RowMap<f32>>);

/// Every map for rows of `dim` numbers.
fn table(dim: usize) -> Vec<Named> {
    let spline = Univariate::RationalQuadratic(RationalQuadratic { bins: 5, bound: 3.0 });
    macro_rules! row {
        ($name:expr, $map:expr) => {
            ($name, Box::new($map), Box::new($map))
        };
    }
    let random = Permutation::random(dim, &mut stream(5, Purpose::Order, 0));
    let signs = (0..dim).map(|i| if i % 3 == 1 { -1 } else { 1 }).collect();
    let plu = Form::Plu { order: random.order.clone(), signs };
    let reflected = |reflections, triangle| Householder { dim, reflections, triangle };
    let residual = |hidden: &[usize], activation| Residual {
        dim,
        hidden: hidden.to_vec(),
        activation,
        lipschitz: 0.9,
        log_det: LogDet::Exact,
    };
    let continuous = |activation, solver| Continuous { dim, hidden: vec![5], activation, solver, trace: Trace::Exact };
    let mut table: Vec<Named> = vec![
        row!("elementwise spline", Elementwise { dim, univariate: spline.clone() }),
        row!("elementwise Student's t", Elementwise { dim, univariate: Univariate::StudentT }),
        row!("planar tanh", Planar { dim, function: Ridge::Tanh }),
        row!("planar arctan", Planar { dim, function: Ridge::Arctan }),
        row!("planar softplus", Planar { dim, function: Ridge::Softplus }),
        row!("radial", Radial { dim }),
        row!("linear plu", Linear { dim, form: plu.clone() }),
        row!("linear triangular", Linear { dim, form: Form::Triangular }),
        row!("linear diagonal", Linear { dim, form: Form::Diagonal }),
        row!("linear shift", Linear { dim, form: Form::Shift }),
        row!("three reflections", reflected(3, false)),
        row!("reflections and triangle", reflected(dim, true)),
        row!("reverse", Permutation::reverse(dim)),
        row!("random order", random.clone()),
        row!("a Gaussian", GaussianMixture { dim, components: 1, covariance: Covariance::Full }),
        row!("mixture, full", GaussianMixture { dim, components: 4, covariance: Covariance::Full }),
        row!("mixture, diagonal", GaussianMixture { dim, components: 3, covariance: Covariance::Diagonal }),
        row!("residual", residual(&[7], Smooth::LipSwish)),
        row!("residual of two hidden layers", residual(&[6, 9], Smooth::Tanh)),
        row!("residual without hidden layers", residual(&[], Smooth::Tanh)),
        // the log-det is that of the jacobian up to the error of the solver: here less than the tolerance of the law
        row!("continuous, adaptive", continuous(Smooth::Tanh, Solver::Adaptive { tolerance: 1e-11 })),
        row!("continuous, fixed", continuous(Smooth::Softplus, Solver::Fixed { steps: 72 })),
    ];
    let transformer = |direction, identity, map| Transformer {
        direction,
        order: random.order.clone(),
        identity,
        blocks: 1,
        width: 4,
        heads: 2,
        map,
    };
    let affine = Univariate::Affine(Affine { log_scale_clip: 5.0 });
    let small = Univariate::RationalQuadratic(RationalQuadratic { bins: 2, bound: 3.0 });
    let mut transformers = vec![
        ("causal transformer, affine", transformer(Direction::Inverse, None, affine.clone())),
        ("causal transformer, spline", transformer(Direction::Forward, None, small.clone())),
    ];
    if dim > 1 {
        transformers.extend([
            ("coupling transformer, affine", transformer(Direction::Forward, Some(dim - 1), affine)),
            ("coupling transformer, spline", transformer(Direction::Inverse, Some(dim.div_ceil(2)), small)),
        ]);
    }
    for (name, map) in transformers {
        table.push(row!(name, map.clone()));
    }
    table
}

const DIMS: [usize; 5] = [1, 2, 3, 5, 8];

pub(crate) fn noise(seed: u64, count: usize, scale: f64) -> Vec<f64> {
    let mut noise = vec![0.0f32; count];
    fill_gaussian(seed, Purpose::Init, 0, 0, 1, &mut noise);
    noise.into_iter().map(|v| scale * f64::from(v)).collect()
}

fn mapped(map: &dyn RowMap<f64>, theta: &[f64], u: &[f64]) -> (Vec<f64>, f64) {
    let mut y = vec![0.0; u.len()];
    let log_det = map.map(theta, u, &mut y);
    (y, log_det)
}

/// By differences of fourth order.
fn slope(f: impl Fn(f64) -> f64, at: f64) -> f64 {
    let h = 1e-4;
    (f(at - 2.0 * h) - 8.0 * f(at - h) + 8.0 * f(at + h) - f(at + 2.0 * h)) / (12.0 * h)
}

fn moved(values: &[f64], i: usize, to: f64) -> Vec<f64> {
    let mut values = values.to_vec();
    values[i] = to;
    values
}

/// Row `i` = output `i`.
fn jacobian(map: &dyn RowMap<f64>, theta: &[f64], u: &[f64]) -> Vec<Vec<f64>> {
    let entry = |i: usize, j: usize| slope(|x| mapped(map, theta, &moved(u, j, x)).0[i], u[j]);
    (0..u.len()).map(|i| (0..u.len()).map(|j| entry(i, j)).collect()).collect()
}

/// The matrix `A` of the linear part: row `i` = output `i`.
pub(super) fn matrix(map: &dyn RowMap<f64>, theta: &[f64]) -> Vec<Vec<f64>> {
    let dim = map.dim();
    let (shift, _) = mapped(map, theta, &vec![0.0; dim]);
    let columns: Vec<_> = (0..dim).map(|j| mapped(map, theta, &moved(&vec![0.0; dim], j, 1.0)).0).collect();
    (0..dim).map(|i| (0..dim).map(|j| columns[j][i] - shift[i]).collect()).collect()
}

/// By elimination with partial pivoting.
pub(super) fn determinant(mut a: Vec<Vec<f64>>) -> f64 {
    let n = a.len();
    let mut product = 1.0;
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs())).expect("a row is left");
        if pivot != k {
            a.swap(k, pivot);
            product = -product;
        }
        product *= a[k][k];
        for i in k + 1..n {
            let factor = a[i][k] / a[k][k];
            for j in k..n {
                a[i][j] -= factor * a[k][j];
            }
        }
    }
    product
}

fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&v| v as f32).collect()
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&v| f64::from(v)).collect()
}

/// Runs `law` for every map with a few parameters and arguments.
fn for_each(law: impl Fn(&str, &dyn RowMap<f64>, &[f64], &[f64])) {
    for dim in DIMS {
        for (name, map, _) in table(dim) {
            for seed in 0..3 {
                let theta = noise(seed, map.parameters(), 0.6);
                for at in 0..4 {
                    law(&format!("{name}, dim {dim}, seed {seed}"), map.as_ref(), &theta, &noise(100 + at, dim, 1.2));
                }
            }
        }
    }
}

#[test]
fn the_log_det_is_that_of_the_jacobian() {
    for_each(|name, map, theta, u| {
        let (log_det, numeric) = (mapped(map, theta, u).1, determinant(jacobian(map, theta, u)).abs().ln());
        assert!((log_det - numeric).abs() < 1e-7, "{name}: {log_det} {numeric}");
    });
}

#[test]
fn the_solution_inverts_the_map() {
    for_each(|name, map, theta, u| {
        let mut back = vec![f64::NAN; u.len()];
        map.solve(theta, &mapped(map, theta, u).0, &mut back);
        assert!(u.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-9), "{name}: {u:?} {back:?}");
    });
    for dim in DIMS {
        for (name, _, map) in table(dim) {
            let (theta, u) = (narrow(&noise(1, map.parameters(), 0.6)), narrow(&noise(9, dim, 3.0)));
            let (mut y, mut back) = (vec![0.0; dim], vec![f32::NAN; dim]);
            map.map(&theta, &u, &mut y);
            map.solve(&theta, &y, &mut back);
            let close = |a: &[f32], b: &[f32], bound: f32| {
                a.iter().zip(b).all(|(a, b)| (a - b).abs() < bound * (1.0 + a.abs()))
            };
            // where the map is flat, other numbers have the same image to the last digits
            let mut again = vec![f32::NAN; dim];
            map.map(&theta, &back, &mut again);
            let fine = close(&u, &back, 1e-4) || close(&y, &again, 1e-6);
            assert!(fine, "{name}, dim {dim}, f32: {u:?} {back:?}");
        }
    }
}

#[test]
fn gradients_are_those_of_differences() {
    for_each(|name, map, theta, u| {
        let (dy, dl) = (noise(7, u.len(), 1.0), -1.3);
        let value = |theta: &[f64], u: &[f64]| {
            let (y, log_det) = mapped(map, theta, u);
            y.iter().zip(&dy).map(|(y, d)| y * d).sum::<f64>() + dl * log_det
        };
        let (mut du, mut d_theta) = (vec![f64::NAN; u.len()], vec![1.0; theta.len()]);
        map.gradient(theta, u, &dy, dl, &mut du, &mut d_theta);
        let numeric = (0..u.len()).map(|i| slope(|x| value(theta, &moved(u, i, x)), u[i]));
        for (i, (d, numeric)) in du.iter().zip(numeric).enumerate() {
            assert!((d - numeric).abs() < 1e-6 * (1.0 + numeric.abs()), "{name}, u[{i}]: {d} {numeric}");
        }
        let numeric = (0..theta.len()).map(|k| slope(|x| value(&moved(theta, k, x), u), theta[k]));
        for (k, (d, numeric)) in d_theta.iter().zip(numeric).enumerate() {
            // they are added to what was there
            let d = d - 1.0;
            assert!((d - numeric).abs() < 1e-6 * (1.0 + numeric.abs()), "{name}, θ[{k}]: {d} {numeric}");
        }
    });
}

#[test]
fn the_transposed_solution_solves() {
    for_each(|name, map, theta, u| {
        let g = noise(3, u.len(), 1.0);
        let mut w = g.clone();
        map.solve_transposed(theta, u, &mut w);
        let jacobian = jacobian(map, theta, u);
        for (j, g) in g.iter().enumerate() {
            let product: f64 = w.iter().zip(&jacobian).map(|(w, row)| w * row[j]).sum();
            assert!((product - g).abs() < 1e-6 * (1.0 + g.abs()), "{name}: {product} {g}");
        }
    });
}

#[test]
fn single_precision_is_close_to_double() {
    for dim in DIMS {
        for (name, map, single) in table(dim) {
            let (theta, u) = (narrow(&noise(4, map.parameters(), 0.6)), narrow(&noise(5, dim, 1.2)));
            let dy = narrow(&noise(6, dim, 1.0));
            let (mut y, mut du, mut d_theta) = (vec![0.0; dim], vec![0.0; dim], vec![0.0; theta.len()]);
            let log_det = single.map(&theta, &u, &mut y);
            single.gradient(&theta, &u, &dy, -1.3, &mut du, &mut d_theta);
            let mut g = dy.clone();
            single.solve_transposed(&theta, &u, &mut g);
            let found = wide(&[y, du, d_theta, g, vec![log_det as f32]].concat());

            let [theta, u, dy] = [theta, u, dy].map(|values| wide(&values));
            let (mut du, mut d_theta) = (vec![0.0; dim], vec![0.0; theta.len()]);
            let (y, log_det) = mapped(map.as_ref(), &theta, &u);
            map.gradient(&theta, &u, &dy, -1.3, &mut du, &mut d_theta);
            let mut g = dy.clone();
            map.solve_transposed(&theta, &u, &mut g);
            let exact = [y, du, d_theta, g, vec![log_det]].concat();
            for (found, exact) in found.iter().zip(&exact) {
                let close = (found - exact).abs() < 1e-4 * (1.0 + exact.abs());
                assert!(close, "{name}, dim {dim}: {found} {exact}");
            }
        }
    }
}

#[test]
fn far_out_nothing_is_nan() {
    fn check<R: Real>(name: &str, map: &dyn RowMap<R>, far: f64) {
        let real = |values: Vec<f64>| values.into_iter().map(R::of).collect::<Vec<_>>();
        let (dim, theta) = (map.dim(), real(noise(2, map.parameters(), 0.6)));
        // one far coordinate, or all
        for axis in 0..=dim {
            let u = real((0..dim).map(|i| if axis == dim || i == axis { far } else { 0.3 }).collect());
            let [mut y, mut back, mut du] = [0, 1, 2].map(|_| vec![R::nan(); dim]);
            let log_det = map.map(&theta, &u, &mut y);
            map.solve(&theta, &u, &mut back);
            let (mut d_theta, mut w) = (vec![R::zero(); theta.len()], vec![R::one(); dim]);
            map.gradient(&theta, &u, &vec![R::one(); dim], R::one(), &mut du, &mut d_theta);
            map.solve_transposed(&theta, &u, &mut w);
            let finite = [&y, &back, &du, &d_theta, &w].into_iter().flatten().all(|v| v.is_finite());
            assert!(log_det.is_finite() && finite, "{name}, dim {dim} at {far}");
        }
    }
    for dim in DIMS {
        for (name, map, single) in table(dim) {
            for far in [-1e4, 1e4] {
                check(name, map.as_ref(), far);
                check(name, single.as_ref(), far);
            }
        }
    }
}

#[test]
fn a_rows_bits_do_not_depend_on_the_rows_beside_it() {
    fn check(name: &str, map: &dyn RowMap<f32>) {
        let (dim, rows) = (map.dim(), 7);
        let theta = narrow(&noise(4, map.parameters(), 0.6));
        let [u, dy, d_log_det] =
            [(5, dim), (6, dim), (8, 1)].map(|(seed, each)| narrow(&noise(seed, rows * each, 1.2)));
        let all = |u: &[f32], dy: &[f32], d_log_det: &[f32]| {
            let [mut y, mut back, mut du] = [0, 1, 2].map(|_| vec![f32::NAN; u.len()]);
            let (mut log_det, mut d_theta, mut w) =
                (vec![f64::NAN; u.len() / dim], vec![0.0; theta.len()], dy.to_vec());
            map.map_rows(&theta, u, &mut y, &mut log_det);
            map.solve_rows(&theta, u, &mut back);
            map.gradient_rows(&theta, u, dy, d_log_det, &mut du, &mut d_theta);
            map.solve_transposed_rows(&theta, u, &mut w);
            ([y, back, du, w], log_det, d_theta)
        };
        let (together, log_det, d_theta) = all(&u, &dy, &d_log_det);
        let mut sum = vec![0.0f64; theta.len()];
        for row in 0..rows {
            let here = row * dim..(row + 1) * dim;
            let (alone, alone_log_det, d) = all(&u[here.clone()], &dy[here.clone()], &d_log_det[row..=row]);
            for (alone, together) in alone.iter().zip(&together) {
                assert_eq!(alone[..], together[here.clone()], "{name}, dim {dim}");
            }
            assert_eq!(alone_log_det[0], log_det[row], "{name}, dim {dim}");
            sum.iter_mut().zip(&d).for_each(|(sum, &d)| *sum += f64::from(d));
        }
        for (d, sum) in d_theta.iter().zip(&sum) {
            assert!((f64::from(*d) - sum).abs() < 1e-3 * (1.0 + sum.abs()), "{name}, dim {dim}: {d} {sum}");
        }
    }
    for dim in DIMS {
        for (name, _, map) in table(dim) {
            check(name, map.as_ref());
        }
        let log_det = LogDet::Roulette { terms: 2, probability: 0.5, seed: 3 };
        let estimated = Residual { dim, hidden: vec![7], activation: Smooth::Softplus, lipschitz: 0.9, log_det };
        check("residual, estimated", &estimated);
        let trace = Trace::Hutchinson { probes: 2, seed: 3 };
        for solver in [Solver::Adaptive { tolerance: 1e-3 }, Solver::Fixed { steps: 3 }] {
            let estimated = Continuous { dim, hidden: vec![7], activation: Smooth::LipSwish, solver, trace };
            check("continuous, estimated", &estimated);
        }
    }
}
