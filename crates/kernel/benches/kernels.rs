//! Each kernel alone, on one thread: `cargo bench -p flowstill-kernel`. Throughputs are multiply-adds (elements) per
//! second, or bytes where memory is the limit; divide by that of `dense product` for the share of the machine.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flowstill_kernel::adam::{AdamState, AdamStep, norm};
use flowstill_kernel::affine::Direction;
use flowstill_kernel::incremental::{Adjoint, AdjointBuffers, Solve, Sweep};
use flowstill_kernel::machine::{DenseProduct, read_all};
use flowstill_kernel::noise::{Purpose, fill_gaussian, stream};
use flowstill_kernel::rows::{
    Covariance, GaussianMixture, LogDet, RowMap, RowSpec, Smooth, Solver, Trace, Transformer,
};
use flowstill_kernel::univariate::{Affine, RationalQuadratic, Univariate};
use flowstill_kernel::{Activation, ElementMap, Incremental, Layer, Made, Parallel, Workspace};
use std::hint::black_box;
use std::time::{Duration, Instant};

const DIM: usize = 63;
const ROWS: usize = 96;

fn wave(n: usize, scale: f32) -> Vec<f32> {
    (0..n).map(|i| scale * (i as f32 * 12.9898).sin()).collect()
}

/// One layer of the given width: its network, and parameters.
fn layer(width: usize) -> (Made, Vec<f32>) {
    let made = Made::new(DIM, &[width, width], 2, Activation::Relu);
    let mut theta = wave(made.parameters(), 0.05);
    made.mask(&mut theta);
    (made, theta)
}

fn machine(c: &mut Criterion) {
    let mut group = c.benchmark_group("machine");
    group.throughput(Throughput::Elements((DenseProduct::FLOPS / 2.0) as u64));
    let mut product = DenseProduct::default();
    group.bench_function("dense product", |b| b.iter(|| product.run()));
    for kibibytes in [16, 256, 4096] {
        let values = vec![1.0f32; kibibytes * 256];
        group.throughput(Throughput::Bytes(4 * values.len() as u64));
        group.bench_function(format!("reading {kibibytes} KiB"), |b| b.iter(|| read_all(black_box(&values))));
    }
}

fn training(c: &mut Criterion) {
    for width in [512, 100] {
        let mut group = c.benchmark_group(format!("one layer of {width}, {width}, {ROWS} rows"));
        let (made, theta) = layer(width);
        let sums = |pass: usize| made.linears().iter().map(|l| l.multiply_adds()[pass] * ROWS).sum::<usize>() as u64;
        let multiply_adds = [sums(0), sums(1), sums(2)];
        let step =
            Layer::Autoregressive { made, order: (0..DIM).rev().collect(), map: ElementMap::Affine { clip: 5.0 } };
        let chain = Parallel::new(DIM, Direction::Inverse, vec![(step, 0..theta.len())]);
        let (mut workspace, mut transposed) = (Workspace::default(), vec![0.0; chain.transposed_len()]);
        let (x, mut z, mut log_det) = (wave(ROWS * DIM, 1.0), vec![0.0; ROWS * DIM], vec![0.0; ROWS]);
        let (mut d_theta, mut d_x, d_log_det) = (vec![0.0; theta.len()], vec![0.0; ROWS * DIM], vec![-1.0; ROWS]);

        group.throughput(Throughput::Bytes(8 * transposed.len() as u64));
        group.bench_function("transposing the weights", |b| b.iter(|| chain.transpose(&theta, &mut transposed)));
        group.throughput(Throughput::Elements(multiply_adds[0]));
        group.bench_function("forward", |b| {
            b.iter(|| chain.forward(&theta, &x, &mut workspace, &mut z, &mut log_det));
        });
        group.throughput(Throughput::Elements(multiply_adds[1]));
        group.bench_function("backward, input only", |b| {
            b.iter(|| chain.backward(&theta, &transposed, &mut workspace, &z, &d_log_det, None, &mut d_x));
        });
        group.throughput(Throughput::Elements(multiply_adds[1] + multiply_adds[2]));
        group.bench_function("backward", |b| {
            b.iter(|| {
                let gradient = Some(&mut d_theta[..]);
                chain.backward(&theta, &transposed, &mut workspace, &z, &d_log_det, gradient, &mut d_x);
            });
        });
    }
    let mut group = c.benchmark_group("optimiser, 1M parameters");
    let n = 1_000_000;
    let (mut theta, mut gradient) = (wave(n, 1.0), wave(n, 0.1));
    let (mut first, mut second) = (vec![0.0; n], vec![0.0; n]);
    let step = AdamStep { step: 3, rate: 1e-4, gradient_scale: 1.0, decay: 0.0, average: 0.0 };
    let start = gradient.clone();
    group.throughput(Throughput::Bytes(32 * n as u64));
    group.bench_function("adam", |b| {
        b.iter_custom(|times| {
            let mut spent = Duration::ZERO;
            for _ in 0..times {
                // the step leaves zeros, of which nothing but denormal moments would come
                gradient.copy_from_slice(&start);
                let (theta, gradient) = (&mut theta, &mut gradient);
                let state = AdamState { theta, gradient, first: &mut first, second: &mut second, average: &mut [] };
                let began = Instant::now();
                step.apply(state);
                spent += began.elapsed();
            }
            spent
        });
    });
    gradient.copy_from_slice(&start);
    group.throughput(Throughput::Bytes(4 * n as u64));
    group.bench_function("norm", |b| b.iter(|| norm(black_box(&gradient))));
}

