//! The synthetic targets keep their promise: densities integrate to one, and draws follow them.

use flowstill_data::synthetic::entropy_estimate;
use flowstill_data::{KnownDensity, Target};
use flowstill_kernel::noise::{Purpose, fill_gaussian, stream};

/// The targets of two dimensions, a mixture and a funnel among them.
fn planar() -> Vec<Box<dyn KnownDensity>> {
    let targets = Target::NAMES.map(|name| Target::from_name(name, None, None, 11).unwrap());
    targets.iter().filter(|target| target.dim() == 2).map(Target::density).collect()
}

/// Mass `∫ p` and entropy `−∫ p log p` by the mid-point rule. The step is a third of the narrowest noise, where the
/// rule is exact to rounding, and the edges of the checkerboard lie between its points. For the funnel the grid is
/// even in `asinh(20 x₂)`: fine in the neck and wide at the mouth.
fn by_grid(density: &dyn KnownDensity) -> (f64, f64) {
    let (mut mass, mut entropy) = (0.0, 0.0);
    let mut add = |x: [f64; 2], area: f64| {
        let log_p = density.log_prob(&x);
        if log_p.is_finite() {
            mass += area * log_p.exp();
            entropy -= area * log_p.exp() * log_p;
        }
    };
    if density.name() == "funnel" {
        let (h, k) = (0.05, 0.065);
        for (i, j) in (0..360).flat_map(|i| (0..400).map(move |j| (i, j))) {
            let (v, u): (f64, f64) = (-9.0 + h * (f64::from(i) + 0.5), -13.0 + k * (f64::from(j) + 0.5));
            add([v, u.sinh() / 20.0], h * k * u.cosh() / 20.0);
        }
    } else {
        let h = 0.05;
        for (i, j) in (0..280).flat_map(|i| (0..440).map(move |j| (i, j))) {
            add([-7.0 + h * (f64::from(i) + 0.5), -7.0 + h * (f64::from(j) + 0.5)], h * h);
        }
    }
    (mass, entropy)
}

#[test]
fn planar_densities_integrate_to_one_and_their_entropy_is_that_of_draws() {
    for density in planar() {
        let (mass, entropy) = by_grid(&*density);
        assert!((mass - 1.0).abs() < 1e-3, "{}: {mass}", density.name());
        let by_draws = entropy_estimate(&*density, 50_000, 5);
        let tolerance = 4.0 * by_draws.standard_error + 1e-3;
        assert!((by_draws.nats - entropy).abs() < tolerance, "{}: {by_draws:?} {entropy}", density.name());
    }
}

/// Pearson's χ² of draws against cell probabilities, cells of small expectation thrown together.
#[test]
fn histograms_of_draws_follow_the_density() {
    let (cells, fine, draws) = (40usize, 8, 60_000usize);
    let side = 10.0 / cells as f64;
    for density in planar().iter().filter(|d| d.name() != "funnel") {
        let mut expected = vec![0.0; cells * cells + 1];
        for (c, e) in expected[..cells * cells].iter_mut().enumerate() {
            let corner = [c / cells, c % cells].map(|k| -5.0 + side * k as f64);
            let h = side / f64::from(fine);
            for i in 0..fine * fine {
                let x = [corner[0] + h * (f64::from(i / fine) + 0.5), corner[1] + h * (f64::from(i % fine) + 0.5)];
                *e += density.log_prob(&x).exp() * h * h * draws as f64;
            }
        }
        // outside of the window
        expected[cells * cells] = (draws as f64 - expected.iter().sum::<f64>()).max(0.0);
        let mut observed = vec![0.0; cells * cells + 1];
        let mut x = [0.0; 2];
        for i in 0..draws {
            density.draw(&mut stream(8, Purpose::Synthetic, i as u64), &mut x);
            let cell = x.map(|v| ((v + 5.0) / side).floor());
            let inside = cell.iter().all(|&c| (0.0..cells as f64).contains(&c));
            observed[if inside { cell[0] as usize * cells + cell[1] as usize } else { cells * cells }] += 1.0;
        }
        let (mut rest_e, mut rest_o, mut chi_square, mut freedom) = (0.0, 0.0, 0.0, 0.0);
        for (e, o) in expected.iter().zip(&observed) {
            if *e >= 5.0 {
                chi_square += (o - e) * (o - e) / e;
                freedom += 1.0;
            } else {
                rest_e += e;
                rest_o += o;
            }
        }
        if rest_e >= 1.0 {
            chi_square += (rest_o - rest_e) * (rest_o - rest_e) / rest_e;
        } else {
            assert!(rest_o <= 10.0, "{}: {rest_o} draws where {rest_e} are expected", density.name());
        }
        let z = (chi_square - freedom) / (2.0f64 * freedom).sqrt();
        assert!(z.abs() < 4.5, "{}: χ² {chi_square} with {freedom} cells", density.name());
    }
}

