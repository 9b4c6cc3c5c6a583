//! The incremental inverse against `dim` full passes, one row's bits against those of any batch, and the triangular
//! solution against the Jacobian.

mod common;

use common::{SHAPES, Shape, backward, forward, made, wave};
use flowstill_kernel::affine::{Direction, soft_clip};
use flowstill_kernel::incremental::{Adjoint, AdjointBuffers, LANES, Lanes, Solve, Step, Sweep};
use flowstill_kernel::{Activation, ElementMap, Incremental, Made, Real};

fn network<R: Real>(shape: Shape, activation: Activation) -> (Incremental<R>, Vec<R>) {
    let made = made(shape, activation);
    let theta = made.pack(&wave(made.dense_parameters(), 0.5, 0.3));
    (Incremental::new(made, &theta), theta)
}

/// The affine step with every output of the position in use: `v = Σ shifts + e^α·u`.
struct Sum<'a, R> {
    dim: usize,
    u: &'a [R],
    v: Vec<R>,
}

impl<R: Real> Sum<'_, R> {
    fn value(&self, row: usize, position: usize, outputs: &[R]) -> R {
        step(outputs, self.u[row * self.dim + position])
    }
}

fn step<R: Real>(outputs: &[R], u: R) -> R {
    let (scale, shifts) = outputs.split_last().unwrap();
    shifts.iter().copied().sum::<R>() + soft_clip(*scale, R::of(1.0)).exp() * u
}

impl<R: Real> Lanes<R> for Sum<'_, R> {
    fn lanes(&mut self, first: usize, live: usize, position: usize, outputs: &[[R; LANES]]) -> [R; LANES] {
        std::array::from_fn(|lane| {
            if lane >= live {
                return R::zero();
            }
            let one: Vec<R> = outputs.iter().map(|o| o[lane]).collect();
            self.one(first + lane, position, &one)
        })
    }
}

impl<R: Real> Step<R> for Sum<'_, R> {
    fn one(&mut self, row: usize, position: usize, outputs: &[R]) -> R {
        let at = row * self.dim + position;
        assert!(self.v[at].is_nan(), "row {row}, position {position} is computed twice");
        self.v[at] = self.value(row, position, outputs);
        self.v[at]
    }
}

fn incremental<R: Real>(network: &Incremental<R>, u: &[R], buffers: &mut Sweep<R>) -> Vec<R> {
    let dim = network.made().dim();
    let mut step = Sum { dim, u, v: vec![R::nan(); u.len()] };
    network.sweep(u.len() / dim, buffers, &mut step);
    step.v
}

fn naive<R: Real>(made: &Made, theta: &[R], u: &[R]) -> Vec<R> {
    let (dim, per_dim) = (made.dim(), made.params_per_dim());
    let mut v = vec![R::zero(); u.len()];
    for position in 0..dim {
        let (out, _) = forward(made, theta, &v);
        for row in 0..u.len() / dim {
            let at = row * dim + position;
            v[at] = step(&out[at * per_dim..][..per_dim], u[at]);
        }
    }
    v
}

#[test]
fn equals_the_naive_inverse_to_the_bit() {
    for shape in SHAPES {
        for activation in Activation::ALL {
            let (double, theta) = network::<f64>(shape, activation);
            let (single, theta_single) = network::<f32>(shape, activation);
            let (mut buffers, mut single_buffers) = (Sweep::default(), Sweep::default());
            for rows in [1, 2, 20, 70] {
                let u: Vec<f64> = wave(rows * shape.0, 2.0, 0.7);
                assert_eq!(
                    incremental(&double, &u, &mut buffers),
                    naive(double.made(), &theta, &u),
                    "{shape:?} {} {rows} rows in f64",
                    activation.name()
                );
                let u: Vec<f32> = wave(rows * shape.0, 2.0, 0.7);
                assert_eq!(
                    incremental(&single, &u, &mut single_buffers),
                    naive(single.made(), &theta_single, &u),
                    "{shape:?} {} {rows} rows in f32",
                    activation.name()
                );
            }
        }
    }
}

