//! BSDS300: patches of 8 × 8 pixels of natural pictures, without their mean and their last pixel.

use std::path::{Path, PathBuf};

use hdf5_pure::{DType, File};

use super::Benchmark;
use super::parts::Parts;
use crate::columns::numbered;
use crate::error::{DataError, NAMED_ROWS, Place};

pub const BSDS300: Benchmark = Benchmark {
    name: "bsds300",
    title: "patches of natural pictures",
    dim: 63,
    rows: [1_000_000, 50_000, 250_000],
    gaussian: [96.67, 0.25],
    files: "BSDS300/BSDS300.hdf5 of the authors' archive",
    from: &["BSDS300.hdf5"],
    address: "https://zenodo.org/records/1161203",
    remark: "The file holds the three parts as the paper used them; they are copied.",
    read,
};

const PARTS: [&str; 3] = ["train", "validation", "test"];

fn read(files: &[PathBuf]) -> Result<Parts, DataError> {
    let path = &files[0];
    // what cannot be opened at all is said in the words for every other file
    let length =
        std::fs::File::open(path).and_then(|file| file.metadata()).map_err(|e| DataError::reading(path, e))?.len();
    if length == 0 {
        return Err(DataError::Empty { path: path.clone() });
    }
    let file = File::open_streaming(path).map_err(|e| damaged(path, "", &e))?;
    let mut found = file.root().datasets().map_err(|e| damaged(path, "", &e))?;
    if PARTS.iter().any(|part| !found.iter().any(|name| name == part)) {
        found.sort();
        let holds = if found.is_empty() { "no data sets".to_owned() } else { found.join(", ") };
        let what =
            format!("holds {holds}, expected the data sets {}; give the archive's BSDS300.hdf5", PARTS.join(", "));
        return Err(DataError::malformed(path, what));
    }
    let [train, validation, test] = [0, 1, 2].map(|i| read_part(path, &file, PARTS[i]));
    let steps = vec!["copied the three parts: the authors' file is prepared already".to_owned()];
    Ok(Parts { columns: numbered(BSDS300.dim), train: train?, validation: validation?, test: test?, steps })
}

fn read_part(path: &Path, file: &File, part: &str) -> Result<Vec<f64>, DataError> {
    let place = format!("data set {part}: ");
    let damaged = |e: hdf5_pure::Error| damaged(path, &place, &e);
    let data = file.dataset(part).map_err(damaged)?;
    let (shape, kind) = (data.shape().map_err(damaged)?, data.dtype().map_err(damaged)?);
    let dim = BSDS300.dim as u64;
    let rows = match shape[..] {
        [rows, columns] if rows > 0 && columns == dim => rows,
        _ => {
            let what =
                format!("{place}has the shape {shape:?}, expected rows × {dim}; give the archive's BSDS300.hdf5");
            return Err(DataError::malformed(path, what));
        }
    };
    if !matches!(kind, DType::F32 | DType::F64) {
        let what = format!("{place}holds values of type {kind}, expected float32 or float64");
        return Err(DataError::malformed(path, what));
    }
    let values = data.read_f64().map_err(damaged)?;
    if values.len() as u64 != rows * dim {
        return Err(DataError::Truncated { path: path.to_path_buf(), detail: format!(" in data set {part}") });
    }
    let bad = || values.chunks_exact(BSDS300.dim).enumerate().filter(|(_, row)| row.iter().any(|x| !x.is_finite()));
    match bad().count() {
        0 => Ok(values),
        count => {
            let first = bad().take(NAMED_ROWS).map(|(i, _)| i as u64).collect();
            // the data set stands where an array of several would be named
            let path = PathBuf::from(format!("{}:{part}", path.display()));
            Err(DataError::NotFinite { path, count, place: Place::Row, first })
        }
    }
}

fn damaged(path: &Path, place: &str, error: &hdf5_pure::Error) -> DataError {
    let what = format!(
        "{place}cannot be read as HDF5 ({error}); it is damaged, cut short or of a newer format: fetch it again"
    );
    DataError::malformed(path, what)
}
