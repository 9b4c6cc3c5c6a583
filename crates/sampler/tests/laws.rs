//! The laws of a bijection, for every chain of one table.

mod common;

use common::*;
use flowstill_model::FlowSpec;
use flowstill_sampler::{Chain, Method};

const DIMS: [usize; 5] = [1, 2, 3, 5, 8];

#[test]
fn naive_incremental_and_jacobi_agree_in_both_directions() {
    for dim in DIMS {
        for (name, spec) in flows(dim) {
            let theta = parameters(&spec);
            let (exact, single) =
                (Chain::<f64>::new(&spec, &theta).unwrap(), Chain::<f32>::new(&spec, &theta).unwrap());
            let rows = wave(37 * dim, 1.0).iter().map(|x| 3.0 * x).collect::<Vec<_>>();
            for method in METHODS {
                for (a, b) in [
                    (exact.forward_and_log_det(&rows, method), exact.forward_and_log_det(&rows, Method::Naive)),
                    (exact.inverse_and_log_det(&rows, method), exact.inverse_and_log_det(&rows, Method::Naive)),
                ] {
                    let (a, b) = (a.unwrap(), b.unwrap());
                    for (a, b) in a.values.iter().chain(&a.log_det).zip(b.values.iter().chain(&b.log_det)) {
                        assert_close(*a, *b, 1e-12, &format!("{name}, dim {dim}, {}", method.name()));
                    }
                }
                let rows = narrow(&rows);
                let a = single.forward_and_log_det(&rows, method).unwrap();
                let b = single.forward_and_log_det(&rows, Method::Naive).unwrap();
                for (a, b) in a.values.iter().zip(&b.values) {
                    assert_close(
                        f64::from(*a),
                        f64::from(*b),
                        1e-5,
                        &format!("{name}, dim {dim}, {}, f32", method.name()),
                    );
                }
            }
        }
    }
}

#[test]
fn inverse_undoes_forward_and_its_log_det_is_the_negative() {
    for dim in DIMS {
        for (name, spec) in flows(dim) {
            let theta = parameters(&spec);
            // out to 10 standard deviations, where numbers between 0 and 1 tell them apart
            let reach = if name.contains("uniform") { 3.0 } else { 10.0 };
            let z: Vec<f64> = wave(200 * dim, 2.0).iter().map(|x| reach * x).collect();
            for method in METHODS {
                let chain = Chain::<f64>::new(&spec, &theta).unwrap();
                let there = chain.forward_and_log_det(&z, method).unwrap();
                let back = chain.inverse_and_log_det(&there.values, method).unwrap();
                back.values.iter().zip(&z).for_each(|(a, b)| assert_close(*a, *b, 1e-10, name));
                back.log_det.iter().zip(&there.log_det).for_each(|(a, b)| assert_close(*a, -b, 1e-10, name));

                // at half the size: at full size scales of e^{±3} per layer amplify the rounding of single precision
                let milder: Vec<f32> = theta.iter().map(|t| 0.5 * t).collect();
                let chain = Chain::<f32>::new(&spec, &milder).unwrap();
                let there = chain.forward_and_log_det(&narrow(&z), method).unwrap();
                let back = chain.inverse_and_log_det(&there.values, method).unwrap();
                for (a, b) in back.values.iter().zip(&z) {
                    assert_close(f64::from(*a), *b, 1e-4, &format!("{name}, dim {dim}, f32"));
                }
                back.log_det.iter().zip(&there.log_det).for_each(|(a, b)| assert_close(*a, -b, 1e-4, name));
            }
        }
    }
}

/// log|det| by elimination with row exchanges.
fn log_abs_det(mut a: Vec<Vec<f64>>) -> f64 {
    let n = a.len();
    let mut sum = 0.0;
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs())).unwrap();
        a.swap(k, pivot);
        sum += a[k][k].abs().ln();
        let (head, tail) = a.split_at_mut(k + 1);
        for row in tail {
            let factor = row[k] / head[k][k];
            row.iter_mut().zip(&head[k]).skip(k).for_each(|(x, p)| *x -= factor * p);
        }
    }
    sum
}