#[test]
fn a_row_has_the_same_bits_in_any_batch() {
    for shape in SHAPES {
        let (network, _) = network::<f32>(shape, Activation::Tanh);
        let (dim, rows) = (shape.0, 85);
        let u: Vec<f32> = wave(rows * dim, 2.0, 0.7);
        let mut buffers = Sweep::default();
        let whole = incremental(&network, &u, &mut buffers);
        for row in [0, 15, 16, 63, 64, 79, 80, 84] {
            let one = incremental(&network, &u[row * dim..][..dim], &mut buffers);
            assert_eq!(one, whole[row * dim..][..dim], "row {row} of {shape:?}");
        }
    }
}

/// `y` of the affine element map at `v`, both row-major, and its log-det.
fn affine(made: &Made, theta: &[f64], direction: Direction, order: &[usize], v: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let network = Incremental::new(made.clone(), theta);
    let (mut values, mut log_det) = (v.to_vec(), vec![0.0; v.len() / made.dim()]);
    let rows = log_det.len();
    let mut solve = Solve {
        direction,
        map: &ElementMap::Affine { clip: 3.0 },
        order,
        values: &mut values,
        log_det: &mut log_det,
        given: true,
    };
    network.sweep(rows, &mut Sweep::default(), &mut solve);
    (values, log_det)
}

#[test]
fn the_adjoint_solves_the_triangular_system_of_the_jacobian() {
    for shape in SHAPES.into_iter().filter(|shape| shape.2 == 2) {
        for direction in [Direction::Forward, Direction::Inverse] {
            let made = made(shape, Activation::Tanh);
            let theta: Vec<f64> = made.pack(&wave(made.dense_parameters(), 0.5, 0.3));
            let dim = made.dim();
            let order: Vec<usize> = (0..dim).rev().collect();
            let rows = 70;
            let (v, g): (Vec<f64>, Vec<f64>) = (wave(rows * dim, 1.5, 0.2), wave(rows * dim, 1.0, 0.9));
            let adjoint =
                Adjoint::new(made.clone(), &theta, order.clone(), direction, ElementMap::Affine { clip: 3.0 });
            let weights: Vec<f64> = wave(rows, 1.0, 0.4);
            let mut w = g.clone();
            adjoint.solve(&v, &weights, &mut w, &mut AdjointBuffers::default());
            // w·J and the gradient of the log-det by differences along each coordinate
            for coordinate in 0..dim {
                let moved = |h: f64| {
                    let mut v = v.clone();
                    v.iter_mut().skip(coordinate).step_by(dim).for_each(|v| *v += h);
                    affine(&made, &theta, direction, &order, &v)
                };
                let (up, down) = (moved(1e-5), moved(-1e-5));
                for row in [0, 16, 69] {
                    let at = row * dim..(row + 1) * dim;
                    let column = up.0[at.clone()].iter().zip(&down.0[at.clone()]).map(|(u, d)| (u - d) / 2e-5);
                    let product: f64 = column.zip(&w[at]).map(|(j, w)| j * w).sum();
                    let by_log_det = (up.1[row] - down.1[row]) / 2e-5;
                    let expected = g[row * dim + coordinate] - weights[row] * by_log_det;
                    let size = 1.0 + w[row * dim..][..dim].iter().map(|w| w.abs()).sum::<f64>();
                    assert!((product - expected).abs() < 1e-7 * size, "{shape:?} {direction:?} {coordinate}");
                }
            }
        }
    }
}

