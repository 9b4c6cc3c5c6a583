//! Everything that can be wrong with data, in words that name the place and the way out.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use crate::synthetic::TargetError;

/// Why rows could not be read, split or written.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    #[error("{}: no such file{}", path.display(), tried(path))]
    Missing { path: PathBuf },

    #[error("{}: {found}; expected .csv, .tsv, .txt, .npy or .npz, each also with .gz", path.display())]
    UnknownFormat { path: PathBuf, found: String },

    #[error("{}: cannot be read", path.display())]
    Read { path: PathBuf, source: io::Error },

    #[error("{}: ends too early{detail}; the file is cut short, write or fetch it again", path.display())]
    Truncated { path: PathBuf, detail: String },

    #[error("{}: {what}", path.display())]
    Malformed { path: PathBuf, what: String },

    #[error("{}: no rows of numbers in it", path.display())]
    Empty { path: PathBuf },

    #[error("{}: line {line} has {}, expected {expected} as in the first row", path.display(), count(*found, "field"))]
    Ragged { path: PathBuf, line: u64, expected: usize, found: usize },

    #[error("{}: line {line}, column {column}: {text:?} is not a number{hint}", path.display())]
    NotANumber { path: PathBuf, line: u64, column: String, text: String, hint: &'static str },

    #[error(
        "{}: {} NaN, ∞ or a missing value ({}); drop or impute them first",
        path.display(), hold(*count), listed(place, first, *count)
    )]
    NotFinite { path: PathBuf, count: usize, place: Place, first: Vec<u64> },

    #[error(
        "{}: the array has shape {shape:?}; expected rows × columns, or one axis for a single column",
        path.display()
    )]
    Shape { path: PathBuf, shape: Vec<u64> },

    #[error(
        "{}: the values are of type {found}; expected float16, float32, float64, an integer or a bool",
        path.display()
    )]
    ElementType { path: PathBuf, found: String },

    #[error(
        "{}: the values are of type {found}; expected uint8, bytes from 0 to 255: save it with .astype(numpy.uint8)",
        path.display()
    )]
    NoBytes { path: PathBuf, found: String },

    #[error("{}: {found}; rows that stay in their file are those of an uncompressed .npy in C order", path.display())]
    NoStream { path: PathBuf, found: String },

    #[error("{}: {}; name the folder that holds the pictures", path.display(), if *file { "a file" } else { "no such folder" })]
    NoFolder { path: PathBuf, file: bool },

    #[error("{}: {}", path.display(), no_pictures(missing))]
    NoPictures { path: PathBuf, missing: Option<Vec<&'static str>> },

    #[error(
        "{}: pictures of {found}, but {} has {expected}; give all parts pictures of one shape",
        path.display(), reference.display()
    )]
    PictureShape { path: PathBuf, found: String, reference: PathBuf, expected: String },

    #[error(
        "{dataset}: the {part} part has the value {value} in row {row} (counted from 0), column {column}; expected \
         pixels, whole numbers from 0 to {}; correct `levels`, or leave `pixels` out for other data", levels - 1
    )]
    NoPixel { dataset: String, part: &'static str, row: usize, column: String, value: f64, levels: u32 },

    #[error("{dataset}: {reason}; correct the section `pixels`")]
    Pixels { dataset: String, reason: String },

    #[error(
        "{}: {}; it holds {}: choose one as {}:NAME",
        path.display(), not_found(wanted), quoted(names), path.display()
    )]
    ChooseArray { path: PathBuf, wanted: Option<String>, names: Vec<String> },

    #[error("{}: {}, but {} has {expected}", path.display(), count(*found, "column"), reference.display())]
    Dimension { path: PathBuf, found: usize, reference: PathBuf, expected: usize },

    #[error(
        "{}: column {position} is called {found:?}, but {} calls it {expected:?}; \
         give all parts the same columns in one order",
        path.display(), reference.display()
    )]
    ColumnName { path: PathBuf, position: usize, found: String, reference: PathBuf, expected: String },

    #[error(
        "{dataset}: column {column} is constant ({value} in all {rows} training rows), so it has no density; \
         remove the column"
    )]
    Constant { dataset: String, column: String, value: f64, rows: usize },

    #[error("{dataset}: column {column} spans too large or too small a range to be standardised; rescale it")]
    Scale { dataset: String, column: String },

    #[error(
        "{dataset}: the {part} part has {}, expected at least {minimum}; give more rows or change the split",
        count(*rows, "row")
    )]
    TooFewRows { dataset: String, part: &'static str, rows: usize, minimum: usize },

    #[error("{dataset}: {rows} rows, expected at most {maximum}; give a part of them")]
    TooManyRows { dataset: String, rows: usize, maximum: usize },

    #[error("split {split:?}: expected three fractions for train, validation and test, each above 0, that sum to 1")]
    Split { split: [f64; 3] },

    #[error(
        "{dataset}: in every column the least value occurs more than five times, so none is left; fetch the files again"
    )]
    AllRepeated { dataset: String },

    #[error("there is no benchmark `{name}`; {}expected {known}", did_you_mean(near))]
    UnknownBenchmark { name: String, near: Option<&'static str>, known: String },

    #[error("{benchmark}: expected {}, found {found}: {files}", count(*expected, "file"))]
    Sources { benchmark: &'static str, expected: usize, found: usize, files: &'static str },

    #[error(transparent)]
    Target(#[from] TargetError),

    #[error("{}: cannot write {found}; expected .npy, .csv or - for standard output", path.display())]
    UnknownOutput { path: PathBuf, found: String },

    #[error("{}: cannot be written", path.display())]
    Write { path: PathBuf, source: io::Error },

    #[error("{}: the disk is full after {rows} rows; free some space or write elsewhere", path.display())]
    DiskFull { path: PathBuf, rows: u64 },

    /// The reader of standard output went away (`… | head`): not a failure, end quietly.
    #[error("standard output was closed by its reader")]
    BrokenPipe,

    #[error("{}: {written} rows were written, but {expected} announced", path.display())]
    RowCount { path: PathBuf, expected: u64, written: u64 },
}

/// How rows of a file are counted when they are named: lines of a text from 1, rows of an array from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Line,
    Row,
}

