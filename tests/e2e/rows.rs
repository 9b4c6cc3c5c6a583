//! `rows`: the data of an experiment.

use super::desk::Desk;
use super::experiment::{TWO_MOONS, csv, on_file};
use super::finished::finished;
use flowstill_data::read_table;

#[test]
fn the_parts_of_the_data_are_written_in_their_units() {
    let desk = Desk::with("a.yaml", on_file("rows.csv"));
    desk.write("rows.csv", csv(&["height", "width"], 300));
    let mut found = Vec::new();
    for (part, count) in [("train", 240), ("validation", 30), ("test", 30)] {
        desk.flowstill(&format!("rows a.yaml --part {part} -o {part}.npy")).well();
        let table = read_table(desk.path(&format!("{part}.npy"))).expect("an array");
        assert_eq!((table.dim, table.rows()), (2, count));
        found.extend(table.values.chunks_exact(2).map(<[f64]>::to_vec));
    }
    let given = read_table(desk.path("rows.csv")).expect("a table").values;
    let mut given: Vec<_> = given.chunks_exact(2).map(<[f64]>::to_vec).collect();
    let order = |a: &Vec<f64>, b: &Vec<f64>| a.partial_cmp(b).expect("numbers");
    found.sort_by(order);
    given.sort_by(order);
    for (found, given) in found.iter().flatten().zip(given.iter().flatten()) {
        assert!((found - given).abs() < 1e-5, "{found} for {given}");
    }
    let printed = desk.flowstill("rows a.yaml").well().out;
    assert_eq!((printed.lines().next(), printed.lines().count()), (Some("height,width"), 31));
    desk.flowstill("rows absent.yaml").fails(2).says(&["absent.yaml"]);
}

#[test]
fn test_rows_have_the_likelihood_of_the_report() {
    let desk = Desk::with("a.yaml", TWO_MOONS);
    desk.flowstill("rows a.yaml -o test.npy").well();
    let model = finished().path("teacher.safetensors");
    let out = desk.ran("log-prob", &[model.as_os_str(), "test.npy".as_ref()]).well().out;
    let values: Vec<f64> = out.lines().skip(1).map(|line| line.parse().expect("a number")).collect();
    let metrics: serde_json::Value = serde_json::from_slice(&finished().read("metrics.json")).expect("JSON");
    let reported = metrics["teacher"]["test_log_likelihood"]["mean"].as_f64().expect("a number");
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    assert!((mean - reported).abs() < 1e-5, "{mean} for {reported}");
}
