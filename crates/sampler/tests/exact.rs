//! A student that is wrong, corrected by its teacher: what comes out is the teacher's, whatever the method.

mod common;

use common::*;
use flowstill_model::{FlowSpec, LayerSpec, Layout, Role, Standardizer};
use flowstill_sampler::{Corrected, Correction, Exact, How, Imh, Rejection, Sampler, SamplerError, Sir};

const CORRECTIONS: [Correction; 3] = [
    Correction::Imh(Imh { chains: 64, burn_in: 100 }),
    Correction::Sir(Sir { pool: 10 }),
    Correction::Rejection(Rejection { log_bound: None }),
];

/// Independent normal coordinates.
fn normal(dim: usize, mean: f32, sd: f32) -> Sampler {
    let spec = FlowSpec { dim, layers: vec![LayerSpec::ActNorm { orientation: IAF }] };
    let layout = Layout::new(&spec);
    let mut model = checkpoint(spec);
    model.theta[layout.view("layers.0.log_scale").unwrap().range.clone()].fill(sd.ln());
    model.theta[layout.view("layers.0.shift").unwrap().range.clone()].fill(mean);
    model.standardizer = Standardizer::identity(dim);
    Sampler::from_checkpoint(model).unwrap()
}

fn draw(exact: &Exact, correction: Correction, seed: u64, rows: u64) -> (Vec<f32>, Corrected) {
    let mut all = Vec::new();
    let corrected = exact.draw::<SamplerError>(correction, seed, rows, &mut |rows| {
        all.extend_from_slice(rows);
        Ok(())
    });
    (all, corrected.unwrap())
}

fn refused(exact: &Exact, correction: Correction) -> SamplerError {
    exact.draw::<SamplerError>(correction, 0, 100, &mut |_| Ok(())).unwrap_err()
}

