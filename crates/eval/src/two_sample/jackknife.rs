//! Standard errors of statistics that are no means: leave out one block of rows at a time.

use crate::Estimate;

/// Blocks of rows.
pub const BLOCKS: usize = 20;

/// The statistic of all rows with its standard error `√((G−1)/G·Σ_g (θ_{−g} − mean θ_{−g})²)` over `G` blocks (Efron &
/// Tibshirani, "An introduction to the bootstrap", 1993, chapter 11). `statistic(Some(g))` is that without block `g`.
pub fn jackknife(statistic: impl Fn(Option<usize>) -> f64) -> Estimate {
    let without: Vec<f64> = (0..BLOCKS).map(|block| statistic(Some(block))).collect();
    // the standard error of a mean of G values is √(Σ/(G−1)/G)
    let spread = Estimate::of_finite(without.into_iter());
    Estimate { mean: statistic(None), standard_error: (BLOCKS as f64 - 1.0) * spread.standard_error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_mean_it_is_the_standard_error_of_block_means() {
        let values: Vec<f64> = (0..BLOCKS).map(|i| ((i * i) % 7) as f64).collect();
        let mean = |omit: Option<usize>| {
            let kept = || values.iter().enumerate().filter(|(i, _)| Some(*i) != omit);
            kept().map(|(_, v)| v).sum::<f64>() / kept().count() as f64
        };
        let (found, expected) = (jackknife(mean), Estimate::of(&values).unwrap());
        assert!((found.mean - expected.mean).abs() < 1e-14);
        assert!((found.standard_error - expected.standard_error).abs() < 1e-14);
    }
}
