//! Whole numbers made real by uniform noise.

use flowstill_kernel::noise::{Purpose, stream};
use rand::RngCore;

/// Adds noise to pixels, `values += u` with `u` uniform on `[0, 1)`: `values` are rows of `dim`, the first of them row
/// `first_row`.
///
/// A row's noise is a pure function of (seed, draw, row), so it is the same for any number of threads and however rows
/// are cut into parts. `draw` tells one dequantisation of the same rows from another; a data set is draw 0. Noise is a
/// multiple of 2⁻³², which adds to a pixel without rounding.
pub fn dequantise(seed: u64, draw: u64, first_row: u64, dim: usize, values: &mut [f64]) {
    let mut words = stream(seed, Purpose::Dequantisation, draw);
    words.set_word_pos(u128::from(first_row) * dim as u128);
    values.iter_mut().for_each(|value| *value += f64::from(words.next_u32()) * 2f64.powi(-32));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_does_not_depend_on_the_rows_beside_it() {
        let mut whole = vec![3.0; 50 * 7];
        dequantise(5, 0, 0, 7, &mut whole);
        let mut tail = vec![3.0; 13 * 7];
        dequantise(5, 0, 37, 7, &mut tail);
        assert_eq!(whole[37 * 7..], tail);
        let again = |seed, draw| {
            let mut values = vec![3.0; 50 * 7];
            dequantise(seed, draw, 0, 7, &mut values);
            values
        };
        assert_eq!(again(5, 0), whole);
        assert!(again(6, 0) != whole && again(5, 1) != whole);
    }

    #[test]
    fn noise_is_uniform_and_leads_back_to_the_pixel() {
        let mut values: Vec<f64> = (0..100_000).map(|i| f64::from(i % 256)).collect();
        dequantise(1, 0, 0, 10, &mut values);
        let noise: Vec<f64> = values.iter().enumerate().map(|(i, v)| v - (i % 256) as f64).collect();
        assert!(noise.iter().all(|u| (0.0..1.0).contains(u)));
        let mean = noise.iter().sum::<f64>() / 1e5;
        let variance = noise.iter().map(|u| (u - mean) * (u - mean)).sum::<f64>() / 1e5;
        // standard errors 0.0009 and 0.00024
        assert!((mean - 0.5).abs() < 0.004 && (variance - 1.0 / 12.0).abs() < 0.001, "{mean} {variance}");
    }
}
