//! Training rows that stay in their file: data larger than memory.
//!
//! Rows are read where they lie, by position, whenever a batch asks for them. A map of the file into memory would do the
//! same with the operating system's pages; a read says what is wrong where a mapped file that somebody cuts short ends the
//! program.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flowstill_model::Standardizer;
use rayon::prelude::*;

use crate::dataset::Columns;
use crate::error::{DataError, NAMED_ROWS, Place};
use crate::npy::{Element, read_header};

/// Values read at a time in a walk through the file.
const CHUNK: usize = 1 << 16;
/// Values of the rows that a data set keeps in memory beside the file, at most: 256 MiB of them.
pub(crate) const MOST_KEPT: usize = 1 << 26;
/// Rows of a batch that one thread reads.
const ROWS_AT_ONCE: usize = 32;

/// The rows of a NumPy file, in C order, none of which are held in memory.
#[derive(Debug, Clone)]
pub struct Stream {
    path: PathBuf,
    file: Arc<File>,
    /// where the values begin
    begin: u64,
    element: Element,
    rows: usize,
    standardizer: Standardizer,
}

/// What one walk through the file finds.
#[derive(Debug)]
pub(crate) struct Walked {
    pub columns: Columns,
    /// every `stride`-th row, in data space
    pub kept: Vec<f64>,
    pub stride: usize,
}

impl Stream {
    /// # Errors
    /// A file that is no .npy of rows × columns in C order, or not as long as its header says.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        let refuse = |found: String| DataError::NoStream { path: path.to_path_buf(), found };
        if path.extension().is_none_or(|extension| !extension.eq_ignore_ascii_case("npy")) {
            return Err(refuse("is no .npy file".into()));
        }
        let reading = |error| DataError::reading(path, error);
        let mut file = File::open(path).map_err(reading)?;
        let header = read_header(path, &mut file)?;
        let begin = std::io::Seek::stream_position(&mut file).map_err(reading)?;
        let element = Element::parse(&header.descr)
            .ok_or_else(|| DataError::ElementType { path: path.to_path_buf(), found: header.descr.clone() })?;
        let (rows, dim) = match header.shape[..] {
            [rows] => (rows, 1),
            [rows, dim] => (rows, dim),
            _ => return Err(DataError::Shape { path: path.to_path_buf(), shape: header.shape }),
        };
        if header.fortran && dim > 1 {
            return Err(refuse("is in Fortran order, where a row lies in many places".into()));
        }
        if rows == 0 || dim == 0 {
            return Err(DataError::Empty { path: path.to_path_buf() });
        }
        let (bytes, found) = (file.metadata().map_err(reading)?.len(), element.width as u64);
        let expected = rows.checked_mul(dim).and_then(|n| n.checked_mul(found)).and_then(|n| n.checked_add(begin));
        match expected {
            Some(expected) if bytes > expected => {
                return Err(DataError::malformed(path, "the file goes on after the array that its header announces"));
            }
            Some(expected) if bytes == expected => {}
            _ => {
                let found = bytes.saturating_sub(begin) / found;
                let detail = format!(" with {found} of the {rows} × {dim} values that its header promises");
                return Err(DataError::Truncated { path: path.to_path_buf(), detail });
            }
        }
        let standardizer = Standardizer::identity(dim as usize);
        Ok(Self { path: path.to_path_buf(), file: Arc::new(file), begin, element, rows: rows as usize, standardizer })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    pub fn dim(&self) -> usize {
        self.standardizer.dim()
    }

    pub(crate) fn standardised_by(self, standardizer: Standardizer) -> Self {
        Self { standardizer, ..self }
    }

    /// Goes through all rows once and keeps some, of about `most_kept` values at most; `each` is given some rows at a time.
    pub(crate) fn walk(&self, most_kept: usize, mut each: impl FnMut(&[f64])) -> Result<Walked, DataError> {
        let dim = self.dim();
        let stride = self.rows.div_ceil((most_kept / dim).max(1));
        let kept = Vec::with_capacity(self.rows.div_ceil(stride) * dim);
        let mut walked = Walked { columns: Columns::new(dim), kept, stride };
        let at_once = (CHUNK / dim).max(1);
        let (mut values, mut bytes) = (Vec::with_capacity(at_once * dim), Vec::new());
        let (mut count, mut first) = (0, Vec::new());
        for begin in (0..self.rows).step_by(at_once) {
            values.clear();
            self.read(begin, at_once.min(self.rows - begin), &mut bytes, &mut values)?;
            for (i, row) in values.chunks_exact(dim).enumerate() {
                if row.iter().any(|value| !value.is_finite()) {
                    count += 1;
                    if first.len() < NAMED_ROWS {
                        first.push((begin + i) as u64);
                    }
                }
                if (begin + i).is_multiple_of(stride) {
                    walked.kept.extend_from_slice(row);
                }
            }
            walked.columns.add(&values);
            each(&values);
        }
        if count > 0 {
            return Err(DataError::NotFinite { path: self.path.clone(), count, place: Place::Row, first });
        }
        Ok(walked)
    }

    /// As [`gather`](crate::batches::gather). Uses the current rayon pool.
    ///
    /// # Errors
    /// A file that can no longer be read, or has become shorter.
    pub fn gather(&self, indices: &[u32], out: &mut Vec<f32>) -> Result<(), DataError> {
        let dim = self.dim();
        out.clear();
        out.resize(indices.len() * dim, 0.0);
        indices.par_chunks(ROWS_AT_ONCE).zip(out.par_chunks_mut(ROWS_AT_ONCE * dim)).try_for_each(|(indices, out)| {
            let (mut values, mut bytes) = (Vec::with_capacity(indices.len() * dim), Vec::new());
            for &row in indices {
                self.read(row as usize, 1, &mut bytes, &mut values)?;
            }
            out.copy_from_slice(&self.standardizer.standardize(&values));
            Ok(())
        })
    }

