//! From the samples of one flow to those of another.

mod common;

use common::*;
use flowstill_kernel::affine::Direction;
use flowstill_kernel::rows::RowSpec;
use flowstill_kernel::univariate::{Distribution, Kernel, Mixture, Univariate};
use flowstill_model::{Autoregressive, FlowSpec, LayerSpec, Orientation, Standardizer};
use flowstill_sampler::{Chain, Method, Sampler, Transport};

const METHOD: Method = Method::Incremental;

fn chain(spec: &FlowSpec) -> Chain<f64> {
    Chain::new(spec, &parameters(spec)).unwrap()
}

/// Each flow of the table beside the next one.
fn pairs(dim: usize) -> Vec<(String, FlowSpec, FlowSpec)> {
    let flows = flows(dim);
    let next = flows.iter().cycle().skip(1);
    flows
        .iter()
        .zip(next)
        .map(|((a, from), (b, to))| (format!("{a} to {b}, {dim}"), from.clone(), to.clone()))
        .collect()
}

/// A sampler with a standardisation of its own.
fn sampler(spec: FlowSpec, scale: f64) -> Sampler {
    let dim = spec.dim;
    let standardizer = Standardizer {
        mean: (0..dim).map(|i| scale - 2.0 * i as f64).collect(),
        sd: (0..dim).map(|i| scale / (1.0 + i as f64)).collect(),
    };
    Sampler::from_checkpoint(flowstill_model::Checkpoint { standardizer, ..checkpoint(spec) }).unwrap()
}

#[test]
fn densities_differ_by_the_log_det_and_the_way_back_undoes_it() {
    for dim in [1, 2, 3, 5, 8] {
        for (name, from, to) in pairs(dim) {
            let (from, to) = (chain(&from), chain(&to));
            // where A has its mass: far from it B's images are as far out as numbers go
            let x = from.forward_and_log_det(&wave(40 * dim, 1.0), METHOD).unwrap().values;
            let there = from.transport(&to, &x, METHOD).unwrap();
            let before = from.log_prob(&x, METHOD).unwrap();
            let after = to.log_prob(&there.values, METHOD).unwrap();
            for ((before, after), log_det) in before.iter().zip(&after).zip(&there.log_det) {
                assert_close(*before, after + log_det, 1e-9, &name);
            }
            let back = to.transport(&from, &there.values, METHOD).unwrap();
            x.iter().zip(&back.values).for_each(|(x, back)| assert_close(*back, *x, 1e-8, &name));
            there.log_det.iter().zip(&back.log_det).for_each(|(there, back)| assert_close(-back, *there, 1e-8, &name));
        }
    }
}

#[test]
fn the_law_holds_in_the_units_of_the_data_at_any_temperature() {
    for dim in [1, 3] {
        for (name, from, to) in pairs(dim) {
            for (cold, warm) in [(1.0, 1.0), (0.6, 1.4)] {
                let from = sampler(from.clone(), 3.0).with_temperature(cold).unwrap();
                let to = sampler(to.clone(), 0.25).with_temperature(warm).unwrap();
                let x = from.sample_data(4, 0, 100).unwrap();
                let transport = Transport::new(from.clone(), to.clone()).unwrap();
                let (image, log_det) = transport.map_and_log_det(&x).unwrap();
                assert_eq!(transport.map(&x).unwrap(), image);
                let (before, after) = (from.log_prob_data(&x).unwrap(), to.log_prob_data(&image).unwrap());
                for ((before, after), log_det) in before.iter().zip(&after).zip(&log_det) {
                    assert_close(*before, after + log_det, 3e-3, &name);
                }
                let back = transport.inverted().map(&image).unwrap();
                x.iter().zip(&back).for_each(|(x, back)| assert_close(*back, *x, 3e-3, &name));
            }
        }
    }
}

