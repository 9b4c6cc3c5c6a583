//! `metrics.json` is an interface: these keys and no others, each with a number that is one.

use super::desk::Desk;
use super::experiment::{TWO_MOONS, changed};
use super::finished::finished;
use serde_json::Value;
use std::collections::BTreeSet;

/// Keys from the top, `[]` for each entry of a list. `*` stands for [`MEAN`]'s two, `model` for teacher and student.
const KEYS: &[&str] = &[
    "format_version",
    "name",
    "model.test_log_likelihood.*",
    "model.test_log_likelihood_standardised.*",
    "model.free_parameters",
    "model.sampler_disagreement",
    "model.round_trip_error",
    "model.training.key",
    "model.training.steps",
    "model.training.best_step",
    "model.training.best_validation",
    "model.training.ended",
    "model.training.seconds",
    "model.training.resumed_at",
    "model.training.terms[]",
    "model.training.history[].step",
    "model.training.history[].terms[]",
    "model.training.history[].validation",
    "model.training.history[].rate",
    "model.training.history[].gradient_norm",
    "model.training.history[].best",
    // of the validation with which a later phase starts, no step was done
    "student.training.history[].terms",
    "student.training.history[].measures[]",
    "student.training.measures[]",
    "student.training.phases[].objective",
    "student.training.phases[].reason",
    "student.training.phases[].terms[]",
    "student.training.phases[].first_step",
    "student.training.phases[].steps",
    "student.training.phases[].best_step",
    "student.training.phases[].measures[]",
    "student.training.phases[].ended",
    "distillation.kl_reverse.*",
    "distillation.kl_forward.*",
    "distillation.kl_forward_per_dim.*",
    "distillation.ess_reverse.*",
    "distillation.ess_forward.*",
    "distillation.mean_weight.*",
    "distillation.total_variation.*",
    "distillation.classifier_accuracy.*",
    "distillation.psis_k",
    "distillation.correlation_error",
    "distillation.marginal_ks[]",
    "distillation.cell_coverage.cells",
    "distillation.cell_coverage.least_ratio",
    "distillation.cell_coverage.null_least_ratio[]",
    "distillation.cell_coverage.ratios[]",
    "distillation.cell_coverage.null_ratios[][]",
    "distillation.against_data.mmd_squared.student.*",
    "distillation.against_data.mmd_squared.teacher.*",
    "distillation.against_data.mmd_squared.null.*",
    "distillation.against_data.energy.student.*",
    "distillation.against_data.energy.teacher.*",
    "distillation.against_data.energy.null.*",
    "distillation.against_data.sliced_wasserstein.student.*",
    "distillation.against_data.sliced_wasserstein.teacher.*",
    "distillation.against_data.sliced_wasserstein.null.*",
    "distillation.against_data.rows",
    "distillation.samples",
    "speed[].op",
    "speed[].dim",
    "speed[].layers",
    "speed[].hidden[]",
    "speed[].batch",
    "speed[].threads",
    "speed[].value",
    "speed[].unit",
    "speed[].quartiles[]",
    "speed[].repetitions",
    "speed[].effective.seconds_per_sample",
    "speed[].effective.share",
    "speed[].effective.efficiency",
    "speed[].effective.acceptance",
    "speed_notes",
    "timing.teacher_seconds",
    "timing.student_seconds",
    "timing.evaluation_seconds",
    "timing.speed_seconds",
    "provenance.version",
    "provenance.config_hash",
    "provenance.data_hash",
    "provenance.seed",
    "provenance.threads",
    "provenance.processor",
];
const MEAN: [&str; 2] = ["mean", "standard_error"];

fn expected() -> BTreeSet<String> {
    let models = KEYS.iter().flat_map(|key| match key.strip_prefix("model.") {
        Some(rest) => vec![format!("teacher.{rest}"), format!("student.{rest}")],
        None => vec![(*key).to_owned()],
    });
    let estimates = models.flat_map(|key| match key.strip_suffix('*') {
        Some(stem) => MEAN.map(|part| format!("{stem}{part}")).to_vec(),
        None => vec![key],
    });
    estimates.collect()
}

/// Every leaf of the document with its path.
fn leaves<'a>(value: &'a Value, path: String, into: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(entries) => {
            let dot = if path.is_empty() { "" } else { "." };
            entries.iter().for_each(|(key, value)| leaves(value, format!("{path}{dot}{key}"), into));
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().for_each(|value| leaves(value, format!("{path}[]"), into));
        }
        _ => into.push((path, value)),
    }
}

fn metrics() -> Value {
    serde_json::from_slice(&finished().read("metrics.json")).expect("JSON")
}

#[test]
fn the_keys_are_the_documented_ones() {
    let metrics = metrics();
    let mut found = Vec::new();
    leaves(&metrics, String::new(), &mut found);
    let found: BTreeSet<String> = found.into_iter().map(|(path, _)| path).collect();
    let expected = expected();
    assert_eq!(found.difference(&expected).collect::<Vec<_>>(), [""; 0], "keys that no document knows");
    assert_eq!(expected.difference(&found).collect::<Vec<_>>(), [""; 0], "keys that are missing");
}

