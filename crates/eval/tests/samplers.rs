//! Comparison and timing of real samplers.

use flowstill_eval::teacher_costs;
use flowstill_eval::timing::Effort;
use flowstill_eval::{Draws, Estimate, EvalError, Quality, Samples};
use flowstill_eval::{compare, measure, measure::measure_with, measure_alone, ratio, warnings};
use flowstill_model::init::initial_parameters;
use flowstill_model::{Activation, Autoregressive, Checkpoint, FlowSpec, LayerSpec, Orientation, Provenance, Role};
use flowstill_model::{Layout, Standardizer};
use flowstill_sampler::Sampler;
use std::time::Duration;

fn sampler(spec: FlowSpec, theta: Vec<f32>) -> Sampler {
    let dim = spec.dim;
    let checkpoint = Checkpoint {
        role: Role::Teacher,
        spec,
        standardizer: Standardizer { mean: vec![5.0; dim], sd: vec![3.0; dim] },
        pixels: None,
        columns: (0..dim).map(|i| format!("x{i}")).collect(),
        provenance: Provenance::default(),
        theta,
    };
    Sampler::from_checkpoint(checkpoint).unwrap()
}

/// Two autoregressive layers in opposite orders; every parameter moved a little off its start, which is the identity.
fn flow(orientation: Orientation, dim: usize, amount: f32) -> Sampler {
    let layer = |order| {
        LayerSpec::Autoregressive(Autoregressive {
            orientation,
            order,
            hidden: vec![16],
            activation: Activation::Tanh,
            log_scale_clip: 5.0,
            residual: false,
            identity: None,
            univariate: None,
        })
    };
    let spec = FlowSpec { dim, layers: vec![layer((0..dim).collect()), layer((0..dim).rev().collect())] };
    let mut theta = initial_parameters(&spec, 4);
    theta.iter_mut().enumerate().for_each(|(i, t)| *t += amount * (i as f32 * 0.7).sin());
    sampler(spec, theta)
}

/// Independent coordinates with the given mean and standard deviation.
fn gaussian(dim: usize, mean: f32, sd: f32) -> Sampler {
    let spec = FlowSpec { dim, layers: vec![LayerSpec::ActNorm { orientation: Orientation::Maf }] };
    let layout = Layout::new(&spec);
    let mut theta = vec![0.0; layout.len()];
    theta[layout.view("layers.0.log_scale").unwrap().range.clone()].fill(sd.ln());
    theta[layout.view("layers.0.shift").unwrap().range.clone()].fill(mean);
    sampler(spec, theta)
}

fn within(e: Estimate, truth: f64, standard_errors: f64) -> bool {
    (e.mean - truth).abs() <= standard_errors * e.standard_error
}

#[test]
fn gaussians_have_the_divergences_of_the_closed_form() {
    let (dim, m, s) = (3, 0.3f64, 1.15f64);
    let (q, samples) = compare(&gaussian(dim, 0.0, 1.0), &gaussian(dim, m as f32, s as f32), 20_000, 1).unwrap();
    let d = dim as f64;
    let reverse = d * (0.5 * (s * s + m * m - 1.0) - s.ln());
    let forward = d * (s.ln() + (1.0 + m * m) / (2.0 * s * s) - 0.5);
    assert!(within(q.kl_reverse, reverse, 3.0) && within(q.kl_forward, forward, 3.0), "{q:?}");
    assert!(within(q.kl_forward_per_dim, forward / d, 3.0) && within(q.mean_weight, 1.0, 3.0), "{q:?}");
    assert!(q.samples == 20_000 && samples.student.x.len() == 60_000);
}

