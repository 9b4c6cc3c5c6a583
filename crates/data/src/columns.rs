//! Names of columns for files that cannot hold them.

use std::path::Path;

use crate::table::Table;

/// The file that names the columns of the arrays beside it, one name per line.
pub const COLUMNS_FILE: &str = "columns.txt";

/// Names for an unnamed table read from `path`: the lines of `columns.txt` in the same folder, where there is one
/// and it has as many names as the table has columns; `x1, x2, …` otherwise.
pub fn names(path: &Path, table: &Table) -> Vec<String> {
    if let Some(columns) = &table.columns {
        return columns.clone();
    }
    let beside = std::fs::read_to_string(path.with_file_name(COLUMNS_FILE)).unwrap_or_default();
    let names: Vec<String> = beside.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_string).collect();
    if names.len() == table.dim { names } else { numbered(table.dim) }
}

/// `x1, x2, …`
pub fn numbered(dim: usize) -> Vec<String> {
    (1..=dim).map(|j| format!("x{j}")).collect()
}
