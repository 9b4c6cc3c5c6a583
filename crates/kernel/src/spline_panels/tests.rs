//! Splines of whole panels against one after another.

use super::*;
use crate::element_map;
use crate::rows::laws::noise;
use crate::univariate::Univariate;

fn panels<R: Real>(rows: usize, columns: usize, values: &[f64]) -> Panels<R> {
    let mut panels = Panels::default();
    panels.reshape(rows, columns);
    panels.data_mut().iter_mut().zip(values.iter().cycle()).for_each(|(to, &v)| *to = R::of(v));
    panels
}

/// Values, log-dets and all gradients of the panels against those of one spline after another.
fn check<R: Real>(tolerance: f64) {
    for (bins, dim, rows) in [(2, 1usize, 1), (5, 7, 3), (8, 9, 4), (3, 17, 33)] {
        let spline = RationalQuadratic { bins, bound: 2.0 };
        let (univariate, count) = (Univariate::RationalQuadratic(spline), 3 * bins - 1);
        let columns = dim.div_ceil(GROUP) * GROUP * count;
        for direction in [Direction::Forward, Direction::Inverse] {
            let outputs = panels::<R>(rows, columns, &noise(1, 4093, 1.0));
            // some outside the bound, some at it
            let mut given = noise(2, 1021, 1.3);
            given.iter_mut().step_by(50).for_each(|v| *v = 2.0);
            let u = panels::<R>(rows, dim, &given);
            let d_log: Vec<R> = noise(4, rows, 1.0).into_iter().map(R::of).collect();
            let (mut y, mut log_det) = (panels::<R>(rows, dim, &[0.0]), vec![1.0; rows]);
            forward(&mut Splines::new(spline, direction), dim, &u, &outputs, &mut y, &mut log_det);
            let (mut plain, mut plain_log_det) = (panels::<R>(rows, dim, &[0.0]), vec![1.0; rows]);
            element_map::forward_one_by_one(&univariate, direction, dim, &u, &outputs, &mut plain, &mut plain_log_det);
            let close = |a: f64, b: f64, what: &str| {
                assert!((a - b).abs() < tolerance * (1.0 + b.abs()), "{what}, {direction:?}, {bins} bins: {a} {b}");
            };
            let flat = |panels: &Panels<R>| {
                let mut values = vec![R::zero(); rows * dim];
                panels.scatter(&mut values, &(0..dim).collect::<Vec<_>>());
                values
            };
            flat(&y).iter().zip(flat(&plain)).for_each(|(a, b)| close(a.f64(), b.f64(), "value"));
            log_det.iter().zip(&plain_log_det).for_each(|(a, b)| close(*a, *b, "log-det"));

            let [mut d, mut d_plain] = [0; 2].map(|_| panels::<R>(rows, dim, &noise(3, 509, 1.0)));
            let [mut by_outputs, mut by_outputs_plain] = [0; 2].map(|_| panels::<R>(rows, columns, &[0.0]));
            let mut splines = Splines::new(spline, direction);
            backward(&mut splines, dim, &outputs, &u, &plain, &d_log, &mut d, &mut by_outputs);
            element_map::backward_one_by_one(
                &univariate,
                direction,
                dim,
                &outputs,
                &u,
                &plain,
                &d_log,
                &mut d_plain,
                &mut by_outputs_plain,
            );
            flat(&d).iter().zip(flat(&d_plain)).for_each(|(a, b)| close(a.f64(), b.f64(), "gradient"));
            for p in 0..by_outputs.count() {
                for (a, b) in by_outputs.panel(p).iter().zip(by_outputs_plain.panel(p)) {
                    close(a.f64(), b.f64(), "gradient by parameters");
                }
            }
        }
    }
}

#[test]
fn panels_of_splines_are_what_one_after_another_is() {
    check::<f64>(1e-12);
    check::<f32>(2e-4);
}

#[test]
fn far_out_splines_are_the_identity_and_nan_stays_nan() {
    let spline = RationalQuadratic { bins: 4, bound: 3.0 };
    let outputs = panels::<f32>(2, 11 * GROUP, &noise(1, 4093, 1.0));
    for direction in [Direction::Forward, Direction::Inverse] {
        let u = panels::<f32>(2, 8, &[1e4, -1e4, f64::NAN, 3.0, -3.0, 1e30, 0.0, f64::INFINITY]);
        let (mut y, mut log_det) = (panels::<f32>(2, 8, &[0.0]), vec![0.0; 2]);
        forward(&mut Splines::new(spline, direction), 8, &u, &outputs, &mut y, &mut log_det);
        let (y, u) = (&y.panel(0)[..8], &u.panel(0)[..8]);
        assert_eq!((&y[..2], &y[3..6], y[7]), (&u[..2], &u[3..6], u[7]), "{direction:?}");
        assert!(y[2].is_nan() && log_det.iter().all(|log_det| log_det.is_finite()), "{direction:?}: {y:?}");
    }
}