#[test]
fn log_det_is_that_of_the_jacobian_by_finite_differences() {
    for dim in DIMS {
        for (name, spec) in flows(dim) {
            let chain = Chain::<f64>::new(&spec, &parameters(&spec)).unwrap();
            for row in wave(3 * dim, 3.0).chunks_exact(dim) {
                let forward = |x: &[f64]| chain.forward_and_log_det(x, Method::Incremental).unwrap();
                let inverse = |x: &[f64]| chain.inverse_and_log_det(x, Method::Incremental).unwrap();
                for map in [&forward as &dyn Fn(&[f64]) -> _, &inverse] {
                    let h = 1e-4;
                    let jacobian = (0..dim)
                        .map(|i| {
                            let at = |step: f64| {
                                let mut x = row.to_vec();
                                x[i] += step;
                                map(&x).values
                            };
                            // fourth order: error h⁴
                            let (a, b, c, d) = (at(-2.0 * h), at(-h), at(h), at(2.0 * h));
                            (0..dim).map(|j| (a[j] - 8.0 * b[j] + 8.0 * c[j] - d[j]) / (12.0 * h)).collect()
                        })
                        .collect();
                    assert_close(map(row).log_det[0], log_abs_det(jacobian), 1e-8, &format!("{name}, dim {dim}"));
                }
            }
        }
    }
}

#[test]
fn density_of_own_samples_from_the_cached_pass_is_the_density_through_the_inverse() {
    for dim in DIMS {
        for (name, spec) in flows(dim) {
            let theta = parameters(&spec);
            let z: Vec<f64> = wave(50 * dim, 4.0).iter().map(|x| 3.0 * x).collect();
            for method in METHODS {
                let chain = Chain::<f64>::new(&spec, &theta).unwrap();
                let drawn = chain.forward_and_log_prob(&z, method).unwrap();
                let again = chain.log_prob(&drawn.values, method).unwrap();
                drawn.log_prob.iter().zip(&again).for_each(|(a, b)| assert_close(*a, *b, 1e-12, name));

                let chain = Chain::<f32>::new(&spec, &theta).unwrap();
                let drawn = chain.forward_and_log_prob(&narrow(&z), method).unwrap();
                let again = chain.log_prob(&drawn.values, method).unwrap();
                drawn.log_prob.iter().zip(&again).for_each(|(a, b)| assert_close(*a, *b, 1e-5, name));
            }
        }
    }
}

#[test]
fn jacobi_stops_at_its_tolerance_and_gives_the_density_of_what_it_returns() {
    let (_, spec) = flows(8).swap_remove(0);
    let chain = Chain::<f64>::new(&spec, &parameters(&spec)).unwrap();
    let z: Vec<f64> = wave(300 * 8, 5.0).iter().map(|x| 3.0 * x).collect();
    let exact = chain.forward_and_log_prob(&z, Method::Naive).unwrap();
    let loose = chain.forward_and_log_prob(&z, Method::Jacobi { tolerance: 1e-3 }).unwrap();
    let tight = chain.forward_and_log_prob(&z, Method::Jacobi { tolerance: 1e-9 }).unwrap();
    let error = |drawn: &flowstill_sampler::Drawn<f64>| {
        drawn.values.iter().zip(&exact.values).map(|(a, b)| (a - b).abs() / (1.0 + b.abs())).fold(0.0, f64::max)
    };
    assert!(error(&tight) < 1e-7 && error(&loose) > error(&tight), "{} {}", error(&tight), error(&loose));
    assert!(1 < loose.rounds.largest && loose.rounds.largest <= 8 && loose.rounds.mean() < tight.rounds.mean());
    assert_eq!(tight.rounds.solved, 300 * 3);
    let again = chain.log_prob(&loose.values, Method::Incremental).unwrap();
    loose.log_prob.iter().zip(&again).for_each(|(a, b)| assert_close(*a, *b, 1e-12, "density at the returned row"));
}

