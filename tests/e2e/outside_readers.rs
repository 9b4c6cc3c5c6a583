//! Our files in the hands of those who define their formats: TensorBoard, safetensors, numpy, pandas.

use super::desk::Desk;
use super::finished::finished;
use super::outside::python;
use serde_json::Value;
use std::collections::BTreeMap;

/// Tensors of one autoregressive layer with their shapes.
const TENSORS: [&str; 4] = ["weight_0\t2x16", "bias_0\t16", "weight_out\t16x2x2", "bias_out\t2x2"];

#[test]
fn tensorboard_reads_the_curves_histograms_and_pictures() {
    let Some(python) = python() else { return };
    let read = python.script("check_tensorboard.py", &[finished().path("tensorboard").as_os_str()]);
    // kind, run, tag, number of entries, last step
    for line in [
        "scalar\tteacher\ttrain/nll\t200\t200\t",
        "scalar\tteacher\ttrain/rate\t200\t200\t",
        "scalar\tteacher\ttrain/gradient_norm\t200\t200\t",
        "scalar\tteacher\tvalidation/nll\t4\t200\t",
        "histogram\tteacher\tbase/x1\t4\t200\t",
        "histogram\tteacher\tbase/x2\t4\t200\t",
        "image\tteacher\tsamples\t4\t200\t160x160 png",
        "scalar\tstudent\ttrain/rate\t120\t120\t",
        "scalar\tstudent\ttrain/gradient_norm\t120\t120\t",
    ] {
        assert!(read.lines().any(|found| found.starts_with(line)), "`{line}` is missing in\n{read}");
    }
    for line in of_phases(&student_record()) {
        assert!(read.lines().any(|found| found.starts_with(&line)), "`{line}` is missing in\n{read}");
    }
    assert!(read.lines().any(|line| line.starts_with("tensor\tteacher\tconfiguration\t1\t0\t")), "{read}");
    assert!(!read.contains("nan") && !read.contains("not a png"), "{read}");
}

fn student_record() -> Value {
    serde_json::from_slice(&finished().read("student.json")).expect("JSON")
}

/// What there is of a student: the terms of each phase over its steps, and every measure of every validation.
fn of_phases(record: &Value) -> Vec<String> {
    let list = |value: &Value| value.as_array().expect("a list").clone();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let count = |value: &Value| value.as_u64().expect("a count");
    let mut terms = BTreeMap::new();
    for phase in list(&record["phases"]) {
        for term in list(&phase["terms"]) {
            let (steps, last) = terms.entry(text(&term)).or_insert((0, 0));
            (*steps, *last) = (*steps + count(&phase["steps"]), count(&phase["first_step"]) + count(&phase["steps"]));
        }
    }
    let validations = list(&record["history"]).len();
    let measures: Vec<String> = list(&record["measures"]).iter().map(text).collect();
    assert!(terms.len() > 3 && measures.iter().any(|measure| measure == "kl_forward"), "{terms:?} {measures:?}");
    let terms = terms.iter().map(|(term, (steps, last))| format!("scalar\tstudent\ttrain/{term}\t{steps}\t{last}\t"));
    let measures = measures.iter().map(|name| format!("scalar\tstudent\tvalidation/{name}\t{validations}\t120\t"));
    let pictures = format!("image\tstudent\tsamples\t{validations}\t120\t160x160 png");
    terms.chain(measures).chain([pictures]).collect()
}

#[test]
fn safetensors_reads_the_checkpoints() {
    let Some(python) = python() else { return };
    for (stage, layer) in [("teacher", "maf"), ("student", "iaf")] {
        let file = finished().path(&format!("{stage}.safetensors"));
        let read = python.script("check_safetensors.py", &[file.as_os_str()]);
        for line in [
            format!("role\t{stage}"),
            "dim\t2".to_owned(),
            "columns\tx1,x2".to_owned(),
            format!("layer\t0\tautoregressive\t{layer}"),
            format!("layer\t1\tautoregressive\t{layer}"),
            "seed\t3".to_owned(),
        ] {
            assert!(read.lines().any(|found| found == line), "`{line}` is missing in\n{read}");
        }
        // two layers, each from 2 columns through 16 units to a shift and a log-scale for each column
        for (layer, tensor) in [0, 1].into_iter().flat_map(|l| TENSORS.map(|t| (l, t))) {
            let line = format!("tensor\tlayers.{layer}.{tensor}\tfloat32");
            assert!(read.lines().any(|found| found == line), "`{line}` is missing in\n{read}");
        }
    }
}

#[test]
fn numpy_and_pandas_read_samples_and_densities() {
    let Some(python) = python() else { return };
    let desk = Desk::new();
    for model in ["teacher", "student"] {
        let checkpoint = finished().path(&format!("{model}.safetensors"));
        for output in ["rows.npy", "rows.csv"] {
            desk.ran(&format!("sample -n 1234 -o {output}"), &[checkpoint.as_os_str()]).well();
        }
        for output in ["densities.npy", "densities.csv"] {
            desk.ran(&format!("log-prob -o {output}"), &[checkpoint.as_os_str(), "rows.npy".as_ref()]).well();
        }
        let check = |stem: &str| {
            let (array, table) = (desk.path(&format!("{stem}.npy")), desk.path(&format!("{stem}.csv")));
            python.script("check_rows.py", &[array.as_os_str(), table.as_os_str()])
        };
        assert_eq!(check("rows"), "1234 rows of float64: x1, x2\n");
        assert_eq!(check("densities"), "1234 rows of float64: log_prob\n");
    }
}

#[test]
fn pandas_reads_the_metrics_as_tables() {
    let Some(python) = python() else { return };
    let read = python.script("check_metrics.py", &[finished().folder().as_os_str()]);
    let validations = student_record()["history"].as_array().map(Vec::len).expect("a list");
    for line in ["speed: 22 rows", "teacher: 4 validations", &format!("student: {validations} validations")] {
        assert!(read.lines().any(|found| found == line), "`{line}` is missing in\n{read}");
    }
}
