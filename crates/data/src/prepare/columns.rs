//! Columns of row-major rows: their moments, and taking some of them.

use crate::error::DataError;

/// Mean and standard deviation of each column.
pub struct Moments {
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

impl Moments {
    /// Sums row after row, in double precision, as NumPy adds up the first axis of an array, so with the same bits.
    /// The squared deviations are divided by `n − lost`: 0 as NumPy does, 1 as pandas does.
    ///
    /// # Errors
    /// A constant column.
    pub fn of(dataset: &str, columns: &[String], values: &[f64], lost: usize) -> Result<Self, DataError> {
        let dim = columns.len();
        let rows = values.len() / dim;
        let mut mean = vec![0.0; dim];
        for row in values.chunks_exact(dim) {
            row.iter().zip(&mut mean).for_each(|(x, sum)| *sum += x);
        }
        mean.iter_mut().for_each(|sum| *sum /= rows as f64);
        let mut deviation = vec![0.0; dim];
        for row in values.chunks_exact(dim) {
            for ((x, mean), sum) in row.iter().zip(&mean).zip(&mut deviation) {
                *sum += (x - mean) * (x - mean);
            }
        }
        deviation.iter_mut().for_each(|sum| *sum = (*sum / (rows - lost) as f64).sqrt());
        for j in 0..dim {
            if values.iter().skip(j).step_by(dim).all(|&x| x == values[j]) {
                let (dataset, column) = (dataset.to_owned(), columns[j].clone());
                return Err(DataError::Constant { dataset, column, value: values[j], rows });
            }
        }
        Ok(Self { mean, deviation })
    }

    /// x ← (x − mean) ÷ deviation.
    pub fn standardise(&self, values: &mut [f64]) {
        for row in values.chunks_exact_mut(self.mean.len()) {
            for ((x, mean), deviation) in row.iter_mut().zip(&self.mean).zip(&self.deviation) {
                *x = (*x - mean) / deviation;
            }
        }
    }
}

/// The columns `kept` of rows of `dim`, in that order.
pub fn keep(values: &[f64], dim: usize, kept: &[usize]) -> Vec<f64> {
    values.chunks_exact(dim).flat_map(|row| kept.iter().map(|&j| row[j])).collect()
}

/// Times that the least value of a feature may occur before the feature is removed.
const OFTEN: usize = 5;

/// The columns whose *least* value occurs at most five times, and a step that says which ones are removed.
///
/// The paper speaks of values that occur too often; its program counts the least one alone, and that decides which
/// columns its tables are about.
///
/// # Errors
/// No column is left.
pub fn seldom_repeated(
    dataset: &str,
    values: &[f64],
    columns: &[String],
    steps: &mut Vec<String>,
) -> Result<Vec<usize>, DataError> {
    let dim = columns.len();
    let mut least = vec![(f64::INFINITY, 0); dim];
    for row in values.chunks_exact(dim) {
        for (&x, (least, count)) in row.iter().zip(&mut least) {
            if x < *least {
                (*least, *count) = (x, 1);
            } else if x == *least {
                *count += 1;
            }
        }
    }
    let (kept, removed): (Vec<usize>, Vec<usize>) = (0..dim).partition(|&j| least[j].1 <= OFTEN);
    if kept.is_empty() {
        return Err(DataError::AllRepeated { dataset: dataset.to_owned() });
    }
    let names: Vec<&str> = removed.iter().map(|&j| columns[j].as_str()).collect();
    steps.push(match names[..] {
        [] => "removed no feature: no least value occurs more than five times".into(),
        _ => format!("removed features whose least value occurs more than five times: {}", names.join(", ")),
    });
    Ok(kept)
}

/// `x` counted: "1 row", "2,345 rows".
pub fn counted(n: usize, what: &str) -> String {
    format!("{} {what}{}", grouped(n), if n == 1 { "" } else { "s" })
}

/// 1234567 as 1,234,567.
pub fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_repetitions_of_the_least_value_count() {
        // column 0: the least five times, another one fifteen times; column 1: the least six times
        let rows: Vec<f64> = (0..20).flat_map(|i| [f64::from(u8::from(i >= 5)), f64::from((i - 5).max(0))]).collect();
        let (names, mut steps) = (["a".to_owned(), "b".to_owned()], Vec::new());
        assert_eq!(seldom_repeated("hepmass", &rows, &names, &mut steps).unwrap(), [0]);
        assert!(steps[0].ends_with("five times: b"), "{steps:?}");
        let error = seldom_repeated("hepmass", &[1.0; 12], &names, &mut steps).unwrap_err().to_string();
        assert!(error.contains("hepmass: in every column the least value occurs more than five times"), "{error}");
        assert_eq!(keep(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3, &[2, 0]), [3.0, 1.0, 6.0, 4.0]);
    }

    #[test]
    fn a_constant_column_is_an_error_though_its_mean_is_rounded() {
        let names = ["a".to_owned(), "b".to_owned()];
        let rows: Vec<f64> = (0..1000).flat_map(|i| [f64::from(i), 0.1]).collect();
        let error = Moments::of("power", &names, &rows, 0).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("power: column b is constant (0.1 in all 1000"), "{error}");
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([0, 999, 1000, 1_659_917].map(grouped), ["0", "999", "1,000", "1,659,917"]);
        assert_eq!((counted(1, "row"), counted(4211, "row")), ("1 row".into(), "4,211 rows".into()));
    }
}
