//! Rows of data, teacher and student, side by side.

use super::Source;

/// Samples in data space, row-major with one column per name; an empty part is missing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Samples {
    pub columns: Vec<String>,
    pub data: Vec<f64>,
    pub teacher: Vec<f64>,
    pub student: Vec<f64>,
}

impl Samples {
    pub fn dim(&self) -> usize {
        self.columns.len()
    }

    /// The rows of one source, row-major.
    pub fn rows(&self, source: Source) -> &[f64] {
        match source {
            Source::Data => &self.data,
            Source::Teacher => &self.teacher,
            Source::Student => &self.student,
        }
    }

    /// The finite values of one column.
    pub fn column(&self, source: Source, column: usize) -> Vec<f64> {
        let rows = self.rows(source).chunks_exact(self.dim().max(1));
        rows.filter_map(|row| row.get(column).copied()).filter(|value| value.is_finite()).collect()
    }

    /// Two columns of one source, without rows in which either is not finite.
    pub fn pairs(&self, source: Source, (x, y): (usize, usize)) -> Vec<(f64, f64)> {
        let rows = self.rows(source).chunks_exact(self.dim().max(1));
        let pairs = rows.filter_map(|row| Some((*row.get(x)?, *row.get(y)?)));
        pairs.filter(|(x, y)| x.is_finite() && y.is_finite()).collect()
    }

    /// A range of one column that holds all but a few thousandths of the data, or of the samples where there is no data.
    pub fn range(&self, column: usize) -> Option<(f64, f64)> {
        let mut values = self.column(Source::Data, column);
        if values.is_empty() {
            values = [Source::Teacher, Source::Student].iter().flat_map(|s| self.column(*s, column)).collect();
        }
        values.sort_by(f64::total_cmp);
        let quantile = |share: f64| values.get(((values.len().max(1) - 1) as f64 * share).round() as usize).copied();
        let (lower, upper) = (quantile(0.002)?, quantile(0.998)?);
        let margin = if upper > lower { 0.06 * (upper - lower) } else { 0.5 };
        Some((lower - margin, upper + margin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_pairs_and_ranges_skip_what_is_not_finite() {
        let samples = Samples {
            columns: vec!["a".into(), "b".into()],
            data: vec![0.0, 1.0, f64::NAN, 3.0, 4.0, 5.0],
            ..Samples::default()
        };
        assert_eq!(samples.column(Source::Data, 0), [0.0, 4.0]);
        assert_eq!(samples.pairs(Source::Data, (0, 1)), [(0.0, 1.0), (4.0, 5.0)]);
        let (lower, upper) = samples.range(0).expect("values");
        assert!(lower < 0.0 && upper > 4.0);
        assert!(samples.column(Source::Student, 0).is_empty());
        assert_eq!(Samples::default().range(0), None);
    }
}