fn sampling(c: &mut Criterion) {
    for width in [512, 100] {
        let (made, theta) = layer(width);
        let filled: usize = made.linears().iter().map(|l| l.filled()).sum();
        let order: Vec<usize> = (0..DIM).collect();
        let network = Incremental::new(made.clone(), &theta);
        let mut group = c.benchmark_group(format!("one layer of {width}, {width}"));
        for rows in [1, 64] {
            let (u, mut log_det, mut sweep) = (wave(rows * DIM, 1.0), vec![0.0; rows], Sweep::default());
            let mut values = u.clone();
            group.throughput(Throughput::Elements((filled * rows) as u64));
            group.bench_function(format!("incremental inverse, {rows} rows"), |b| {
                b.iter(|| {
                    values.copy_from_slice(&u);
                    let (values, log_det, direction) = (&mut values, &mut log_det, Direction::Forward);
                    let mut solve = Solve {
                        direction,
                        map: &ElementMap::Affine { clip: 5.0 },
                        order: &order,
                        values,
                        log_det,
                        given: false,
                    };
                    network.sweep(rows, &mut sweep, &mut solve);
                });
            });
        }
        let adjoint = Adjoint::new(made, &theta, order.clone(), Direction::Forward, ElementMap::Affine { clip: 5.0 });
        let (v, mut g, mut buffers) = (wave(64 * DIM, 1.0), wave(64 * DIM, 1.0), AdjointBuffers::default());
        let start = g.clone();
        group.throughput(Throughput::Elements((2 * filled * 64) as u64));
        group.bench_function("adjoint, 64 rows", |b| {
            b.iter(|| {
                g.copy_from_slice(&start);
                adjoint.solve(&v, &[0.0; 64], &mut g, &mut buffers);
            });
        });
    }
    let mut group = c.benchmark_group("noise");
    for dim in [2, 63] {
        let mut out = vec![0.0; 4096 / dim * dim];
        group.throughput(Throughput::Elements(out.len() as u64));
        group.bench_function(format!("gaussian rows of {dim}"), |b| {
            b.iter(|| fill_gaussian(black_box(1), Purpose::Sample, 0, 0, dim, &mut out));
        });
    }
}

/// Rows per second.
fn mixtures(c: &mut Criterion) {
    for dim in [8, 36] {
        let mixture = GaussianMixture { dim, components: 10, covariance: Covariance::Full };
        let mut group = c.benchmark_group(format!("mixture of 10 Gaussians in {dim} dimensions"));
        group.throughput(Throughput::Elements(ROWS as u64));
        let theta = wave(RowMap::<f32>::parameters(&mixture), 0.3);
        let (mut z, mut x, mut log_det) = (vec![0.0; ROWS * dim], vec![0.0; ROWS * dim], vec![0.0; ROWS]);
        fill_gaussian(0, Purpose::Sample, 0, 0, dim, &mut z);
        group.bench_function("sampling", |b| b.iter(|| mixture.solve_rows(&theta, &z, &mut x)));
        let ones = vec![1.0; ROWS];
        let (mut dx, mut d_theta) = (vec![0.0; ROWS * dim], vec![0.0; theta.len()]);
        group.bench_function("log-density", |b| b.iter(|| mixture.map_rows(&theta, &x, &mut dx, &mut log_det)));
        group.bench_function("gradient", |b| {
            b.iter(|| mixture.gradient_rows(&theta, &x, &z, &ones, &mut dx, &mut d_theta));
        });
    }
}

