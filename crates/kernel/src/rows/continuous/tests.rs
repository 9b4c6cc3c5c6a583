use super::super::laws::noise;
use super::*;

const EXACT: Solver = Solver::Adaptive { tolerance: 1e-11 };

fn map(dim: usize, hidden: &[usize], solver: Solver, trace: Trace) -> Continuous {
    Continuous { dim, hidden: hidden.to_vec(), activation: Smooth::Tanh, solver, trace }
}

fn parameters(map: &Continuous, seed: u64, scale: f64) -> Vec<f64> {
    noise(seed, RowMap::<f64>::parameters(map), scale)
}

#[test]
fn linear_equations_have_their_known_solution() {
    // du/dt = a·u + b·t + c: with the network of no hidden layer
    let (a, b, c, u) = (0.7f64, 0.4, -0.3, 1.2);
    let particular = |t: f64| -(b * t + c) / a - b / (a * a);
    let expected = (u - particular(0.0)) * a.exp() + particular(1.0);
    for (solver, tolerance) in [(EXACT, 1e-10), (Solver::Fixed { steps: 10 }, 1e-5)] {
        let mut y = [0.0];
        let log_det = map(1, &[], solver, Trace::Exact).map(&[a, b, c], &[u], &mut y);
        assert!((y[0] - expected).abs() < tolerance && (log_det - a).abs() < 1e-12, "{y:?} {expected}, {log_det}");
    }
}

#[test]
fn errors_fall_with_the_tolerance_and_with_the_fourth_power_of_steps() {
    let reference = map(3, &[12], Solver::Adaptive { tolerance: 1e-13 }, Trace::Exact);
    let (theta, u) = (parameters(&reference, 2, 1.5), noise(3, 60, 1.0));
    let evaluate = |solver| {
        let (mut y, mut log_det) = (vec![0.0; 60], vec![0.0; 20]);
        Continuous { solver, ..reference.clone() }.map_rows(&theta, &u, &mut y, &mut log_det);
        [y, log_det].concat()
    };
    let truth = evaluate(reference.solver);
    let error = |solver| evaluate(solver).iter().zip(&truth).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    for tolerance in [1e-3, 1e-5, 1e-7, 1e-9] {
        let error = error(Solver::Adaptive { tolerance });
        assert!(error < 100.0 * tolerance, "{tolerance}: {error}");
    }
    let [coarse, fine] = [16, 32].map(|steps| error(Solver::Fixed { steps }));
    assert!((8.0..32.0).contains(&(coarse / fine)), "{coarse} {fine}");
}

#[test]
fn ways_there_and_back_differ_by_the_tolerance_and_solutions_by_rounding() {
    for tolerance in [1e-4, 1e-6, 1e-9] {
        let map = map(4, &[10], Solver::Adaptive { tolerance }, Trace::Exact);
        let (theta, u) = (parameters(&map, 1, 1.0), noise(2, 40, 1.0));
        let reversal = map.reversal_errors(&theta, &u).into_iter().fold(0.0, f64::max);
        assert!(reversal < 100.0 * tolerance && reversal > 1e-3 * tolerance, "{tolerance}: {reversal}");
        let (mut y, mut back, mut log_det) = (vec![0.0; 40], vec![0.0; 40], vec![0.0; 10]);
        map.map_rows(&theta, &u, &mut y, &mut log_det);
        map.solve_rows(&theta, &y, &mut back);
        let left = distance(&u, &back);
        // rows whose steps change between there and back are left at the tolerance
        let exact = rows(&u, 4).zip(rows(&back, 4)).filter(|(u, back)| distance(u, back) < 1e-12).count();
        assert!(left < 100.0 * tolerance && exact >= 7, "{tolerance}: {left}, {exact} of 10");
    }
}

#[test]
fn every_row_has_its_own_steps() {
    let map = map(2, &[16], EXACT, Trace::Exact);
    let (theta, u) = (parameters(&map, 5, 2.0), noise(1, 40, 2.0));
    let lengths: Vec<usize> =
        map.way(&Field::new(&map, &theta), &theta, &u, true).iter().map(|row| row.steps.len()).collect();
    assert!(lengths.iter().any(|&len| len != lengths[0]), "{lengths:?}");
    for row in map.way(&Field::new(&map, &theta), &theta, &u, true) {
        assert_eq!(row.steps.iter().map(|[_, h]| h).sum::<f64>(), 1.0);
    }
}

