//! Rows on their way out: to `.npy`, to `.csv`, or as CSV to standard output, in constant memory.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Stdout, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::DataError;
use crate::npy;

/// How a value is written; single precision halves an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// float32, or the shortest text that a float32 is read back from
    Single,
    /// float64, or the shortest text that a float64 is read back from
    #[default]
    Double,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Npy,
    Csv,
}

/// Writes a number of rows that is known beforehand.
///
/// A file appears under its name only when [`finish`](Self::finish) succeeds; until then it has a temporary name in the
/// same folder, and if the writer is dropped nothing stays behind.
#[derive(Debug)]
pub struct RowWriter {
    path: PathBuf,
    dim: usize,
    encoding: Encoding,
    precision: Precision,
    expected: u64,
    written: u64,
    sink: Sink,
}

#[derive(Debug)]
enum Sink {
    File(BufWriter<NamedTempFile>),
    Stdout(BufWriter<Stdout>),
    #[cfg(test)]
    Open(BufWriter<File>),
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Stdout(out) => out.write(bytes),
            #[cfg(test)]
            Self::Open(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Stdout(out) => out.flush(),
            #[cfg(test)]
            Self::Open(file) => file.flush(),
        }
    }
}

/// Begins `rows` rows with the given column names at `path`: `.npy`, `.csv`, or `-` for CSV on standard output.
/// Folders are made as needed. In double precision; see [`create_with`] for single.
///
/// # Errors
/// [`DataError::UnknownOutput`] for another name; [`DataError::Write`] where the file cannot be made.
pub fn create(path: impl AsRef<Path>, columns: &[String], rows: u64) -> Result<RowWriter, DataError> {
    create_with(path, columns, rows, Precision::Double)
}

/// [`create`] in a given precision.
pub fn create_with(
    path: impl AsRef<Path>,
    columns: &[String],
    rows: u64,
    precision: Precision,
) -> Result<RowWriter, DataError> {
    let path = path.as_ref();
    let encoding = encoding(path)?;
    let sink = if path == Path::new("-") {
        Sink::Stdout(BufWriter::with_capacity(1 << 16, io::stdout()))
    } else {
        let file = temporary(path).map_err(|e| DataError::writing(path, 0, e))?;
        Sink::File(BufWriter::with_capacity(1 << 16, file))
    };
    let path = if path == Path::new("-") { PathBuf::from("standard output") } else { path.to_path_buf() };
    RowWriter::begin(path, encoding, columns, rows, precision, sink)
}

fn encoding(path: &Path) -> Result<Encoding, DataError> {
    if path == Path::new("-") {
        return Ok(Encoding::Csv);
    }
    let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("npy") => Ok(Encoding::Npy),
        Some("csv") => Ok(Encoding::Csv),
        other => {
            let found = other.map_or("a name without extension".to_string(), |e| format!("a .{e} file"));
            Err(DataError::UnknownOutput { path: path.to_path_buf(), found })
        }
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn temporary(path: &Path) -> io::Result<NamedTempFile> {
    if path.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    fs::create_dir_all(folder(path))?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".writing-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // what the user's umask leaves of it, as for any other file; a temporary file would be private
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder(path))
}

impl RowWriter {
    fn begin(
        path: PathBuf,
        encoding: Encoding,
        columns: &[String],
        rows: u64,
        precision: Precision,
        sink: Sink,
    ) -> Result<Self, DataError> {
        let dim = columns.len();
        let mut writer = Self { path, dim, encoding, precision, expected: rows, written: 0, sink };
        let header = match (encoding, precision) {
            (Encoding::Npy, Precision::Single) => npy::write_header(&mut writer.sink, "<f4", rows, dim),
            (Encoding::Npy, Precision::Double) => npy::write_header(&mut writer.sink, "<f8", rows, dim),
            (Encoding::Csv, _) => {
                csv::WriterBuilder::new().from_writer(&mut writer.sink).write_record(columns).map_err(io::Error::from)
            }
        };
        header.map_err(|e| writer.failed(e))?;
        Ok(writer)
    }

    /// Appends whole rows, row-major, in data space.
    ///
    /// # Errors
    /// [`DataError::DiskFull`], [`DataError::BrokenPipe`] (end quietly), [`DataError::Write`].
    ///
    /// # Panics
    /// If `values` is not a whole number of rows.
    pub fn write_rows(&mut self, values: &[f64]) -> Result<(), DataError> {
        assert!(values.len().is_multiple_of(self.dim), "values must hold whole rows of {}", self.dim);
        for row in values.chunks_exact(self.dim) {
            self.write_row(row).map_err(|e| self.failed(e))?;
            self.written += 1;
        }
        Ok(())
    }

