//! Pictures whose noise is drawn anew in every epoch.

use crate::dataset::Dataset;
use crate::dequantise::dequantise;
use flowstill_model::{Pixels, Standardizer};
use rayon::prelude::*;

/// The training pictures of a data set before noise made them real.
///
/// One draw of the noise is a sample like any other, and a flow can learn it by heart. Drawn anew, it is only ever the uniform
/// distribution between two pixel values, so that the mean log-likelihood of a training bounds that of the pixels (Theis, van den
/// Oord & Bethge 2016, section 3.1).
#[derive(Debug, Clone, Copy)]
pub struct FreshNoise<'a> {
    pixels: &'a Pixels,
    standardizer: &'a Standardizer,
    whole: &'a [u16],
    seed: u64,
}

impl<'a> FreshNoise<'a> {
    /// Nothing where rows are no pictures.
    pub fn new(dataset: &'a Dataset, seed: u64) -> Option<Self> {
        let (pixels, whole) = (dataset.pixels.as_ref()?, dataset.whole.as_ref()?);
        Some(Self { pixels, standardizer: &dataset.standardizer, whole, seed })
    }

    /// As [`gather`](crate::batches::gather), with the noise of this epoch (from 0): that of a row is a pure function of (seed,
    /// epoch, row), and none that the data set itself has. Uses the current rayon pool.
    pub fn gather(&self, epoch: u64, indices: &[u32], out: &mut Vec<f32>) {
        let dim = self.standardizer.dim();
        out.clear();
        out.resize(indices.len() * dim, 0.0);
        indices.par_iter().zip(out.par_chunks_mut(dim)).for_each(|(&row, out)| {
            let pixels = &self.whole[row as usize * dim..][..dim];
            let mut values: Vec<f64> = pixels.iter().map(|&k| f64::from(k)).collect();
            dequantise(self.seed, epoch + 1, row.into(), dim, &mut values);
            values.iter_mut().for_each(|value| *value = self.pixels.to_logit(*value));
            out.copy_from_slice(&self.standardizer.standardize(&values));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batches::gather;
    use crate::columns;

    #[test]
    fn noise_differs_from_epoch_to_epoch_and_never_the_picture() {
        let whole: Vec<f64> = (0..30 * 4).map(|i| f64::from(i * 37 % 256)).collect();
        let parts = [whole.clone(), whole.clone(), whole.clone()];
        let data = Dataset::of_pictures("toy".into(), columns::numbered(4), Pixels::default(), 3, parts).unwrap();
        let fresh = FreshNoise::new(&data, 8).unwrap();
        let rows = |epoch, indices: &[u32]| {
            let mut out = Vec::new();
            fresh.gather(epoch, indices, &mut out);
            out
        };
        let (first, second) = (rows(0, &[7, 3, 29]), rows(1, &[7, 3, 29]));
        for values in [&first, &second] {
            for (value, row) in data.restore(values).chunks_exact(4).zip([7, 3, 29]) {
                let pixels = &whole[row * 4..][..4];
                assert!(
                    value.iter().zip(pixels).all(|(v, k)| (v - k - 0.5).abs() < 0.5 + 1e-4),
                    "{value:?} {pixels:?}"
                );
            }
        }
        let mut fixed = Vec::new();
        gather(&data.train, &[7, 3, 29], &mut fixed);
        assert!(first != second && first != fixed && second != fixed);
        // a row's noise does not depend on its place in the batch
        assert_eq!(rows(1, &[29]), second[8..]);
    }

    #[test]
    fn rows_of_numbers_have_no_noise_to_draw() {
        let column: Vec<f64> = (0..20).map(f64::from).collect();
        let data =
            Dataset::assemble("toy".into(), columns::numbered(1), [column.clone(), column.clone(), column]).unwrap();
        assert!(FreshNoise::new(&data, 0).is_none());
    }
}
