//! The benchmarks of the MAF paper, against what NumPy and pandas give (`prepare/make.py`), and wrong files.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use flowstill_data::prepare::{ALL, BSDS300, Benchmark, GAS, HEPMASS, MINIBOONE, POWER, Parts, prepare};
use flowstill_data::{Precision, Source, create_with, load, read_table};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/prepare").join(name)
}

/// A text of the folder, unpacked.
fn text(name: &str) -> String {
    let mut text = String::new();
    GzDecoder::new(fs::File::open(file(name)).unwrap()).read_to_string(&mut text).unwrap();
    text
}

fn read(benchmark: &Benchmark, names: &[&str]) -> Parts {
    benchmark.read(&names.iter().map(|name| file(name)).collect::<Vec<_>>()).unwrap()
}

/// Every value agrees in single precision, up to one part in a million (bit for bit with `exactly`).
fn agrees(parts: &Parts, name: &str, exactly: bool) {
    for (part, values) in parts.named() {
        let expected = read_table(format!("{}:{part}", file(&format!("expected_{name}.npz")).display())).unwrap();
        assert_eq!((parts.dim(), values.len()), (expected.dim, expected.values.len()), "{name}, {part}");
        for (i, (&found, &wanted)) in values.iter().zip(&expected.values).enumerate() {
            let found = f64::from(found as f32);
            let near = (found - wanted).abs() <= if exactly { 0.0 } else { 1e-6 * (0.1 + wanted.abs()) };
            assert!(near, "{name}, {part}, value {i}: {found} for {wanted}");
        }
    }
}

#[test]
fn power_has_the_bits_of_numpy_from_either_file() {
    let raw = read(&POWER, &["household_power_consumption.txt.gz"]);
    agrees(&raw, "power", true);
    assert_eq!(raw.columns[..2], ["global_active_power", "voltage"]);
    assert_eq!(raw.steps[0], "dropped 4 rows with missing measurements");
    agrees(&read(&POWER, &["power.npy"]), "power", true);
}

#[test]
fn gas_draws_and_drops_as_pandas_from_either_file() {
    let raw = read(&GAS, &["ethylene_CO.txt.gz"]);
    agrees(&raw, "gas", false);
    assert!(raw.steps.iter().any(|step| step.starts_with("drew 60 rows of 240 rows")), "{:?}", raw.steps);
    assert!(raw.steps.iter().any(|step| step.starts_with("removed sensor_2, ")), "{:?}", raw.steps);
    let archived = read(&GAS, &["ethylene_CO.csv"]);
    agrees(&archived, "gas", false);
    assert_eq!(archived.columns[..3], ["S1", "S3", "S4"]);
}

#[test]
fn a_label_of_the_rows_that_pandas_wrote_is_no_sensor() {
    let folder = tempfile::tempdir().unwrap();
    let csv = fs::read_to_string(file("ethylene_CO.csv")).unwrap();
    let labelled = csv.lines().enumerate().map(|(i, line)| match i {
        0 => format!(",{line}\n"),
        _ => format!("{i},{line}\n"),
    });
    let path = folder.path().join("labelled.csv");
    fs::write(&path, labelled.collect::<String>()).unwrap();
    agrees(&GAS.read(&[path]).unwrap(), "gas", false);
}

#[test]
fn hepmass_counts_the_least_value_only() {
    let parts = read(&HEPMASS, &["1000_train.csv.gz", "1000_test.csv.gz"]);
    agrees(&parts, "hepmass", false);
    // f8 repeats its greatest value
    assert!(parts.columns.contains(&"f8".to_owned()) && !parts.columns.contains(&"f4".to_owned()));
    agrees(&read(&HEPMASS, &["1000_test.csv.gz", "1000_train.csv.gz"]), "hepmass", false);
}

#[test]
fn hepmass_reads_tests_without_the_mass_and_with_a_mass_that_the_header_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let test = text("1000_test.csv.gz");
    let without: String = test.lines().map(|line| format!("{}\n", line.rsplit_once(',').unwrap().0)).collect();
    let (header, rows) = test.split_once('\n').unwrap();
    let unnamed = format!("{}\n{rows}", header.strip_suffix(",mass").unwrap());
    let empty = without.replacen('\n', ",mass\n", 1);
    for text in [without, unnamed, empty] {
        let path = folder.path().join("1000_test.csv");
        fs::write(&path, text).unwrap();
        agrees(&HEPMASS.read(&[file("1000_train.csv.gz"), path]).unwrap(), "hepmass", false);
    }
}

