//! A report of made-up numbers for tests: it shows the layout, no result.

use super::*;
use crate::figure::DensityGrid;
use flowstill_eval::{AgainstData, CellCoverage, Distance, Effective, Mode, ModeCoverage};

/// A small deterministic generator: these numbers are test data, not results.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    fn rows(&mut self, rows: usize, dim: usize, spread: f64) -> Vec<f64> {
        let mut values = Vec::new();
        for _ in 0..rows {
            let common = self.normal();
            let side = if self.uniform() < 0.4 { 2.0 } else { -1.0 };
            for column in 0..dim {
                let own = spread * self.normal();
                values.push(match column % 4 {
                    0 => 100.0 * common + 30.0 * own,
                    1 => 0.5 * common * common + 0.5 * own,
                    2 => side + 0.6 * own - 0.3 * common,
                    _ => 1e-3 * (0.5 * own + 0.4 * side).exp(),
                });
            }
        }
        values
    }
}

pub fn around(mean: f64, standard_error: f64) -> Estimate {
    Estimate { mean, standard_error }
}

fn speed() -> Vec<SpeedRow> {
    let cost = [
        ("teacher_naive", 900.0, 60.0),
        ("teacher_jacobi", 500.0, 45.0),
        ("teacher_incremental", 120.0, 4.0),
        ("student", 100.0, 6.5),
        ("student_imh", 9000.0, 8.0),
    ];
    let batches = [1usize, 10, 100, 1000, 10_000];
    let row = |batch: usize, (op, fixed, each): (&str, f64, f64)| {
        let value = batch as f64 * 1e6 / (fixed + each * batch as f64);
        let share = if op == "student_imh" { 0.8 } else { 1.0 };
        let (seconds_per_sample, acceptance) = (1.0 / (value * share), (share < 1.0).then_some(0.9));
        let effective = Effective { seconds_per_sample, share, efficiency: 0.5 * share, acceptance };
        let effective = (op != "student").then_some(effective);
        let (op, unit, quartiles) = (op.into(), "samples/s".into(), [0.95 * value, 1.04 * value]);
        SpeedRow {
            op,
            dim: 9,
            layers: 5,
            hidden: vec![128, 128],
            batch,
            threads: 2,
            value,
            unit,
            quartiles,
            repetitions: 9,
            effective,
        }
    };
    batches.iter().flat_map(|&batch| cost.map(|cost| row(batch, cost))).collect()
}

fn cell_coverage() -> CellCoverage {
    let ratios: Vec<f64> = (0..50).map(|rank| 0.55 + 0.018 * f64::from(rank)).collect();
    let null_ratios: Vec<[f64; 2]> =
        (0..50).map(|rank| [0.75, 0.85].map(|low| low + 0.008 * f64::from(rank))).collect();
    CellCoverage { cells: 50, least_ratio: ratios[0], null_least_ratio: null_ratios[0], ratios, null_ratios }
}

fn modes() -> ModeCoverage {
    let mode = |share: f64, kept: f64| Mode {
        data_share: share,
        teacher_share: 1.02 * share,
        student_share: kept * share,
        ratio: Some(around(kept / 1.02, 0.03)),
    };
    let modes = vec![mode(0.25, 1.1), mode(0.3, 1.0), mode(0.15, 0.3), mode(0.3, 1.2)];
    ModeCoverage { least_ratio: around(0.294, 0.03), largest_ratio: around(1.18, 0.03), modes }
}

fn distance(student: f64, teacher: f64, null: f64, error: f64) -> Distance {
    Distance { student: around(student, error), teacher: around(teacher, error), null: around(null, error) }
}

fn phases() -> Vec<Phase> {
    let (kl_forward, kl_reverse) = (Some(0.41), Some(0.33));
    let (steps, kept, ended) = (8000, 7500, "no gain in validation".to_owned());
    let first = Phase {
        objective: "warm_start".into(),
        reason: None,
        steps,
        kept,
        kl_forward,
        kl_reverse,
        ess: Some(0.61),
        ended,
    };
    let last = Phase { objective: "path_gradient".into(), ended: "all steps done".into(), ..first.clone() };
    vec![first, Phase { reason: Some("a gradient of <less> noise".into()), steps: 12_000, kept: 20_000, ..last }]
}

