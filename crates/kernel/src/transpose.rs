//! The transpose of a 16 × 16 block, in registers where that pays.

use crate::Real;
use crate::panels::COLUMNS;

/// `out[j][i] = block[i][j]`.
pub(crate) fn transpose_block<R: Real>(block: &[R], out: &mut [R]) {
    assert!(block.len() == COLUMNS * COLUMNS && out.len() == COLUMNS * COLUMNS);
    #[cfg(target_arch = "x86_64")]
    if size_of::<R>() == 4 && matches!(crate::Isa::active(), crate::Isa::Avx2 | crate::Isa::Avx512) {
        // SAFETY: an active set is supported, and both have the features; the slices hold 16 × 16 numbers of four bytes,
        // which are moved and not looked at.
        return unsafe { quarters(block.as_ptr().cast(), out.as_mut_ptr().cast()) };
    }
    for i in 0..COLUMNS {
        for j in 0..COLUMNS {
            out[j * COLUMNS + i] = block[i * COLUMNS + j];
        }
    }
}

/// Four transposes of 8 × 8.
///
/// # Safety
/// `block` must be readable and `out` writable for 16 × 16 numbers.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn quarters(block: *const f32, out: *mut f32) {
    use std::arch::x86_64::*;
    for (down, right) in [(0, 0), (0, 8), (8, 0), (8, 8)] {
        // SAFETY: rows `down..down + 8` and columns `right..right + 8` exist, as the caller promises.
        unsafe {
            let row = |i: usize| _mm256_loadu_ps(block.add((down + i) * COLUMNS + right));
            // pairs of rows interleaved, then pairs of pairs, then the halves
            let low = |a, b| _mm256_unpacklo_ps(a, b);
            let high = |a, b| _mm256_unpackhi_ps(a, b);
            let rows = [row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7)];
            let pairs = [
                low(rows[0], rows[1]),
                high(rows[0], rows[1]),
                low(rows[2], rows[3]),
                high(rows[2], rows[3]),
                low(rows[4], rows[5]),
                high(rows[4], rows[5]),
                low(rows[6], rows[7]),
                high(rows[6], rows[7]),
            ];
            let fours = [
                _mm256_shuffle_ps::<0x44>(pairs[0], pairs[2]),
                _mm256_shuffle_ps::<0xEE>(pairs[0], pairs[2]),
                _mm256_shuffle_ps::<0x44>(pairs[1], pairs[3]),
                _mm256_shuffle_ps::<0xEE>(pairs[1], pairs[3]),
                _mm256_shuffle_ps::<0x44>(pairs[4], pairs[6]),
                _mm256_shuffle_ps::<0xEE>(pairs[4], pairs[6]),
                _mm256_shuffle_ps::<0x44>(pairs[5], pairs[7]),
                _mm256_shuffle_ps::<0xEE>(pairs[5], pairs[7]),
            ];
            for i in 0..4 {
                let to = out.add((right + i) * COLUMNS + down);
                _mm256_storeu_ps(to, _mm256_permute2f128_ps::<0x20>(fours[i], fours[i + 4]));
                let to = out.add((right + i + 4) * COLUMNS + down);
                _mm256_storeu_ps(to, _mm256_permute2f128_ps::<0x31>(fours[i], fours[i + 4]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns_in_both_precisions() {
        fn check<R: Real>() {
            let block: Vec<R> = (0..256).map(|i| R::of(f64::from(i))).collect();
            let mut out = vec![R::zero(); 256];
            transpose_block(&block, &mut out);
            for (at, &value) in out.iter().enumerate() {
                assert_eq!(value, block[at % 16 * 16 + at / 16], "element {at}");
            }
        }
        check::<f32>();
        check::<f64>();
    }
}