    fn write_row(&mut self, row: &[f64]) -> io::Result<()> {
        for (j, &value) in row.iter().enumerate() {
            match (self.encoding, self.precision) {
                (Encoding::Npy, Precision::Single) => self.sink.write_all(&(value as f32).to_le_bytes())?,
                (Encoding::Npy, Precision::Double) => self.sink.write_all(&value.to_le_bytes())?,
                (Encoding::Csv, precision) => {
                    let comma = if j == 0 { "" } else { "," };
                    match precision {
                        Precision::Single => write!(self.sink, "{comma}{}", value as f32)?,
                        Precision::Double => write!(self.sink, "{comma}{value}")?,
                    }
                }
            }
        }
        if self.encoding == Encoding::Csv { self.sink.write_all(b"\n") } else { Ok(()) }
    }

    /// Syncs the file and gives it its name.
    ///
    /// # Errors
    /// As [`write_rows`](Self::write_rows), and [`DataError::RowCount`] if another number of rows came than announced.
    pub fn finish(mut self) -> Result<(), DataError> {
        if self.written != self.expected {
            let (expected, written) = (self.expected, self.written);
            return Err(DataError::RowCount { path: self.path, expected, written });
        }
        self.sink.flush().map_err(|e| self.failed(e))?;
        let Self { path, written, sink, .. } = self;
        match sink {
            Sink::File(file) => {
                let file = file.into_inner().map_err(|e| DataError::writing(&path, written, e.into_error()))?;
                publish(file, &path).map_err(|e| DataError::writing(&path, written, e))
            }
            _ => Ok(()),
        }
    }

    fn failed(&self, error: io::Error) -> DataError {
        if matches!(self.sink, Sink::Stdout(_)) && error.kind() == ErrorKind::BrokenPipe {
            return DataError::BrokenPipe;
        }
        DataError::writing(&self.path, self.written, error)
    }
}

fn publish(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    // the new name is safe only when the folder is
    #[cfg(unix)]
    File::open(folder(path))?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_table;

    fn names() -> Vec<String> {
        vec!["a".to_string(), "b, c".to_string()]
    }

    #[test]
    fn what_is_written_is_read_back_in_every_format() {
        let folder = tempfile::tempdir().unwrap();
        let values: Vec<f64> = (0..2000).map(|i| f64::from(i).sin() * 1e3).collect();
        for (name, precision) in [
            ("a.npy", Precision::Double),
            ("b.npy", Precision::Single),
            ("c.csv", Precision::Double),
            ("d.csv", Precision::Single),
        ] {
            let path = folder.path().join("new").join(name);
            let mut writer = create_with(&path, &names(), 1000, precision).unwrap();
            for chunk in values.chunks(254) {
                writer.write_rows(chunk).unwrap();
                assert!(!path.exists());
            }
            writer.finish().unwrap();
            let table = read_table(&path).unwrap();
            let expected: Vec<f64> = match precision {
                Precision::Single => values.iter().map(|&v| f64::from(v as f32)).collect(),
                Precision::Double => values.clone(),
            };
            let read: Vec<f64> = match (precision, name) {
                (Precision::Single, "d.csv") => table.values.iter().map(|&v| f64::from(v as f32)).collect(),
                _ => table.values,
            };
            assert_eq!((table.dim, read), (2, expected), "{name}");
            assert_eq!(table.columns, name.ends_with("csv").then(names), "{name}");
        }
        assert_eq!(fs::read_dir(folder.path().join("new")).unwrap().count(), 4);
    }

    #[test]
    fn an_unfinished_file_leaves_the_old_one_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        fs::write(&path, "old").unwrap();
        let mut writer = create(&path, &names(), 3).unwrap();
        writer.write_rows(&[1.0, 2.0]).unwrap();
        let message = writer.finish().unwrap_err().to_string();
        assert!(message.contains("a.csv: 1 rows were written, but 3 announced"), "{message}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn wrong_names_and_places_are_errors() {
        let message = |path: &Path| create(path, &names(), 1).unwrap_err().to_string();
        assert!(
            message(Path::new("a.parquet")).contains("a.parquet: cannot write a .parquet file; expected .npy, .csv")
        );
        assert!(message(Path::new("samples")).contains("without extension"));
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("dir.npy")).unwrap();
        assert!(message(&folder.path().join("dir.npy")).contains("dir.npy: cannot be written"));
        fs::write(folder.path().join("file"), "").unwrap();
        assert!(message(&folder.path().join("file/a.npy")).contains("a.npy: cannot be written"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_said_so() {
        for encoding in [Encoding::Npy, Encoding::Csv] {
            let full = File::options().write(true).open("/dev/full").unwrap();
            let sink = Sink::Open(BufWriter::with_capacity(1 << 10, full));
            let path = PathBuf::from("out.npy");
            let mut writer = RowWriter::begin(path, encoding, &names(), 1000, Precision::Double, sink).unwrap();
            let error = writer.write_rows(&[0.5; 2000]).unwrap_err();
            assert!(matches!(error, DataError::DiskFull { rows, .. } if rows > 0), "{error}");
            assert!(error.to_string().starts_with("out.npy: the disk is full after"), "{error}");
        }
    }
}
