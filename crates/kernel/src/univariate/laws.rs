//! What every univariate map must be: increasing, inverted by its other direction, with the log-derivative and the
//! gradients that differences have. A new map is a row of the table.

use super::{RationalQuadratic, Univariate};
use crate::affine::Direction;
use crate::noise::{Purpose, fill_gaussian};

/// Every map, with a name for messages and the interval in which its arguments are drawn.
fn table() -> Vec<(&'static str, Univariate, [f64; 2])> {
    vec![
        ("spline, 2 bins", Univariate::RationalQuadratic(RationalQuadratic { bins: 2, bound: 2.0 }), [-3.0, 3.0]),
        ("spline, 8 bins", Univariate::RationalQuadratic(RationalQuadratic { bins: 8, bound: 3.0 }), [-3.5, 3.5]),
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
                let fine = y.is_finite() && log.is_finite() && dx.is_finite() && dp.iter().all(|d| d.is_finite());
                assert!(fine, "{name}, {direction:?} at {x}: {y} {log} {dx} {dp:?}");
            }
        }
    }
}
