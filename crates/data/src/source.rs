//! Where a data set comes from, and the one way to load it.

use std::path::{Path, PathBuf};

use flowstill_model::Pixels;

use crate::columns;
use crate::dataset::Dataset;
use crate::error::DataError;
use crate::mnist::Files;
use crate::split;
use crate::stream::{MOST_KEPT, Stream};
use crate::synthetic::Target;
use crate::table::{Table, read_pictures, read_table};

/// Synthetic rows live in memory: at most 8 GiB of them, which also keeps their number within 32 bits.
const MOST_SYNTHETIC_VALUES: usize = 1 << 30;

/// A source of rows. `split` holds the fractions of train, validation and test; `seed` decides which rows go where, and
/// the noise of pictures. With `pixels` the rows of a file are pictures, whose shape is taken from an array of three
/// axes, or that of a square, where `pixels` does not say it.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// One file, cut into three parts.
    File { path: PathBuf, split: [f64; 3], pixels: Option<Pixels>, seed: u64 },
    /// A file per part. A missing part is carved out of the training file, in proportion to `split`.
    Parts {
        train: PathBuf,
        validation: Option<PathBuf>,
        test: Option<PathBuf>,
        split: [f64; 3],
        pixels: Option<Pixels>,
        seed: u64,
    },
    /// The same with training rows that stay in their file: see [`Stream`].
    Streamed { train: PathBuf, validation: PathBuf, test: PathBuf },
    /// A folder of pictures as [`Files`] says, in its own parts.
    Mnist { folder: PathBuf, pixels: Pixels, seed: u64 },
    /// `rows` draws of a target with known density; row `i` depends on (seed, i) only.
    Synthetic { target: Target, rows: usize, split: [f64; 3], seed: u64 },
}

impl Source {
    /// Whether rows are pictures.
    pub fn is_pictures(&self) -> bool {
        match self {
            Self::File { pixels, .. } | Self::Parts { pixels, .. } => pixels.is_some(),
            Self::Mnist { .. } => true,
            Self::Streamed { .. } | Self::Synthetic { .. } => false,
        }
    }
}

/// Reads, checks, splits and standardises.
///
/// # Errors
/// Whatever [`read_table`] refuses; parts that differ in their columns; too few rows; a column that is constant in
/// the training part; pixels that are none.
pub fn load(source: &Source) -> Result<Dataset, DataError> {
    match source {
        Source::File { path, split, pixels, seed } => {
            split::check(*split)?;
            let table = read(path, pixels.as_ref())?;
            let (name, columns) = (stem(path), columns::names(path, &table));
            rows_fit(&name, table.rows())?;
            let parts = split::deal(&table.values, table.dim, split, *seed);
            assemble(name, columns, shaped(pixels.as_ref(), &table), *seed, three(parts))
        }
        Source::Parts { train, validation, test, split, pixels, seed } => {
            split::check(*split)?;
            let pixels = pixels.as_ref();
            let first = read(train, pixels)?;
            let (name, columns) = (name_of_parts(train), columns::names(train, &first));
            rows_fit(&name, first.rows())?;
            let given = |path: &Option<PathBuf>| {
                path.as_ref().map(|p| read_like(p, pixels, train, &first, &columns)).transpose()
            };
            let (validation, test) = (given(validation)?, given(test)?);
            let carve = |fractions: &[f64]| split::deal(&first.values, first.dim, fractions, *seed);
            let pixels = shaped(pixels, &first);
            let [a, b, c] = *split;
            let parts = match (validation, test) {
                (Some(validation), Some(test)) => [first.values, validation, test],
                (Some(validation), None) => {
                    let [train, test] = two(carve(&[a, c]));
                    [train, validation, test]
                }
                (None, Some(test)) => {
                    let [train, validation] = two(carve(&[a, b]));
                    [train, validation, test]
                }
                (None, None) => three(carve(split)),
            };
            assemble(name, columns, pixels, *seed, parts)
        }
        Source::Streamed { train, validation, test } => {
            let stream = Stream::open(train)?;
            let name = name_of_parts(train);
            let first = Table { columns: None, dim: stream.dim(), picture: None, values: Vec::new() };
            let columns = columns::names(train, &first);
            rows_fit(&name, stream.len())?;
            let held_out = [validation, test].map(|path| read_like(path, None, train, &first, &columns));
            let [validation, test] = held_out;
            Dataset::streamed(name, columns, stream, MOST_KEPT, [validation?, test?])
        }
        Source::Mnist { folder, pixels, seed } => {
            let parts = Files::find(folder)?.read()?;
            let name = stem(folder);
            let (columns, pixels) = (columns::numbered(parts[0].dim), shaped(Some(pixels), &parts[0]));
            for part in &parts {
                rows_fit(&name, part.rows())?;
            }
            assemble(name, columns, pixels, *seed, parts.map(|part| part.values))
        }
        Source::Synthetic { target, rows, split, seed } => {
            split::check(*split)?;
            let name = target.name().to_string();
            let maximum = MOST_SYNTHETIC_VALUES / target.dim();
            if *rows > maximum {
                return Err(DataError::TooManyRows { dataset: name, rows: *rows, maximum });
            }
            let values = target.draw_rows(*rows, *seed);
            let parts = split::deal(&values, target.dim(), split, *seed);
            Dataset::assemble(name, columns::numbered(target.dim()), three(parts))
        }
    }
}

