//! The fast MADE against the plain one, its gradients against finite differences, its masks against paths.

use flowstill_kernel::{Activation, Activations, Made, reference};

const SHAPES: [(usize, &[usize], usize); 10] = [
    (1, &[], 2),
    (1, &[4], 2),
    (2, &[], 2),
    (2, &[1], 2),
    (3, &[7], 2),
    (5, &[16, 3], 1),
    (8, &[33, 20, 17], 2),
    (9, &[128, 128], 2),
    (21, &[10, 40], 3),
    (63, &[50], 2),
];

fn wave(n: usize, scale: f64, phase: f64) -> Vec<f64> {
    (0..n).map(|i| scale * ((i as f64 * 12.9898 + phase).sin() * 43758.5453).fract()).collect()
}

fn parameters(made: &Made) -> Vec<f64> {
    let mut theta = wave(made.parameters(), 0.8, 0.3);
    made.mask(&mut theta);
    theta
}

#[test]
fn fast_forward_equals_the_definition() {
    for (dim, hidden, per_dim) in SHAPES {
        for activation in Activation::ALL {
            let made = Made::new(dim, hidden, per_dim, activation);
            let theta = parameters(&made);
            for rows in [1, 2, 13] {
                let v = wave(rows * dim, 3.0, 1.1);
                let mut out = vec![0.0; rows * dim * per_dim];
                made.forward(&theta, &v, rows, &mut Activations::default(), &mut out);
                for (row, out) in v.chunks_exact(dim).zip(out.chunks_exact(dim * per_dim)) {
                    let plain = reference::forward(&made, hidden, activation, &theta, row);
                    for (a, b) in out.iter().zip(&plain) {
                        assert!((a - b).abs() < 1e-12 * (1.0 + b.abs()), "{dim} {hidden:?} {}", activation.name());
                    }
                }
            }
        }
    }
}

#[test]
fn single_precision_stays_close_to_double() {
    let made = Made::new(9, &[128, 128], 2, Activation::Relu);
    let theta: Vec<f64> = parameters(&made).into_iter().map(|t| t * 0.2).collect();
    let v = wave(40 * 9, 3.0, 0.0);
    let mut exact = vec![0.0; 40 * 18];
    made.forward(&theta, &v, 40, &mut Activations::default(), &mut exact);
    let narrow = |x: &[f64]| x.iter().map(|&x| x as f32).collect::<Vec<f32>>();
    let mut out = vec![0.0f32; 40 * 18];
    made.forward(&narrow(&theta), &narrow(&v), 40, &mut Activations::default(), &mut out);
    for (a, b) in out.iter().zip(&exact) {
        assert!((f64::from(*a) - b).abs() < 1e-5 * (1.0 + b.abs()), "{a} {b}");
    }
}

#[test]
fn a_row_has_the_same_bits_in_any_batch() {
    let made = Made::new(9, &[40, 40], 2, Activation::Tanh);
    let theta: Vec<f32> = parameters(&made).into_iter().map(|t| t as f32).collect();
    let v: Vec<f32> = wave(31 * 9, 3.0, 0.0).into_iter().map(|t| t as f32).collect();
    let mut whole = vec![0.0f32; 31 * 18];
    made.forward(&theta, &v, 31, &mut Activations::default(), &mut whole);
    for row in 0..31 {
        let mut one = vec![0.0f32; 18];
        made.forward(&theta, &v[row * 9..][..9], 1, &mut Activations::default(), &mut one);
        assert_eq!(one, whole[row * 18..][..18], "row {row}");
    }
}

#[test]
fn gradients_match_finite_differences_and_masked_entries_get_none() {
    for (dim, hidden, per_dim) in SHAPES {
        // smooth, so that no kink spoils the differences
        let made = Made::new(dim, hidden, per_dim, Activation::Tanh);
        let theta = parameters(&made);
        let rows = 7;
        let v = wave(rows * dim, 1.5, 1.1);
        let weights = wave(rows * dim * per_dim, 1.0, 2.2);
        let loss = |theta: &[f64], v: &[f64]| -> f64 {
            let mut out = vec![0.0; rows * dim * per_dim];
            made.forward(theta, v, rows, &mut Activations::default(), &mut out);
            out.iter().zip(&weights).map(|(o, w)| o * w).sum()
        };
        let mut cache = Activations::default();
        let mut out = vec![0.0; rows * dim * per_dim];
        made.forward(&theta, &v, rows, &mut cache, &mut out);
        let (mut d_theta, mut d_v) = (vec![0.0; theta.len()], vec![0.0; v.len()]);
        made.backward(&theta, &mut cache, &weights, Some(&mut d_theta), &mut d_v);
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
        for i in (0..theta.len()).step_by(1 + theta.len() / 400) {
            if free[i] == 0.0 {
                assert_eq!(d_theta[i], 0.0, "masked entry {i} of {dim} {hidden:?}");
            } else {
                let numeric = difference(&theta, i, &|t| loss(t, &v));
                assert!((d_theta[i] - numeric).abs() < 1e-6 * (1.0 + numeric.abs()), "θ[{i}] of {dim} {hidden:?}");
            }
        }
        for i in 0..v.len() {
            let numeric = difference(&v, i, &|x| loss(&theta, x));
            assert!((d_v[i] - numeric).abs() < 1e-6 * (1.0 + numeric.abs()), "v[{i}] of {dim} {hidden:?}");
        }
        let mut frozen = vec![0.0; v.len()];
        made.forward(&theta, &v, rows, &mut cache, &mut out);
        made.backward(&theta, &mut cache, &weights, None, &mut frozen);
        assert_eq!(frozen, d_v, "input gradients without parameter gradients");
    }
}

#[test]
fn products_of_masks_connect_an_output_to_exactly_the_earlier_inputs() {
    for (dim, hidden, per_dim) in SHAPES {
        let masks = reference::masks(dim, hidden, per_dim);
        let mut paths: Vec<Vec<u64>> = (0..dim).map(|i| (0..dim).map(|j| u64::from(i == j)).collect()).collect();
        for mask in &masks {
            paths = paths
                .iter()
                .map(|row| {
                    (0..mask[0].len())
                        .map(|j| {
                            row.iter()
                                .zip(mask)
                                .map(|(p, m)| (p * u64::from(m[j])).min(1 << 20))
                                .sum::<u64>()
                                .min(1 << 20)
                        })
                        .collect()
                })
                .collect();
        }
        // with fewer units than degrees some inputs go unread, which is allowed; a later one never may be
        let complete = hidden.iter().all(|&h| h + 1 >= dim);
        for (input, row) in paths.iter().enumerate() {
            for (output, &count) in row.iter().enumerate() {
                let earlier = input < output / per_dim;
                assert!(count == 0 || earlier, "output {output} sees input {input} in {dim} {hidden:?}");
                assert!(count > 0 || !earlier || !complete, "output {output} misses input {input} in {dim} {hidden:?}");
            }
        }
    }
}
