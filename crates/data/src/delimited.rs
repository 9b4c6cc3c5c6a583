//! Delimited text: commas, tabs, semicolons or white space; a header or none.

use std::io::BufRead;
use std::path::Path;

use crate::error::{DataError, NAMED_ROWS, Place};
use crate::table::Table;

/// Lines looked at before the delimiter is decided.
const SNIFFED: usize = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delimiter {
    Byte(u8),
    Whitespace,
}

/// Semicolons before commas: with them a comma is usually a decimal comma. White space last: names may contain it.
const CANDIDATES: [Delimiter; 4] =
    [Delimiter::Byte(b'\t'), Delimiter::Byte(b';'), Delimiter::Byte(b','), Delimiter::Whitespace];

/// Reads a table from text; `path` is for messages.
pub fn read(path: &Path, reader: impl BufRead) -> Result<Table, DataError> {
    let mut lines = Lines { reader, number: 0 };
    let mut head = Vec::new();
    while head.len() < SNIFFED {
        match lines.next_line().map_err(|e| DataError::reading(path, e))? {
            Some(line) => head.push(line),
            None => break,
        }
    }
    let delimiter = sniff(&head);
    let mut rows = Collector::new(path);
    for (number, line) in &head {
        rows.take(*number, &split(line, delimiter))?;
    }
    while let Some((number, line)) = lines.next_line().map_err(|e| DataError::reading(path, e))? {
        rows.take(number, &split(&line, delimiter))?;
    }
    rows.finish()
}

/// The lines that count, with their numbers from 1.
struct Lines<R> {
    reader: R,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    fn next_line(&mut self) -> std::io::Result<Option<(u64, String)>> {
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            if self.reader.read_until(b'\n', &mut bytes)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            // a foreign encoding can only matter in names, where a replacement character does no harm
            let text = String::from_utf8_lossy(&bytes);
            let text = text.trim_end_matches(['\n', '\r']).trim_start_matches('\u{feff}');
            if text.trim().is_empty() || text.starts_with('#') {
                continue;
            }
            return Ok(Some((self.number, text.to_string())));
        }
    }
}

/// The delimiter that cuts all the first lines into the same number (above one) of fields; failing that, the one
/// that cuts the very first line into most fields, so that the message about a ragged row speaks of true columns.
fn sniff(head: &[(u64, String)]) -> Delimiter {
    let counts = |d: Delimiter| head.iter().map(|(_, line)| split(line, d).len()).collect::<Vec<_>>();
    let even = CANDIDATES.into_iter().find(|&d| {
        let n = counts(d);
        n.first().is_some_and(|&first| first > 1 && n.iter().all(|&c| c == first))
    });
    let most =
        || CANDIDATES.into_iter().rev().max_by_key(|&d| head.first().map_or(0, |(_, line)| split(line, d).len()));
    if even.is_none() && is_one_named_column(head) {
        return Delimiter::Byte(b',');
    }
    even.or_else(most).unwrap_or(Delimiter::Byte(b','))
}

/// Numbers without any delimiter under a name that contains spaces.
fn is_one_named_column(head: &[(u64, String)]) -> bool {
    let Some(((_, name), numbers)) = head.split_first() else { return false };
    let whole = |line: &str, candidates: &[Delimiter]| candidates.iter().all(|&d| split(line, d).len() == 1);
    let named = name.split_whitespace().any(|word| number(word).is_none()) && whole(name, &CANDIDATES[..3]);
    named && !numbers.is_empty() && numbers.iter().all(|(_, line)| whole(line, &CANDIDATES))
}

/// Fields of one line, trimmed, quotes resolved.
fn split(line: &str, delimiter: Delimiter) -> Vec<String> {
    let byte = match delimiter {
        Delimiter::Whitespace => return line.split_whitespace().map(str::to_string).collect(),
        Delimiter::Byte(byte) => byte,
    };
    if !line.contains('"') {
        return line.split(char::from(byte)).map(|field| field.trim().to_string()).collect();
    }
    let mut reader =
        csv::ReaderBuilder::new().delimiter(byte).has_headers(false).flexible(true).from_reader(line.as_bytes());
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(true) => record.iter().map(|field| field.trim().to_string()).collect(),
        _ => vec![line.to_string()],
    }
}

/// The number that a field stands for; missing values are NaN, and reported with the others.
fn number(field: &str) -> Option<f64> {
    match field {
        "" | "NA" | "N/A" | "na" | "null" | "NULL" => Some(f64::NAN),
        _ => field.parse().ok(),
    }
}

/// Rows on their way into a table.
struct Collector<'a> {
    path: &'a Path,
    columns: Option<Vec<String>>,
    dim: usize,
    values: Vec<f64>,
    bad: usize,
    first_bad: Vec<u64>,
}

