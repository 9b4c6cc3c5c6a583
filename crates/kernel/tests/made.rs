//! The fast MADE against the plain one, its gradients against finite differences, its masks against paths.

mod common;

use common::{SHAPES, backward, forward, made, wave};
use flowstill_kernel::{Activation, Made, reference};

fn parameters(made: &Made) -> Vec<f64> {
    made.pack(&wave(made.dense_parameters(), 0.8, 0.3))
}

#[test]
fn fast_forward_equals_the_definition() {
    for shape in SHAPES {
        for activation in Activation::ALL {
            let made = made(shape, activation);
            let theta = parameters(&made);
            for rows in [1, 2, 13, 70] {
                let v = wave(rows * made.dim(), 3.0, 1.1);
                let (out, _) = forward(&made, &theta, &v);
                let per_row = made.dim() * made.params_per_dim();
                for (row, out) in v.chunks_exact(made.dim()).zip(out.chunks_exact(per_row)) {
                    let plain = reference::forward(&made, shape.1, &made.unpack(&theta), row);
                    for (a, b) in out.iter().zip(&plain) {
                        assert!((a - b).abs() < 1e-12 * (1.0 + b.abs()), "{shape:?} {}: {a} {b}", activation.name());
                    }
                }
            }
        }
    }
}

#[test]
fn packing_keeps_every_unmasked_parameter_in_its_place() {
    for shape in SHAPES {
        let made = made(shape, Activation::Relu);
        let dense: Vec<f64> = (0..made.dense_parameters()).map(|i| 1.0 + i as f64).collect();
        let theta = made.pack(&dense);
        let back = made.unpack(&theta);
        let kept = back.iter().zip(&dense).filter(|(b, d)| b == d).count();
        assert_eq!(kept, made.free_parameters(), "{shape:?}");
        assert!(back.iter().zip(&dense).all(|(b, d)| b == d || *b == 0.0));
        assert_eq!(theta.iter().filter(|t| **t != 0.0).count(), made.free_parameters());
        let mut masked = vec![1.0; theta.len()];
        made.mask(&mut masked);
        assert!(masked.iter().zip(&theta).all(|(m, t)| (*m == 1.0) == (*t != 0.0)), "{shape:?}");
    }
}

#[test]
fn single_precision_stays_close_to_double() {
    let made = Made::new(9, &[128, 128], 2, Activation::Relu);
    let theta: Vec<f64> = parameters(&made).into_iter().map(|t| t * 0.2).collect();
    let v = wave(40 * 9, 3.0, 0.0);
    let (exact, cache) = forward(&made, &theta, &v);
    let narrow = |x: &[f64]| x.iter().map(|&x| x as f32).collect::<Vec<f32>>();
    let (out, narrow_cache) = forward(&made, &narrow(&theta), &narrow(&v));
    for (a, b) in out.iter().zip(&exact) {
        assert!((f64::from(*a) - b).abs() < 1e-5 * (1.0 + b.abs()), "{a} {b}");
    }
    let d_out: Vec<f64> = wave(exact.len(), 1.0, 2.0);
    let (d_theta, d_v) = backward(&made, &theta, &cache, &d_out, false);
    let (narrow_d_theta, narrow_d_v) = backward(&made, &narrow(&theta), &narrow_cache, &narrow(&d_out), false);
    let close = |narrow: &[f32], exact: &[f64]| {
        let size = (exact.iter().map(|e| e * e).sum::<f64>() / exact.len() as f64).sqrt();
        narrow.iter().zip(exact).for_each(|(a, b)| assert!((f64::from(*a) - b).abs() < 1e-4 * (size + b.abs())));
    };
    close(&narrow_d_theta, &d_theta);
    close(&narrow_d_v, &d_v);
}

#[test]
fn a_row_has_the_same_bits_in_any_batch() {
    let made = Made::new(9, &[40, 40], 2, Activation::Tanh);
    let theta: Vec<f32> = parameters(&made).into_iter().map(|t| t as f32).collect();
    let v: Vec<f32> = wave(31 * 9, 3.0, 0.0);
    let (whole, _) = forward(&made, &theta, &v);
    for row in 0..31 {
        let (one, _) = forward(&made, &theta, &v[row * 9..][..9]);
        assert_eq!(one, whole[row * 18..][..18], "row {row}");
    }
}