/// Two blocks of 32 numbers with 4 heads, 256 rows.
fn transformers(c: &mut Criterion) {
    const ROWS: usize = 256;
    for dim in [8, 36] {
        for identity in [None, Some(dim / 2)] {
            let map = Transformer {
                direction: Direction::Inverse,
                order: (0..dim).collect(),
                identity,
                blocks: 2,
                width: 32,
                heads: 4,
                map: Univariate::Affine(Affine { log_scale_clip: 5.0 }),
            };
            let (kind, map) = (if identity.is_some() { "coupling" } else { "causal" }, &map as &dyn RowMap<f32>);
            let theta = wave(map.parameters(), 0.2);
            let (x, ones) = (wave(ROWS * dim, 1.0), vec![1.0; ROWS]);
            let (mut y, mut dx, mut log_det) = (x.clone(), x.clone(), vec![0.0; ROWS]);
            let mut d_theta = vec![0.0; theta.len()];
            let mut group = c.benchmark_group(format!("{kind} transformer, dim {dim}, {ROWS} rows"));
            // of the dense products; the attention comes on top
            let products = (ROWS * dim * map_products(32, 2)) as u64;
            group.throughput(Throughput::Elements(products));
            group.bench_function("map", |b| b.iter(|| map.map_rows(&theta, &x, &mut y, &mut log_det)));
            group.throughput(Throughput::Elements(4 * products));
            group.bench_function("training step", |b| {
                b.iter(|| {
                    map.map_rows(&theta, &x, &mut y, &mut log_det);
                    map.gradient_rows(&theta, &x, &y, &ones, &mut dx, &mut d_theta);
                });
            });
            group.throughput(Throughput::Elements(products));
            group.bench_function("solution", |b| b.iter(|| map.solve_rows(&theta, &x, &mut y)));
            if identity.is_none() {
                group.bench_function("solution by whole passes", |b| {
                    b.iter(|| (0..dim).for_each(|_| map.map_rows(&theta, &x, &mut y, &mut log_det)));
                });
            }
            group.bench_function("transposed solution", |b| {
                b.iter(|| {
                    dx.copy_from_slice(&x);
                    map.solve_transposed_rows(&theta, &x, &mut dx);
                });
            });
        }
    }
}

/// Multiply-adds for a token: four square maps and two with four times as many units, per block.
fn map_products(width: usize, blocks: usize) -> usize {
    12 * blocks * width * width
}