#[test]
fn a_density_that_is_carried_is_not_rescaled() {
    // two diagonal normals in the units of the data: N(1, 2²) to N(−3, 0.5²), and the log-det is log(0.5/2)
    let normal = |mean: f64, sd: f64| {
        let mut model = checkpoint(FlowSpec { dim: 1, layers: vec![LayerSpec::ActNorm { orientation: MAF }] });
        model.theta.fill(0.0);
        model.standardizer = Standardizer { mean: vec![mean], sd: vec![sd] };
        Sampler::from_checkpoint(model).unwrap()
    };
    let transport = Transport::new(normal(1.0, 2.0), normal(-3.0, 0.5)).unwrap();
    let (image, log_det) = transport.map_and_log_det(&[1.0, 5.0]).unwrap();
    assert_eq!(image, [-3.0, -2.0]);
    log_det.iter().for_each(|log_det| assert_close(*log_det, 0.25f64.ln(), 1e-12, "log-det"));
}

/// A mixture of normals on the line: its chain, and its distribution function as the map onto the unit interval.
fn line(components: usize, phase: f64) -> (Chain<f64>, impl Fn(f64) -> f64) {
    let mixture = |onto| Univariate::Mixture(Mixture { components, kernel: Kernel::Gaussian, onto });
    let map = RowSpec::Elementwise { univariate: mixture(Distribution::Normal) };
    let spec = FlowSpec { dim: 1, layers: vec![LayerSpec::Rowwise { map, orientation: MAF }] };
    let theta: Vec<f32> = wave(3 * components, phase).iter().map(|&t| 1.5 * t as f32).collect();
    let p: Vec<f64> = theta.iter().map(|&t| f64::from(t)).collect();
    let uniform = mixture(Distribution::Uniform);
    (Chain::new(&spec, &theta).unwrap(), move |x| uniform.apply(Direction::Inverse, &p, x).0)
}

#[test]
fn on_the_line_it_is_the_monotone_rearrangement() {
    let (from, f_from) = line(3, 0.3);
    let (to, f_to) = line(5, 2.0);
    let x: Vec<f64> = (-30..=30).map(|i| 0.1 * f64::from(i)).collect();
    let image = from.transport(&to, &x, METHOD).unwrap().values;
    assert!(image.is_sorted());
    for (&x, &image) in x.iter().zip(&image) {
        let (mut low, mut high) = (-100.0, 100.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if f_to(middle) < f_from(x) { low = middle } else { high = middle }
        }
        assert_close(image, 0.5 * (low + high), 1e-9, &format!("at {x}"));
    }
}

/// One layer of mixtures in the plane.
fn mixtures(order: [usize; 2], components: usize, orientation: Orientation) -> Chain<f64> {
    let LayerSpec::Autoregressive(layer) = autoregressive(orientation, order.to_vec(), &[7]) else { unreachable!() };
    let map = Mixture { components, kernel: Kernel::Gaussian, onto: Distribution::Normal };
    let layer = Autoregressive { univariate: Some(Univariate::Mixture(map)), ..layer };
    chain(&FlowSpec { dim: 2, layers: vec![LayerSpec::Autoregressive(layer)] })
}

#[test]
fn flows_of_one_order_give_the_knothe_rosenblatt_map() {
    // the only map of one density into the other that is triangular with an increasing diagonal
    let h = 1e-5;
    let jacobian = |from: &Chain<f64>, to: &Chain<f64>, row: [f64; 2]| {
        let at = |x: [f64; 2]| from.transport(to, &x, METHOD).unwrap();
        let column = |j: usize| {
            let moved = |step: f64| std::array::from_fn(|i| row[i] + if i == j { step } else { 0.0 });
            let (up, down) = (at(moved(h)).values, at(moved(-h)).values);
            [(up[0] - down[0]) / (2.0 * h), (up[1] - down[1]) / (2.0 * h)]
        };
        let [[a, c], [b, d]] = [column(0), column(1)];
        ([[a, b], [c, d]], at(row).log_det[0])
    };
    for orientation in [MAF, IAF] {
        for [first, second] in [[0, 1], [1, 0]] {
            let from = mixtures([first, second], 3, MAF);
            let to = mixtures([first, second], 4, orientation);
            let other = mixtures([second, first], 4, orientation);
            for row in wave(40, 5.0).chunks_exact(2) {
                let row = [2.0 * row[0], 2.0 * row[1]];
                let (j, log_det) = jacobian(&from, &to, row);
                assert_eq!(j[first][second], 0.0, "exactly: the first coordinate does not read the second");
                assert!(j[first][first] > 0.0 && j[second][second] > 0.0, "{j:?}");
                assert_close(log_det, (j[first][first] * j[second][second]).ln(), 1e-6, "triangular");
                assert_ne!(jacobian(&from, &other, row).0[first][second], 0.0, "another order is another map");
            }
        }
    }
}

