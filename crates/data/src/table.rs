//! One file of rows, whatever its format.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use crate::error::{DataError, NAMED_ROWS, Place};
use crate::{delimited, npy, npz};

/// Rows of numbers in data space: `rows × dim`, row-major, all finite, at least one row and one column.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Names of the columns, where the file gives them.
    pub columns: Option<Vec<String>>,
    pub dim: usize,
    /// Rows and columns of each picture, for an array of pictures.
    pub picture: Option<[usize; 2]>,
    pub values: Vec<f64>,
}

impl Table {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.values.len() / self.dim
    }

    /// The same columns without rows.
    pub(crate) fn clone_shape(&self) -> Self {
        Self { columns: self.columns.clone(), dim: self.dim, picture: self.picture, values: Vec::new() }
    }
}

/// Reads the rows of one file; the format follows from the name.
///
/// - `.csv`, `.tsv`, `.txt`: delimited by commas, tabs, semicolons or white space, whichever the first lines show.
///   A first row with a field that is no number gives the names of the columns. Empty lines and lines that begin
///   with `#` are skipped.
/// - `.npy`: NumPy formats 1.0 to 3.0, floats, integers and bools in either byte order, C or Fortran order;
///   an array with one axis is one column.
/// - `.npz`: its only array, or the one called `x`, `data` or `train`; `file.npz:name` selects another.
/// - Any of these followed by `.gz`.
///
/// # Errors
/// Every error names the file and, where there is one, the line or row and the column. Rows with NaN, ∞ or a missing
/// value are an error: a density has no use for them and dropping them silently would change the data.
pub fn read_table(path: impl AsRef<Path>) -> Result<Table, DataError> {
    let path = path.as_ref();
    let table = read_pictures(path)?;
    match table.picture {
        None => Ok(table),
        Some(picture) => {
            let shape = [table.rows(), picture[0], picture[1]].map(|n| n as u64).to_vec();
            Err(DataError::Shape { path: path.to_path_buf(), shape })
        }
    }
}

/// [`read_table`], and arrays of three axes as well: pictures × their rows × their columns, which become one row each,
/// line by line.
///
/// # Errors
/// As for [`read_table`].
pub fn read_pictures(path: impl AsRef<Path>) -> Result<Table, DataError> {
    let (path, member) = split_member(path.as_ref());
    let path = path.as_path();
    let (format, gzipped) = Format::of(path)?;
    let file = File::open(path).map_err(|e| DataError::reading(path, e))?;
    let table = match (format, gzipped) {
        (Format::Npz, false) => npz::read(path, BufReader::new(file), member.as_deref())?,
        (Format::Npz, true) => {
            // the directory of a zip archive is at its end, so it needs a reader that can seek
            let mut bytes = Vec::new();
            MultiGzDecoder::new(file).read_to_end(&mut bytes).map_err(|e| DataError::reading(path, e))?;
            npz::read(path, std::io::Cursor::new(bytes), member.as_deref())?
        }
        (Format::Npy, false) => npy::read(path, BufReader::new(file))?,
        (Format::Npy, true) => npy::read(path, BufReader::new(MultiGzDecoder::new(file)))?,
        // checks finiteness itself, because only it knows the lines
        (Format::Delimited, false) => return delimited::read(path, BufReader::new(file)),
        (Format::Delimited, true) => return delimited::read(path, BufReader::new(MultiGzDecoder::new(file))),
    };
    check_finite(path, &table)?;
    Ok(table)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Delimited,
    Npy,
    Npz,
}

impl Format {
    /// The format that a name stands for, and whether it is gzipped.
    fn of(path: &Path) -> Result<(Self, bool), DataError> {
        let is_gz = |p: &Path| p.extension().is_some_and(|e| e.eq_ignore_ascii_case("gz"));
        let gzipped = is_gz(path);
        let inner = if gzipped { path.with_extension("") } else { path.to_path_buf() };
        let extension = inner.extension().map(OsStr::to_ascii_lowercase);
        let format = match extension.as_ref().and_then(|e| e.to_str()) {
            Some("csv" | "tsv" | "txt") => Self::Delimited,
            Some("npy") => Self::Npy,
            Some("npz") => Self::Npz,
            Some(other) => {
                let found = format!("unknown kind of file .{other}");
                return Err(DataError::UnknownFormat { path: path.to_path_buf(), found });
            }
            None => {
                let found = "the name has no extension".to_string();
                return Err(DataError::UnknownFormat { path: path.to_path_buf(), found });
            }
        };
        Ok((format, gzipped))
    }
}

/// `folder/file.npz:name` → the file and the name of the array in it. A file that really has such a name wins.
fn split_member(path: &Path) -> (PathBuf, Option<String>) {
    if let Some((file, member)) = path.to_str().and_then(|text| text.rsplit_once(':')) {
        let lower = file.to_ascii_lowercase();
        if (lower.ends_with(".npz") || lower.ends_with(".npz.gz")) && !path.exists() {
            return (PathBuf::from(file), Some(member.to_string()));
        }
    }
    (path.to_path_buf(), None)
}

fn check_finite(path: &Path, table: &Table) -> Result<(), DataError> {
    let bad = || table.values.chunks_exact(table.dim).enumerate().filter(|(_, row)| row.iter().any(|v| !v.is_finite()));
    let count = bad().count();
    if count == 0 {
        return Ok(());
    }
    let first = bad().take(NAMED_ROWS).map(|(i, _)| i as u64).collect();
    Err(DataError::NotFinite { path: path.to_path_buf(), count, place: Place::Row, first })
}