/// `∫ p = E_q[p/q]` with a wide Gaussian q, in more dimensions than a grid can fill.
#[test]
fn higher_dimensions_are_normalised_too() {
    let (n, sd) = (200_000, 2.2f64);
    let mixtures =
        [(1, 1), (1, 4), (3, 2), (5, 6)].map(|(dim, components)| Target::GaussianMixture { dim, components, seed: 2 });
    let chains = [3, 4].map(|dim| Target::RingChain { dim });
    for target in mixtures.into_iter().chain(chains) {
        let (dim, density) = (target.dim(), target.density());
        let mut z = vec![0.0f32; n * dim];
        fill_gaussian(1, Purpose::Evaluation, 0, 0, dim, &mut z);
        let (mut sum, mut squares) = (0.0, 0.0);
        for row in z.chunks_exact(dim) {
            let x: Vec<f64> = row.iter().map(|&v| sd * f64::from(v)).collect();
            let square: f64 = row.iter().map(|&v| f64::from(v) * f64::from(v)).sum();
            let log_q = -0.5 * square - dim as f64 * (sd.ln() + 0.5 * std::f64::consts::TAU.ln());
            let w = (density.log_prob(&x) - log_q).exp();
            sum += w;
            squares += w * w;
        }
        let mean = sum / n as f64;
        let error = ((squares / n as f64 - mean * mean) / n as f64).sqrt();
        assert!((mean - 1.0).abs() < 4.0 * error && error < 0.1, "{target:?}: {mean} ± {error}");
    }
}

#[test]
fn moments_in_higher_dimensions() {
    let funnel = Target::Funnel { dim: 7 }.draw_rows(100_000, 3);
    let rows: Vec<&[f64]> = funnel.chunks_exact(7).collect();
    let mean = |f: &dyn Fn(&[f64]) -> f64| rows.iter().map(|r| f(r)).sum::<f64>() / rows.len() as f64;
    assert!(mean(&|r| r[0]).abs() < 4.0 * 1.5 / 316.0);
    assert!((mean(&|r| r[0] * r[0]) - 2.25).abs() < 4.0 * 2.25 * 2f64.sqrt() / 316.0);
    for j in 1..7 {
        // given the first coordinate, the others squared are e^{x₁} χ²: standardised, their mean is 1 and their sd √2
        assert!((mean(&|r| r[j] * r[j] / r[0].exp()) - 1.0).abs() < 4.0 * 2f64.sqrt() / 316.0);
        let other = j % 6 + 1;
        assert!(mean(&|r| r[j] * r[other] / r[0].exp()).abs() < 4.0 / 316.0);
    }

    // one component: twice the drop of log p from its peak is the squared Mahalanobis distance
    let single = Target::from_name("gaussian_mixture", Some(6), Some(1), 9).unwrap();
    let (density, draws) = (single.density(), single.draw_rows(50_000, 1));
    let centre = &density.mode_centres().unwrap()[0];
    let peak = density.log_prob(centre);
    let distances: Vec<f64> = draws.chunks_exact(6).map(|x| 2.0 * (peak - density.log_prob(x))).collect();
    let average = distances.iter().sum::<f64>() / 50_000.0;
    // χ² with 6 degrees of freedom: mean 6, variance 12
    assert!((average - 6.0).abs() < 4.0 * (12.0f64 / 50_000.0).sqrt(), "{average}");
    for j in 0..6 {
        let column = draws.chunks_exact(6).map(|x| x[j]).sum::<f64>() / 50_000.0;
        assert!((column - centre[j]).abs() < 4.0 * 0.7 / 223.0, "{j}: {column} {}", centre[j]);
    }
}

