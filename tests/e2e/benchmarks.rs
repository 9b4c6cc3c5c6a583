//! `data`: the benchmarks of the MAF paper, from their files to an experiment.

use super::desk::Desk;

/// A file in the format of UCI's, small enough for a test.
fn packed(name: &str) -> Vec<u8> {
    let path = format!("{}/crates/data/tests/prepare/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

#[test]
fn a_benchmark_goes_from_its_file_into_an_experiment() {
    let desk = Desk::with("household.txt.gz", packed("household_power_consumption.txt.gz"));
    let ran = desk.flowstill("data prepare power --from household.txt.gz --out data/power").well();
    for part in
        ["RandomState(42)", "power: 6 columns, 58 / 6 / 7 rows", "nats on the test rows", "in the paper -7.74 ± 0.02"]
    {
        assert!(ran.out.contains(part), "`{part}` is missing in {}", ran.all());
    }
    let ran = ran.says(&["wrote train.npy", "data/power"]);
    let record: serde_json::Value = serde_json::from_slice(&desk.read("data/power/preparation.json")).expect("JSON");
    assert_eq!(record["sources"][0]["path"], "household.txt.gz");
    assert!(ran.out.contains(record["steps"][0].as_str().expect("a step")));
    // the YAML that `data list` teaches
    let list = desk.flowstill("data list power").well().out;
    let yaml = list.lines().find_map(|line| line.trim().strip_prefix("YAML")).expect("a line of YAML").trim();
    desk.write("a.yaml", yaml);
    desk.flowstill("check a.yaml").well().says(&["a.yaml is in order"]);
    let rows = desk.flowstill("rows a.yaml").well().out;
    assert!(rows.starts_with("global_active_power,voltage,") && rows.lines().count() == 8, "{rows}");
    let quiet = desk.flowstill("data prepare power --from household.txt.gz --out data/power -q").well();
    assert_eq!((quiet.err.as_str(), quiet.out), ("", ran.out));
}

#[test]
fn all_benchmarks_are_listed_with_files_rows_and_commands() {
    let desk = Desk::new();
    let all = desk.flowstill("data list").well().out;
    let help = desk.flowstill("data prepare --help").well().out;
    for name in ["power", "gas", "hepmass", "miniboone", "bsds300"] {
        assert!(all.contains(&format!("data: {{train: data/{name}/train.npy")), "{name} is missing in\n{all}");
        let example = help.lines().find(|line| line.contains(&format!("data prepare {name}"))).expect("an example");
        assert!(example.contains("--from"), "{example}");
    }
    assert!(all.contains("https://zenodo.org/records/1161203") && all.contains("1,659,917 to train"), "{all}");
    assert!(help.lines().all(|line| line.chars().count() <= 120), "a line is too long in\n{help}");
}

#[test]
fn wrong_files_and_names_are_one_sentence() {
    let desk = Desk::with("a.csv", "1,2\n3,4\n");
    let fails = |arguments: &str, says: &[&str]| {
        let ran = desk.flowstill(&format!("data prepare {arguments} --out out")).fails(2).says(says);
        assert!(ran.err.trim_end().lines().count() == 1 && ran.out.is_empty(), "{}", ran.all());
        assert!(!desk.exists("out"));
    };
    fails("pwoer --from a.csv", &["no benchmark `pwoer`; did you mean `power`?"]);
    fails("power --from a.csv", &["a.csv: line 1 is \"1,2\", expected the header Date;Time;"]);
    fails("gas --from a.pickle", &["a.pickle: a pickle of pandas", "to_csv"]);
    fails("hepmass --from a.csv", &["hepmass: expected 2 files, found 1"]);
    fails("bsds300 --from a.csv", &["a.csv: cannot be read as HDF5"]);
    fails("miniboone --from none.txt", &["none.txt: no such file"]);
    desk.flowstill("data prepare power --out out").fails(2).says(&["--from"]);
    desk.flowstill("data list miniboon").fails(2).says(&["did you mean `miniboone`?"]);
    desk.write("file", "");
    desk.write("h.txt.gz", packed("household_power_consumption.txt.gz"));
    desk.flowstill("data prepare power --from h.txt.gz --out file").fails(2).says(&["file: cannot be written"]);
}
