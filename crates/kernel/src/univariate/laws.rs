//! What every univariate map must be: increasing, inverted by its other direction, with the log-derivative and the
//! gradients that differences have. A new map is a row of the table.

use super::{
    Affine, BSpline, Base, Distribution, Kernel, LeakyRelu, Mixture, PositiveSum, RationalQuadratic, Univariate,
};
use crate::affine::Direction;
use crate::noise::{Purpose, fill_gaussian};

/// Every map, with a name for messages and the interval in which arguments of its closed direction are drawn. Where
/// that direction leads to an interval only ([`Univariate::domain`] of the other), so does what is drawn for the other.
fn table() -> Vec<(&'static str, Univariate, [f64; 2])> {
    let mixture = |components, kernel, onto| Univariate::Mixture(Mixture { components, kernel, onto });
    let (gaussian, logistic, positive_sum) = (Kernel::Gaussian, Kernel::Logistic, |terms| PositiveSum { terms });
    vec![
        ("additive", Univariate::Additive, [-5.0, 5.0]),
        ("affine", Univariate::Affine(Affine { log_scale_clip: 5.0 }), [-5.0, 5.0]),
        ("spline, 2 bins", Univariate::RationalQuadratic(RationalQuadratic { bins: 2, bound: 2.0 }), [-3.0, 3.0]),
        ("spline, 8 bins", Univariate::RationalQuadratic(RationalQuadratic { bins: 8, bound: 3.0 }), [-3.5, 3.5]),
        ("B-spline, 4 bins", Univariate::BSpline(BSpline { bins: 4, bound: 2.0 }), [-3.0, 3.0]),
        ("B-spline, 64 bins", Univariate::BSpline(BSpline { bins: 64, bound: 3.0 }), [-3.5, 3.5]),
        ("1 Gaussian", mixture(1, gaussian, Distribution::Normal), [-6.0, 6.0]),
        ("5 Gaussians", mixture(5, gaussian, Distribution::Normal), [-6.0, 6.0]),
        ("16 Gaussians", mixture(16, gaussian, Distribution::Normal), [-6.0, 6.0]),
        ("Gaussians onto logistic", mixture(4, gaussian, Distribution::Logistic), [-4.0, 4.0]),
        ("Gaussians onto uniform", mixture(3, gaussian, Distribution::Uniform), [-1.5, 1.5]),
        ("logistics onto normal", mixture(3, logistic, Distribution::Normal), [-9.0, 9.0]),
        ("logistics onto logistic", mixture(6, logistic, Distribution::Logistic), [-9.0, 9.0]),
        ("logistics onto uniform", mixture(2, logistic, Distribution::Uniform), [-3.0, 3.0]),
        ("positive sum, 1 term", Univariate::PositiveSum(positive_sum(1)), [-4.0, 4.0]),
        ("positive sum, 9 terms", Univariate::PositiveSum(positive_sum(9)), [-4.0, 4.0]),
        ("sinh-arcsinh", Univariate::SinhArcsinh, [-4.0, 4.0]),
        ("leaky ReLU, learned", Univariate::LeakyRelu(LeakyRelu { slope: None }), [-4.0, 4.0]),
        ("leaky ReLU, fixed", Univariate::LeakyRelu(LeakyRelu { slope: Some(0.1) }), [-4.0, 4.0]),
        ("sigmoid", Univariate::Sigmoid, [-4.0, 4.0]),
        ("logit", Univariate::Logit, [-4.0, 4.0]),
        ("tanh", Univariate::Tanh, [-2.5, 2.5]),
        ("softplus", Univariate::Softplus, [-4.0, 4.0]),
        ("artanh", Univariate::Artanh, [-2.5, 2.5]),
        ("softplus, reversed", Univariate::SoftplusInverse, [-4.0, 4.0]),
        ("Student's t", Univariate::StudentT, [-9.0, 9.0]),
        ("logistic base", Univariate::Base(Base { distribution: Distribution::Logistic }), [-5.0, 5.0]),
        ("uniform base", Univariate::Base(Base { distribution: Distribution::Uniform }), [-2.0, 2.0]),
    ]
}

const BOTH: [Direction; 2] = [Direction::Forward, Direction::Inverse];

fn parameters(map: &Univariate, seed: u64) -> Vec<f64> {
    let mut noise = vec![0.0f32; map.parameters()];
    fill_gaussian(seed, Purpose::Init, 0, 0, 1, &mut noise);
    noise.into_iter().map(|p| 0.5 * f64::from(p)).collect()
}

/// Arguments of the closed direction, away from the ends, where slopes may jump.
fn arguments([least, most]: [f64; 2]) -> impl Iterator<Item = f64> {
    (0..23).map(move |i| least + (most - least) * (f64::from(i) + 0.37) / 23.0)
}

/// Arguments of either direction.
fn given(map: &Univariate, p: &[f64], direction: Direction, interval: [f64; 2]) -> Vec<f64> {
    let closed = arguments(interval);
    if direction == map.closed() { closed.collect() } else { closed.map(|u| map.apply(map.closed(), p, u).0).collect() }
}

/// By differences of fourth order.
fn slope(f: impl Fn(f64) -> f64, at: f64, step: f64) -> f64 {
    (f(at - 2.0 * step) - 8.0 * f(at - step) + 8.0 * f(at + step) - f(at + 2.0 * step)) / (12.0 * step)
}

#[test]
fn either_direction_increases_with_its_log_derivative() {
    for (name, map, interval) in table() {
        for seed in 0..4 {
            let p = parameters(&map, seed);
            for direction in BOTH {
                let mut last = f64::NEG_INFINITY;
                for x in given(&map, &p, direction, interval) {
                    let (y, log) = map.apply(direction, &p, x);
                    let numeric = slope(|x| map.apply(direction, &p, x).0, x, 1e-4).ln();
                    assert!((log - numeric).abs() < 1e-6, "{name}, {direction:?} at {x}: {log} {numeric}");
                    assert!(y > last, "{name}, {direction:?}: not increasing at {x}");
                    last = y;
                }
            }
        }
    }
}

