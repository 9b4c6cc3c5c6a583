//! From a source to a data set: files, parts, synthetic targets; what is refused and in which words.

use std::fs;
use std::path::{Path, PathBuf};

use flowstill_data::{Dataset, Source, Target, create, load, synthetic};

const SPLIT: [f64; 3] = [0.8, 0.1, 0.1];

fn csv(folder: &Path, name: &str, rows: std::ops::Range<i32>) -> PathBuf {
    let path = folder.join(name);
    let lines: String = rows.map(|i| format!("{i},{}\n", f64::from(i * i % 17) * 0.1)).collect();
    fs::write(&path, format!("a,b\n{lines}")).unwrap();
    path
}

fn file(path: PathBuf, seed: u64) -> Source {
    Source::File { path, split: SPLIT, pixels: None, seed }
}

fn parts(train: &Path, validation: Option<&Path>, test: Option<&Path>) -> Source {
    let [validation, test] = [validation, test].map(|p| p.map(Path::to_path_buf));
    Source::Parts { train: train.to_path_buf(), validation, test, split: SPLIT, pixels: None, seed: 1 }
}

fn streamed(train: &Path, held_out: &Path) -> Source {
    let [validation, test] = [held_out; 2].map(Path::to_path_buf);
    Source::Streamed { train: train.to_path_buf(), validation, test }
}

fn sizes(data: &Dataset) -> [usize; 3] {
    [&data.train, &data.validation, &data.test].map(|r| r.len())
}

fn message(source: &Source) -> String {
    load(source).unwrap_err().to_string()
}

#[test]
fn one_file_is_split_by_seed_and_standardised() {
    let folder = tempfile::tempdir().unwrap();
    let path = csv(folder.path(), "rows.csv", 0..1000);
    let data = load(&file(path.clone(), 1)).unwrap();
    assert_eq!((data.name.as_str(), data.dim(), sizes(&data)), ("rows", 2, [800, 100, 100]));
    assert_eq!(data.columns, ["a", "b"]);
    let mut all: Vec<i64> = Vec::new();
    for part in [&data.train, &data.validation, &data.test] {
        all.extend(data.standardizer.restore(&part.values).iter().step_by(2).map(|v| v.round() as i64));
    }
    all.sort_unstable();
    assert!(all.into_iter().eq(0..1000));
    assert_eq!(load(&file(path.clone(), 1)).unwrap().train, data.train);
    assert_ne!(load(&file(path, 2)).unwrap().hash, data.hash);
}

#[test]
fn the_hash_does_not_depend_on_the_format() {
    let folder = tempfile::tempdir().unwrap();
    let text = csv(folder.path(), "rows.csv", 0..100);
    let array = folder.path().join("rows.npy");
    let table = flowstill_data::read_table(&text).unwrap();
    let mut writer = create(&array, &["p".into(), "q".into()], 100).unwrap();
    writer.write_rows(&table.values).unwrap();
    writer.finish().unwrap();
    let (text, array) = (load(&file(text, 1)).unwrap(), load(&file(array, 1)).unwrap());
    assert_eq!((&text.hash, &text.test), (&array.hash, &array.test));
    assert_eq!(array.columns, ["x1", "x2"]);
}

#[test]
fn columns_beside_an_array_name_its_columns() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.npy");
    let mut writer = create(&path, &["p".into(), "q".into()], 50).unwrap();
    (0..50).for_each(|i| writer.write_rows(&[f64::from(i), f64::from(i % 7)]).unwrap());
    writer.finish().unwrap();
    fs::write(folder.path().join("columns.txt"), "height\nweight\n").unwrap();
    assert_eq!(load(&file(path.clone(), 1)).unwrap().columns, ["height", "weight"]);
    fs::write(folder.path().join("columns.txt"), "height\nweight\nage\n").unwrap();
    assert_eq!(load(&file(path, 1)).unwrap().columns, ["x1", "x2"]);
}

#[test]
fn missing_parts_are_carved_out_of_the_training_file() {
    let folder = tempfile::tempdir().unwrap();
    let train = csv(folder.path(), "train.csv", 0..900);
    let other = csv(folder.path(), "other.csv", 900..950);
    assert_eq!(sizes(&load(&parts(&train, Some(&other), Some(&other))).unwrap()), [900, 50, 50]);
    assert_eq!(sizes(&load(&parts(&train, Some(&other), None)).unwrap()), [800, 50, 100]);
    assert_eq!(sizes(&load(&parts(&train, None, Some(&other))).unwrap()), [800, 100, 50]);
    assert_eq!(sizes(&load(&parts(&train, None, None)).unwrap()), [720, 90, 90]);
}

