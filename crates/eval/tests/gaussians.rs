//! Metrics against closed forms: teacher `N(0, 1)`, student `N(m, s²)` in every coordinate.

use flowstill_eval::{Draws, Estimate, Quality, warnings};
use flowstill_kernel::noise::{Purpose, fill_gaussian};

const M: f64 = 0.3;
/// wider than the teacher, but not by √2: both `w` under `q` and `1/w` under `p` have finite variances
const S: f64 = 1.15;

fn log_normal(x: f64, mean: f64, sd: f64) -> f64 {
    -0.5 * ((x - mean) / sd).powi(2) - sd.ln() - 0.5 * std::f64::consts::TAU.ln()
}

/// `rows` samples of `N(mean, sd²)` with both log-densities.
fn draws(seed: u64, index: u64, rows: usize, dim: usize, mean: f64, sd: f64) -> Draws {
    let mut x = vec![0.0f32; rows * dim];
    fill_gaussian(seed, Purpose::Evaluation, index, 0, dim, &mut x);
    x.iter_mut().for_each(|v| *v = (mean + sd * f64::from(*v)) as f32);
    let density = |mean, sd| {
        x.chunks_exact(dim).map(|row| row.iter().map(|&v| log_normal(f64::from(v), mean, sd)).sum()).collect()
    };
    Draws { log_p: density(0.0, 1.0), log_q: density(M, S), x }
}

fn quality(seed: u64, rows: usize, dim: usize) -> Quality {
    Quality::of(dim, &draws(seed, 0, rows, dim, 0.0, 1.0), &draws(seed, 1, rows, dim, M, S)).unwrap()
}

/// `(name, truth, estimate)`; the truths in `dim` coordinates, total variation in one only.
fn truths(dim: usize, q: &Quality) -> Vec<(&'static str, f64, Estimate)> {
    let d = dim as f64;
    let kl_forward = S.ln() + (1.0 + M * M) / (2.0 * S * S) - 0.5;
    // ∫ p²/q of one coordinate: a Gaussian integral with precision 2a = 2 − 1/s²
    let a = 1.0 - 0.5 / (S * S);
    let second_moment = S / (2.0 * a).sqrt() * (M * M / (2.0 * S * S) + M * M / (4.0 * a * S.powi(4))).exp();
    let mut all = vec![
        ("kl_reverse", d * (0.5 * (S * S + M * M - 1.0) - S.ln()), q.kl_reverse),
        ("kl_forward", d * kl_forward, q.kl_forward),
        ("kl_forward_per_dim", kl_forward, q.kl_forward_per_dim),
        ("ess_reverse", second_moment.powf(-d), q.ess_reverse),
        ("ess_forward", second_moment.powf(-d), q.ess_forward),
        ("mean_weight", 1.0, q.mean_weight),
    ];
    if dim == 1 {
        let step = 1e-3;
        let integral: f64 = (-12_000..12_000)
            .map(|i| f64::from(i) * step)
            .map(|x| (log_normal(x, 0.0, 1.0).exp() - log_normal(x, M, S).exp()).abs() * step)
            .sum();
        all.push(("total_variation", 0.5 * integral, q.total_variation));
        let accuracy = q.classifier_accuracy.expect("it is always measured");
        all.push(("classifier_accuracy", 0.5 + 0.25 * integral, accuracy));
    }
    all
}

#[test]
fn two_standard_errors_hold_the_truth_in_95_percent_of_repetitions() {
    let repetitions = 400;
    for (dim, rows) in [(1, 1000), (3, 2000)] {
        let mut covered = std::collections::BTreeMap::new();
        for seed in 0..repetitions {
            for (name, truth, e) in truths(dim, &quality(seed, rows, dim)) {
                assert!(e.standard_error > 0.0, "{name}");
                *covered.entry(name).or_insert(0) += i32::from((e.mean - truth).abs() <= 2.0 * e.standard_error);
            }
        }
        for (name, count) in covered {
            let share = f64::from(count) / repetitions as f64;
            println!("dim {dim}: {name} {share}");
            // 95.4 % is expected, with a standard error of 1 % over the repetitions
            assert!((0.915..=0.985).contains(&share), "dim {dim}: {name} covers in {share} of repetitions");
        }
    }
}

#[test]
fn a_lost_mode_is_seen_everywhere_but_on_the_students_own_samples() {
    // teacher: two far modes of mass ½; student: one of them, exactly
    let (rows, far) = (4000, 60.0);
    let log_p = |x: f64| {
        let (a, b) = (log_normal(x, 0.0, 1.0), log_normal(x, far, 1.0));
        a.max(b) + (-(a - b).abs()).exp().ln_1p() - 2f64.ln()
    };
    let side = |index: u64, modes: usize| {
        let mut x = vec![0.0f32; rows];
        fill_gaussian(5, Purpose::Evaluation, index, 0, 1, &mut x);
        x.iter_mut().enumerate().for_each(|(i, v)| *v += (far * (i % modes) as f64) as f32);
        let density = |f: &dyn Fn(f64) -> f64| x.iter().map(|&v| f(f64::from(v))).collect();
        Draws { log_p: density(&log_p), log_q: density(&|v| log_normal(v, 0.0, 1.0)), x }
    };
    let q = Quality::of(1, &side(0, 2), &side(1, 1)).unwrap();
    assert!((q.ess_reverse.mean - 1.0).abs() < 1e-6 && (q.kl_reverse.mean - 2f64.ln()).abs() < 1e-6, "{q:?}");
    assert!(q.ess_forward.mean < 1e-300 && (q.mean_weight.mean - 0.5).abs() < 1e-6, "{q:?}");
    assert!((q.total_variation.mean - 0.5).abs() < 1e-6 && q.kl_forward.mean > 800.0, "{q:?}");
    assert!((q.marginal_ks[0] - 0.5).abs() < 0.05, "{q:?}");
    let coverage = q.cell_coverage.as_ref().expect("enough samples");
    assert!(coverage.least_ratio < 0.05 && coverage.null_least_ratio[0] > 0.1, "{coverage:?}");
    let said = warnings(&q);
    for part in ["E_q[w] is 0.50", "KL(teacher‖student) is", "keeps only"] {
        assert!(said.iter().any(|sentence| sentence.contains(part)), "`{part}` is missing in {said:?}");
    }
    assert_eq!(said.len(), 3, "{said:?}");
}