fn read(path: &Path, pixels: Option<&Pixels>) -> Result<Table, DataError> {
    if pixels.is_some() { read_pictures(path) } else { read_table(path) }
}

fn assemble(
    name: String,
    columns: Vec<String>,
    pixels: Option<Pixels>,
    seed: u64,
    parts: [Vec<f64>; 3],
) -> Result<Dataset, DataError> {
    match pixels {
        Some(pixels) => Dataset::of_pictures(name, columns, pixels, seed, parts),
        None => Dataset::assemble(name, columns, parts),
    }
}

/// The settings with the shape of the pictures in `table`, if it can be told.
fn shaped(pixels: Option<&Pixels>, table: &Table) -> Option<Pixels> {
    let side = table.dim.isqrt();
    let square = (side > 1 && side * side == table.dim).then_some([side, side]);
    pixels.map(|pixels| Pixels { shape: pixels.shape.or(table.picture).or(square), ..pixels.clone() })
}

/// Reads a further part, whose columns must be those of the training file.
fn read_like(
    path: &Path,
    pixels: Option<&Pixels>,
    reference: &Path,
    first: &Table,
    columns: &[String],
) -> Result<Vec<f64>, DataError> {
    let table = read(path, pixels)?;
    if table.dim != first.dim {
        let (path, reference) = (path.to_path_buf(), reference.to_path_buf());
        return Err(DataError::Dimension { path, found: table.dim, reference, expected: first.dim });
    }
    if let (Some(names), Some(_)) = (&table.columns, &first.columns)
        && let Some(j) = (0..names.len()).find(|&j| names[j] != columns[j])
    {
        return Err(DataError::ColumnName {
            path: path.to_path_buf(),
            position: j + 1,
            found: names[j].clone(),
            reference: reference.to_path_buf(),
            expected: columns[j].clone(),
        });
    }
    rows_fit(&stem(path), table.rows())?;
    Ok(table.values)
}

/// Rows are addressed by 32-bit indices.
fn rows_fit(name: &str, rows: usize) -> Result<(), DataError> {
    let maximum = u32::MAX as usize;
    if rows > maximum {
        return Err(DataError::TooManyRows { dataset: name.to_string(), rows, maximum });
    }
    Ok(())
}

/// The file name up to its first extension that says something about the format.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let name = name.split_once(".npz:").map_or(name.as_str(), |(file, _)| file);
    let name = name.strip_suffix(".gz").unwrap_or(name);
    [".csv", ".tsv", ".txt", ".npy", ".npz"].iter().find_map(|e| name.strip_suffix(e)).unwrap_or(name).to_string()
}

/// `casp/train.npy` is the data set casp, not the data set train.
fn name_of_parts(train: &Path) -> String {
    let own = stem(train);
    let folder = train.parent().and_then(Path::file_name).map(|f| f.to_string_lossy().into_owned());
    match folder {
        Some(folder) if own.eq_ignore_ascii_case("train") || own.eq_ignore_ascii_case("training") => folder,
        _ => own,
    }
}

fn three(parts: Vec<Vec<f64>>) -> [Vec<f64>; 3] {
    parts.try_into().expect("three fractions give three parts")
}

fn two(parts: Vec<Vec<f64>>) -> [Vec<f64>; 2] {
    parts.try_into().expect("two fractions give two parts")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_files_or_their_folder() {
        assert_eq!(stem(Path::new("a/b.v2.csv.gz")), "b.v2");
        assert_eq!(stem(Path::new("a/b.npz:train")), "b");
        assert_eq!(name_of_parts(Path::new("data/casp/train.npy")), "casp");
        assert_eq!(name_of_parts(Path::new("data/casp_train.npy")), "casp_train");
        assert_eq!(name_of_parts(Path::new("train.npy")), "train");
    }
}