/// Φ by its series, good to 1e-12 within ±7.
fn standard_normal_distribution(x: f64) -> f64 {
    let mut term = x;
    let mut sum = 0.0;
    for k in 1..200 {
        sum += term;
        term *= x * x / f64::from(2 * k + 1);
    }
    0.5 + (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt() * sum
}

/// Kolmogorov–Smirnov distance of a sample from the standard normal distribution.
fn distance(x: &[f32]) -> f64 {
    let mut x: Vec<f64> = x.iter().map(|&x| f64::from(x).clamp(-7.0, 7.0)).collect();
    x.sort_unstable_by(f64::total_cmp);
    let n = x.len() as f64;
    let steps = x.iter().enumerate().map(|(i, &x)| {
        let truth = standard_normal_distribution(x);
        (truth - i as f64 / n).abs().max((truth - (i + 1) as f64 / n).abs())
    });
    steps.fold(0.0, f64::max)
}

#[test]
fn one_dimension_is_the_teachers_after_correction_and_not_before() {
    let (teacher, student) = (normal(1, 0.0, 1.0), normal(1, 0.5, 1.4));
    let n = 20_000;
    let exact = Exact::new(student.clone(), teacher).unwrap();
    // the distance that a sample of that many rows exceeds once in a thousand times
    let limit = |rows: f64| 1.95 / rows.sqrt();
    let uncorrected = distance(&student.sample(1, 0, n).unwrap());
    for correction in CORRECTIONS {
        let (x, corrected) = draw(&exact, correction, 1, n as u64);
        let name = correction.name();
        assert_eq!((x.len(), corrected.rows), (n, n as u64), "{name}");
        let limit = limit(corrected.effective);
        assert!(distance(&x) < limit, "{name}: {} against {limit}, {corrected}", distance(&x));
        assert!(uncorrected > 5.0 * limit, "{name}: the test is too weak, {uncorrected}");
        let moment = |k: i32| x.iter().map(|&x| f64::from(x).powi(k)).sum::<f64>() / n as f64;
        let errors = corrected.effective.sqrt().recip();
        assert!(moment(1).abs() < 4.0 * errors, "{name}: mean {}", moment(1));
        assert!((moment(2) - 1.0).abs() < 4.0 * 2f64.sqrt() * errors, "{name}: mean square {}", moment(2));
        assert!((moment(4) - 3.0).abs() < 4.0 * 96f64.sqrt() * errors, "{name}: fourth moment {}", moment(4));
        assert!(corrected.warning().is_none_or(|_| name == "rejection"), "{name}: {corrected}");
    }
}

/// χ² of two samples of the plane over cells of side ½, in units of the larger number of effective rows' expectation.
fn chi_square(a: &[f32], b: &[f32], effective: f64) -> (f64, f64) {
    let mut counts = std::collections::BTreeMap::<(i32, i32), [f64; 2]>::new();
    for (side, x) in [a, b].into_iter().enumerate() {
        for row in x.chunks_exact(2) {
            let cell = |x: f32| (2.0 * x).floor().clamp(-8.0, 7.0) as i32;
            counts.entry((cell(row[0]), cell(row[1]))).or_default()[side] += 2.0 / x.len() as f64;
        }
    }
    // shares p, r of m and n rows: Σ (p − r)²/((p·m + r·n)/(m + n))·mn/(m + n)
    let (m, n) = (effective, b.len() as f64 / 2.0);
    let cells: Vec<_> = counts.values().filter(|[p, r]| p * m + r * n > 20.0).collect();
    let terms = cells.iter().map(|[p, r]| (p - r).powi(2) / (p * m + r * n) * m * n);
    (terms.sum(), cells.len() as f64 - 1.0)
}

#[test]
fn a_plane_is_the_teachers_after_correction_and_not_before() {
    // a curved teacher, a student that knows only its width
    let spec = FlowSpec { dim: 2, layers: vec![autoregressive(MAF, vec![0, 1], &[7, 5])] };
    let mut model = checkpoint(spec);
    model.standardizer = Standardizer::identity(2);
    let teacher = Sampler::from_checkpoint(model).unwrap();
    let x = teacher.sample(3, 0, 20_000).unwrap();
    let width = (x.iter().map(|x| f64::from(x * x)).sum::<f64>() / x.len() as f64).sqrt() as f32;
    let student = normal(2, 0.0, 1.3 * width);
    let exact = Exact::new(student.clone(), teacher.clone()).unwrap();
    let truth = teacher.sample(77, 0, 40_000).unwrap();
    let unlike = |x: &[f32], effective: f64| {
        let (chi_square, freedom) = chi_square(x, &truth, effective);
        (chi_square - freedom) / (2.0 * freedom).sqrt()
    };
    assert!(unlike(&x, 20_000.0).abs() < 4.0, "the teacher beside itself: {}", unlike(&x, 20_000.0));
    let before = student.sample(3, 0, 20_000).unwrap();
    for correction in CORRECTIONS {
        let (x, corrected) = draw(&exact, correction, 3, 20_000);
        let after = unlike(&x, corrected.effective);
        assert!(after.abs() < 4.5, "{}: {after} standard deviations, {corrected}", correction.name());
        assert!(unlike(&before, corrected.effective) > 40.0, "the test is too weak");
    }
}

#[test]
fn effective_rows_are_what_the_spread_of_means_says() {
    // two coordinates, the second right in the student: it does not depend on the weight
    let with_first = |mean: f32, sd: f32| {
        let spec = FlowSpec { dim: 2, layers: vec![LayerSpec::ActNorm { orientation: IAF }] };
        let layout = Layout::new(&spec);
        let mut model = checkpoint(spec);
        model.theta.fill(0.0);
        model.theta[layout.view("layers.0.log_scale").unwrap().range.start] = sd.ln();
        model.theta[layout.view("layers.0.shift").unwrap().range.start] = mean;
        model.standardizer = Standardizer::identity(2);
        Sampler::from_checkpoint(model).unwrap()
    };
    let exact = Exact::new(with_first(0.6, 1.5), with_first(0.0, 1.0)).unwrap();
    let (turns, rows) = (400, 1280);
    for correction in [CORRECTIONS[0], Correction::Sir(Sir { pool: 2 }), CORRECTIONS[1], CORRECTIONS[2]] {
        let (mut squares, mut effective) = (0.0, 0.0);
        for seed in 0..turns {
            let (x, corrected) = draw(&exact, correction, seed, rows);
            let mean = x.chunks_exact(2).map(|row| f64::from(row[1])).sum::<f64>() / rows as f64;
            squares += mean * mean / turns as f64;
            effective += corrected.effective / turns as f64;
        }
        // a variance from 400 means is known to 7 %
        let ratio = squares * effective;
        assert!((ratio - 1.0).abs() < 0.28, "{correction:?}: {effective} rows, ratio {ratio}");
    }
}

#[test]
fn a_student_that_is_its_teacher_is_returned_unchanged() {
    let spec = FlowSpec { dim: 3, layers: vec![autoregressive(IAF, vec![2, 0, 1], &[8])] };
    let flow = Sampler::from_checkpoint(checkpoint(spec)).unwrap();
    let exact = Exact::new(flow.clone(), flow.clone()).unwrap();
    let (x, corrected) = draw(&exact, Correction::Imh(Imh { chains: 10, burn_in: 3 }), 4, 1000);
    assert_eq!(x, flow.sample(4, 30, 1000).unwrap());
    assert_eq!((corrected.acceptance(), corrected.effective, corrected.proposals), (Some(1.0), 1000.0, 1030));
    let (x, corrected) = draw(&exact, Correction::Rejection(Rejection { log_bound: Some(1e-3) }), 4, 1000);
    let share = corrected.acceptance().unwrap();
    assert!(share > 0.99 && x[..300] == flow.sample(4, 0, 100).unwrap(), "{corrected}");
    let (_, corrected) = draw(&exact, Correction::Sir(Sir { pool: 1 }), 4, 5000);
    let How::Sir { weight_effective, distinct } = corrected.how else { panic!("{corrected}") };
    assert!(weight_effective > 0.9999 * 5000.0 && distinct > 4990, "{corrected}");
}

#[test]
fn rows_depend_on_the_seed_and_their_number_alone() {
    let exact = Exact::new(normal(3, 0.3, 1.3), normal(3, 0.0, 1.0)).unwrap();
    for correction in CORRECTIONS {
        let on = |threads: usize, rows: u64, seed: u64| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| draw(&exact, correction, seed, rows))
        };
        let one = on(1, 30_000, 5);
        assert_eq!(on(2, 30_000, 5), one, "{}", correction.name());
        assert_eq!(on(3, 30_000, 5), one, "{}", correction.name());
        assert_ne!(on(1, 30_000, 6).0, one.0, "{}", correction.name());
        if !matches!(correction, Correction::Sir(_)) {
            let few = on(2, 777, 5).0;
            assert_eq!(few, one.0[..3 * 777], "{}: more rows begin with the same", correction.name());
        }
    }
}