/// Kolmogorov and Smirnov's largest difference of two empirical distribution functions, column by column.
fn largest_difference(a: &[f64], b: &[f64], dim: usize) -> f64 {
    let column = |rows: &[f64], j: usize| {
        let mut values: Vec<f64> = rows.iter().skip(j).step_by(dim).copied().collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let below = |sorted: &[f64], x: f64| sorted.partition_point(|&y| y <= x) as f64 / sorted.len() as f64;
    let of = |j: usize| {
        let (a, b) = (column(a, j), column(b, j));
        a.iter().chain(&b).map(|&x| (below(&a, x) - below(&b, x)).abs()).fold(0.0, f64::max)
    };
    (0..dim).map(of).fold(0.0, f64::max)
}

#[test]
fn rows_of_one_are_distributed_as_rows_of_the_other_when_carried() {
    let (dim, n) = (3, 4000);
    // exceeded by two samples of one distribution once in 10,000 columns
    let bound = (-0.5 * (0.5e-4f64).ln()).sqrt() * (2.0 / n as f64).sqrt();
    for (name, from, to) in pairs(dim) {
        // standardised alike, so that not even a failure to restore them could bring them together
        let (from, to) = (sampler(from, 1.0), sampler(to, 1.0).with_temperature(1.5).unwrap());
        let (x, fresh) = (from.sample_data(1, 0, n).unwrap(), to.sample_data(2, 0, n).unwrap());
        assert!(largest_difference(&x, &fresh, dim) > 2.0 * bound, "{name}: alike from the beginning");
        let image = Transport::new(from, to).unwrap().map(&x).unwrap();
        let difference = largest_difference(&image, &fresh, dim);
        assert!(difference < bound, "{name}: {difference}, expected below {bound}");
    }
}

#[test]
fn a_row_has_the_same_bits_in_any_chunk_and_on_any_number_of_threads() {
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let (_, from, to) = pairs(5).swap_remove(5);
    let transport = Transport::new(sampler(from, 2.0), sampler(to, 0.5)).unwrap();
    let x = transport.source().sample_data(1, 0, 300).unwrap();
    let whole = pool(1).install(|| transport.map_and_log_det(&x).unwrap());
    assert_eq!(pool(3).install(|| transport.map_and_log_det(&x).unwrap()), whole);
    for chunk_rows in [0, 7, 129, 1000] {
        let chunks: Vec<_> = transport.chunks(&x, chunk_rows).map(Result::unwrap).collect();
        let (values, log_det): (Vec<_>, Vec<_>) = chunks.into_iter().unzip();
        assert_eq!((values.concat(), log_det.concat()), whole);
    }
    assert_eq!(transport.chunks(&[], 10).count(), 0);
}

#[test]
fn what_cannot_be_carried_is_an_error_that_names_it() {
    let of = |dim: usize| sampler(flows(dim).swap_remove(0).1, 1.0);
    let message = Transport::new(of(3), of(5)).unwrap_err().to_string();
    assert_eq!(message, "a transport needs flows of one dimension, got one from 3 to 5");
    let transport = Transport::new(of(3), of(3)).unwrap();
    assert!(transport.map(&[0.0; 4]).unwrap_err().to_string().contains("4 numbers, expected whole rows of 3"));
    for (bad, expected) in [(f64::NAN, "NaN in row 5, column 1"), (1e300, "row 5"), (f64::INFINITY, "row 5")] {
        let mut x = [0.0; 18];
        x[16] = bad;
        let whole = transport.map(&x).unwrap_err().to_string();
        let chunk = transport.chunks(&x, 2).find_map(Result::err).unwrap().to_string();
        assert!(whole.contains(expected) && chunk == whole, "{whole}; {chunk}");
    }
}