    /// Appends `rows` rows from `first` on, in data space; `bytes` is room for what lies in the file.
    fn read(&self, first: usize, rows: usize, bytes: &mut Vec<u8>, values: &mut Vec<f64>) -> Result<(), DataError> {
        let row = (self.dim() * self.element.width) as u64;
        bytes.resize(rows * row as usize, 0);
        self.file.read_exact_at(bytes, self.begin + first as u64 * row).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => {
                let detail = format!(" before the end of row {}, though it was longer before", first + rows - 1);
                DataError::Truncated { path: self.path.clone(), detail }
            }
            _ => DataError::reading(&self.path, error),
        })?;
        values.extend(bytes.chunks_exact(self.element.width).map(|bytes| self.element.decode(bytes)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npy::write_header;

    /// Row `i` of three columns is `i`, `−i`, `i²`.
    fn file(folder: &Path, rows: usize) -> PathBuf {
        let path = folder.join("rows.npy");
        let mut out = Vec::new();
        write_header(&mut out, "<f4", rows as u64, 3).unwrap();
        for i in 0..rows {
            let i = i as f32;
            out.extend([i, -i, i * i].iter().flat_map(|v| v.to_le_bytes()));
        }
        std::fs::write(&path, out).unwrap();
        path
    }

    #[test]
    fn a_walk_sees_every_row_once_and_keeps_some_evenly() {
        let folder = tempfile::tempdir().unwrap();
        // more than are read at a time
        const ROWS: usize = CHUNK / 3 + 1001;
        let stream = Stream::open(&file(folder.path(), ROWS)).unwrap();
        assert_eq!((stream.len(), stream.dim()), (ROWS, 3));
        for (most_kept, stride) in [(3 * ROWS, 1), (3 * ROWS - 1, 2), (300, ROWS.div_ceil(100)), (1, ROWS)] {
            let mut seen = Vec::new();
            let walked = stream.walk(most_kept, |values| seen.extend(values.iter().step_by(3).copied())).unwrap();
            assert!(seen.iter().copied().eq((0..ROWS).map(|i| i as f64)));
            assert_eq!(walked.stride, stride);
            let kept = walked.kept.chunks_exact(3).map(|row| row[0]);
            assert!(kept.eq((0..ROWS).step_by(stride).map(|i| i as f64)));
            assert!(walked.kept.len() <= most_kept.max(3));
        }
    }

    #[test]
    fn rows_are_found_wherever_they_lie() {
        let folder = tempfile::tempdir().unwrap();
        let scaler = Standardizer { mean: vec![1.0, 0.0, 0.0], sd: vec![2.0, 1.0, 1.0] };
        let stream = Stream::open(&file(folder.path(), 500)).unwrap().standardised_by(scaler);
        let mut out = vec![7.0; 2];
        let indices: Vec<u32> = (0..200).map(|i| i * 37 % 500).collect();
        stream.gather(&indices, &mut out).unwrap();
        for (row, i) in out.chunks_exact(3).zip(&indices) {
            let i = *i as f32;
            assert_eq!(row, [(i - 1.0) / 2.0, -i, i * i]);
        }
    }

    #[test]
    fn a_file_that_becomes_shorter_is_an_error_and_not_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), 500);
        let stream = Stream::open(&path).unwrap();
        std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(128 + 12 * 100).unwrap();
        let mut out = Vec::new();
        stream.gather(&[3, 99], &mut out).unwrap();
        let message = stream.gather(&[3, 100], &mut out).unwrap_err().to_string();
        assert!(message.contains("rows.npy: ends too early before the end of row 100"), "{message}");
        assert!(stream.walk(1, |_| ()).is_err());
        let message = Stream::open(&path).unwrap_err().to_string();
        assert!(message.contains("with 300 of the 500 × 3 values"), "{message}");
    }

    #[test]
    fn what_cannot_be_read_in_place_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), 20);
        let message = |path: &Path| Stream::open(path).unwrap_err().to_string();
        let csv = folder.path().join("rows.csv");
        std::fs::copy(&path, &csv).unwrap();
        assert!(message(&csv).contains("is no .npy file; rows that stay"));
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes[..128]).replace("False", "True ").into_bytes();
        // the magic number is no text
        std::fs::write(&path, [&bytes[..10], &text[text.len() - 118..], &bytes[128..]].concat()).unwrap();
        assert!(message(&path).contains("Fortran order"), "{}", message(&path));
        std::fs::write(&path, [&bytes[..], b"x"].concat()).unwrap();
        assert!(message(&path).contains("goes on after the array"));
    }

    #[test]
    fn numbers_that_are_none_are_named_by_their_row_wherever_they_lie() {
        let folder = tempfile::tempdir().unwrap();
        for row in [7, CHUNK / 3 + 500] {
            let path = file(folder.path(), CHUNK / 3 + 1001);
            let mut bytes = std::fs::read(&path).unwrap();
            bytes[128 + 12 * row..][..4].copy_from_slice(&f32::NAN.to_le_bytes());
            std::fs::write(&path, bytes).unwrap();
            let message = Stream::open(&path).unwrap().walk(1, |_| ()).unwrap_err().to_string();
            assert!(message.contains(&format!("row {row}")), "{message}");
        }
    }
}