#[test]
fn a_coupling_is_solved_in_two_rounds_however_many_coordinates_it_has() {
    let halves = |k| coupling(autoregressive(MAF, order(8, k), &[12, 9]), 4);
    let spec = FlowSpec { dim: 8, layers: vec![halves(0), halves(1), halves(2)] };
    let chain = Chain::<f64>::new(&spec, &parameters(&spec)).unwrap();
    let z: Vec<f64> = wave(50 * 8, 5.0).iter().map(|x| 3.0 * x).collect();
    let exact = chain.forward_and_log_det(&z, Method::Incremental).unwrap();
    let jacobi = chain.forward_and_log_det(&z, Method::Jacobi { tolerance: 0.0 }).unwrap();
    assert_eq!((jacobi.rounds.largest, jacobi.rounds.mean()), (2, 2.0));
    assert_eq!((&jacobi.values, &jacobi.log_det), (&exact.values, &exact.log_det));
    // the last layer alone, by the definition of a coupling: its first four coordinates move by constants
    let last = FlowSpec { dim: 8, layers: vec![halves(2)] };
    let chain = Chain::<f64>::new(&last, &parameters(&last)).unwrap();
    let (one, other) = (&z[..8], &z[8..16]);
    let map = |z: &[f64]| chain.forward_and_log_det(z, Method::Incremental).unwrap().values;
    let constant: Vec<usize> = order(8, 2)[..4].to_vec();
    let mixed: Vec<f64> = (0..8).map(|i| if constant.contains(&i) { one[i] } else { other[i] }).collect();
    let [one, mixed] = [map(one), map(&mixed)];
    for i in 0..8 {
        assert_eq!(one[i] == mixed[i], constant.contains(&i), "coordinate {i}");
    }
}

#[test]
fn all_methods_to_the_end_have_the_same_bits() {
    for dim in DIMS {
        for (name, spec) in flows(dim) {
            let chain = Chain::<f32>::new(&spec, &parameters(&spec)).unwrap();
            let rows = narrow(&wave(21 * dim, 6.0));
            for map in [Chain::forward_and_log_det, Chain::inverse_and_log_det] {
                let naive = map(&chain, &rows, Method::Naive).unwrap();
                let incremental = map(&chain, &rows, Method::Incremental).unwrap();
                let jacobi = map(&chain, &rows, Method::Jacobi { tolerance: 0.0 }).unwrap();
                assert_eq!(incremental, naive, "{name}, dim {dim}");
                assert_eq!((jacobi.values, jacobi.log_det), (naive.values, naive.log_det), "{name}, dim {dim}");
                assert!(jacobi.rounds.largest <= dim);
            }
        }
    }
}

#[test]
fn extreme_rows_have_a_density_that_is_a_number_or_minus_infinity() {
    for dim in DIMS {
        for (name, spec) in flows(dim) {
            let chain = Chain::<f32>::new(&spec, &parameters(&spec)).unwrap();
            for method in [Method::Naive, Method::Incremental, Method::Jacobi { tolerance: 1e-6 }] {
                let [most, most_beyond] = if name == HEAVY { [-30.0, -300.0] } else { [-100.0, -1e4] };
                for far in [1e4, -1e4] {
                    let log_prob = chain.log_prob(&vec![far; dim], method).unwrap()[0];
                    assert!(log_prob.is_finite() && log_prob < most, "{name}, dim {dim} at {far}: {log_prob}");
                }
                for far in [f32::MAX, f32::MIN, f32::INFINITY, f32::NEG_INFINITY] {
                    let log_prob = chain.log_prob(&vec![far; dim], method).unwrap()[0];
                    assert!(!log_prob.is_nan() && log_prob < most_beyond, "{name}, dim {dim} at {far}: {log_prob}");
                }
            }
        }
    }
}
