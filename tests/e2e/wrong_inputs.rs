//! What can be wrong with an experiment, its rows and the command: each named, with the way out, and exit code 2.

use super::desk::Desk;
use super::experiment::{TWO_MOONS, changed, csv, on_file};
use super::finished::finished;

/// Rows with one of them replaced; line 1 is the header.
fn with_line(number: usize, line: &str) -> String {
    let text = csv(&["a", "b"], 100);
    let mut lines: Vec<&str> = text.lines().collect();
    lines[number - 1] = line;
    lines.join("\n") + "\n"
}

#[test]
fn wrong_rows() {
    let constant: String = "a,b\n".to_owned() + &(0..100).map(|i| format!("{i},7\n")).collect::<String>();
    for (name, rows, expected) in [
        ("ragged.csv", with_line(57, "1,2,3"), &["line 57 has 3 fields, expected 2"][..]),
        ("nan.csv", with_line(31, "0.5,nan"), &["1 row holds NaN, ∞ or a missing value (line 31)", "drop or impute"]),
        ("infinite.csv", with_line(2, "-inf,0"), &["NaN, ∞ or a missing value (line 2)"]),
        ("gap.csv", with_line(9, "1,"), &["1 row holds", "line 9"]),
        ("words.csv", with_line(12, "1,tall"), &["line 12, column b", "\"tall\" is not a number"]),
        ("comma.csv", "1;2,5\n".repeat(100), &["\"2,5\" is not a number: write a decimal point"]),
        ("constant.csv", constant, &["column b is constant (7 in all 80 training rows)", "remove the column"]),
        ("few.csv", csv(&["a", "b"], 11), &["training part has 9 rows, expected at least 10"]),
        ("header.csv", "a,b\n".to_owned(), &["no rows of numbers"]),
        ("page.npy", "<html></html>".repeat(9), &["page.npy"]),
    ] {
        let desk = Desk::with("a.yaml", on_file(name));
        desk.write(name, rows);
        desk.flowstill("run a.yaml").fails(2).says(&[&[name.split('.').next().expect("a stem")], expected].concat());
        desk.flowstill("check a.yaml").fails(2).says(expected);
        assert!(!desk.exists("runs"), "{name}: wrong rows leave no trace");
    }
}

#[test]
fn wrong_experiments() {
    for (yaml, expected) in [
        (on_file("absent.csv"), &["absent.csv"][..]),
        (on_file("rows.parquet"), &["a.yaml:3:14: data.path: expected a file .csv", "got .parquet"]),
        (changed(TWO_MOONS, "hidden:", "hiden:"), &["a.yaml:6:3", "unknown key `hiden`; did you mean `hidden`?"]),
        (format!("{TWO_MOONS}seed: 4\n"), &["a.yaml:12:1: duplicate key `seed` (first at line 1)"]),
        (changed(TWO_MOONS, "seed: 3", "seed: three"), &["a.yaml:1:7: seed: expected a whole number"]),
        (changed(TWO_MOONS, "rate: 3e-3, validate", "rate: 0, validate"), &["rate: expected a number above 0, got 0"]),
        (changed(TWO_MOONS, "threads: 1", "threads: 100000"), &["a.yaml:2:10: threads"]),
        (changed(TWO_MOONS, "two_moons", "three_moons"), &["data.synthetic", "`two_moons`"]),
        (changed(TWO_MOONS, "rows: 1000", "rows: 5"), &["expected at least"]),
        (String::new(), &["no keys in the file"]),
        ("data: {path: [".to_owned(), &["not valid YAML"]),
        ("\u{0}\u{1}\u{2}".to_owned(), &["a.yaml"]),
    ] {
        let desk = Desk::with("a.yaml", &yaml);
        desk.flowstill("run a.yaml").fails(2).says(expected);
        assert!(!desk.exists("runs"), "a wrong experiment leaves no trace:\n{yaml}");
    }
}

#[test]
fn wrong_places() {
    let desk = Desk::with("a.yaml", TWO_MOONS);
    desk.flowstill("run absent.yaml").fails(2).says(&["absent.yaml"]);
    desk.flowstill("check .").fails(2);
    // a file stands where the folder should be; permissions would not stop root
    desk.write("taken", "a file");
    desk.flowstill("run a.yaml --runs taken").fails(1).says(&["taken", "cannot"]);
    desk.flowstill("run a.yaml --runs /proc/nowhere").fails(1).says(&["/proc/nowhere", "cannot"]);
    let student = finished().path("student.safetensors");
    let sample = |output: &str| desk.ran(&format!("sample -n 3 -o {output}"), &[student.as_os_str()]);
    sample("/dev/full").fails(2).says(&["/dev/full", "expected .npy, .csv or -"]);
    sample("taken/rows.npy").fails(1).says(&["taken/rows.npy: cannot be written"]);
    sample("/proc/nowhere/rows.csv").fails(1).says(&["/proc/nowhere/rows.csv: cannot be written"]);
    sample("rows.xlsx").fails(2).says(&["rows.xlsx", ".xlsx", "expected .npy, .csv or -"]);
    assert_eq!(desk.read("taken"), b"a file");
}

#[test]
fn wrong_commands() {
    let desk = Desk::with("a.yaml", TWO_MOONS);
    for (arguments, expected) in [
        ("fly a.yaml", &["unrecognized subcommand 'fly'"][..]),
        ("run", &["<FILE>"]),
        ("run a.yaml b.yaml", &["b.yaml"]),
        ("run a.yaml --overwite", &["--overwite", "--overwrite"]),
        ("sample m.safetensors", &["--number", "--output"]),
        ("sample m.safetensors -n -3 -o -", &["-3"]),
        ("sample m.safetensors -n 1e3 -o -", &["1e3"]),
        ("sample m.safetensors -n 3 -o - --threads 0", &["expected a whole number from 1 to"]),
        ("log-prob m.safetensors rows.csv --threads 100000", &["expected a whole number from 1 to"]),
        ("sample m.safetensors -n 3 -o - --method fast", &["incremental", "naive", "jacobi"]),
        ("bench --teacher t --student s --batches 1,0", &["from 1 to"]),
        ("bench --teacher t --student s --repetitions 0", &["at least 1"]),
        ("log-prob m.safetensors", &["<DATA>"]),
    ] {
        desk.flowstill(arguments).fails(2).says(expected);
    }
    let student = finished().path("student.safetensors");
    desk.ran("sample -n 0 -o rows.npy", &[student.as_os_str()]).fails(2).says(&["at least 1 row"]);
    desk.ran("sample -n 18446744073709551616 -o rows.npy", &[student.as_os_str()]).fails(2);
    assert!(!desk.exists("rows.npy"));
}