#[test]
fn parts_must_have_the_same_columns() {
    let folder = tempfile::tempdir().unwrap();
    let train = csv(folder.path(), "train.csv", 0..100);
    let wide = folder.path().join("wide.csv");
    fs::write(&wide, "1,2,3\n4,5,6\n").unwrap();
    let text = message(&parts(&train, Some(&wide), None));
    assert!(text.contains("wide.csv: 3 columns, but ") && text.ends_with("train.csv has 2"), "{text}");
    let swapped = folder.path().join("swapped.csv");
    fs::write(&swapped, "b,a\n1,2\n3,4\n").unwrap();
    let text = message(&parts(&train, None, Some(&swapped)));
    assert!(text.contains("swapped.csv: column 1 is called \"b\", but ") && text.contains("calls it \"a\""), "{text}");
}

#[test]
fn degenerate_sources_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let few = csv(folder.path(), "few.csv", 0..12);
    assert_eq!(
        message(&file(few.clone(), 0)),
        "few: the validation part has 1 row, expected at least 2; give more rows or change the split"
    );
    assert!(
        message(&parts(&csv(folder.path(), "train.csv", 0..5), Some(&few), Some(&few)))
            .contains("training part has 5 rows")
    );
    let constant = folder.path().join("constant.csv");
    fs::write(&constant, format!("a,b\n{}", (0..50).map(|i| format!("{i},7\n")).collect::<String>())).unwrap();
    assert!(message(&file(constant, 0)).starts_with("constant: column b is constant (7 in all 40 training rows)"));
    let source = Source::File { path: few, split: [0.5, 0.5, 0.5], pixels: None, seed: 0 };
    assert!(message(&source).starts_with("split [0.5, 0.5, 0.5]: expected three fractions"));
    let rows = usize::MAX / 2;
    let source = Source::Synthetic { target: Target::Rings, rows, split: SPLIT, seed: 0 };
    assert!(message(&source).starts_with("rings: 9223372036854775807 rows, expected at most"));
}

#[test]
fn a_synthetic_source_scores_its_entropy() {
    let target = Target::EightGaussians;
    let data = load(&Source::Synthetic { target, rows: 20_000, split: SPLIT, seed: 4 }).unwrap();
    assert_eq!((data.name.as_str(), sizes(&data)), ("eight_gaussians", [16_000, 2_000, 2_000]));
    let density = target.density();
    let restored = data.standardizer.restore(&data.train.values);
    let nll = -restored.chunks_exact(2).map(|x| density.log_prob(x)).sum::<f64>() / data.train.len() as f64;
    let entropy = synthetic::entropy_estimate(&*density, 50_000, 4);
    assert!((nll - entropy.nats).abs() < 0.04, "{nll} {entropy:?}");
}

#[test]
fn public_types_cross_threads() {
    fn check<T: Send + Sync>() {}
    check::<Dataset>();
    check::<Source>();
    check::<flowstill_data::DataError>();
    check::<flowstill_data::Batches>();
    check::<Box<dyn flowstill_data::KnownDensity>>();
}

#[test]
fn rows_that_stay_in_their_file_are_the_same_data() {
    let folder = tempfile::tempdir().unwrap();
    let array = |name: &str, rows: std::ops::Range<i32>| {
        let table = flowstill_data::read_table(csv(folder.path(), "rows.csv", rows.clone())).unwrap();
        let path = folder.path().join(name);
        let mut writer = create(&path, &["a".into(), "b".into()], rows.len() as u64).unwrap();
        writer.write_rows(&table.values).unwrap();
        writer.finish().unwrap();
        path
    };
    let (train, held_out) = (array("train.npy", 0..300), array("test.npy", 300..340));
    fs::write(folder.path().join("columns.txt"), "left\nright\n").unwrap();
    let whole = load(&parts(&train, Some(&held_out), Some(&held_out))).unwrap();
    let data = load(&streamed(&train, &held_out)).unwrap();
    assert_eq!((&data.hash, &data.standardizer, &data.name), (&whole.hash, &whole.standardizer, &whole.name));
    assert_eq!(
        (&data.columns[..], &whole.columns[..]),
        (["left".to_string(), "right".to_string()].as_slice(), &data.columns[..])
    );
    assert_eq!((&data.train, &data.validation, &data.test), (&whole.train, &whole.validation, &whole.test));
    let stream = data.stream.as_ref().unwrap();
    assert_eq!((stream.len(), data.training_rows(), whole.training_rows()), (300, 300, 300));
    let indices: Vec<u32> = (0..300).rev().collect();
    let (mut read, mut held) = (Vec::new(), Vec::new());
    stream.gather(&indices, &mut read).unwrap();
    flowstill_data::gather(&whole.train, &indices, &mut held);
    assert_eq!(read, held);

    let constant = array("constant.npy", 0..1);
    assert!(message(&streamed(&constant, &held_out)).contains("training part has 1 row"));
    let narrow = folder.path().join("narrow.npy");
    let mut writer = create(&narrow, &["a".into()], 40).unwrap();
    writer.write_rows(&[1.0; 40]).unwrap();
    writer.finish().unwrap();
    assert!(message(&streamed(&narrow, &narrow)).contains("column x1 is constant (1 in all 40 training rows)"));
    assert!(message(&streamed(&train, &narrow)).contains("narrow.npy: 1 column, but"));
}
