//! The benchmarks of the MAF paper, against what NumPy and pandas give (`prepare/make.py`).

mod benchmark_files;

use std::fs;
use std::io::Write;

use benchmark_files::{file, text};
use flate2::Compression;
use flate2::write::GzEncoder;
use flowstill_data::prepare::{BSDS300, Benchmark, GAS, HEPMASS, MINIBOONE, POWER, Parts, prepare};
use flowstill_data::{Source, load, read_table};
use sha2::{Digest, Sha256};

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