/// `H = H(ring) + Σ E[log s_i + ½ log 2πe]`: the density of two neighbours is carried along the chain on a grid.
#[test]
fn the_entropy_of_a_chain_is_that_of_its_links() {
    let (side, h) = (90, 0.1);
    let at = |i: usize| h * (i as f64 + 0.5 - 0.5 * side as f64);
    let ring = Target::EightGaussians.density();
    let pairs = (0..side * side).map(|k| ring.log_prob(&[at(k / side), at(k % side)]).exp());
    let mut pair: Vec<f64> = pairs.collect();
    let mut entropy = by_grid(&*ring).1;
    for dim in 3..=8 {
        let mut next = vec![0.0; side * side];
        for (i, j) in (0..side).flat_map(|i| (0..side).map(move |j| (i, j))) {
            let (earlier, before, mass) = (at(i), at(j), h * h * pair[i * side + j]);
            let (mean, sd) = (before.sin() + 0.4 * earlier.cos(), 0.5 * (0.3 * before.cos()).exp());
            entropy += mass * (sd.ln() + 0.5 * (1.0 + std::f64::consts::TAU.ln()));
            for (k, next) in next[j * side..][..side].iter_mut().enumerate() {
                let z = (at(k) - mean) / sd;
                *next += mass / h * (-0.5 * z * z).exp() / (sd * std::f64::consts::TAU.sqrt());
            }
        }
        pair = next;
        if [3, 8].contains(&dim) {
            let by_draws = entropy_estimate(&*Target::RingChain { dim }.density(), 50_000, 5);
            let tolerance = 4.0 * by_draws.standard_error;
            assert!((by_draws.nats - entropy).abs() < tolerance, "D {dim}: {by_draws:?} {entropy}");
        }
    }
}

#[test]
fn the_modes_of_a_chain_are_told_apart_by_its_first_two_columns() {
    let target = Target::RingChain { dim: 5 };
    let density = target.density();
    let (columns, centres) = (density.mode_columns(), density.mode_centres().unwrap());
    assert_eq!(columns, [0, 1]);
    assert!(centres.len() == 8 && centres.iter().all(|centre| centre.len() == columns.len()));
    let mut near = [0.0; 8];
    for row in target.draw_rows(20_000, 4).chunks_exact(5) {
        let square = |centre: &[f64]| columns.iter().zip(centre).map(|(&j, c)| (row[j] - c).powi(2)).sum::<f64>();
        let mode = (0..8).min_by(|&a, &b| square(&centres[a]).total_cmp(&square(&centres[b])));
        near[mode.unwrap()] += 1.0;
    }
    let error = (20_000.0f64 * 0.125 * 0.875).sqrt();
    assert!(near.iter().all(|n| (n - 2500.0f64).abs() < 4.0 * error), "{near:?}");
    // elsewhere all columns take part
    let mixture = Target::GaussianMixture { dim: 3, components: 2, seed: 0 }.density();
    assert_eq!((mixture.mode_columns(), mixture.mode_centres().unwrap()[0].len()), (vec![0, 1, 2], 3));
}

#[test]
fn mixtures_are_really_correlated_and_differ_by_seed() {
    let draws = Target::from_name("gaussian_mixture", Some(4), Some(1), 9).unwrap().draw_rows(20_000, 1);
    let column = |j: usize| draws.chunks_exact(4).map(move |x| x[j]);
    let mean = [0, 1, 2, 3].map(|j| column(j).sum::<f64>() / 20_000.0);
    let moment = |i, j| column(i).zip(column(j)).map(|(a, b)| (a - mean[i]) * (b - mean[j])).sum::<f64>() / 20_000.0;
    for j in 1..4 {
        // R² of a coordinate on the earlier ones is 0.16 to 0.64, so the squared correlations do not all vanish
        let squared: f64 = (0..j).map(|i| moment(i, j).powi(2) / moment(i, i) / moment(j, j)).sum();
        assert!(squared > 0.03, "{j}: {squared}");
    }
    let centres =
        |seed| Target::from_name("gaussian_mixture", Some(4), Some(2), seed).unwrap().density().mode_centres();
    assert_eq!(centres(1), centres(1));
    assert_ne!(centres(1), centres(2));
}

#[test]
fn draws_stay_near_the_square_of_side_eight() {
    for name in Target::NAMES {
        let target = Target::from_name(name, None, None, 0).unwrap();
        let draws = target.draw_rows(10_000, 0);
        let within = draws.chunks_exact(target.dim()).filter(|x| x.iter().all(|v| v.abs() <= 4.2)).count();
        assert!(within > 9_000, "{name}: {within} of 10000");
    }
}

#[test]
fn densities_are_finite_far_away_and_infinite_only_off_the_board() {
    for density in planar() {
        for x in [[0.0, 0.0], [30.0, -40.0], [1e3, 1e3], [-4.0, -4.0]] {
            let l = density.log_prob(&x);
            assert!(
                l.is_finite() || (density.name() == "checkerboard" && l == f64::NEG_INFINITY),
                "{} {x:?} {l}",
                density.name()
            );
        }
    }
    let board = Target::Checkerboard.density();
    assert_eq!(board.log_prob(&[-3.0, -3.0]), -(32f64.ln()));
    for outside in [[-3.0, -1.0], [-4.1, -3.0], [4.0, 3.0], [f64::NAN, 0.0]] {
        assert_eq!(board.log_prob(&outside), f64::NEG_INFINITY);
    }
}
