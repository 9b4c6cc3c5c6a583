use super::super::laws::noise;
use super::*;

fn map(dim: usize, hidden: &[usize], lipschitz: f64, log_det: LogDet) -> Residual {
    Residual { dim, hidden: hidden.to_vec(), activation: Smooth::Tanh, lipschitz, log_det }
}

fn parameters(map: &Residual, seed: u64, scale: f64) -> Vec<f64> {
    noise(seed, RowMap::<f64>::parameters(map), scale)
}

/// The network with or without its weights normalised.
fn network_at(map: &Residual, theta: &[f64], u: &[f64], normalised: bool) -> Vec<f64> {
    let prepared = Prepared::new(map, theta);
    let packed = if normalised { prepared.packed } else { prepared.network.pack(theta) };
    let mut y = vec![0.0; u.len()];
    Pass::default().forward(&prepared.network, &packed, u, &mut y);
    y
}

/// Entry (i, k) at `i·dim + k`.
fn jacobian(map: &Residual, theta: &[f64], u: &[f64]) -> Vec<f64> {
    let (prepared, mut pass, dim) = (Prepared::new(map, theta), Pass::default(), map.dim);
    let (mut y, mut columns) = (vec![0.0; dim], vec![0.0; dim * dim]);
    pass.forward(&prepared.network, &prepared.packed, u, &mut y);
    pass.push(&prepared.network, &prepared.packed, Tangents::Axes(dim), &mut columns);
    (0..dim * dim).map(|at| columns[at % dim * dim + at / dim]).collect()
}

#[test]
fn networks_contract_for_any_parameters_and_would_not_without_the_norms() {
    let distance = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    let mut largest: f64 = 0.0;
    for seed in 0..40 {
        let map = map(4, &[11, 6], 0.97, LogDet::Exact);
        let theta = parameters(&map, seed, [0.3, 1.0, 10.0][seed as usize % 3]);
        for at in 0..20 {
            let (a, b) = (noise(100 + at, 4, 0.3), noise(200 + at, 4, 0.3));
            let [ratio, free] = [true, false].map(|normalised| {
                let [a_image, b_image] = [&a, &b].map(|u| network_at(&map, &theta, u, normalised));
                distance(&a_image, &b_image) / distance(&a, &b)
            });
            assert!(ratio <= 0.97 * (1.0 + 1e-9), "seed {seed}: {ratio}");
            largest = largest.max(free);
        }
    }
    assert!(largest > 1.5, "{largest}");
}

#[test]
fn round_trips_to_rounding_also_where_the_constant_is_used_up() {
    for (seed, activation) in Smooth::ALL.into_iter().enumerate() {
        let map = Residual { activation, ..map(5, &[16], 0.97, LogDet::Exact) };
        let theta = parameters(&map, seed as u64, 3.0);
        let u = noise(8, 30 * 5, 1.0);
        let (mut y, mut back, mut log_det) = (vec![0.0; u.len()], vec![0.0; u.len()], vec![0.0; 30]);
        map.map_rows(&theta, &u, &mut y, &mut log_det);
        map.solve_rows(&theta, &y, &mut back);
        assert!(u.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-10), "{activation:?}");
        let narrow = |values: &[f64]| values.iter().map(|&v| v as f32).collect::<Vec<_>>();
        let (theta, u) = (narrow(&theta), narrow(&u));
        let (mut y, mut back) = (vec![0.0; u.len()], vec![0.0; u.len()]);
        map.map_rows(&theta, &u, &mut y, &mut log_det);
        map.solve_rows(&theta, &y, &mut back);
        assert!(u.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-5 * (1.0 + a.abs())), "{activation:?}, f32");
    }
}

#[test]
fn what_is_no_number_is_no_number_mapped_back() {
    let map = map(2, &[5], 0.9, LogDet::Exact);
    for bad in [f64::NAN, f64::INFINITY] {
        let mut u = [0.0; 2];
        map.solve(&parameters(&map, 1, 0.6), &[bad, 0.0], &mut u);
        assert!(u.iter().all(|u| u.is_nan()), "{bad}: {u:?}");
    }
    let mut u = [0.0; 2];
    map.solve(&vec![f64::NAN; RowMap::<f64>::parameters(&map)], &[1.0, 0.0], &mut u);
    assert!(u[0].is_nan());
}