#[test]
fn scores_pass_from_one_side_of_a_layer_to_the_other() {
    for shape in SHAPES.into_iter().filter(|shape| shape.2 == 2) {
        let made = made(shape, Activation::Tanh);
        let theta: Vec<f64> = made.pack(&wave(made.dense_parameters(), 0.3, 0.3));
        let (dim, rows) = (made.dim(), 70);
        let order: Vec<usize> = (0..dim).rev().collect();
        let v: Vec<f64> = wave(rows * dim, 1.5, 0.2);
        let adjoint =
            Adjoint::new(made.clone(), &theta, order.clone(), Direction::Forward, ElementMap::Affine { clip: 3.0 });
        // of a standard normal v
        let (mut y, mut score) = (v.clone(), v.iter().map(|v| -v).collect::<Vec<_>>());
        adjoint.score(&mut y, &mut score, &mut AdjointBuffers::default());
        assert_eq!(y, affine(&made, &theta, Direction::Forward, &order, &v).0);

        let network = Incremental::new(made.clone(), &theta);
        let log_density = |y: &[f64]| {
            let (mut v, mut log_det) = (y.to_vec(), vec![0.0; rows]);
            let (values, log_det_out) = (&mut v, &mut log_det);
            let direction = Direction::Inverse;
            let mut solve = Solve {
                direction,
                map: &ElementMap::Affine { clip: 3.0 },
                order: &order,
                values,
                log_det: log_det_out,
                given: false,
            };
            network.sweep(rows, &mut Sweep::default(), &mut solve);
            let squares = v.chunks_exact(dim).map(|row| row.iter().map(|v| -0.5 * v * v).sum::<f64>());
            squares.zip(log_det).map(|(a, b)| a + b).collect::<Vec<_>>()
        };
        for coordinate in 0..dim {
            let moved = |h: f64| {
                let mut y = y.clone();
                y.iter_mut().skip(coordinate).step_by(dim).for_each(|y| *y += h);
                log_density(&y)
            };
            let (up, down) = (moved(1e-5), moved(-1e-5));
            for row in 0..rows {
                let (expected, found) = ((up[row] - down[row]) / 2e-5, score[row * dim + coordinate]);
                assert!((expected - found).abs() < 1e-6 * (1.0 + expected.abs()), "{shape:?}: {expected} {found}");
            }
        }
    }
}

#[test]
fn solving_undoes_mapping() {
    for shape in SHAPES.into_iter().filter(|shape| shape.2 == 2) {
        let (network, _) = network::<f64>(shape, Activation::Elu);
        let dim = shape.0;
        let order: Vec<usize> = (0..dim).collect();
        for rows in [3, 40] {
            let start: Vec<f64> = wave(rows * dim, 2.0, 0.1);
            let (mut values, mut log_det) = (start.clone(), vec![0.0; rows]);
            for (direction, given) in [(Direction::Inverse, true), (Direction::Forward, false)] {
                let (values, log_det) = (&mut values, &mut log_det);
                let mut solve =
                    Solve { direction, map: &ElementMap::Affine { clip: 2.0 }, order: &order, values, log_det, given };
                network.sweep(rows, &mut Sweep::default(), &mut solve);
            }
            let close = |a: f64, b: f64| (a - b).abs() < 1e-11 * (1.0 + b.abs());
            assert!(values.iter().zip(&start).all(|(a, b)| close(*a, *b)), "{shape:?}");
            assert!(log_det.iter().all(|l| close(*l, 0.0)), "{shape:?}");
        }
    }
}

#[test]
fn backward_of_the_network_is_what_the_adjoint_walks_through() {
    // with a unit diagonal and one position after the other, w follows from plain backward passes
    let shape = SHAPES[7];
    let made = made(shape, Activation::Tanh);
    let theta: Vec<f64> = made.pack(&wave(made.dense_parameters(), 0.3, 0.3));
    let (dim, rows) = (made.dim(), 5);
    let order: Vec<usize> = (0..dim).collect();
    let (v, g): (Vec<f64>, Vec<f64>) = (wave(rows * dim, 1.0, 0.2), wave(rows * dim, 1.0, 0.9));
    let mut w = g.clone();
    Adjoint::new(made.clone(), &theta, order, Direction::Forward, ElementMap::Affine { clip: 3.0 }).solve(
        &v,
        &[0.0; 5],
        &mut w,
        &mut AdjointBuffers::default(),
    );
    let (out, cache) = forward(&made, &theta, &v);
    let mut residual = vec![0.0; v.len()];
    let mut d_out = vec![0.0; out.len()];
    for i in 0..v.len() {
        let alpha = soft_clip(out[2 * i + 1], 3.0);
        let slope = (1.0 - alpha.abs() / 3.0).powi(2);
        residual[i] = w[i] * alpha.exp();
        d_out[2 * i] = w[i];
        d_out[2 * i + 1] = w[i] * alpha.exp() * v[i] * slope;
    }
    let (_, d_v) = backward(&made, &theta, &cache, &d_out, true);
    for i in 0..v.len() {
        assert!((residual[i] + d_v[i] - g[i]).abs() < 1e-12, "element {i}");
    }
}
