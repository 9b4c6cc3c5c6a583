//! `transport`: from the samples of one flow to those of another.

use super::desk::Desk;
use super::experiment::{TWO_MOONS, changed, csv, on_file};
use super::finished::finished;
use flowstill_data::read_table;

/// A desk with two trained teachers, of two moons (`a`) and of a pinwheel (`b`), and 2000 samples of each.
fn two_flows() -> Desk {
    let desk = Desk::with("a.yaml", TWO_MOONS);
    desk.write("b.yaml", changed(TWO_MOONS, "two_moons", "pinwheel"));
    for name in ["a", "b"] {
        desk.flowstill(&format!("train {name}.yaml -q")).well();
        desk.flowstill(&format!("sample runs/{name}/teacher.safetensors -n 2000 -o {name}.csv")).well();
    }
    desk
}

fn models(from: &str, to: &str) -> String {
    format!("transport --from runs/{from}/teacher.safetensors --to runs/{to}/teacher.safetensors")
}

fn numbers(desk: &Desk, file: &str) -> Vec<f64> {
    read_table(desk.path(file)).expect("a table").values
}

/// Mean distance between rows of the one and rows of the other.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    let each = a.chunks_exact(2).flat_map(|a| b.chunks_exact(2).map(move |b| (a[0] - b[0]).hypot(a[1] - b[1])));
    each.sum::<f64>() / (a.len() / 2 * b.len() / 2) as f64
}

fn energy(a: &[f64], b: &[f64]) -> f64 {
    2.0 * distance(a, b) - distance(a, a) - distance(b, b)
}

#[test]
fn rows_of_one_flow_become_rows_of_the_other_and_come_back() {
    let desk = two_flows();
    desk.flowstill(&format!("{} a.csv -o as_b.npy --log-det", models("a", "b"))).well();
    let table = read_table(desk.path("as_b.npy")).expect("an array");
    assert_eq!((table.dim, table.rows()), (3, 2000));
    let (mut carried, mut log_det) = (Vec::new(), Vec::new());
    for row in table.values.chunks_exact(3) {
        carried.extend_from_slice(&row[..2]);
        log_det.push(row[2]);
    }

    // the rows alone, on one thread and as text, are the same numbers
    let printed = desk.flowstill(&format!("{} a.csv --threads 1", models("a", "b"))).well().out;
    desk.write("as_b.csv", &printed);
    assert_eq!(printed.lines().next(), Some("x1,x2"));
    assert_eq!(numbers(&desk, "as_b.csv"), carried);

    // densities differ by the log-det
    for (name, file) in [("a", "a.csv"), ("b", "as_b.csv")] {
        desk.flowstill(&format!("log-prob runs/{name}/teacher.safetensors {file} -o log_prob_{name}.npy")).well();
    }
    let (before, after) = (numbers(&desk, "log_prob_a.npy"), numbers(&desk, "log_prob_b.npy"));
    for ((before, after), log_det) in before.iter().zip(&after).zip(&log_det) {
        assert!((before - after - log_det).abs() < 1e-3, "{before} against {after} + {log_det}");
    }

    // two samples of one distribution are as far apart as noise makes them
    let (a, b) = (numbers(&desk, "a.csv"), numbers(&desk, "b.csv"));
    let far = energy(&a, &b);
    let near = energy(&carried, &b);
    assert!(near < 0.01 && far > 10.0 * near, "{near} after, {far} before");

    desk.flowstill(&format!("{} as_b.csv -o back.npy", models("b", "a"))).well();
    let back = numbers(&desk, "back.npy");
    assert!(a.iter().zip(&back).all(|(a, back)| (a - back).abs() < 1e-3), "the way back leads elsewhere");
}

#[test]
fn what_does_not_fit_is_refused_in_one_sentence() {
    let desk = Desk::with("three.yaml", on_file("three.csv"));
    desk.write("three.csv", csv(&["a", "b", "c"], 300));
    desk.flowstill("train three.yaml -q").well();
    desk.write("nan.csv", "x1,x2\n1,2\nnan,4\n");
    desk.write("ragged.csv", "x1,x2\n1,2\n3\n");
    desk.write("swapped.csv", "x2,x1\n1,2\n");
    desk.write("far.csv", "x1,x2\n1,2\n1e300,0\n");
    desk.write("fine.csv", "x1,x2\n1,2\n");
    let model = finished().path("teacher.safetensors");
    let same = |file: &str| {
        let models = ["--from".as_ref(), model.as_os_str(), "--to".as_ref(), model.as_os_str()];
        desk.ran(&format!("transport {file}"), &models)
    };
    for (file, expected) in [
        ("nan.csv", &["nan.csv", "NaN", "line 3"][..]),
        ("ragged.csv", &["ragged.csv", "line 3"]),
        ("swapped.csv", &["another order", "x1, x2"]),
        ("three.csv", &["three.csv has 3 columns", "2 (x1, x2)"]),
        ("absent.csv", &["absent.csv", "no such file"]),
        ("far.csv -o out.npy", &["row 1", "drop or repair"]),
        ("fine.csv -o fine.csv", &["fine.csv would be overwritten"]),
    ] {
        let ran = same(file).fails(2).says(expected);
        assert_eq!((ran.out.as_str(), ran.err.trim_end().lines().count()), ("", 1), "{}", ran.all());
    }
    assert!(!desk.exists("out.npy"));
    let to = |other: &str| {
        desk.ran(&format!("transport --to {other} fine.csv"), &["--from".as_ref(), model.as_os_str()]).fails(2)
    };
    to("runs/three/teacher.safetensors").says(&["three/teacher.safetensors", "one dimension", "from 2 to 3"]);
    to("absent.safetensors").says(&["absent.safetensors"]);
}
