//! HEPMASS: collisions of simulated particles; the paper takes the signal alone.

use std::path::{Path, PathBuf};

use super::Benchmark;
use super::columns::{Moments, counted, keep, seldom_repeated};
use super::lines::{Lines, fields, number, shown};
use super::parts::{Parts, last_tenth};
use crate::error::DataError;

pub const HEPMASS: Benchmark = Benchmark {
    name: "hepmass",
    title: "signals of a new particle of mass 1000",
    dim: 21,
    rows: [315_123, 35_013, 174_987],
    gaussian: [-27.93, 0.02],
    files: "1000_train.csv and 1000_test.csv of UCI or of the archive's hepmass/, each also .gz",
    from: &["1000_train.csv.gz", "1000_test.csv.gz"],
    address: "https://archive.ics.uci.edu/dataset/347/hepmass",
    remark: "The paper took the first tenth of UCI's rows: 700,000 for training, 350,000 for the test.",
    read,
};

const FEATURES: usize = 27;
/// Rows of UCI's files that the paper's program saw: a tenth of each.
const TAKEN: [usize; 2] = [700_000, 350_000];

fn read(files: &[PathBuf]) -> Result<Parts, DataError> {
    let (train, test) = ordered(&files[0], &files[1]);
    let mut steps = Vec::new();
    let (columns, train) = read_signal(train, TAKEN[0], None, &mut steps)?;
    let (_, test) = read_signal(test, TAKEN[1], Some(&columns), &mut steps)?;
    prepare(&columns, train, test, steps)
}

/// Training file first, if the names say which is which.
fn ordered<'a>(first: &'a Path, second: &'a Path) -> (&'a Path, &'a Path) {
    let says = |path: &Path, word| path.file_name().is_some_and(|name| name.to_string_lossy().contains(word));
    if says(first, "test") && says(second, "train") { (second, first) } else { (first, second) }
}

/// Names and rows of the features where the label is 1, of the first `most` rows. A test file (one with `expected`
/// columns) may have one column more, the mass: the paper's program drops it.
fn read_signal(
    path: &Path,
    most: usize,
    expected: Option<&[String]>,
    steps: &mut Vec<String>,
) -> Result<(Vec<String>, Vec<f64>), DataError> {
    let mut lines = Lines::open(path)?;
    let header = lines.first()?;
    let names: Vec<String> = header.split(',').map(|name| name.trim_matches(['#', ' ', '"']).to_owned()).collect();
    let widths = 1 + FEATURES..=1 + FEATURES + usize::from(expected.is_some());
    let fits = names[0] == "label" && widths.contains(&names.len());
    if !fits || expected.is_some_and(|columns| names[1..=FEATURES] != *columns) {
        let (file, more) = match expected {
            None => ("1000_train.csv", ""),
            Some(_) => ("1000_test.csv", " as in the training file, and at most one more"),
        };
        let what = format!(
            "line 1 has {} and is {}, expected the header of {file}: \"# label\" and the names of {FEATURES} features{more}",
            counted(names.len(), "field"),
            shown(header)
        );
        return Err(DataError::malformed(path, what));
    }
    let (mut rows, mut seen) = (Vec::new(), 0);
    while let Some((line, text)) = lines.next()? {
        if seen == most {
            break;
        }
        seen += 1;
        // the last field may be empty: a comma at the end of the line
        let found = text.trim_end().trim_end_matches(',').split(',').count();
        let most_fields = *widths.end();
        if !(1 + FEATURES..=most_fields).contains(&found) {
            let wanted = if expected.is_some() { "28 or 29" } else { "28" };
            return Err(fields(path, line, found, &format!("{wanted} separated by commas")));
        }
        let mut values = text.split(',').map(str::trim);
        let label = number(path, line, "label", values.next().unwrap_or_default())?;
        for (value, name) in values.zip(&names[1..=FEATURES]) {
            let value = number(path, line, name, value)?;
            if label == 1.0 {
                rows.push(value);
            }
        }
    }
    let signals = rows.len() / FEATURES;
    if seen == 0 {
        return Err(DataError::Empty { path: path.to_path_buf() });
    }
    if signals == 0 {
        let what = format!("none of {} has the label 1, expected about half of them", counted(seen, "row"));
        return Err(DataError::malformed(path, what));
    }
    let (name, seen) = (path.file_name().unwrap_or_default().to_string_lossy(), counted(seen, "row"));
    let dropped = match names.len() - 1 - FEATURES {
        0 => String::new(),
        _ => format!(", without the column {}", names[1 + FEATURES]),
    };
    steps.push(format!("{name}: of the first {seen} took {} with label 1{dropped}", counted(signals, "row")));
    Ok((names[1..=FEATURES].to_vec(), rows))
}

/// Standardises by the training file, removes features whose values repeat, and splits the training file.
fn prepare(
    columns: &[String],
    mut train: Vec<f64>,
    mut test: Vec<f64>,
    mut steps: Vec<String>,
) -> Result<Parts, DataError> {
    if train.len() < 2 * FEATURES {
        let (dataset, rows) = (HEPMASS.name.to_owned(), train.len() / FEATURES);
        return Err(DataError::TooFewRows { dataset, part: "training", rows, minimum: 2 });
    }
    let moments = Moments::of(HEPMASS.name, columns, &train, 1)?;
    [&mut train, &mut test].into_iter().for_each(|part| moments.standardise(part));
    steps.push("standardised by mean and deviation (n − 1) of the training file, validation included".into());
    let kept = seldom_repeated(HEPMASS.name, &train, columns, &mut steps)?;
    let [train, test] = [train, test].map(|part| keep(&part, FEATURES, &kept));
    let (train, validation) = last_tenth(HEPMASS.name, "validation", train, kept.len())?;
    steps.push("split the training file in order: the last tenth of its rows is validation".into());
    Ok(Parts { columns: kept.iter().map(|&j| columns[j].clone()).collect(), train, validation, test, steps })
}