/// Everything a report can hold, for `dim` columns.
pub fn full(dim: usize) -> Report {
    let mut noise = Noise(7);
    let mut curves = Curves::default();
    for step in (0..20_000u64).step_by(20) {
        let decay = |rate: f64| (-(step as f64) / rate).exp();
        curves.teacher_training.push((step, 8.0 * decay(900.0) - 0.4 + 0.1 * noise.normal()));
        if step % 500 == 0 {
            let kl = 3.0 * decay(1200.0) + 0.12 + 0.02 * noise.normal();
            let entropy = 8.9 - 0.5 * decay(800.0) + 0.05 * noise.normal();
            curves.teacher_validation.push((step, 8.0 * decay(900.0) - 0.36));
            curves.student_kl_forward.push((step, 2.0 * kl));
            curves.student_kl_reverse.push((step, kl));
            curves.student_ess_forward.push((step, 0.9 - 0.9 * decay(3000.0)));
            curves.student_ess_reverse.push((step, 0.95 - 0.9 * decay(2000.0)));
            curves.student_mean_weight.push((step, 1.0 - 0.7 * decay(1500.0) + 0.02 * noise.normal()));
            curves.student_entropy.push((step, entropy));
            curves.student_cross_entropy.push((step, entropy + kl));
        }
    }
    curves.student_phases = vec![(0, "warm start".into()), (8000, "path gradient".into())];
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let grid = |spread: f64| {
        let place = |i: usize| -3.0 + 6.0 * (i as f64 + 0.5) / 64.0;
        let log_density =
            |x: f64, y: f64| -0.5 * (x * x + (y - 0.5 * x * x).powi(2)) / (spread * spread) - 1.84 - 2.0 * spread.ln();
        let log_density = (0..64 * 64).map(|i| log_density(place(i % 64), place(i / 64))).collect();
        Some(DensityGrid { x: (-3.0, 3.0), y: (-3.0, 3.0), width: 64, height: 64, log_density })
    };
    Report {
        title: "example <made-up & \"quoted\">".into(),
        trained: format!("Made-up numbers that show the layout: a MAF teacher and an IAF student on {dim} columns."),
        known_density: false,
        pixels: None,
        architecture: vec![
            "Teacher: 5 autoregressive layers with hidden widths 128 and 128.".into(),
            "Student: the same in the other direction.".into(),
        ],
        facts: vec![
            pair("training rows", "35\u{202f}657"),
            pair("columns", &dim.to_string()),
            pair("teacher parameters", "98\u{202f}730"),
            pair("student parameters", "98\u{202f}730"),
        ],
        curves,
        phases: phases(),
        teacher_likelihood: Some(TestLikelihood {
            data_space: around(0.3612, 0.0123),
            standardised: around(-3.1, 0.0123),
            bits_per_dimension: None,
        }),
        student_likelihood: Some(TestLikelihood {
            data_space: around(0.2301, 0.0131),
            standardised: around(-3.23, 0.0131),
            bits_per_dimension: None,
        }),
        quality: Some(Quality {
            kl_reverse: around(0.1204, 0.0021),
            kl_forward: around(0.1281, 0.0034),
            kl_forward_per_dim: around(0.1281 / dim as f64, 0.0034 / dim as f64),
            ess_reverse: around(0.782, 0.011),
            ess_forward: around(0.771, 0.014),
            mean_weight: around(0.998, 0.004),
            total_variation: around(0.184, 0.003),
            classifier_accuracy: Some(around(0.592, 0.0015)),
            psis_k: Some(0.43),
            correlation_error: 0.0213,
            marginal_ks: (0..dim).map(|column| 0.01 + 0.003 * ((column * 5) % dim) as f64).collect(),
            cell_coverage: Some(cell_coverage()),
            modes: Some(modes()),
            against_data: Some(AgainstData {
                mmd_squared: distance(0.0024, 0.0011, 0.0002, 0.0003),
                energy: distance(0.0061, 0.0022, -0.0004, 0.0009),
                sliced_wasserstein: distance(0.041, 0.029, 0.026, 0.004),
                rows: 2000,
            }),
            samples: 20_000,
        }),
        speed: speed(),
        speed_notes: vec!["teacher_naive is not measured at batch 100000".into()],
        samples: Samples {
            columns: (0..dim)
                .map(|column| if column == 1 { "F1 <area>".into() } else { format!("F{column}") })
                .collect(),
            data: noise.rows(6000, dim, 1.0),
            teacher: noise.rows(6000, dim, 1.05),
            student: noise.rows(6000, dim, 1.2),
        },
        densities: Densities { truth: grid(0.7), teacher: grid(0.75), student: grid(0.9) },
        log_weights: LogWeights {
            teacher: (0..20_000).map(|_| 0.12 + 0.5 * noise.normal()).collect(),
            student: (0..20_000).map(|_| -0.12 + 0.5 * noise.normal()).collect(),
        },
        timings: vec![("teacher".into(), 71.3), ("student".into(), 48.0), ("comparison".into(), 0.42)],
        config: "name: example\nseed: 0\nteacher: {model: maf, layers: 5}\n# <script>alert(1)</script>\n".into(),
        provenance: vec![
            pair("seed", "0"),
            pair("threads", "2"),
            pair("data hash", "3f1c9a2be0d47f6c85a1be0d47f6c85a13f1c9a2be0d47f6c85a1be0d47f6c85a1"),
        ],
        warnings: vec!["These numbers are made up for a test.".into()],
    }
}
