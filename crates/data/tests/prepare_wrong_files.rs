//! What is said to files that are no benchmark of the MAF paper.

mod benchmark_files;

use std::fs;
use std::path::PathBuf;

use benchmark_files::{file, text};
use flowstill_data::prepare::{ALL, BSDS300, Benchmark, GAS, HEPMASS, MINIBOONE, POWER, prepare};
use flowstill_data::{Precision, create_with};
use tempfile::TempDir;

/// A desk for wrong files.
struct Wrong(TempDir);

impl Wrong {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// What `benchmark` says to a file of this name and content.
    fn says(&self, benchmark: &Benchmark, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        self.of(benchmark, &[path])
    }

    fn of(&self, benchmark: &Benchmark, files: &[PathBuf]) -> String {
        let out = self.0.path().join("out");
        let message = prepare(benchmark, files, &out).unwrap_err().to_string();
        assert!(!out.exists(), "{message}");
        assert!(!message.contains('\n'), "{message}");
        message
    }

    fn array(&self, name: &str, columns: usize, values: &[f64]) -> PathBuf {
        let path = self.0.path().join(name);
        let names: Vec<String> = (0..columns).map(|j| j.to_string()).collect();
        let mut writer = create_with(&path, &names, (values.len() / columns) as u64, Precision::Double).unwrap();
        writer.write_rows(values).unwrap();
        writer.finish().unwrap();
        path
    }
}

/// `text` with `line` (from 1) replaced.
fn with_line(text: &str, line: usize, new: &str) -> String {
    text.lines().enumerate().map(|(i, old)| format!("{}\n", if i + 1 == line { new } else { old })).collect()
}

#[track_caller]
fn holds(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "`{part}` is missing in: {message}");
    }
}

#[test]
fn every_benchmark_names_missing_empty_and_too_many_files() {
    let wrong = Wrong::new();
    for benchmark in ALL {
        let absent = vec![PathBuf::from("/absent/file.csv"); benchmark.from.len()];
        holds(&wrong.of(benchmark, &absent), &["/absent/file.csv: no such file"]);
        let empty = wrong.0.path().join("empty.txt");
        fs::write(&empty, "").unwrap();
        holds(&wrong.of(benchmark, &vec![empty; benchmark.from.len()]), &["empty.txt: no rows of numbers in it"]);
        let folder = wrong.0.path().to_path_buf();
        holds(&wrong.of(benchmark, &vec![folder; benchmark.from.len()]), &["a folder; expected", benchmark.files]);
        holds(&wrong.of(benchmark, &vec![file("power.npy"); 3]), &[benchmark.name, "found 3", benchmark.files]);
    }
    holds(
        &wrong.of(&HEPMASS, &[file("1000_train.csv.gz")]),
        &["hepmass: expected 2 files, found 1: 1000_train.csv and"],
    );
}

#[test]
fn unknown_names_are_answered_with_the_nearest() {
    let message = |name: &str| Benchmark::named(name).unwrap_err().to_string();
    assert_eq!(
        message("minibone"),
        "there is no benchmark `minibone`; did you mean `miniboone`? expected power, gas, hepmass, miniboone, bsds300"
    );
    assert!(!message("casp").contains("did you mean"), "{}", message("casp"));
    assert_eq!(Benchmark::named("BSDS300").unwrap().name, "bsds300");
}

