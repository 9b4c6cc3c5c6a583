//! The incremental inverse against `dim` full passes, and one row's bits against those of any batch.

use flowstill_kernel::affine::soft_clip;
use flowstill_kernel::incremental::{Incremental, Sweep};
use flowstill_kernel::{Activation, Activations, Made, Real};

const SHAPES: [(usize, &[usize], usize); 12] = [
    (1, &[], 2),
    (1, &[4], 2),
    (2, &[], 2),
    (2, &[1], 2),
    (3, &[7], 2),
    (5, &[16, 3], 1),
    (6, &[2], 2),
    (8, &[33, 20, 17], 2),
    (9, &[128, 128], 2),
    (17, &[], 2),
    (21, &[10, 40], 3),
    (63, &[50], 2),
];

fn wave<R: Real>(n: usize, scale: f64, phase: f64) -> Vec<R> {
    (0..n).map(|i| R::of(scale * ((i as f64 * 12.9898 + phase).sin() * 43758.5453).fract())).collect()
}

fn network<R: Real>(dim: usize, hidden: &[usize], per_dim: usize, activation: Activation) -> Incremental<R> {
    let made = Made::new(dim, hidden, per_dim, activation);
    let theta = wave(made.parameters(), 0.5, 0.3);
    Incremental::new(made, theta)
}

/// The affine step with every output of the position in use: `v = Σ shifts + e^α·u`.
fn step<R: Real>(outputs: &[R], u: R) -> R {
    let (scale, shifts) = outputs.split_last().unwrap();
    shifts.iter().copied().sum::<R>() + soft_clip(*scale, R::of(1.0)).exp() * u
}

fn incremental<R: Real>(network: &Incremental<R>, u: &[R], rows: usize, buffers: &mut Sweep<R>) -> Vec<R> {
    let dim = network.made().dim();
    let mut v = vec![R::nan(); rows * dim];
    network.sweep(rows, buffers, |row, position, outputs| {
        let value = step(outputs, u[row * dim + position]);
        assert!(v[row * dim + position].is_nan(), "row {row}, position {position} was computed twice");
        v[row * dim + position] = value;
        value
    });
    v
}

fn naive<R: Real>(network: &Incremental<R>, u: &[R], rows: usize) -> Vec<R> {
    let (dim, per_dim) = (network.made().dim(), network.made().params_per_dim());
    let mut v = vec![R::zero(); rows * dim];
    let mut out = vec![R::zero(); rows * dim * per_dim];
    for position in 0..dim {
        network.made().forward(network.theta(), &v, rows, &mut Activations::default(), &mut out);
        for row in 0..rows {
            let at = row * dim + position;
            v[at] = step(&out[at * per_dim..][..per_dim], u[at]);
        }
    }
    v
}

fn assert_equals_naive<R: Real>(tolerance: f64) {
    let mut buffers = Sweep::default();
    for (dim, hidden, per_dim) in SHAPES {
        for activation in Activation::ALL {
            let network = network::<R>(dim, hidden, per_dim, activation);
            for rows in [1, 6, 18, 37] {
                let u = wave(rows * dim, 2.0, 1.1);
                let (a, b) = (incremental(&network, &u, rows, &mut buffers), naive(&network, &u, rows));
                for (a, b) in a.iter().zip(&b) {
                    let error = (a.f64() - b.f64()).abs() / (1.0 + b.f64().abs());
                    assert!(error <= tolerance, "{error:e} for {dim} {hidden:?} {}, {rows} rows", activation.name());
                }
            }
        }
    }
}

#[test]
fn the_incremental_inverse_equals_dim_full_passes_in_double_precision() {
    assert_equals_naive::<f64>(1e-12);
}

#[test]
fn the_incremental_inverse_equals_dim_full_passes_in_single_precision() {
    assert_equals_naive::<f32>(1e-5);
}

fn assert_same_bits<R: Real>() {
    let mut buffers = Sweep::default();
    for (dim, hidden, per_dim) in SHAPES {
        for activation in Activation::ALL {
            let network = network::<R>(dim, hidden, per_dim, activation);
            let u = wave(100 * dim, 2.0, 0.7);
            let whole = incremental(&network, &u, 100, &mut buffers);
            for rows in [1, 2, 7, 31, 32, 33] {
                // from the start and from the end: other lanes, other arrangement, same bits
                for first in [0, 100 - rows] {
                    let range = first * dim..(first + rows) * dim;
                    let part = incremental(&network, &u[range.clone()], rows, &mut buffers);
                    assert_eq!(part, whole[range], "rows {first}+{rows} of {dim} {hidden:?} {}", activation.name());
                }
            }
        }
    }
}

#[test]
fn a_row_has_the_same_bits_in_any_batch_in_single_precision() {
    assert_same_bits::<f32>();
}

#[test]
fn a_row_has_the_same_bits_in_any_batch_in_double_precision() {
    assert_same_bits::<f64>();
}

#[test]
fn masked_entries_of_the_given_parameters_have_no_effect() {
    let made = Made::new(5, &[16, 8], 2, Activation::Tanh);
    let mut clean: Vec<f64> = wave(made.parameters(), 0.5, 0.3);
    let u = wave(21 * 5, 2.0, 1.1);
    let dirty = Incremental::new(made.clone(), clean.clone());
    made.mask(&mut clean);
    assert_eq!(dirty.theta(), clean);
    let clean = Incremental::new(made, clean);
    let mut buffers = Sweep::default();
    assert_eq!(incremental(&dirty, &u, 21, &mut buffers), incremental(&clean, &u, 21, &mut buffers));
}

#[test]
fn a_pass_over_what_a_sweep_found_sees_the_bits_that_the_sweep_saw() {
    let mut buffers = Sweep::default();
    for (dim, hidden, per_dim) in SHAPES {
        let network = network::<f32>(dim, hidden, per_dim, Activation::Elu);
        let u = wave(19 * dim, 2.0, 1.1);
        let mut seen = vec![0.0; 19 * dim * per_dim];
        let mut v = vec![0.0; 19 * dim];
        network.sweep(19, &mut buffers, |row, position, outputs| {
            let at = row * dim + position;
            seen[at * per_dim..][..per_dim].copy_from_slice(outputs);
            v[at] = step(outputs, u[at]);
            v[at]
        });
        let mut out = vec![0.0; 19 * dim * per_dim];
        network.pass(&v, 19, &mut buffers, &mut out);
        assert_eq!(out, seen, "{dim} {hidden:?}");
        let mut forward = vec![0.0; 19 * dim * per_dim];
        network.made().forward(network.theta(), &v, 19, &mut Activations::default(), &mut forward);
        for (a, b) in out.iter().zip(&forward) {
            assert!((a - b).abs() <= 1e-5 * (1.0 + b.abs()), "{a} against {b}, {dim} {hidden:?}");
        }
    }
}

#[test]
fn no_rows_are_no_steps() {
    let network = network::<f32>(3, &[4], 2, Activation::Relu);
    assert!(incremental(&network, &[], 0, &mut Sweep::default()).is_empty());
}
