//! Every family of flows through the whole command: trained, distilled, compared, described, sampled, evaluated.

use super::desk::Desk;
use flowstill_data::read_table;
use serde_json::Value;

/// What all runs share.
const BASE: &str = "\
seed: 2
threads: 1
data: {synthetic: two_moons, rows: 2000}
evaluation: {samples: 500}
bench: none
";

const TEACHER: &str = "training: {steps: 60, batch: 64, rate: 5e-3, warmup: 5, validate_every: 30}";
const STUDENT: &str =
    "objective: reverse_kl, training: {steps: 40, batch: 64, rate: 5e-3, warmup: 5, validate_every: 40}";

/// Runs `flow` as a teacher with a student that it may be as well, and gives the metrics.
fn run(desk: &Desk, teacher: &str, student: &str) -> Value {
    desk.write("a.yaml", format!("{BASE}teacher: {{{teacher}}}\nstudent: {{{student}}}\n"));
    desk.flowstill("run a.yaml --overwrite -q").well();
    serde_json::from_slice(&desk.read("runs/a/metrics.json")).expect("JSON")
}

/// Samples of both models have the densities that `log-prob` gives, and `describe` names the layer.
fn usable(desk: &Desk, kind: &str) {
    for model in ["teacher", "student"] {
        let checkpoint = format!("runs/a/{model}.safetensors");
        let described = desk.flowstill(&format!("describe {checkpoint}")).well().out;
        assert!(described.contains(kind), "{kind} is missing in\n{described}");
        desk.flowstill(&format!("sample {checkpoint} -n 50 -o rows.npy")).well();
        desk.flowstill(&format!("log-prob {checkpoint} rows.npy -o density.npy")).well();
        let rows = read_table(desk.path("rows.npy")).expect("rows");
        assert!(rows.values.iter().all(|x| x.is_finite()), "{kind}: samples of the {model}");
        let density = read_table(desk.path("density.npy")).expect("densities");
        assert!(density.values.iter().all(|x| x.is_finite()), "{kind}: densities of the {model}");
    }
}

#[test]
fn every_family_is_a_teacher_and_a_student() {
    let small = "hidden: [12]";
    for (kind, flow) in [
        ("planar", "model: planar, layers: 4"),
        ("radial", "model: radial, layers: 4, mixing: rotation"),
        ("householder", "model: {linear: {factors: householder}}"),
        ("elementwise", "model: elementwise, map: rational_quadratic, layers: 2, mixing: plu"),
        ("elementwise", "model: cdf"),
        ("residual", &format!("model: residual, layers: 2, {small}")),
        ("residual", &format!("model: {{residual: {{log_det: roulette}}}}, layers: 2, {small}")),
        ("continuous", &format!("model: {{continuous: {{tolerance: 1e-3}}}}, {small}")),
        ("continuous", &format!("model: {{continuous: {{steps: 4, trace: hutchinson}}}}, {small}")),
        ("coupling", &format!("model: coupling, layers: 2, {small}, map: additive, order: alternating")),
        ("transformer", "model: coupling, layers: 2, conditioner: {transformer: {blocks: 1, width: 8, heads: 2}}"),
        ("gaussian_mixture", &format!("model: coupling, layers: 1, {small}, base: {{mixture: {{components: 3}}}}")),
        ("student_t", &format!("model: coupling, layers: 1, {small}, base: student_t")),
        ("planar", "chain: [{model: linear}, {model: planar, layers: 2}, {model: coupling, layers: 1, hidden: [8]}]"),
    ] {
        let desk = Desk::new();
        let metrics = run(&desk, &format!("{flow}, {TEACHER}"), &format!("{flow}, {STUDENT}"));
        for number in
            [&metrics["teacher"]["test_log_likelihood"]["mean"], &metrics["distillation"]["kl_reverse"]["mean"]]
        {
            assert!(number.as_f64().is_some_and(f64::is_finite), "{flow}: {number}");
        }
        usable(&desk, kind);
        // what it says of itself is an experiment again
        desk.flowstill("check runs/a/config.yaml").well();
    }
}

#[test]
fn a_sweep_may_vary_the_family() {
    let sweep = "sweep: {grid: {teacher.model: [planar, gaussian, {gaussian_mixture: {components: 3}}, cdf]}}\n";
    let student = format!("student: {{layers: 1, hidden: [4], {STUDENT}}}\n");
    let desk = Desk::with("s.yaml", format!("{BASE}{student}teacher: {{training: {{steps: 20}}}}\n{sweep}"));
    desk.flowstill("sweep s.yaml -q").well();
    let table = desk.flowstill("results runs/s --each").well().out;
    for family in ["planar", "gaussian_mixture", "cdf"] {
        assert!(table.contains(family), "{family} is missing in\n{table}");
    }
}

#[test]
fn what_data_cannot_have_is_found_before_anything_runs() {
    let desk = Desk::with("one.csv", (0..200).map(|i| format!("{}\n", (i * 37) % 101)).collect::<String>());
    desk.write("a.yaml", "data: {path: one.csv}\nstudent: {model: coupling}\n");
    for command in ["check", "train"] {
        let ran = desk.flowstill(&format!("{command} a.yaml")).fails(2);
        let ran =
            ran.says(&["the student cannot be built for these data: layer 0: a coupling layer needs two dimensions"]);
        assert_eq!(ran.err.matches("needs two dimensions").count(), 1, "{}", ran.all());
    }
    desk.write("b.yaml", format!("{BASE}teacher: {{model: {{linear: {{order: [2, 0, 1]}}}}}}\n"));
    desk.flowstill("check b.yaml").fails(2).says(&["order must be a permutation of 0…1, got [2, 0, 1]"]);
}

#[test]
fn a_mixture_is_fitted_without_gradients() {
    let desk = Desk::new();
    let iaf = format!("layers: 2, hidden: [8], {STUDENT}");
    let one = run(&desk, "model: gaussian", &iaf);
    let many = run(&desk, "model: {gaussian_mixture: {components: 8}}, training: {steps: 40}", &iaf);
    let mean = |metrics: &Value| metrics["teacher"]["test_log_likelihood"]["mean"].as_f64().expect("a number");
    assert!(mean(&many) > mean(&one) + 0.5, "{} {}", mean(&many), mean(&one));
    desk.flowstill("run a.yaml").well().says(&["teacher: trained earlier"]);
    desk.write("a.yaml", format!("{BASE}teacher: {{model: {{gaussian_mixture: {{components: 5000}}}}}}\n"));
    desk.flowstill("train a.yaml --overwrite").fails(2).says(&["5000 components", "as many training rows, got 1600"]);
}

#[test]
fn families_are_listed_and_unknown_ones_suggested() {
    let desk = Desk::new();
    let all = desk.flowstill("families").well().out;
    for name in ["maf, iaf", "coupling", "planar", "radial", "residual", "continuous", "gaussian_mixture", "act_norm"] {
        assert!(all.contains(name), "{name} is missing in\n{all}");
    }
    let one = desk.flowstill("families iaf").well().out;
    assert!(one.contains("maf, iaf") && one.contains("Kingma") && one.contains("teacher: {model: maf"), "{one}");
    desk.flowstill("families plannar").fails(2).says(&["no family `plannar`", "did you mean `planar`?"]);
}
