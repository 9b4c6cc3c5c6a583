//! Lines of a large text, plain or gzipped, one at a time, with their numbers for messages.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use crate::error::DataError;

/// The lines of a file that are not blank.
pub struct Lines {
    path: PathBuf,
    reader: Box<dyn BufRead>,
    bytes: Vec<u8>,
    text: String,
    number: u64,
}

impl Lines {
    /// # Errors
    /// A file that is missing or cannot be opened.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let file = File::open(path).map_err(|e| DataError::reading(path, e))?;
        let reader: Box<dyn BufRead> = match path.extension() {
            Some(end) if end.eq_ignore_ascii_case("gz") => Box::new(BufReader::new(MultiGzDecoder::new(file))),
            _ => Box::new(BufReader::with_capacity(1 << 16, file)),
        };
        Ok(Self { path: path.to_path_buf(), reader, bytes: Vec::new(), text: String::new(), number: 0 })
    }

    /// The next line without its end, and its number from 1.
    pub fn next(&mut self) -> Result<Option<(u64, &str)>, DataError> {
        loop {
            self.bytes.clear();
            let read = self.reader.read_until(b'\n', &mut self.bytes);
            if read.map_err(|e| DataError::reading(&self.path, e))? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if !self.bytes.trim_ascii().is_empty() {
                break;
            }
        }
        self.text.clear();
        // bytes that are no text become characters that are no numbers, and are named as such
        self.text.push_str(String::from_utf8_lossy(&self.bytes).trim_matches(['\n', '\r', '\u{feff}']));
        Ok(Some((self.number, &self.text)))
    }

    /// The next line, of a file that must have one.
    pub fn first(&mut self) -> Result<&str, DataError> {
        let empty = DataError::Empty { path: self.path.clone() };
        self.next()?.map(|(_, text)| text).ok_or(empty)
    }
}

/// The finite number that a field stands for.
pub fn number(path: &Path, line: u64, column: &str, text: &str) -> Result<f64, DataError> {
    let wrong = |hint| {
        let (path, column, text) = (path.to_path_buf(), column.to_owned(), text.to_owned());
        Err(DataError::NotANumber { path, line, column, text, hint })
    };
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) => wrong(": expected a finite one; fetch the file again"),
        Err(_) => wrong("; fetch the file again"),
    }
}

/// A line with another number of fields than all lines have.
pub fn fields(path: &Path, line: u64, found: usize, expected: &str) -> DataError {
    let s = if found == 1 { "" } else { "s" };
    DataError::malformed(path, format!("line {line} has {found} field{s}, expected {expected}; fetch the file again"))
}

/// The beginning of a line, for a message.
pub fn shown(line: &str) -> String {
    const MOST: usize = 60;
    let start: String = line.trim().chars().take(MOST).collect();
    if start.len() < line.trim().len() { format!("{start:?} …") } else { format!("{start:?}") }
}