#[test]
fn no_parameters_make_a_map_flat() {
    // the mistake: "any distribution function is invertible"; one that is flat on an interval, as that of uniform parts
    // with a gap between them, has no inverse there and a density of 0. Whatever a network puts out, ours has neither
    for (name, map, interval) in table() {
        for seed in 0..8 {
            for size in [10.0, 1e3, 1e6] {
                let p: Vec<f64> = parameters(&map, seed).iter().map(|p| size * p).collect();
                for x in arguments(interval) {
                    let (_, log) = map.apply(map.closed(), &p, x);
                    assert!(log.is_finite(), "{name} at {x}, {p:?}: {log}");
                }
            }
        }
    }
}

#[test]
fn there_and_back_is_where_one_was() {
    for (name, map, interval) in table() {
        let p = parameters(&map, 7);
        let narrow: Vec<f32> = p.iter().map(|&p| p as f32).collect();
        for x in arguments(interval) {
            let [there, back] = if map.closed() == Direction::Forward { BOTH } else { [BOTH[1], BOTH[0]] };
            let (y, log) = map.apply(there, &p, x);
            let (again, back_log) = map.apply(back, &p, y);
            assert!((again - x).abs() < 1e-10 && (log + back_log).abs() < 1e-9, "{name} at {x}: {again}");
            let (y, _) = map.apply(there, &narrow, x as f32);
            let (again, _) = map.apply(back, &narrow, y);
            assert!((f64::from(again) - x).abs() < 1e-4 * (1.0 + x.abs()), "{name} at {x} in f32: {again}");
        }
    }
}

#[test]
fn gradients_are_those_of_differences_in_either_direction() {
    for (name, map, interval) in table() {
        let p = parameters(&map, 3);
        for direction in BOTH {
            for x in given(&map, &p, direction, interval) {
                let (dy, dl) = (0.7, -1.3);
                let value = |p: &[f64], x: f64| {
                    let (y, log) = map.apply(direction, p, x);
                    dy * y + dl * log
                };
                let mut dp = vec![f64::NAN; p.len()];
                let dx = map.gradient(direction, &p, x, map.apply(direction, &p, x).0, dy, dl, &mut dp);
                let numeric = slope(|x| value(&p, x), x, 1e-4);
                assert!(
                    (dx - numeric).abs() < 1e-6 * (1.0 + numeric.abs()),
                    "{name}, {direction:?} at {x}: {dx} {numeric}"
                );
                for k in 0..p.len() {
                    let numeric = slope(
                        |moved| {
                            let mut p = p.clone();
                            p[k] = moved;
                            value(&p, x)
                        },
                        p[k],
                        1e-4,
                    );
                    let close = (dp[k] - numeric).abs() < 1e-6 * (1.0 + numeric.abs());
                    assert!(close, "{name}, {direction:?} at {x}, parameter {k}: {} {numeric}", dp[k]);
                }
            }
        }
    }
}

#[test]
fn far_out_nothing_is_nan() {
    for (name, map, _) in table() {
        let p: Vec<f32> = parameters(&map, 5).into_iter().map(|p| p as f32).collect();
        for direction in BOTH {
            for x in [-1e4f32, -50.0, 0.0, 50.0, 1e4] {
                let (y, log) = map.apply(direction, &p, x);
                let mut dp = vec![0.0; p.len()];
                let dx = map.gradient(direction, &p, x, y, 1.0, 1.0, &mut dp);
                let [least, most] = map.domain(direction);
                let fine = if f64::from(x) > least && f64::from(x) < most {
                    y.is_finite() && log.is_finite() && dx.is_finite() && dp.iter().all(|d| d.is_finite())
                } else {
                    // there is no solution, and nothing that looks like one; an end of a base is what is rounded to it
                    let end = f64::from(x) == least || f64::from(x) == most;
                    !y.is_finite() || (end && matches!(map, Univariate::Base(_)))
                };
                assert!(fine, "{name}, {direction:?} at {x}: {y} {log} {dx} {dp:?}");
            }
        }
    }
}

#[test]
fn files_name_a_map_as_messages_do_and_keep_its_settings() {
    for (name, map, _) in table() {
        let text = serde_json::to_string(&map).unwrap();
        assert!(text.trim_start_matches("{").starts_with(&format!("\"{}\"", map.name())), "{name}: {text}");
        assert_eq!(serde_json::from_str::<Univariate>(&text).unwrap(), map);
        assert_eq!(map.check(), Ok(()), "{name}");
    }
}

#[test]
fn strong_parameters_can_be_undone_also() {
    for (name, map, interval) in table() {
        let [least, most] = map.domain(map.closed().opposite());
        for seed in 0..20 {
            let p: Vec<f64> = parameters(&map, seed).into_iter().map(|p| 8.0 * p).collect();
            for x in arguments(interval).chain([-1e4, -100.0, 100.0, 1e4]) {
                let (y, log) = map.apply(map.closed(), &p, x);
                // an end of the interval, to the last digit
                if y <= least || y >= most {
                    continue;
                }
                let (u, back_log) = map.apply(map.closed().opposite(), &p, y);
                let (again, _) = map.apply(map.closed(), &p, u);
                assert!((again - y).abs() < 1e-13 * (1.0 + y.abs()), "{name}, seed {seed} at {x}: {again} {y}");
                assert!(log.is_finite() && back_log.is_finite(), "{name}, seed {seed} at {x}: {log} {back_log}");
            }
        }
    }
}
