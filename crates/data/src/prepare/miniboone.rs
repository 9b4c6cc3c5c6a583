//! MINIBOONE: particles in a detector of neutrinos; the paper takes the electron neutrinos, the signal.

use std::path::{Path, PathBuf};

use super::Benchmark;
use super::columns::{Moments, counted, keep, seldom_repeated};
use super::lines::{Lines, fields, number, shown};
use super::parts::{Parts, SPLIT, last_tenth};
use crate::columns::numbered;
use crate::error::DataError;
use crate::table::read_table;

pub const MINIBOONE: Benchmark = Benchmark {
    name: "miniboone",
    title: "electron neutrinos of the MiniBooNE experiment",
    dim: 43,
    rows: [29_556, 3_284, 3_648],
    gaussian: [-37.24, 1.07],
    files: "MiniBooNE_PID.txt of UCI, or miniboone/data.npy of the authors' archive",
    from: &["MiniBooNE_PID.txt"],
    address: "https://archive.ics.uci.edu/dataset/199/miniboone+particle+identification",
    remark: "Of UCI's text the signal is taken, which comes first, without outliers (a first feature below -100).",
    read,
};

const FEATURES: usize = 50;
/// A first feature below this marks an outlier.
const OUTLIER: f64 = -100.0;

fn read(files: &[PathBuf]) -> Result<Parts, DataError> {
    let path = &files[0];
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    if name.trim_end_matches(".gz").ends_with(".npy") {
        let table = read_table(path)?;
        if table.dim != MINIBOONE.dim {
            let what = format!(
                "{}, expected {}: the archive's miniboone/data.npy has no other features; for all {FEATURES} of them \
                 give MiniBooNE_PID.txt",
                counted(table.dim, "column"),
                MINIBOONE.dim
            );
            return Err(DataError::malformed(path, what));
        }
        return prepare(numbered(table.dim), table.values, Vec::new());
    }
    let (signal, mut steps) = read_text(path)?;
    let columns = numbered(FEATURES);
    let kept = seldom_repeated(MINIBOONE.name, &signal, &columns, &mut steps)?;
    prepare(kept.iter().map(|&j| columns[j].clone()).collect(), keep(&signal, FEATURES, &kept), steps)
}

/// The rows of the signal without its outliers. The first line has the numbers of rows: signal first, background after.
fn read_text(path: &Path) -> Result<(Vec<f64>, Vec<String>), DataError> {
    let mut lines = Lines::open(path)?;
    let header = lines.first()?;
    let counts: Option<Vec<usize>> = header.split_ascii_whitespace().map(|field| field.parse().ok()).collect();
    let Some([signal, background]) = counts.as_deref() else {
        let what = format!(
            "line 1 is {}, expected the numbers of signals and of backgrounds; give MiniBooNE_PID.txt of UCI as it was \
             fetched",
            shown(header)
        );
        return Err(DataError::malformed(path, what));
    };
    let (mut rows, mut seen, mut outliers) = (Vec::new(), 0, 0);
    while seen < *signal {
        let Some((line, text)) = lines.next()? else {
            let detail = format!(" after {} of {signal} rows of signal", counted(seen, "row"));
            return Err(DataError::Truncated { path: path.to_path_buf(), detail });
        };
        let found = text.split_ascii_whitespace().count();
        if found != FEATURES {
            return Err(fields(path, line, found, "50 separated by spaces"));
        }
        let start = rows.len();
        for (j, field) in text.split_ascii_whitespace().enumerate() {
            rows.push(number(path, line, &(j + 1).to_string(), field)?);
        }
        if rows[start] < OUTLIER {
            rows.truncate(start);
            outliers += 1;
        }
        seen += 1;
    }
    if rows.is_empty() {
        return Err(DataError::Empty { path: path.to_path_buf() });
    }
    let steps = vec![
        format!("took {} of signal, left out {} of background", counted(*signal, "row"), counted(*background, "row")),
        format!("removed {}: first feature below {OUTLIER}", counted(outliers, "outlier")),
    ];
    Ok((rows, steps))
}

/// Splits, and standardises by all rows that are not tested on.
fn prepare(columns: Vec<String>, rows: Vec<f64>, mut steps: Vec<String>) -> Result<Parts, DataError> {
    let dim = columns.len();
    let (rest, mut test) = last_tenth(MINIBOONE.name, "test", rows, dim)?;
    let moments = Moments::of(MINIBOONE.name, &columns, &rest, 0)?;
    let (mut train, mut validation) = last_tenth(MINIBOONE.name, "validation", rest, dim)?;
    steps.push(SPLIT.into());
    [&mut train, &mut validation, &mut test].into_iter().for_each(|part| moments.standardise(part));
    steps.push("standardised by mean and deviation of train and validation together".into());
    Ok(Parts { columns, train, validation, test, steps })
}
