//! The five density-estimation benchmarks of Papamakarios, Pavlakou & Murray (2017), "Masked Autoregressive Flow for
//! Density Estimation", from the files that are published: the same columns, rows, order, noise and precision as in the
//! authors' program, so that a likelihood stands beside the papers' tables.
//!
//! Everything is computed in double precision and written in single, as theirs.

mod bsds300;
pub mod columns;
mod gas;
mod gaussian;
mod hepmass;
mod lines;
mod miniboone;
mod numpy_random;
mod parts;
mod power;
mod record;

use std::fs;
use std::path::{Path, PathBuf};

pub use bsds300::BSDS300;
pub use gas::GAS;
pub use gaussian::{LogLikelihood, log_likelihood};
pub use hepmass::HEPMASS;
pub use miniboone::MINIBOONE;
pub use numpy_random::RandomState;
pub use parts::Parts;
pub use power::POWER;
pub use record::{Gaussian, Record, Rows, SourceFile};

use crate::columns::COLUMNS_FILE;
use crate::error::DataError;
use crate::write::{Precision, create_with};

/// One benchmark: what is known of it, and how it is read.
#[derive(Debug)]
pub struct Benchmark {
    pub name: &'static str,
    pub title: &'static str,
    /// Columns, as in the paper.
    pub dim: usize,
    /// Rows of the training, validation and test part, as in the paper.
    pub rows: [usize; 3],
    /// The paper's test log-likelihood of a Gaussian with full covariance, in nats, and two standard errors.
    pub gaussian: [f64; 2],
    /// The files that can be read, in words.
    pub files: &'static str,
    /// The files as they are called where they are fetched.
    pub from: &'static [&'static str],
    pub address: &'static str,
    pub remark: &'static str,
    read: fn(&[PathBuf]) -> Result<Parts, DataError>,
}

/// The archive of the authors' own files.
pub const ARCHIVE: &str = "https://zenodo.org/records/1161203";

/// All of them, in the order of the paper's table.
pub const ALL: [&Benchmark; 5] = [&POWER, &GAS, &HEPMASS, &MINIBOONE, &BSDS300];

/// The record's name beside the arrays.
pub const RECORD_FILE: &str = "preparation.json";

impl Benchmark {
    /// # Errors
    /// An unknown name, with the nearest known one.
    pub fn named(name: &str) -> Result<&'static Self, DataError> {
        let lower = name.to_ascii_lowercase();
        if let Some(found) = ALL.into_iter().find(|known| known.name == lower) {
            return Ok(found);
        }
        let scored = ALL.map(|known| (strsim::jaro_winkler(&lower, known.name), known.name));
        let near = scored.into_iter().filter(|(score, _)| *score > 0.75).max_by(|a, b| a.0.total_cmp(&b.0));
        let known = ALL.map(|known| known.name).join(", ");
        Err(DataError::UnknownBenchmark { name: name.to_owned(), near: near.map(|(_, name)| name), known })
    }

    /// The parts that `files` hold, standardised where the paper does so.
    ///
    /// # Errors
    /// Another number of files; files of another kind, cut short, or with values that are no finite numbers.
    pub fn read(&self, files: &[PathBuf]) -> Result<Parts, DataError> {
        if files.len() != self.from.len() {
            let (expected, found) = (self.from.len(), files.len());
            return Err(DataError::Sources { benchmark: self.name, expected, found, files: self.files });
        }
        if let Some(folder) = files.iter().find(|file| file.is_dir()) {
            return Err(DataError::malformed(folder, format!("a folder; expected {}", self.files)));
        }
        (self.read)(files)
    }
}

/// Reads `files` and writes `train.npy`, `validation.npy`, `test.npy` (float32), `columns.txt` and, last,
/// `preparation.json` to the folder `out`, each first under a temporary name.
///
/// # Errors
/// As [`Benchmark::read`]; a folder that cannot be written.
pub fn prepare(benchmark: &Benchmark, files: &[PathBuf], out: &Path) -> Result<Record, DataError> {
    let parts = rounded(benchmark.read(files)?);
    let sources = files.iter().map(|file| record::source(file)).collect::<Result<_, _>>()?;
    let record_file = out.join(RECORD_FILE);
    let failed = |e| DataError::writing(out, 0, e);
    fs::create_dir_all(out).map_err(failed)?;
    // an earlier record must not stand beside arrays that it does not speak of
    if record_file.exists() {
        fs::remove_file(&record_file).map_err(failed)?;
    }
    for (name, values) in parts.named() {
        let rows = (values.len() / parts.dim()) as u64;
        let mut writer = create_with(out.join(format!("{name}.npy")), &parts.columns, rows, Precision::Single)?;
        writer.write_rows(values)?;
        writer.finish()?;
    }
    write(&out.join(COLUMNS_FILE), &(parts.columns.join("\n") + "\n"))?;
    let found = log_likelihood(&parts.train, &parts.test, parts.dim());
    let record = Record::new(benchmark, sources, &parts, found);
    let text = serde_json::to_string_pretty(&record).expect("names and finite numbers");
    write(&record_file, &(text + "\n"))?;
    Ok(record)
}

/// The values that are written: those of single precision.
fn rounded(mut parts: Parts) -> Parts {
    for part in [&mut parts.train, &mut parts.validation, &mut parts.test] {
        part.iter_mut().for_each(|x| *x = f64::from(*x as f32));
    }
    parts
}

fn write(path: &Path, text: &str) -> Result<(), DataError> {
    flowstill_model::atomic::write(path, text.as_bytes()).map_err(|e| DataError::writing(path, 0, e))
}