#[test]
fn a_flow_beside_itself_is_perfect_up_to_rounding() {
    for orientation in [Orientation::Maf, Orientation::Iaf] {
        let flow = flow(orientation, 4, 0.2);
        let (q, samples) = compare(&flow, &flow, 2_000, 3).unwrap();
        for (e, truth) in [(q.kl_reverse, 0.0), (q.kl_forward, 0.0), (q.ess_reverse, 1.0), (q.ess_forward, 1.0)] {
            assert!((e.mean - truth).abs() < 1e-5, "{orientation:?}: {q:?}");
        }
        // the two sets are not the same draws
        assert!(samples.teacher.x.iter().zip(&samples.student.x).all(|(t, s)| t != s));
        assert!(q.correlation_error > 0.0 && q.correlation_error < 0.1, "{q:?}");
        assert!(q.marginal_ks.iter().all(|&ks| ks > 0.0 && ks < 1.95 * (2.0f64 / 2_000.0).sqrt()), "{q:?}");
        assert!(q.psis_k.is_some_and(f64::is_finite) && q.cell_coverage.is_some(), "{q:?}");
        assert_eq!(warnings(&q), [""; 0]);
    }
}

#[test]
fn different_flows_agree_in_what_must_hold_for_any_densities() {
    let (teacher, student) = (flow(Orientation::Maf, 3, 0.15), flow(Orientation::Iaf, 3, 0.1));
    let (q, _) = compare(&teacher, &student, 20_000, 0).unwrap();
    assert!(within(q.mean_weight, 1.0, 4.0), "{q:?}");
    assert!(q.kl_forward.mean > 3.0 * q.kl_forward.standard_error, "{q:?}");
    // Pinsker's inequality; Jensen's; both shares estimate one number
    let least = q.kl_reverse.mean.min(q.kl_forward.mean);
    assert!(q.total_variation.mean <= (least / 2.0).sqrt(), "{q:?}");
    assert!(q.ess_forward.mean <= (-q.kl_forward.mean).exp() + 3.0 * q.ess_forward.standard_error, "{q:?}");
    let apart = (q.ess_forward.mean - q.ess_reverse.mean).abs();
    assert!(apart < 4.0 * (q.ess_forward.standard_error + q.ess_reverse.standard_error), "{q:?}");
}

#[test]
fn threads_change_nothing_and_more_samples_only_add_rows() {
    let (teacher, student) = (flow(Orientation::Maf, 3, 0.3), flow(Orientation::Iaf, 3, 0.1));
    let on = |threads: usize, samples: usize| -> (Quality, Samples) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| compare(&teacher, &student, samples, 9)).unwrap()
    };
    let (one, few) = on(1, 500);
    assert_eq!((one, few.clone()), on(2, 500));
    let (_, more) = on(2, 700);
    let starts = |few: &Draws, more: &Draws| more.x.starts_with(&few.x) && more.log_p.starts_with(&few.log_p);
    assert!(starts(&few.teacher, &more.teacher) && starts(&few.student, &more.student));
    assert_ne!(few, compare(&teacher, &student, 500, 10).unwrap().1);
}