#[test]
fn gradients_match_finite_differences_and_nothing_else_gets_one() {
    for shape in SHAPES {
        // smooth, so that no kink spoils the differences
        let made = made(shape, Activation::Tanh);
        let theta = parameters(&made);
        let rows = 7;
        let v = wave(rows * made.dim(), 1.5, 1.1);
        let weights: Vec<f64> = wave(rows * made.dim() * made.params_per_dim(), 1.0, 2.2);
        let loss = |theta: &[f64], v: &[f64]| -> f64 {
            forward(&made, theta, v).0.iter().zip(&weights).map(|(o, w)| o * w).sum()
        };
        let (_, cache) = forward(&made, &theta, &v);
        let (d_theta, d_v) = backward(&made, &theta, &cache, &weights, false);
        let difference = |x: &[f64], i: usize, f: &dyn Fn(&[f64]) -> f64| {
            let at = |h: f64| {
                let mut moved = x.to_vec();
                moved[i] += h;
                f(&moved)
            };
            (at(1e-5) - at(-1e-5)) / 2e-5
        };
        let mut free = vec![1.0; theta.len()];
        made.mask(&mut free);
        for i in 0..theta.len() {
            if free[i] == 0.0 {
                assert_eq!(d_theta[i], 0.0, "θ[{i}] of {shape:?} is no parameter");
            } else if i % (1 + theta.len() / 300) == 0 {
                let numeric = difference(&theta, i, &|t| loss(t, &v));
                assert!((d_theta[i] - numeric).abs() < 1e-6 * (1.0 + numeric.abs()), "θ[{i}] of {shape:?}");
            }
        }
        for i in (0..v.len()).step_by(1 + v.len() / 100) {
            let numeric = difference(&v, i, &|x| loss(&theta, x));
            assert!((d_v[i] - numeric).abs() < 1e-6 * (1.0 + numeric.abs()), "v[{i}] of {shape:?}");
        }
        let (none, frozen) = backward(&made, &theta, &cache, &weights, true);
        assert_eq!(frozen, d_v, "input gradients without parameter gradients");
        assert!(none.iter().all(|g| *g == 0.0));
    }
}

#[test]
fn products_of_masks_connect_an_output_to_exactly_the_earlier_inputs() {
    for (dim, hidden, per_dim, _, identity) in SHAPES {
        let masks = reference::masks(dim, hidden, per_dim, identity);
        let mut paths: Vec<Vec<u64>> = (0..dim).map(|i| (0..dim).map(|j| u64::from(i == j)).collect()).collect();
        for mask in &masks {
            paths = paths
                .iter()
                .map(|row| {
                    let into = |j: usize| row.iter().zip(mask).map(|(p, m)| p * u64::from(m[j])).sum::<u64>();
                    (0..mask[0].len()).map(|j| into(j).min(1 << 20)).collect()
                })
                .collect();
        }
        // with fewer units than degrees some inputs go unread, which is allowed; a later one never may be
        let complete = identity.is_some() || hidden.iter().all(|&h| h + 1 >= dim);
        for (input, row) in paths.iter().enumerate() {
            for (output, &count) in row.iter().enumerate() {
                let position = output / per_dim;
                let earlier = identity.map_or(input < position, |identity| input < identity && identity <= position);
                assert!(count == 0 || earlier, "output {output} sees input {input} in {dim} {hidden:?}");
                assert!(count > 0 || !earlier || !complete, "output {output} misses input {input} in {dim} {hidden:?}");
            }
        }
    }
}

#[test]
fn residual_networks_need_equal_widths_odd_in_number() {
    for hidden in [&[][..], &[8, 8], &[8, 9, 8]] {
        assert!(Made::new(3, hidden, 2, Activation::Relu).residual().is_none(), "{hidden:?}");
    }
}