#[test]
fn a_field_that_cannot_be_followed_ends_as_nan_and_spares_the_others() {
    // du/dt = 1e30·u
    let map = map(1, &[], Solver::Adaptive { tolerance: 1e-9 }, Trace::Exact);
    let (mut y, mut log_det) = ([0.0; 2], [0.0; 2]);
    map.map_rows(&[1e30, 0.0, 0.0], &[1.0, f64::NAN], &mut y, &mut log_det);
    assert!(y.iter().chain(&log_det).all(|v| v.is_nan()), "{y:?} {log_det:?}");
    map.map_rows(&[0.5, 0.0, 0.0], &[f64::NAN, 1.0], &mut y, &mut log_det);
    assert!(y[0].is_nan() && (y[1] - 0.5f64.exp()).abs() < 1e-8, "{y:?}");
    let (mut du, mut d_theta) = ([0.0f64; 2], [0.0; 3]);
    map.gradient_rows(&[1e30, 0.0, 0.0], &[1.0, 2.0], &[1.0; 2], &[1.0; 2], &mut du, &mut d_theta);
    assert!(du.iter().all(|d| d.is_nan()));
    assert!(map.reversal_errors(&[1e30, 0.0, 0.0], &[1.0])[0].is_nan());
}

#[test]
fn estimates_have_the_exact_log_det_and_gradient_for_their_means() {
    let exact = map(3, &[6], Solver::Fixed { steps: 3 }, Trace::Exact);
    let theta = parameters(&exact, 3, 1.0);
    let (u, dy) = ([0.1, -0.2, 0.15], [0.3, 0.2, -0.4]);
    let all = |trace| {
        let map = Continuous { trace, ..exact.clone() };
        let (mut du, mut d_theta) = (vec![0.0; 3], vec![0.0; theta.len()]);
        map.gradient(&theta, &u, &dy, -1.3, &mut du, &mut d_theta);
        [vec![map.map(&theta, &u, &mut [0.0; 3])], du, d_theta].concat()
    };
    let (truth, count) = (all(Trace::Exact), 2000);
    let (mut sum, mut squares) = (vec![0.0; truth.len()], vec![0.0; truth.len()]);
    for seed in 0..count {
        for (i, v) in all(Trace::Hutchinson { probes: 1, seed }).into_iter().enumerate() {
            sum[i] += v;
            squares[i] += v * v;
        }
    }
    let n = count as f64;
    for i in 0..truth.len() {
        let mean = sum[i] / n;
        let error = ((squares[i] / n - mean * mean).max(0.0) / n).sqrt();
        assert!((mean - truth[i]).abs() < 4.5 * error + 1e-9, "{i}: {mean} ± {error}, exactly {}", truth[i]);
        assert!(i > 0 || error > 1e-4, "an estimate that never varies is none");
    }
}

#[test]
fn gradients_of_estimates_are_those_of_the_very_estimate() {
    // signs are taken for constants, as they are here where they are the same for all rows
    for solver in [Solver::Adaptive { tolerance: 1e-4 }, Solver::Fixed { steps: 4 }] {
        let map = map(3, &[6], solver, Trace::Hutchinson { probes: 2, seed: 4 });
        let (theta, u) = (parameters(&map, 3, 0.8), [0.4, -0.7, 0.2]);
        let value = |theta: &[f64]| {
            let signs = Divergence::Estimated { probes: 2, signs: vec![1.0, -1.0, 1.0, 1.0, 1.0, -1.0] };
            let plan = Plan { solver, backward: false, divergence: Some(&signs), record: true };
            let field = Field::new(&map, theta);
            let taken = integrate(&field, &plan, &u);
            let mut gradient = field.network().0.gradient();
            let mut du = [0.5, 0.1, -0.3];
            let value: f64 = taken[0].u.iter().zip(&du).map(|(y, d)| y * d).sum::<f64>() - 1.3 * taken[0].log_det;
            Replay::new(&field, solver.tableau()).gradient(&taken, &signs, &[-1.3], &mut du, &mut gradient);
            (value, field.network().0.unpack(&gradient))
        };
        let gradient = value(&theta).1;
        for (i, d) in gradient.iter().enumerate() {
            let at = |step: f64| {
                let mut theta = theta.clone();
                theta[i] += step;
                value(&theta).0
            };
            let numeric = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((d - numeric).abs() < 1e-7 * (1.0 + numeric.abs()), "{solver:?}, θ[{i}]: {d} {numeric}");
        }
    }
}
