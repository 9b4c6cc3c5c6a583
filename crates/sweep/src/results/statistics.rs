//! Mean and spread over seeds.

/// The mean, and the standard deviation over `n − 1`, which fewer than two values do not have.
///
/// Nothing for no values; all of them are finite.
pub fn mean_and_sd(values: &[f64]) -> Option<(f64, Option<f64>)> {
    if values.is_empty() {
        return None;
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    // two passes: a large mean must not eat the digits of a small spread
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((mean, (values.len() > 1).then(|| (squares / (values.len() - 1) as f64).sqrt())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_is_over_one_less_than_their_number() {
        // over n it would be 2
        let (mean, sd) = mean_and_sd(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]).expect("values");
        assert_eq!(mean, 5.0);
        assert!((sd.expect("a spread") - (32.0f64 / 7.0).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn one_value_has_no_spread_and_none_no_mean() {
        assert_eq!(mean_and_sd(&[3.0]), Some((3.0, None)));
        assert_eq!(mean_and_sd(&[]), None);
    }

    #[test]
    fn a_large_mean_leaves_a_small_spread_its_digits() {
        let (_, sd) = mean_and_sd(&[1e9, 1e9 + 1.0, 1e9 + 2.0]).expect("values");
        assert_eq!(sd, Some(1.0));
    }
}
