//! What a recipe makes of its files.

use crate::error::DataError;

/// The three parts of a benchmark, row-major, and how they came about.
pub struct Parts {
    pub columns: Vec<String>,
    pub train: Vec<f64>,
    pub validation: Vec<f64>,
    pub test: Vec<f64>,
    /// What was done, in order.
    pub steps: Vec<String>,
}

impl Parts {
    pub fn dim(&self) -> usize {
        self.columns.len()
    }

    /// Training, validation and test part with their names, in that order.
    pub fn named(&self) -> [(&'static str, &[f64]); 3] {
        [("train", &self.train), ("validation", &self.validation), ("test", &self.test)]
    }
}

/// Takes the last tenth of the rows away, rounded down: (the rest, the tenth).
///
/// # Errors
/// Fewer than ten rows.
pub fn last_tenth(
    dataset: &str,
    part: &'static str,
    mut values: Vec<f64>,
    dim: usize,
) -> Result<(Vec<f64>, Vec<f64>), DataError> {
    let rows = values.len() / dim;
    // as `int(0.1 * rows)`, rounding of the product included
    let tenth = (0.1 * rows as f64) as usize;
    if tenth == 0 {
        return Err(DataError::TooFewRows { dataset: dataset.to_owned(), part, rows: 0, minimum: 1 });
    }
    let last = values.split_off((rows - tenth) * dim);
    Ok((values, last))
}

/// What [`last_tenth`] did twice, in words.
pub const SPLIT: &str =
    "split in order: the last tenth of the rows is the test part, the last tenth of the others validation";
