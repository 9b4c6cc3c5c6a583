//! Cutting rows into parts by a seeded shuffle.

use flowstill_kernel::noise::{Purpose, stream};

use crate::error::DataError;
use crate::permutation::permutation;

/// Checks fractions for train, validation and test: each above zero, together one.
pub fn check(split: [f64; 3]) -> Result<(), DataError> {
    let sum: f64 = split.iter().sum();
    // an infinite or missing fraction fails the comparison of the sum
    if split.iter().all(|&f| f > 0.0) && (sum - 1.0).abs() < 1e-6 { Ok(()) } else { Err(DataError::Split { split }) }
}

/// Deals the rows of `values` (`rows × dim`, row-major) into one part per fraction, in shuffled order. Every part but
/// the first has its share rounded; the first gets the rest.
pub(crate) fn deal(values: &[f64], dim: usize, fractions: &[f64], seed: u64) -> Vec<Vec<f64>> {
    let rows = values.len() / dim;
    let count = u32::try_from(rows).expect("the number of rows was checked on loading");
    let order = permutation(&mut stream(seed, Purpose::Split, 0), count);
    let total: f64 = fractions.iter().sum();
    let mut sizes: Vec<usize> = fractions.iter().map(|f| (f / total * rows as f64).round() as usize).collect();
    let others: usize = sizes[1..].iter().sum();
    // rounding up several tiny parts of very few rows could ask for more than there are
    sizes[0] = rows.saturating_sub(others);
    let mut next = order.iter();
    let mut part =
        |size: usize| next.by_ref().take(size).flat_map(|&i| &values[i as usize * dim..][..dim]).copied().collect();
    sizes.into_iter().map(&mut part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_lands_in_one_part() {
        let values: Vec<f64> = (0..1003).flat_map(|i| [f64::from(i), -f64::from(i)]).collect();
        let parts = deal(&values, 2, &[0.8, 0.1, 0.1], 7);
        assert_eq!(parts.iter().map(|p| p.len() / 2).collect::<Vec<_>>(), [803, 100, 100]);
        assert!(parts.iter().flatten().collect::<Vec<_>>().chunks(2).all(|row| *row[0] == -*row[1]));
        let mut first: Vec<f64> = parts.iter().flat_map(|p| p.iter().copied().step_by(2)).collect();
        assert_ne!(first[..5], [0.0, 1.0, 2.0, 3.0, 4.0]);
        first.sort_by(f64::total_cmp);
        assert!(first.into_iter().eq((0..1003).map(f64::from)));
        assert_eq!(deal(&values, 2, &[0.8, 0.1, 0.1], 7), parts);
        assert_ne!(deal(&values, 2, &[0.8, 0.1, 0.1], 8), parts);
    }

    #[test]
    fn fractions_are_checked() {
        assert!(check([0.8, 0.1, 0.1]).is_ok());
        for wrong in
            [[0.9, 0.1, 0.0], [0.8, 0.1, 0.2], [1.2, -0.1, -0.1], [f64::NAN, 0.5, 0.5], [f64::INFINITY, 0.1, 0.1]]
        {
            assert!(check(wrong).is_err(), "{wrong:?}");
        }
    }
}
