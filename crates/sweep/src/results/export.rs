//! The table for other programs: CSV and JSON lines, which pandas opens as they are.

use super::column::Column;
use super::table::{Row, Spread, Table};
use super::value::Value;
use flowstill_model::atomic;
use serde::Serializer;
use serde_json::Value as Json;
use std::io::{self, Write};
use std::path::Path;

/// One field of the export: a column's value, or what stands after its ±.
struct Field<'a> {
    name: String,
    column: &'a Column,
    error: bool,
}

impl Table {
    /// CSV with a header: numbers with all their digits, lists as compact JSON, nothing for what is missing. After a
    /// number that has them stands `…_sd`, its standard deviation over seeds, or `…_se`, its standard error.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn to_csv(&self, out: impl Write) -> io::Result<()> {
        let fields = self.fields();
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(fields.iter().map(|field| field.name.as_str()))?;
        for row in self.rows() {
            csv.write_record(fields.iter().map(|field| match self.json(row, field) {
                Json::Null => String::new(),
                Json::String(text) => text,
                value => value.to_string(),
            }))?;
        }
        csv.flush()
    }

    /// One JSON object per line and row, with the fields of [`Table::to_csv`]; what is missing is `null`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn to_json_lines(&self, mut out: impl Write) -> io::Result<()> {
        let fields = self.fields();
        for row in self.rows() {
            let pairs = fields.iter().map(|field| (&field.name, self.json(row, field)));
            serde_json::Serializer::new(&mut out).collect_map(pairs)?;
            out.write_all(b"\n")?;
        }
        out.flush()
    }

    /// [`Table::to_csv`] into a file, atomically.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_csv(&self, path: &Path) -> io::Result<()> {
        let mut bytes = Vec::new();
        self.to_csv(&mut bytes)?;
        atomic::write(path, &bytes)
    }

    fn fields(&self) -> Vec<Field<'_>> {
        let suffix = match self.spread {
            Spread::Measurement => "se",
            Spread::Seeds => "sd",
        };
        let has_error = |column: &Column| {
            let value = |row: &Row| self.value(row, column);
            self.rows().iter().any(|row| matches!(value(row), Value::Measured(number) if number.error.is_some()))
        };
        let mut fields = Vec::new();
        for column in self.columns() {
            fields.push(Field { name: column.to_string(), column, error: false });
            if has_error(column) {
                fields.push(Field { name: format!("{column}_{suffix}"), column, error: true });
            }
        }
        fields
    }

    fn json(&self, row: &Row, field: &Field) -> Json {
        match self.value(row, field.column) {
            Value::Missing => Json::Null,
            Value::Plain(value) => value,
            // a number that is not finite becomes null
            Value::Measured(number) if field.error => number.error.map_or(Json::Null, Json::from),
            Value::Measured(number) => number.value.into(),
        }
    }
}