impl<'a> Collector<'a> {
    fn new(path: &'a Path) -> Self {
        Self { path, columns: None, dim: 0, values: Vec::new(), bad: 0, first_bad: Vec::new() }
    }

    fn take(&mut self, line: u64, fields: &[String]) -> Result<(), DataError> {
        if self.dim == 0 {
            self.dim = fields.len();
            if fields.iter().any(|f| number(f).is_none()) {
                self.columns = Some(name(fields));
                return Ok(());
            }
        }
        if fields.len() != self.dim {
            let path = self.path.to_path_buf();
            return Err(DataError::Ragged { path, line, expected: self.dim, found: fields.len() });
        }
        let mut finite = true;
        for (j, field) in fields.iter().enumerate() {
            let value = number(field).ok_or_else(|| self.not_a_number(line, j, field))?;
            finite &= value.is_finite();
            self.values.push(value);
        }
        if !finite {
            self.bad += 1;
            if self.first_bad.len() < NAMED_ROWS {
                self.first_bad.push(line);
            }
        }
        Ok(())
    }

    fn not_a_number(&self, line: u64, j: usize, text: &str) -> DataError {
        let column = match &self.columns {
            Some(names) => names[j].clone(),
            None => (j + 1).to_string(),
        };
        let with_point = text.replacen(',', ".", 1);
        let hint = if with_point != text && with_point.parse::<f64>().is_ok() { ": write a decimal point" } else { "" };
        DataError::NotANumber { path: self.path.to_path_buf(), line, column, text: text.to_string(), hint }
    }

    fn finish(self) -> Result<Table, DataError> {
        let path = self.path.to_path_buf();
        if self.bad > 0 {
            return Err(DataError::NotFinite { path, count: self.bad, place: Place::Line, first: self.first_bad });
        }
        if self.values.is_empty() {
            return Err(DataError::Empty { path });
        }
        Ok(Table { columns: self.columns, dim: self.dim, picture: None, values: self.values })
    }
}

/// Names of a header; a column without one (an index, say) is called by its position.
fn name(fields: &[String]) -> Vec<String> {
    fields.iter().enumerate().map(|(j, f)| if f.is_empty() { format!("x{}", j + 1) } else { f.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Result<Table, DataError> {
        read(Path::new("data/a.csv"), text.as_bytes())
    }

    fn message(text: &str) -> String {
        table(text).unwrap_err().to_string()
    }

    #[test]
    fn every_delimiter_gives_the_same_table() {
        let expected = Table { columns: None, dim: 3, picture: None, values: vec![1.0, -2.5, 3e4, 4.0, 5.0, 6.0] };
        for text in [
            "1,-2.5,3e4\n4,5,6\n",
            "1\t-2.5\t3e4\n4\t5\t6",
            "1;-2.5;3e4\r\n4;5;6\r\n",
            "  1  -2.5 3e4\n4 5   6\n",
            "1, -2.5, 3e4\n\n4, 5, 6",
        ] {
            assert_eq!(table(text).unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_header_names_the_columns_even_with_quotes_spaces_and_a_byte_order_mark() {
        let t = table("\u{feff}\"Area, total\",mass (kg),\n1,2,3\n").unwrap();
        assert_eq!(t.columns.unwrap(), ["Area, total", "mass (kg)", "x3"]);
        assert_eq!((t.dim, t.values), (3, vec![1.0, 2.0, 3.0]));
        assert_eq!(table("# a comment\n1 2\n# another\n3 4\n").unwrap().values, [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(table("height\n1\n2\n").unwrap().columns.unwrap(), ["height"]);
        assert_eq!(table("body height\n1\n2\n").unwrap().columns.unwrap(), ["body height"]);
    }

    #[test]
    fn errors_name_file_line_and_column() {
        assert_eq!(message("a,b,c\n1,2,3\n\n1,2\n"), "data/a.csv: line 4 has 2 fields, expected 3 as in the first row");
        assert_eq!(message("a,b\n1,2\n\n3,abc\n"), "data/a.csv: line 4, column b: \"abc\" is not a number");
        assert_eq!(
            message("1;2\n3;4,5\n"),
            "data/a.csv: line 2, column 2: \"4,5\" is not a number: write a decimal point"
        );
        assert_eq!(
            message("a,b\n1,2\nnan,1\n3,\n1,inf\n"),
            "data/a.csv: 3 rows hold NaN, ∞ or a missing value (lines 3, 4, 5); drop or impute them first"
        );
        assert!(message(&format!("1,2\n{}", "NaN,1\n".repeat(9))).contains("9 rows hold"));
        assert!(message(&format!("1,2\n{}", "NaN,1\n".repeat(9))).contains("(lines 2, 3, 4, 5, 6, …)"));
        for empty in ["", "\n\n", "a,b\n", "# only a comment\n"] {
            assert_eq!(message(empty), "data/a.csv: no rows of numbers in it", "{empty:?}");
        }
    }
}