#[test]
fn miniboone_takes_the_signal_from_either_file() {
    let raw = read(&MINIBOONE, &["MiniBooNE_PID.txt.gz"]);
    agrees(&raw, "miniboone", false);
    assert_eq!(raw.columns[..4], ["x1", "x2", "x3", "x5"]);
    assert_eq!(
        raw.steps[..2].join("; "),
        "took 72 rows of signal, left out 5 rows of background; removed 2 outliers: first feature below -100"
    );
    agrees(&read(&MINIBOONE, &["miniboone.npy"]), "miniboone", false);
}

#[test]
fn bsds300_is_copied_whatever_its_layout() {
    agrees(&read(&BSDS300, &["BSDS300.hdf5"]), "bsds300", true);
    agrees(&read(&BSDS300, &["packed.hdf5"]), "bsds300", true);
}

#[test]
fn folder_has_arrays_names_and_a_record() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("deep/power");
    let source = file("household_power_consumption.txt.gz");
    let record = prepare(&POWER, std::slice::from_ref(&source), &out).unwrap();
    let mut names: Vec<_> =
        fs::read_dir(&out).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["columns.txt", "preparation.json", "test.npy", "train.npy", "validation.npy"]);
    let json: serde_json::Value = serde_json::from_slice(&fs::read(out.join("preparation.json")).unwrap()).unwrap();
    let bytes = fs::read(&source).unwrap();
    let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        (json["sources"][0]["sha256"].as_str(), json["sources"][0]["bytes"].as_u64()),
        (Some(&*hash), Some(bytes.len() as u64))
    );
    assert_eq!(
        (json["rows"]["train"].as_u64(), json["rows_of_the_paper"]["train"].as_u64()),
        (Some(58), Some(1_659_917))
    );
    assert_eq!(json["gaussian"]["paper"].as_f64(), Some(-7.74));
    let mean = json["gaussian"]["test_log_likelihood"].as_f64().unwrap();
    assert!((-40.0..0.0).contains(&mean), "{mean}");
    let summary = record.summary(&POWER);
    for part in ["58 / 6 / 7 rows", "1,659,917 / 184,435 / 204,928", "in the paper -7.74 ± 0.02", "RandomState(42)"] {
        assert!(summary.contains(part), "`{part}` is missing in\n{summary}");
    }
    // what is read back is what was written, under its names
    let part = |name: &str| out.join(name);
    let source = Source::Parts {
        train: part("train.npy"),
        validation: Some(part("validation.npy")),
        test: Some(part("test.npy")),
        split: [0.8, 0.1, 0.1],
        pixels: None,
        seed: 0,
    };
    let data = load(&source).unwrap();
    assert_eq!((data.columns[5].as_str(), data.train.len(), data.test.len()), ("time", 58, 7));
    let again = folder.path().join("again");
    prepare(&POWER, &[file("power.npy")], &again).unwrap();
    assert_eq!(fs::read(out.join("test.npy")).unwrap(), fs::read(again.join("test.npy")).unwrap());
}

#[test]
fn without_a_gaussian_the_rest_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let record = prepare(&BSDS300, &[file("BSDS300.hdf5")], folder.path()).unwrap();
    assert_eq!(record.gaussian.test_log_likelihood, None);
    assert!(
        record.summary(&BSDS300).contains("that of 9 rows in 63 columns is singular"),
        "{}",
        record.summary(&BSDS300)
    );
    assert!(folder.path().join("preparation.json").exists());
}

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

#[test]
fn gzipped_and_plain_texts_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("MiniBooNE_PID.txt");
    fs::write(&plain, text("MiniBooNE_PID.txt.gz").replace('\n', "\r\n")).unwrap();
    agrees(&MINIBOONE.read(&[plain]).unwrap(), "miniboone", false);
    // two members one after the other, as pigz and cat make them
    let test = text("1000_test.csv.gz");
    let (first, second) = test.split_at(test.len() / 2);
    let path = folder.path().join("1000_test.csv.gz");
    let bytes = [first, second].map(|half| {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(half.as_bytes()).unwrap();
        packed.finish().unwrap()
    });
    fs::write(&path, bytes.concat()).unwrap();
    agrees(&HEPMASS.read(&[file("1000_train.csv.gz"), path]).unwrap(), "hepmass", false);
}