#[test]
fn wrong_files_of_power() {
    let wrong = Wrong::new();
    let good = text("household_power_consumption.txt.gz");
    let says = |text: String| wrong.says(&POWER, "p.txt", text);
    holds(
        &says(with_line(&good, 1, "Date,Time,Power")),
        &["p.txt: line 1 is \"Date,Time,Power\", expected the header Date;Time;"],
    );
    holds(
        &says(with_line(&good, 4, "16/12/2006;17:24:00;1;2;3")),
        &["line 4 has 5 fields, expected 9 separated by semicolons"],
    );
    holds(
        &says(with_line(&good, 5, "16/12/2006;17h24;1;2;3;4;5;6;7")),
        &["line 5, column Time: \"17h24\"", "HH:MM:SS"],
    );
    let nan = "16/12/2006;17:24:00;1;2;nan;4;5;6;7";
    holds(&says(with_line(&good, 6, nan)), &["line 6, column Voltage: \"nan\" is not a number", "finite"]);
    holds(&says(good.lines().take(6).map(|l| format!("{l}\n")).collect()), &["power: the test part has 0 rows"]);
    holds(&says(good.lines().next().unwrap().to_owned()), &["no rows of numbers"]);
    holds(&wrong.of(&POWER, &[wrong.array("data.npy", 9, &[1.0; 900])]), &["data.npy: 9 columns, expected 8"]);
    let bytes = fs::read(file("power.npy")).unwrap();
    holds(
        &wrong.says(&POWER, "cut.npy", &bytes[..3000]),
        &["cut.npy: ends too early", "values that its header promises"],
    );
    let packed = fs::read(file("household_power_consumption.txt.gz")).unwrap();
    holds(&wrong.says(&POWER, "cut.txt.gz", &packed[..900]), &["cut.txt.gz: ends too early"]);
    let mut values: Vec<f64> = (0..800).map(f64::from).collect();
    values[17] = f64::NAN;
    holds(
        &wrong.of(&POWER, &[wrong.array("nan.npy", 8, &values)]),
        &["nan.npy: 1 row holds NaN", "row 2, counted from 0"],
    );
}

#[test]
fn wrong_files_of_gas() {
    let wrong = Wrong::new();
    let good = text("ethylene_CO.txt.gz");
    let says = |text: String| wrong.says(&GAS, "g.txt", text);
    holds(
        &wrong.says(&GAS, "ethylene_CO.pickle", "x"),
        &["a pickle of pandas, which only Python can read", "to_csv('ethylene_CO.csv'"],
    );
    holds(&says(with_line(&good, 1, "1 2 3")), &["line 1 is \"1 2 3\", expected", "sensor readings", "Meth"]);
    let methane = good.replacen("CO conc", "Methane conc", 1);
    holds(&says(methane), &["mixture with methane, expected ethylene_CO.txt"]);
    holds(&says(with_line(&good, 3, "0.01 0 0 1 2")), &["line 3 has 5 fields, expected 19"]);
    let nan = format!("0.01 0 0{}", " NaN".repeat(16));
    holds(&says(with_line(&good, 3, &nan)), &["line 3, column 4: \"NaN\" is not a number"]);
    let csv = fs::read_to_string(file("ethylene_CO.csv")).unwrap();
    let short: String = csv.lines().map(|line| format!("{}\n", line.rsplit_once(',').unwrap().0)).collect();
    holds(&wrong.says(&GAS, "g.csv", short), &["15 columns beside Time, Meth and Eth, expected 16 sensors"]);
    let still: String = good
        .lines()
        .enumerate()
        .map(|(i, line)| match i {
            0 => format!("{line}\n"),
            _ => format!("{} 7\n", line.rsplit_once(' ').unwrap().0),
        })
        .collect();
    holds(&says(still), &["gas: column sensor_16 is constant (7 in all 60"]);
    holds(&says(good.lines().take(2).map(|l| format!("{l}\n")).collect()), &["gas: the training part has 0 rows"]);
}

#[test]
fn wrong_files_of_hepmass() {
    let wrong = Wrong::new();
    let (train, test) = (text("1000_train.csv.gz"), text("1000_test.csv.gz"));
    let says = |train: &str, test: &str| {
        let paths = [("1000_train.csv", train), ("1000_test.csv", test)].map(|(name, text)| {
            let path = wrong.0.path().join(name);
            fs::write(&path, text).unwrap();
            path
        });
        wrong.of(&HEPMASS, &paths)
    };
    holds(
        &says(&test, &test),
        &["1000_train.csv: line 1 has 29 fields", "expected the header of 1000_train.csv", "27 features"],
    );
    let other = test.replacen("f3", "g3", 1);
    holds(&says(&train, &other), &["1000_test.csv: line 1 has 29 fields", "as in the training file"]);
    holds(&says(&with_line(&train, 1, "label,a"), &test), &["line 1 has 2 fields and is \"label,a\""]);
    holds(
        &says(&with_line(&train, 7, "1,2,3"), &test),
        &["1000_train.csv: line 7 has 3 fields, expected 28 separated by commas"],
    );
    holds(
        &says(&train, &with_line(&test, 7, &"1,".repeat(31))),
        &["1000_test.csv: line 7 has 31 fields, expected 28 or 29"],
    );
    let nan = with_line(&train, 9, &format!("1{}", ",nan".repeat(27)));
    holds(&says(&nan, &test), &["1000_train.csv: line 9, column f0: \"nan\" is not a number"]);
    let noise: String = test
        .lines()
        .enumerate()
        .map(|(i, line)| match i {
            0 => format!("{line}\n"),
            _ => format!("0,{}\n", line.split_once(',').unwrap().1),
        })
        .collect();
    holds(&says(&train, &noise), &["1000_test.csv: none of 40 rows has the label 1"]);
}