#[test]
fn all_samplers_are_measured_and_corrected_students_at_the_largest_batch() {
    let (teacher, student) = (flow(Orientation::Maf, 3, 0.1), flow(Orientation::Iaf, 3, 0.05));
    let effort = Effort { repetitions: 3, shortest: Duration::from_micros(1), budget: Duration::from_secs(60) };
    let speed = measure_with(&teacher, &student, &[200, 1], 2, effort).unwrap();
    assert!(speed.notes.is_empty());
    let ops = ["teacher_naive", "teacher_jacobi", "teacher_incremental", "student"];
    let corrected = ["student_imh", "student_sir", "student_rejection"];
    let expected: Vec<_> = ops
        .iter()
        .flat_map(|&op| [(1, op, "us"), (1, op, "samples/s")])
        .chain(ops.iter().chain(&corrected).map(|&op| (200, op, "samples/s")))
        .collect();
    let seen: Vec<_> = speed.rows.iter().map(|r| (r.batch, r.op.as_str(), r.unit.as_str())).collect();
    assert_eq!(seen, expected);
    for row in &speed.rows {
        assert_eq!((row.dim, row.layers, &row.hidden[..], row.threads, row.repetitions), (3, 2, &[16][..], 2, 3));
        assert!(row.value > 0.0 && row.quartiles[0] <= row.value && row.value <= row.quartiles[1], "{row:?}");
    }
    assert!(ratio(&speed.rows, "student", "teacher_naive", 200).is_some_and(|r| r > 0.0));

    for row in speed.rows.iter().filter(|row| row.unit == "samples/s") {
        let Some(effective) = row.effective else {
            assert_eq!(row.op, "student", "only its samples are not the teacher's");
            continue;
        };
        let seconds = 1.0 / (row.value * effective.share);
        assert!((effective.seconds_per_sample / seconds - 1.0).abs() < 1e-9, "{row:?}");
        let teachers = row.op.starts_with("teacher");
        assert_eq!((effective.share, effective.efficiency) == (1.0, 1.0), teachers, "{row:?}");
        assert!(effective.share <= 1.0 && effective.efficiency < 0.2 || teachers, "{row:?}");
        let accepts = ["student_imh", "student_rejection"].contains(&row.op.as_str());
        assert!(effective.acceptance.is_some_and(|share| share > 0.0 && share <= 1.0) == accepts, "{row:?}");
    }
    let (batch, costs) = teacher_costs(&speed.rows, 2).expect("corrected students");
    assert_eq!((batch, costs.len(), costs[0].ratio), (200, 4, Some(1.0)));
}

#[test]
fn a_student_that_cannot_be_corrected_is_measured_without() {
    let effort = Effort { repetitions: 1, shortest: Duration::from_micros(1), budget: Duration::from_secs(60) };
    let hopeless = measure_with(&gaussian(8, 0.0, 1.0), &gaussian(8, 0.0, 4.0), &[5], 1, effort).unwrap();
    let has = |op: &str| hopeless.rows.iter().any(|row| row.op == op);
    assert!(has("student") && has("student_sir") && !has("student_rejection"));
    assert!(hopeless.notes[0].starts_with("student_rejection is not measured at batch 5: rejection would accept"));
}

#[test]
fn a_student_without_a_teacher_flow_is_measured_alone() {
    let speed = measure_alone(&flow(Orientation::Iaf, 3, 0.1), &[1, 200], 1, 1).unwrap();
    let seen: Vec<_> = speed.rows.iter().map(|r| (r.batch, r.op.as_str(), r.unit.as_str())).collect();
    assert_eq!(seen, [(1, "student", "us"), (1, "student", "samples/s"), (200, "student", "samples/s")]);
}

#[test]
fn impossible_requests_are_errors() {
    let (two, three) = (gaussian(2, 0.0, 1.0), gaussian(3, 0.0, 1.0));
    assert!(matches!(compare(&two, &three, 10, 0), Err(EvalError::Dimension { teacher: 2, student: 3 })));
    assert!(matches!(compare(&two, &two, 1, 0), Err(EvalError::TooFewSamples { found: 1 })));
    assert!(matches!(compare(&two, &two, 0, 0), Err(EvalError::TooFewSamples { found: 0 })));
    assert!(matches!(compare(&two, &two, usize::MAX, 0), Err(EvalError::Sampler(_))));
    assert!(matches!(measure(&two, &three, &[1], 1, 1), Err(EvalError::Dimension { .. })));
    for (batches, repetitions, threads, key) in
        [(&[1, 0][..], 1, 1, "batches"), (&[1], 0, 1, "repetitions"), (&[1], 1, 0, "threads")]
    {
        let message = measure(&two, &two, batches, repetitions, threads).unwrap_err().to_string();
        assert!(message.starts_with(&format!("`{key}` must be at least 1")), "{message}");
    }
    // the teacher's samples are beyond all that f32 can bring back to the student's base
    let (far, needle) = (gaussian(2, 1e30, 1.0), gaussian(2, 0.0, 1e-10));
    let message = compare(&far, &needle, 10, 0).unwrap_err().to_string();
    assert!(message.contains("student's log-density at teacher samples is not finite"), "{message}");
}
