//! Data ready for a flow: three standardised parts, and what is needed to speak of them in data space.

use flowstill_model::Standardizer;
use sha2::{Digest, Sha256};

use crate::error::DataError;

/// Fewest rows of a training part: below it not even a mean is worth fitting.
pub const MINIMUM_TRAINING_ROWS: usize = 10;
/// Fewest rows of a validation or test part: a standard error needs two.
pub const MINIMUM_HELD_OUT_ROWS: usize = 2;

/// Standardised rows, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    pub dim: usize,
    pub values: Vec<f32>,
}

impl Rows {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.values.len() / self.dim
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Row `i`, of `dim` values.
    pub fn row(&self, i: usize) -> &[f32] {
        &self.values[i * self.dim..(i + 1) * self.dim]
    }
}

/// Three parts of one data set in standardised space.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// Stem of the file or name of the synthetic target.
    pub name: String,
    /// One name per column.
    pub columns: Vec<String>,
    /// Fitted on the training part alone.
    pub standardizer: Standardizer,
    pub train: Rows,
    pub validation: Rows,
    pub test: Rows,
    /// SHA-256 (hexadecimal) of the three parts in data space: their sizes and values as little-endian 64-bit words.
    /// The same rows give the same hash whatever the format of the file they came from.
    pub hash: String,
}

impl Dataset {
    pub fn dim(&self) -> usize {
        self.columns.len()
    }

    /// Standardises three parts given in data space, `[train, validation, test]`, each row-major.
    pub(crate) fn assemble(name: String, columns: Vec<String>, parts: [Vec<f64>; 3]) -> Result<Self, DataError> {
        let dim = columns.len();
        let minima = [MINIMUM_TRAINING_ROWS, MINIMUM_HELD_OUT_ROWS, MINIMUM_HELD_OUT_ROWS];
        for ((part, values), minimum) in ["training", "validation", "test"].into_iter().zip(&parts).zip(minima) {
            let rows = values.len() / dim;
            if rows < minimum {
                return Err(DataError::TooFewRows { dataset: name, part, rows, minimum });
            }
        }
        let hash = content_hash(dim, &parts);
        let standardizer = fit(&name, &columns, &parts[0])?;
        let [train, validation, test] = parts.map(|values| Rows { dim, values: standardizer.standardize(&values) });
        for rows in [&train, &validation, &test] {
            if let Some(at) = rows.values.iter().position(|v| !v.is_finite()) {
                return Err(DataError::Scale { dataset: name, column: columns[at % dim].clone() });
            }
        }
        Ok(Self { name, columns, standardizer, train, validation, test, hash })
    }
}

fn fit(dataset: &str, columns: &[String], train: &[f64]) -> Result<Standardizer, DataError> {
    let dim = columns.len();
    for (j, name) in columns.iter().enumerate() {
        let value = train[j];
        if train.iter().skip(j).step_by(dim).all(|&v| v == value) {
            let rows = train.len() / dim;
            return Err(DataError::Constant { dataset: dataset.to_string(), column: name.clone(), value, rows });
        }
    }
    let standardizer = Standardizer::fit(train, dim);
    match standardizer.sd.iter().position(|&sd| !(sd > 0.0 && sd.is_finite())) {
        Some(j) => Err(DataError::Scale { dataset: dataset.to_string(), column: columns[j].clone() }),
        None => Ok(standardizer),
    }
}

fn content_hash(dim: usize, parts: &[Vec<f64>; 3]) -> String {
    let mut hasher = Sha256::new();
    hasher.update((dim as u64).to_le_bytes());
    let mut bytes = Vec::with_capacity(1 << 16);
    for values in parts {
        hasher.update(((values.len() / dim) as u64).to_le_bytes());
        for chunk in values.chunks(1 << 13) {
            bytes.clear();
            bytes.extend(chunk.iter().flat_map(|v| v.to_le_bytes()));
            hasher.update(&bytes);
        }
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assemble(train: Vec<f64>, held_out: Vec<f64>) -> Result<Dataset, DataError> {
        let columns = vec!["a".to_string(), "b".to_string()];
        Dataset::assemble("toy".into(), columns, [train, held_out.clone(), held_out])
    }

    fn ramp(rows: usize) -> Vec<f64> {
        (0..rows).flat_map(|i| [i as f64, 5.0 - 2.0 * i as f64]).collect()
    }

    #[test]
    fn parts_are_standardised_by_the_training_part_alone() {
        let data = assemble(ramp(101), vec![50.0, 5.0, 1e3, 5.0]).unwrap();
        assert_eq!(data.standardizer.mean, [50.0, -95.0]);
        assert_eq!((data.train.len(), data.test.len(), data.dim()), (101, 2, 2));
        assert_eq!(data.test.row(0)[0], 0.0);
        assert_eq!(data.test.row(0)[1], (100.0 / data.standardizer.sd[1]) as f32);
    }

    #[test]
    fn the_hash_sees_values_and_sizes() {
        let data = assemble(ramp(20), ramp(4)).unwrap();
        assert_eq!(data.hash.len(), 64);
        assert_eq!(assemble(ramp(20), ramp(4)).unwrap().hash, data.hash);
        assert_ne!(assemble(ramp(20), ramp(5)).unwrap().hash, data.hash);
        let mut changed = ramp(20);
        changed[7] += 1e-12;
        assert_ne!(assemble(changed, ramp(4)).unwrap().hash, data.hash);
    }

    #[test]
    fn degenerate_data_is_refused_with_the_column() {
        let constant: Vec<f64> = (0..20).flat_map(|i| [f64::from(i), 0.1]).collect();
        let message = assemble(constant, ramp(4)).unwrap_err().to_string();
        assert_eq!(
            message,
            "toy: column b is constant (0.1 in all 20 training rows), so it has no density; remove the column"
        );
        let huge: Vec<f64> = (0..20).flat_map(|i| [f64::from(i) * 1e300, f64::from(i)]).collect();
        assert!(assemble(huge, ramp(4)).unwrap_err().to_string().contains("column a spans"));
        let far = vec![0.0, 0.0, 0.0, 1e45];
        assert!(assemble(ramp(20), far).unwrap_err().to_string().contains("column b spans"));
        let message = assemble(ramp(9), ramp(4)).unwrap_err().to_string();
        assert!(message.contains("training part has 9 rows, expected at least 10"), "{message}");
    }
}
