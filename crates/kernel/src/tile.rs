//! The one register-blocked product that every matrix routine is built from.
//!
//! Each function is compiled twice, for AVX2 with FMA and for any machine, and chosen at run time ([`dispatch`]).

use crate::Real;

/// Defines a function compiled twice, for AVX2 with FMA and for any machine, and chosen at run time. The body is a
/// call of an `#[inline(always)]` function with a const parameter that says whether fused products are cheap.
macro_rules! dispatch {
    ($(#[$attribute:meta])* $visibility:vis fn $name:ident($($argument:ident: $kind:ty),* $(,)?) = $body:ident) => {
        $(#[$attribute])*
        $visibility fn $name<R: $crate::Real>($($argument: $kind),*) {
            #[cfg(target_arch = "x86_64")]
            {
                // never inlined: in a larger function the compiler loses the accumulators' registers (measured: 10×)
                #[inline(never)]
                #[target_feature(enable = "avx2,fma")]
                fn avx2<R: $crate::Real>($($argument: $kind),*) {
                    $body::<R, true>($($argument),*);
                }
                if std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma") {
                    // SAFETY: the two features that the function is compiled for were just detected.
                    return unsafe { avx2($($argument),*) };
                }
            }
            $body::<R, { cfg!(target_arch = "aarch64") }>($($argument),*);
        }
    };
}
pub(crate) use dispatch;

/// Columns of a tile: two AVX2 registers of `f32`.
pub const COLUMNS: usize = 16;
/// Rows of a full tile: 6 × 2 accumulators fill 12 of AVX2's 16 registers.
pub const ROWS: usize = 6;

dispatch! {
    /// `c[m][n] = Σ_l a[m·lda + l] · b[l·COLUMNS + n]` for `m < rows`; `b` holds `len` packed rows.
    ///
    /// The sum over `l` runs in ascending order for every element, so a result does not depend on how rows are
    /// grouped into calls.
    pub fn multiply(rows: usize, a: &[R], lda: usize, b: &[R], c: &mut [[R; COLUMNS]]) = multiply_inlined
}

#[inline(always)]
fn multiply_inlined<R: Real, const FUSED: bool>(rows: usize, a: &[R], lda: usize, b: &[R], c: &mut [[R; COLUMNS]]) {
    debug_assert!(b.len().is_multiple_of(COLUMNS) && c.len() >= rows);
    let mut row = 0;
    while row + ROWS <= rows {
        tile::<R, ROWS, FUSED>(&a[row * lda..], lda, b, &mut c[row..]);
        row += ROWS;
    }
    let a = a.get(row * lda..).unwrap_or_default();
    match rows - row {
        5 => tile::<R, 5, FUSED>(a, lda, b, &mut c[row..]),
        4 => tile::<R, 4, FUSED>(a, lda, b, &mut c[row..]),
        3 => tile::<R, 3, FUSED>(a, lda, b, &mut c[row..]),
        2 => tile::<R, 2, FUSED>(a, lda, b, &mut c[row..]),
        1 => tile::<R, 1, FUSED>(a, lda, b, &mut c[row..]),
        _ => {}
    }
}

#[inline(always)]
fn tile<R: Real, const M: usize, const FUSED: bool>(a: &[R], lda: usize, b: &[R], c: &mut [[R; COLUMNS]]) {
    let len = b.len() / COLUMNS;
    let a: [&[R]; M] = std::array::from_fn(|m| &a[m * lda..m * lda + len]);
    let mut sum = [[R::zero(); COLUMNS]; M];
    for (l, b) in b.chunks_exact(COLUMNS).enumerate() {
        for m in 0..M {
            let x = a[m][l];
            for n in 0..COLUMNS {
                // a product rounded once where the instruction exists; a call to a library routine where not
                sum[m][n] = if FUSED { x.mul_add(b[n], sum[m][n]) } else { sum[m][n] + x * b[n] };
            }
        }
    }
    c[..M].copy_from_slice(&sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_three_plain_loops_for_any_number_of_rows() {
        for rows in [1, 5, 6, 7, 13] {
            for len in [0, 1, 9] {
                let lda = len + 2;
                let a: Vec<f64> = (0..rows * lda).map(|i| (i as f64 * 0.7).sin()).collect();
                let b: Vec<f64> = (0..len * COLUMNS).map(|i| (i as f64 * 0.3).cos()).collect();
                let mut c = vec![[f64::NAN; COLUMNS]; rows];
                multiply(rows, &a, lda, &b, &mut c);
                for (m, row) in c.iter().enumerate() {
                    for (n, value) in row.iter().enumerate() {
                        let plain: f64 = (0..len).map(|l| a[m * lda + l] * b[l * COLUMNS + n]).sum();
                        assert!((value - plain).abs() < 1e-13, "{rows}×{len} at {m},{n}");
                    }
                }
            }
        }
    }
}
