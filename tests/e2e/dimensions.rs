//! Few dimensions and many.

use super::desk::Desk;
use super::experiment::{TWO_MOONS, changed, csv, on_file};

#[test]
fn one_column_runs_and_is_warned_about() {
    let desk = Desk::with("a.yaml", on_file("rows.csv"));
    desk.write("rows.csv", csv(&["height"], 300));
    desk.flowstill("check a.yaml").well().says(&["the data have one dimension"]);
    desk.flowstill("run a.yaml -q").well().says(&["the data have one dimension"]);
    for name in ["metrics.json", "report.html", "figures/marginals.svg"] {
        assert!(desk.exists(&format!("runs/a/{name}")), "{name}");
    }
    let drawn = desk.flowstill("sample runs/a/student.safetensors -n 3 -o -").well().out;
    assert_eq!(drawn.lines().next(), Some("height"));
}

#[test]
fn twenty_columns_run() {
    let yaml = changed(TWO_MOONS, "synthetic: two_moons, rows: 1000", "synthetic: funnel, dim: 20, rows: 500");
    let yaml = changed(&yaml, "hidden: [16]", "hidden: [24, 24]\n  order: random\n  normalisation: batch_norm");
    let desk = Desk::with("a.yaml", yaml);
    desk.flowstill("run a.yaml -q").well();
    assert_eq!(desk.flowstill("sample runs/a/teacher.safetensors -n 3 -o -").well().out.lines().count(), 4);
}

#[test]
fn one_layer_is_warned_about() {
    let desk = Desk::with("a.yaml", changed(TWO_MOONS, "layers: 2", "layers: 1"));
    desk.flowstill("check a.yaml").well().says(&["warning: teacher", "Gaussian conditionals", "warning: student"]);
}