#[test]
fn wrong_files_of_miniboone() {
    let wrong = Wrong::new();
    let good = text("MiniBooNE_PID.txt.gz");
    let says = |text: String| wrong.says(&MINIBOONE, "m.txt", text);
    holds(
        &says(with_line(&good, 1, "a b")),
        &["m.txt: line 1 is \"a b\", expected the numbers of signals and of backgrounds"],
    );
    holds(&says(with_line(&good, 4, "1 2 3")), &["line 4 has 3 fields, expected 50 separated by spaces"]);
    holds(&says(with_line(&good, 5, &" inf".repeat(50))), &["line 5, column 1: \"inf\" is not a number"]);
    holds(
        &says(good.lines().take(31).map(|l| format!("{l}\n")).collect()),
        &["ends too early after 30 rows of 72 rows of signal"],
    );
    holds(
        &wrong.of(&MINIBOONE, &[wrong.array("all.npy", 50, &[1.0; 5000])]),
        &["all.npy: 50 columns, expected 43", "MiniBooNE_PID.txt"],
    );
}

#[test]
fn wrong_files_of_bsds300() {
    use hdf5_pure::FileBuilder;
    let wrong = Wrong::new();
    holds(&wrong.says(&BSDS300, "b.hdf5", "no such thing"), &["b.hdf5: cannot be read as HDF5", "fetch it again"]);
    let build = |parts: &[(&str, Vec<f64>, [u64; 2])]| {
        let mut file = FileBuilder::new();
        for (name, values, shape) in parts {
            file.create_dataset(name).with_f64_data(values).with_shape(shape);
        }
        file.finish().unwrap()
    };
    let says = |bytes: Vec<u8>| wrong.says(&BSDS300, "b.hdf5", bytes);
    let good = |name| (name, vec![0.5; 126], [2, 63]);
    holds(
        &says(build(&[good("train"), good("valid")])),
        &["b.hdf5: holds train, valid, expected the data sets train, validation, test"],
    );
    holds(&says(build(&[])), &["holds no data sets"]);
    let narrow = ("validation", vec![0.5; 128], [2, 64]);
    holds(
        &says(build(&[good("train"), narrow, good("test")])),
        &["data set validation: has the shape [2, 64], expected rows × 63"],
    );
    let mut values = vec![0.5; 126];
    values[100] = f64::NAN;
    let nan = ("test", values, [2, 63]);
    holds(
        &says(build(&[good("train"), good("validation"), nan])),
        &["b.hdf5:test: 1 row holds NaN", "row 1, counted from 0"],
    );
    let mut whole = FileBuilder::new();
    for name in ["train", "validation", "test"] {
        whole.create_dataset(name).with_i32_data(&[1; 63]).with_shape(&[1, 63]);
    }
    holds(&says(whole.finish().unwrap()), &["data set train: holds values of type i32, expected float32 or float64"]);
}

#[test]
fn an_hdf5_cut_anywhere_is_an_error() {
    let wrong = Wrong::new();
    for name in ["BSDS300.hdf5", "packed.hdf5"] {
        let bytes = fs::read(file(name)).unwrap();
        for length in (0..bytes.len() - 1).step_by(41).skip(1) {
            holds(&wrong.says(&BSDS300, "cut.hdf5", &bytes[..length]), &["cut.hdf5: "]);
        }
    }
}
