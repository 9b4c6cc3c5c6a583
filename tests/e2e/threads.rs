//! The number of threads is no part of a result.

use super::desk::Desk;
use super::experiment::{TWO_MOONS, changed};
use super::finished::finished;
use serde_json::Value;

#[test]
fn two_threads_give_the_bits_of_one() {
    // more rows in a batch than one shard holds
    let yaml = changed(TWO_MOONS, "batch: 64", "batch: 300");
    let desk = Desk::with("one.yaml", &yaml);
    desk.write("two.yaml", changed(&yaml, "threads: 1", "threads: 2"));
    desk.flowstill("run one.yaml -q").well();
    desk.flowstill("run two.yaml -q").well();
    for name in ["teacher.safetensors", "student.safetensors"] {
        assert!(desk.read(&format!("runs/one/{name}")) == desk.read(&format!("runs/two/{name}")), "{name} differs");
    }
    let quality = |run: &str| {
        let metrics: Value = serde_json::from_slice(&desk.read(&format!("runs/{run}/metrics.json"))).expect("JSON");
        metrics["distillation"].clone()
    };
    assert_eq!(quality("one"), quality("two"));
}

#[test]
fn rows_and_densities_are_the_same_for_any_number_of_threads() {
    let desk = Desk::new();
    for model in ["teacher.safetensors", "student.safetensors"] {
        let path = finished().path(model);
        let rows = |threads: u32| {
            desk.ran(&format!("sample -n 3000 -o rows{threads}.csv --threads {threads}"), &[path.as_os_str()]).well();
            desk.read(&format!("rows{threads}.csv"))
        };
        let one = rows(1);
        assert!(one == rows(2) && one == rows(3), "rows of the {model} differ");
        let densities = |threads: u32| {
            let options = format!("log-prob --threads {threads}");
            desk.ran(&options, &[path.as_os_str(), "rows1.csv".as_ref()]).well().out
        };
        assert!(densities(1) == densities(2), "densities of the {model} differ");
    }
}