#[test]
fn a_temperature_of_the_student_changes_the_proposals_and_not_the_result() {
    let (teacher, narrow) = (normal(1, 0.0, 1.0), normal(1, 0.0, 0.7));
    let wide = narrow.with_temperature(2.0).unwrap();
    let exact = Exact::new(wide, teacher).unwrap();
    for correction in CORRECTIONS {
        let (x, corrected) = draw(&exact, correction, 2, 20_000);
        assert!(distance(&x) < 1.95 / corrected.effective.sqrt(), "{}", correction.name());
    }
}

#[test]
fn a_known_bound_is_exact_and_a_wrong_one_is_refused() {
    let (teacher, student) = (normal(1, 0.0, 1.0), normal(1, 0.5, 1.4));
    let exact = Exact::new(student, teacher).unwrap();
    // log w = ln s − x²/2 + (x − m)²/2s², largest at x = −m/(s² − 1), where it is ln s + m²/2(s² − 1)
    let bound = 1.4f64.ln() + 0.25 / (2.0 * 0.96);
    let with = |log_bound| Correction::Rejection(Rejection { log_bound: Some(log_bound) });
    let (_, corrected) = draw(&exact, with(bound + 1e-5), 0, 50_000);
    let expected = (-bound).exp();
    let share = corrected.acceptance().unwrap();
    assert!((share - expected).abs() < 4.0 * (expected * (1.0 - expected) / 50_000.0).sqrt(), "{share} for {expected}");
    assert!(matches!(refused(&exact, with(bound - 0.1)), SamplerError::Exceeded { .. }));
    let (_, estimated) = draw(&exact, CORRECTIONS[2], 0, 50_000);
    let How::Rejection { log_bound, .. } = estimated.how else { panic!("{estimated}") };
    assert!(log_bound <= bound + 1e-5 && log_bound > bound - 1e-3, "{log_bound} for {bound}");
}

