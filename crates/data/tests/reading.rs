//! Files as users have them: written by NumPy (see `numpy/make.py`), gzipped, damaged, missing.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::{Compression, write::GzEncoder};
use flowstill_data::{DataError, Table, read_table};

fn numpy(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/numpy").join(name)
}

/// The table behind all the files of `make.py`.
fn expected() -> Vec<f64> {
    (0..12).map(|i| f64::from(i) / 8.0 - 0.5).collect()
}

fn message(path: impl AsRef<Path>) -> String {
    read_table(path).unwrap_err().to_string()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn arrays_by_numpy_are_read_right() {
    let files = [
        "c_float64.npy",
        "fortran_float32.npy",
        "big_endian.npy",
        "half.npy",
        "version_2.npy",
        "version_3.npy",
        "c_float64.npy.gz",
        "only.npz",
        "only.npz:anything",
        "several.npz",
        "several.npz:train",
        "ambiguous.npz:a",
        "text.txt",
    ];
    for name in files {
        let table = read_table(numpy(name)).unwrap();
        assert_eq!(table, Table { columns: None, dim: 3, picture: None, values: expected() }, "{name}");
    }
    let integers = read_table(numpy("int32.npy")).unwrap();
    assert_eq!((integers.dim, integers.rows()), (3, 4));
    assert!(integers.values.into_iter().eq((-6..6).map(f64::from)));
    let bools = read_table(numpy("bool.npy")).unwrap();
    assert!(bools.values.into_iter().eq((0..12).map(|i| f64::from(1 - i % 2))));
    let column = read_table(numpy("one_axis.npy")).unwrap();
    assert_eq!((column.dim, column.values), (1, expected().into_iter().step_by(3).collect()));
    let named = read_table(numpy("text.csv.gz")).unwrap();
    assert_eq!((named.columns.unwrap().join(""), named.values), ("abc".to_string(), expected()));
}

#[test]
fn arrays_that_are_no_tables_are_refused() {
    assert!(message(numpy("three_axes.npy")).ends_with(
        "three_axes.npy: the array has shape [2, 2, 3]; expected rows × columns, or one axis for a single column"
    ));
    assert!(message(numpy("complex.npy")).contains("complex.npy: the values are of type <c16; expected float16"));
    let ambiguous = message(numpy("ambiguous.npz"));
    assert!(
        ambiguous.contains("several arrays and none called x, data or train; it holds \"a\", \"b\": choose one as"),
        "{ambiguous}"
    );
    let wanted = message(numpy("ambiguous.npz:c"));
    assert!(wanted.contains("no array called \"c\"; it holds \"a\", \"b\""), "{wanted}");
}

#[test]
fn missing_and_unknown_files_are_named() {
    let missing = message("nowhere/rows.csv");
    assert!(missing.starts_with("nowhere/rows.csv: no such file (looked for /"), "{missing}");
    assert!(missing.ends_with("/nowhere/rows.csv)"), "{missing}");
    assert!(message("rows.parquet").starts_with("rows.parquet: unknown kind of file .parquet; expected .csv, .tsv"));
    assert!(message("rows.xlsx.gz").contains("unknown kind of file .xlsx"));
    assert!(message("rows").contains("the name has no extension"));
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("folder.csv");
    fs::create_dir(&inside).unwrap();
    assert!(message(&inside).ends_with("folder.csv: cannot be read"));
}

#[test]
fn a_file_cut_anywhere_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let csv = gzip(b"a,b\n1,2\n3,4\n");
    let npy = fs::read(numpy("c_float64.npy")).unwrap();
    let npz = fs::read(numpy("several.npz")).unwrap();
    let cases = [("a.csv.gz", csv), ("a.npy", npy.clone()), ("b.npy.gz", gzip(&npy)), ("a.npz", npz)];
    for (name, bytes) in cases {
        let path = folder.path().join(name);
        fs::write(&path, &bytes).unwrap();
        read_table(&path).unwrap();
        for keep in 0..bytes.len() {
            fs::write(&path, &bytes[..keep]).unwrap();
            let error = read_table(&path).unwrap_err();
            let known =
                matches!(error, DataError::Truncated { .. } | DataError::Malformed { .. } | DataError::Empty { .. });
            assert!(known && error.to_string().contains(name), "{name} cut to {keep}: {error}");
        }
    }
}

#[test]
fn damaged_bytes_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["c_float64.npy", "c_float64.npy.gz", "several.npz", "text.csv.gz"] {
        let bytes = fs::read(numpy(name)).unwrap();
        let path = folder.path().join(name);
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x55;
            fs::write(&path, &damaged).unwrap();
            // many a flipped byte only changes a value: what matters is that an answer comes
            let _ = read_table(&path);
        }
    }
}

#[test]
fn rows_with_nan_are_counted_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    let mut writer = flowstill_data::create(&path, &["x".into(), "y".into()], 4).unwrap();
    writer.write_rows(&[0.0, f64::NAN, 1.0, 2.0, 3.0, 4.0, f64::NEG_INFINITY, f64::NAN]).unwrap();
    writer.finish().unwrap();
    let text = message(&path);
    assert!(
        text.ends_with(
            "a.npy: 2 rows hold NaN, ∞ or a missing value (rows 0, 3, counted from 0); drop or impute them first"
        ),
        "{text}"
    );
}