/// Maps of rows made of networks: a training step is a map and its gradient.
fn networks(c: &mut Criterion) {
    const ROWS: usize = 256;
    let (hidden, activation) = (vec![64, 64], Smooth::LipSwish);
    for dim in [8, 36] {
        let mut group = c.benchmark_group(format!("networks of 64, 64 in {dim} dimensions"));
        let residual = |log_det| {
            let spec = RowSpec::Residual { hidden: hidden.clone(), activation, lipschitz: 0.9, log_det };
            (spec, dim * 64 + 64 * 64 + 64 * dim)
        };
        let continuous = |solver, trace| {
            let spec = RowSpec::Continuous { hidden: hidden.clone(), activation, solver, trace };
            (spec, (dim + 1) * 64 + 64 * 64 + 64 * dim)
        };
        let hutchinson = Trace::Hutchinson { probes: 1, seed: 0 };
        let roulette = LogDet::Roulette { terms: 4, probability: 0.3, seed: 0 };
        let (fixed, adaptive) = (Solver::Fixed { steps: 8 }, Solver::Adaptive { tolerance: 1e-5 });
        // passes of a row, forward for the map and forward and two back for its gradient; unknown where they depend on
        // the rows
        let points = 4 * 8;
        for (name, (spec, weights), passes) in [
            ("residual, exact", residual(LogDet::Exact), 4 * (1 + dim)),
            ("residual, roulette", residual(roulette), 0),
            ("continuous, fixed, exact", continuous(fixed, Trace::Exact), 4 * (1 + dim) * points),
            ("continuous, fixed, hutchinson", continuous(fixed, hutchinson), 4 * 2 * points),
            ("continuous, adaptive, hutchinson", continuous(adaptive, hutchinson), 0),
        ] {
            let map: Box<dyn RowMap<f32> + Send + Sync> = spec.build(dim);
            let theta: Vec<f32> = spec.initial(dim, &mut stream(0, Purpose::Init, 0)).iter().map(|v| 1.5 * v).collect();
            let (u, dy, d_log_det) = (wave(ROWS * dim, 1.0), wave(ROWS * dim, 0.1), vec![-1.0; ROWS]);
            let (mut y, mut log_det, mut d_theta) = (u.clone(), vec![0.0; ROWS], vec![0.0; theta.len()]);
            let mut du = u.clone();
            if passes > 0 {
                group.throughput(Throughput::Elements((ROWS * weights * passes) as u64));
            } else {
                group.throughput(Throughput::Elements(ROWS as u64));
            }
            group.bench_function(format!("{name}, a step of {ROWS} rows"), |b| {
                b.iter(|| {
                    map.map_rows(&theta, &u, &mut y, &mut log_det);
                    map.gradient_rows(&theta, &u, &dy, &d_log_det, &mut du, &mut d_theta);
                });
            });
            group.throughput(Throughput::Elements(1));
            group.bench_function(format!("{name}, one row"), |b| {
                b.iter(|| map.map_rows(&theta, &u[..dim], &mut y[..dim], &mut log_det[..1]));
            });
            group.throughput(Throughput::Elements(ROWS as u64));
            group.bench_function(format!("{name}, solving {ROWS} rows"), |b| {
                b.iter(|| map.solve_rows(&theta, &u, &mut y));
            });
        }
    }
}

/// A coupling layer of splines with 8 bins, 36 dimensions and 512 rows; throughputs are splines.
fn splines(c: &mut Criterion) {
    const SPLINE_DIM: usize = 36;
    const ROWS: usize = 512;
    let spline = RationalQuadratic { bins: 8, bound: 3.0 };
    let made = Made::coupling(SPLINE_DIM, SPLINE_DIM / 2, &[64, 64], 3 * spline.bins - 1, Activation::Relu);
    let mut theta = wave(made.parameters(), 0.3);
    made.mask(&mut theta);
    let map = ElementMap::Univariate(Univariate::RationalQuadratic(spline));
    for direction in [Direction::Inverse, Direction::Forward] {
        let layer = Layer::Autoregressive { made: made.clone(), order: (0..SPLINE_DIM).collect(), map: map.clone() };
        let chain = Parallel::new(SPLINE_DIM, direction, vec![(layer, 0..theta.len())]);
        let (mut workspace, mut transposed) = (Workspace::default(), vec![0.0; chain.transposed_len()]);
        chain.transpose(&theta, &mut transposed);
        let (x, mut z, mut log_det) = (wave(ROWS * SPLINE_DIM, 2.0), vec![0.0; ROWS * SPLINE_DIM], vec![0.0; ROWS]);
        let (mut d_theta, mut d_x, ones) = (vec![0.0; theta.len()], z.clone(), vec![-1.0; ROWS]);
        let mut group = c.benchmark_group(format!("spline coupling layer, {direction:?}, {ROWS} rows"));
        group.throughput(Throughput::Elements((ROWS * SPLINE_DIM) as u64));
        group.bench_function("forward", |b| {
            b.iter(|| chain.forward(&theta, &x, &mut workspace, &mut z, &mut log_det));
        });
        group.bench_function("backward", |b| {
            b.iter(|| {
                let gradient = Some(&mut d_theta[..]);
                chain.backward(&theta, &transposed, &mut workspace, &z, &ones, gradient, &mut d_x);
            });
        });
    }
}

criterion_group!(kernels, machine, training, sampling, mixtures, transformers, networks, splines);
criterion_main!(kernels);