#[test]
fn what_cannot_be_corrected_is_refused_in_words() {
    let (near, far) = (normal(2, 0.0, 1.0), normal(2, 1e30, 1.0));
    let nowhere = Exact::new(far, normal(2, 0.0, 1e-10)).unwrap();
    for correction in CORRECTIONS {
        let error = refused(&nowhere, correction).to_string();
        assert!(error.contains("the teacher gives no density to anything"), "{error}");
    }
    let hopeless = Exact::new(normal(8, 0.0, 4.0), normal(8, 0.0, 1.0)).unwrap();
    let error = refused(&hopeless, CORRECTIONS[2]).to_string();
    assert!(error.contains("of the proposals") && error.contains("hopeless"), "{error}");
    let ten = Correction::Rejection(Rejection { log_bound: Some(50.0) });
    let error = refused(&Exact::new(near.clone(), near.clone()).unwrap(), ten).to_string();
    assert!(error.contains("1.93e-22 of the proposals"), "{error}");
    for (correction, word) in [
        (Correction::Imh(Imh { chains: 0, burn_in: 1 }), "chains"),
        (Correction::Imh(Imh { chains: usize::MAX, burn_in: 1 }), "from 1 to 8192"),
        (Correction::Imh(Imh { chains: 1, burn_in: 0 }), "burn-in"),
        (Correction::Sir(Sir { pool: 0 }), "pool"),
        (Correction::Sir(Sir { pool: usize::MAX }), "pool"),
        (Correction::Rejection(Rejection { log_bound: Some(f64::NAN) }), "finite number"),
    ] {
        let error = refused(&hopeless, correction).to_string();
        assert!(error.contains(word), "{error}");
    }
    let error = Exact::new(normal(3, 0.0, 1.0), near.clone()).unwrap_err().to_string();
    assert!(error.contains("dimension: 3 against 2"), "{error}");
    let mut other = checkpoint(near.spec().clone());
    other.role = Role::Student;
    let error = Exact::new(Sampler::from_checkpoint(other).unwrap(), near).unwrap_err().to_string();
    assert!(error.contains("standardised differently: column 0"), "{error}");
}

#[test]
fn a_student_that_draws_nan_is_named_with_the_row() {
    // e^88·e^88·z overflows, and a weight of zero times infinity is NaN
    let wide = || LayerSpec::ActNorm { orientation: IAF };
    let spec = FlowSpec { dim: 2, layers: vec![wide(), wide(), autoregressive(IAF, vec![0, 1], &[])] };
    let layout = Layout::new(&spec);
    let mut model = checkpoint(spec);
    model.standardizer = Standardizer::identity(2);
    model.theta.fill(0.0);
    for layer in [0, 1] {
        model.theta[layout.view(&format!("layers.{layer}.log_scale")).unwrap().range.clone()].fill(88.0);
    }
    let broken = Sampler::from_checkpoint(model).unwrap();
    assert!(broken.sample(0, 0, 1).unwrap()[1].is_nan());
    let error = refused(&Exact::new(broken, normal(2, 0.0, 1.0)).unwrap(), CORRECTIONS[0]).to_string();
    assert!(error.starts_with("the student's row 0 (counted from 0) has log p = NaN"), "{error}");
}

#[test]
fn a_lost_part_of_the_teacher_is_warned_of() {
    // the student proposes in the upper tail of its teacher only
    let exact = Exact::new(normal(1, 3.0, 0.5), normal(1, 0.0, 1.0)).unwrap();
    for correction in &CORRECTIONS[..2] {
        let (_, corrected) = draw(&exact, *correction, 0, 5000);
        assert!(corrected.mean_weight.mean < 0.5, "{corrected:?}");
        assert!(corrected.warning().unwrap().contains("no correction brings that back"));
    }
    let (_, well) = draw(&Exact::new(normal(1, 0.1, 1.2), normal(1, 0.0, 1.0)).unwrap(), CORRECTIONS[0], 0, 5000);
    assert!((well.mean_weight.mean - 1.0).abs() < 4.0 * well.mean_weight.standard_error, "{well:?}");
    assert!(well.warning().is_none() && well.mean_weight.standard_error > 0.0, "{well:?}");
}

#[test]
fn the_first_error_of_the_receiver_ends_the_draw() {
    let exact = Exact::new(normal(2, 0.0, 1.2), normal(2, 0.0, 1.0)).unwrap();
    for correction in CORRECTIONS {
        let mut calls = 0;
        let ended = exact.draw::<SamplerError>(correction, 0, 1_000_000, &mut |_| {
            calls += 1;
            Err(SamplerError::NothingPossible)
        });
        assert!(ended.is_err() && calls == 1, "{}", correction.name());
    }
}