/// The number of offending rows that a message names.
pub(crate) const NAMED_ROWS: usize = 5;

impl DataError {
    /// Sorts a failure to open or read `path` into missing, cut short, damaged or unreadable.
    pub(crate) fn reading(path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::NotFound => Self::Missing { path },
            io::ErrorKind::UnexpectedEof => Self::Truncated { path, detail: String::new() },
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                Self::Malformed { path, what: format!("damaged: {source}") }
            }
            _ => Self::Read { path, source },
        }
    }

    /// Sorts a failure to write `path` after `rows` rows.
    pub(crate) fn writing(path: &Path, rows: u64, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path, rows },
            _ => Self::Write { path, source },
        }
    }

    pub(crate) fn malformed(path: &Path, what: impl Into<String>) -> Self {
        Self::Malformed { path: path.to_path_buf(), what: what.into() }
    }
}

/// Where a relative path was looked for.
fn tried(path: &Path) -> String {
    if path.is_absolute() {
        return String::new();
    }
    std::path::absolute(path).map_or_else(|_| String::new(), |full| format!(" (looked for {})", full.display()))
}

fn did_you_mean(near: &Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("did you mean `{near}`? "))
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn no_pictures(missing: &Option<Vec<&'static str>>) -> String {
    match missing {
        Some(names) => format!("{} is missing there, also with .gz; fetch it", names.join(" and ")),
        None => {
            "holds neither train-images-idx3-ubyte and t10k-images-idx3-ubyte nor train_images.npy, val_images.npy and \
                 test_images.npy (each also with .gz); fetch one of the two sets"
                .into()
        }
    }
}

fn hold(count: usize) -> String {
    if count == 1 { "1 row holds".into() } else { format!("{count} rows hold") }
}

fn listed(place: &Place, first: &[u64], count: usize) -> String {
    let what = match (place, count) {
        (Place::Line, 1) => "line",
        (Place::Line, _) => "lines",
        (Place::Row, 1) => "row",
        (Place::Row, _) => "rows",
    };
    let more = if count > first.len() { ", …" } else { "" };
    let from = if matches!(place, Place::Row) { ", counted from 0" } else { "" };
    format!("{what} {}{more}{from}", joined(first))
}

fn joined(items: &[impl Display]) -> String {
    items.iter().map(|i| i.to_string()).collect::<Vec<_>>().join(", ")
}

fn not_found(wanted: &Option<String>) -> String {
    match wanted {
        Some(name) => format!("no array called {name:?}"),
        None => "several arrays and none called x, data or train".into(),
    }
}

fn quoted(names: &[String]) -> String {
    joined(&names.iter().map(|n| format!("{n:?}")).collect::<Vec<_>>())
}
