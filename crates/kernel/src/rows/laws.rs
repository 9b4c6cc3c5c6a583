//! What every map of rows must be: its log-det is that of its Jacobian, its solution inverts it, its gradients are those
//! of differences, and the transposed solution solves. A new map is a row of the table.

use super::{Elementwise, RowMap};
use crate::noise::{Purpose, fill_gaussian};
use crate::univariate::{RationalQuadratic, Univariate};

/// Every map for rows of `dim` numbers, with a name for messages.
fn table(dim: usize) -> Vec<(&'static str, Box<dyn RowMap<f64>>, Box<dyn RowMap<f32>>)> {
    let spline = Univariate::RationalQuadratic(RationalQuadratic { bins: 5, bound: 3.0 });
    macro_rules! row {
        ($name:expr, $map:expr) => {
            ($name, Box::new($map), Box::new($map))
        };
    }
    vec![row!("elementwise spline", Elementwise { dim, univariate: spline.clone() })]
}

const DIMS: [usize; 5] = [1, 2, 3, 5, 8];

fn noise(seed: u64, count: usize, scale: f64) -> Vec<f64> {
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

/// `log|det A|` by elimination with partial pivoting.
fn log_abs_det(mut a: Vec<Vec<f64>>) -> f64 {
    let n = a.len();
    let mut total = 0.0;
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs())).expect("a row is left");
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
        let (log_det, numeric) = (mapped(map, theta, u).1, log_abs_det(jacobian(map, theta, u)));
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
            let narrow = |values: Vec<f64>| values.into_iter().map(|v| v as f32).collect::<Vec<_>>();
            let (theta, u) = (narrow(noise(1, map.parameters(), 0.6)), narrow(noise(9, dim, 3.0)));
            let (mut y, mut back) = (vec![0.0; dim], vec![f32::NAN; dim]);
            map.map(&theta, &u, &mut y);
            map.solve(&theta, &y, &mut back);
            let close = u.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-4 * (1.0 + a.abs()));
            assert!(close, "{name}, dim {dim}, f32: {u:?} {back:?}");
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
fn far_out_nothing_is_nan() {
    for dim in DIMS {
        for (name, _, map) in table(dim) {
            let theta: Vec<f32> = noise(2, map.parameters(), 0.6).into_iter().map(|v| v as f32).collect();
            for far in [-1e4f32, 1e4] {
                let u = vec![far; dim];
                let (mut y, mut back, mut du) = (vec![0.0; dim], vec![0.0; dim], vec![0.0; dim]);
                let log_det = map.map(&theta, &u, &mut y);
                map.solve(&theta, &y, &mut back);
                let mut d_theta = vec![0.0; theta.len()];
                map.gradient(&theta, &u, &vec![1.0; dim], 1.0, &mut du, &mut d_theta);
                let all = y.iter().chain(&back).chain(&du).chain(&d_theta);
                assert!(log_det.is_finite() && all.clone().all(|v| v.is_finite()), "{name}, dim {dim} at {far}");
            }
        }
    }
}