#[test]
fn iterated_transposed_solutions_solve() {
    let map = map(70, &[24], 0.95, LogDet::Roulette { terms: 1, probability: 0.5, seed: 0 });
    let theta = parameters(&map, 1, 1.0);
    let (u, g) = (noise(2, 140, 1.0), noise(3, 140, 1.0));
    let mut w = g.clone();
    map.solve_transposed_rows(&theta, &u, &mut w);
    for row in 0..2 {
        let here = row * 70..row * 70 + 70;
        let j = jacobian(&map, &theta, &u[here.clone()]);
        let (w, g) = (&w[here.clone()], &g[here]);
        for k in 0..70 {
            let product: f64 = w[k] + (0..70).map(|i| w[i] * j[i * 70 + k]).sum::<f64>();
            assert!((product - g[k]).abs() < 1e-10, "{product} {}", g[k]);
        }
    }
}

/// Means over seeds and their standard errors.
fn means(count: u64, f: impl Fn(u64) -> Vec<f64>) -> Vec<[f64; 2]> {
    let len = f(0).len();
    let (mut sum, mut squares) = (vec![0.0; len], vec![0.0; len]);
    for seed in 0..count {
        for (i, v) in f(seed).into_iter().enumerate() {
            sum[i] += v;
            squares[i] += v * v;
        }
    }
    let n = count as f64;
    let mean = |i: usize| [sum[i] / n, ((squares[i] / n - (sum[i] / n).powi(2)).max(0.0) / n).sqrt()];
    (0..len).map(mean).collect()
}

#[test]
fn estimated_log_dets_have_the_exact_one_for_their_mean_and_few_fixed_terms_do_not() {
    // without hidden layers J is the weight, here with eigenvalues that are all positive
    let exact = map(3, &[], 0.9, LogDet::Exact);
    let theta = [0.6, 0.1, 0.05, -0.1, 0.5, 0.2, 0.0, 0.1, 0.4, 0.3, 0.2, 0.1];
    let u = [0.1, -0.2, 0.15];
    let truth = exact.map(&theta, &u, &mut [0.0; 3]);
    let estimate = |seed| {
        let map = Residual { log_det: LogDet::Roulette { terms: 1, probability: 0.15, seed }, ..exact.clone() };
        vec![map.map(&theta, &u, &mut [0.0; 3])]
    };
    let [mean, error] = means(6000, estimate)[0];
    assert!((mean - truth).abs() < 4.0 * error, "{mean} ± {error}, exactly {truth}");
    // the trace of the first power alone, which is what the mean would be without the roulette
    let j = jacobian(&exact, &theta, &u);
    let truncated: f64 = (0..3).map(|i| j[i * 3 + i]).sum();
    assert!((truncated - truth).abs() > 8.0 * error, "{truncated} ± {error}, exactly {truth}");
}

#[test]
fn estimated_gradients_have_the_exact_one_for_their_mean() {
    let exact = map(3, &[5], 0.8, LogDet::Exact);
    let theta = parameters(&exact, 5, 1.5);
    let (u, dy) = ([0.1, -0.2, 0.15], [0.3, 0.2, -0.4]);
    let gradient = |log_det| {
        let map = Residual { log_det, ..exact.clone() };
        let (mut du, mut d_theta) = (vec![0.0; 3], vec![0.0; theta.len()]);
        map.gradient(&theta, &u, &dy, -1.3, &mut du, &mut d_theta);
        du.append(&mut d_theta);
        du
    };
    let estimates = means(6000, |seed| gradient(LogDet::Roulette { terms: 2, probability: 0.3, seed }));
    for (i, ([mean, error], truth)) in estimates.into_iter().zip(gradient(LogDet::Exact)).enumerate() {
        assert!((mean - truth).abs() < 4.5 * error + 1e-9, "{i}: {mean} ± {error}, exactly {truth}");
    }
}