#[test]
fn every_number_is_one() {
    let metrics = metrics();
    let mut found = Vec::new();
    leaves(&metrics, String::new(), &mut found);
    // JSON has no NaN or infinity: they would be written as null
    let missing: Vec<_> = found.iter().filter(|(_, value)| value.is_null()).map(|(path, _)| path.as_str()).collect();
    assert_eq!(missing, ["student.sampler_disagreement"], "only a one-pass sampler has nothing to disagree with");
    let errors = found.iter().filter(|(path, _)| path.ends_with("standard_error"));
    assert!(errors.clone().count() == 21 && errors.clone().all(|(_, value)| value.as_f64() >= Some(0.0)));
}

#[test]
fn the_numbers_say_what_was_run() {
    let metrics = metrics();
    assert_eq!(metrics["format_version"], 1);
    assert_eq!(metrics["name"], "two_moons");
    assert_eq!(metrics["teacher"]["training"]["steps"], 200);
    assert_eq!(metrics["student"]["training"]["steps"], 120);
    assert_eq!(metrics["teacher"]["training"]["terms"], serde_json::json!(["nll"]));
    let student = &metrics["student"]["training"];
    let last = student["phases"].as_array().and_then(|phases| phases.last()).expect("a phase");
    assert_eq!((&student["terms"], &student["best_step"]), (&last["terms"], &last["best_step"]));
    assert_eq!(metrics["distillation"]["samples"], 500);
    assert_eq!(metrics["distillation"]["against_data"]["rows"], 100, "as many as there are test rows");
    assert_eq!((&metrics["provenance"]["seed"], &metrics["provenance"]["threads"]), (&3.into(), &1.into()));
    assert_eq!(metrics["provenance"]["version"], env!("CARGO_PKG_VERSION"));
    for model in ["teacher", "student"] {
        assert!(metrics[model]["round_trip_error"].as_f64() < Some(1e-3), "{model}: rows come back");
    }
    assert!(metrics["teacher"]["sampler_disagreement"].as_f64() < Some(1e-3), "the three samplers agree");
    let rows = metrics["speed"].as_array().expect("a list");
    for op in ["teacher_naive", "teacher_jacobi", "teacher_incremental", "student"] {
        for batch in [1, 50] {
            for unit in ["samples/s", "us"] {
                let row = rows.iter().find(|row| row["op"] == op && row["batch"] == batch && row["unit"] == unit);
                let row = row.unwrap_or_else(|| panic!("{op} at batch {batch} in {unit} is missing"));
                assert!(row["value"].as_f64() > Some(0.0) && row["dim"] == 2 && row["layers"] == 2);
            }
        }
    }
}

#[test]
fn modes_are_counted_where_the_target_has_them() {
    let yaml = changed(TWO_MOONS, "synthetic: two_moons", "synthetic: eight_gaussians");
    let trained = changed(&yaml, "steps: 200", "steps: 2000");
    let desk = Desk::with(
        "a.yaml",
        changed(&trained, "training: {steps: 120", "objective: reverse_kl\n  training: {steps: 10"),
    );
    let ran = desk.flowstill("run a.yaml -q").well();
    let metrics: Value = serde_json::from_slice(&desk.read("runs/a/metrics.json")).expect("JSON");
    let coverage = &metrics["distillation"]["modes"];
    let modes = coverage["modes"].as_array().expect("a list");
    assert_eq!(modes.len(), 8);
    for share in ["data_share", "teacher_share", "student_share"] {
        let total: f64 = modes.iter().map(|mode| mode[share].as_f64().expect("a number")).sum();
        assert!((total - 1.0).abs() < 1e-9, "{share}: {total}");
    }
    let ratios = || modes.iter().filter_map(|mode| mode["ratio"]["mean"].as_f64());
    assert_eq!(coverage["least_ratio"]["mean"].as_f64(), ratios().min_by(f64::total_cmp));
    assert_eq!(coverage["largest_ratio"]["mean"].as_f64(), ratios().max_by(f64::total_cmp));
    // ten steps make no student, which is said at once and on the page
    let warnings: Vec<&str> = ran.err.lines().filter_map(|line| line.strip_prefix("warning: ")).collect();
    assert!(!warnings.is_empty(), "{}", ran.all());
    let page = String::from_utf8(desk.read("runs/a/report.html")).expect("text");
    assert_eq!(page.matches("<li>").count(), warnings.len());
    assert!(page.contains("least mode ratio") && desk.exists("runs/a/figures/mode-shares.svg"));
}

#[test]
fn the_records_of_the_stages_are_those_in_the_metrics() {
    let metrics = metrics();
    for stage in ["teacher", "student"] {
        let record: Value = serde_json::from_slice(&finished().read(&format!("{stage}.json"))).expect("JSON");
        assert_eq!(record, metrics[stage]["training"]);
    }
}
