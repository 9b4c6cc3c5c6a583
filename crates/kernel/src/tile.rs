//! The register tile that every product of panels is made of.

use crate::Real;
use crate::isa::{Instructions, multiply_add};
use crate::panels::COLUMNS;

/// Rows of a tile: 6 × 2 accumulators fill 12 of AVX2's 16 registers.
pub(crate) const ROWS: usize = 6;
/// Rows of a tile where 32 registers are each as wide as a panel.
pub(crate) const WIDE_ROWS: usize = 12;

/// `sum[m][n] += Σ_l a[m·row + l·step] · b[l·COLUMNS + n]`, in ascending `l`.
///
/// # Safety
/// `a` must be readable at `m·row + l·step` for all `m < M`, `l < len`, and `b` at `l·COLUMNS + n` for `n < N`.
#[inline(always)]
pub(crate) unsafe fn accumulate<R: Real, I: Instructions, const M: usize, const N: usize>(
    sum: &mut [[R; N]; M],
    len: usize,
    a: *const R,
    row: usize,
    step: usize,
    b: *const R,
) {
    let (mut a, mut b) = (a, b);
    for _ in 0..len {
        // SAFETY: the caller's promise.
        unsafe {
            let right: [R; N] = *b.cast();
            // a loop of more rows than six the compiler does not unroll, and keeps the sums in memory
            six_rows::<R, I, M, N, 0>(sum, a, row, &right);
            six_rows::<R, I, M, N, 6>(sum, a, row, &right);
            six_rows::<R, I, M, N, 12>(sum, a, row, &right);
            a = a.wrapping_add(step);
            b = b.wrapping_add(COLUMNS);
        }
    }
}

/// One step of [`accumulate`] for the rows from `FIRST` on, six of them or as many as there are.
///
/// # Safety
/// `a` must be readable at `m·row` for these rows.
#[inline(always)]
unsafe fn six_rows<R: Real, I: Instructions, const M: usize, const N: usize, const FIRST: usize>(
    sum: &mut [[R; N]; M],
    a: *const R,
    row: usize,
    right: &[R; N],
) {
    for i in 0..6 {
        let m = FIRST + i;
        if m < M {
            // SAFETY: the caller's promise.
            let left = unsafe { *a.add(m * row) };
            for n in 0..N {
                sum[m][n] = multiply_add::<R, I>(left, right[n], sum[m][n]);
            }
        }
    }
}

/// `sum[m][n] = Σ_l x[m][l] · b[(l − from)·COLUMNS + n]` over the columns `from..to` of `M` rows of a matrix in
/// panels `stride` apart; `x` points to the first of the rows in panel 0.
///
/// # Safety
/// The rows must be readable in all the panels that `from..to` touches, and `b` must hold `to − from` rows.
#[inline(always)]
pub(crate) unsafe fn rows_by_panel<R: Real, I: Instructions, const M: usize, const N: usize>(
    from: usize,
    to: usize,
    x: *const R,
    stride: usize,
    b: *const R,
) -> [[R; N]; M] {
    let mut sum = [[R::zero(); N]; M];
    let (mut at, mut b) = (from, b);
    while at < to {
        let next = (at - at % COLUMNS + COLUMNS).min(to);
        // SAFETY: the caller's promise; `at..next` lies within one panel.
        unsafe {
            let x = x.add(at / COLUMNS * stride + at % COLUMNS);
            if next - at == COLUMNS {
                // a constant length, which the compiler unrolls
                accumulate::<R, I, M, N>(&mut sum, COLUMNS, x, COLUMNS, 1, b);
            } else {
                accumulate::<R, I, M, N>(&mut sum, next - at, x, COLUMNS, 1, b);
            }
            b = b.add((next - at) * COLUMNS);
        }
        at = next;
    }
    sum
}

/// Runs the body for tiles from row `$at` to row `$end`, with the constant `$m` equal to a tile's rows. Tiles have 6
/// rows or as nearly as they divide: 8 rows are 4 + 4, as a tile of 2 takes as long as one of 4.
macro_rules! by_tiles {
    ($at:ident, $end:expr, $m:ident => $body:expr) => {
        by_tiles!($at, $end, $m => $body, 1 2 3 4 5 6)
    };
    ($at:ident, $end:expr, $m:ident => $body:expr, $($value:literal)*) => {
        let mut tiles = ($end - $at).div_ceil($crate::tile::ROWS);
        while tiles > 0 {
            match ($end - $at).div_ceil(tiles) {
                $($value => {
                    const $m: usize = $value;
                    $body;
                    $at += $m;
                })*
                rows => unreachable!("tiles have 1 to 6 rows, not {rows}"),
            }
            tiles -= 1;
        }
    };
}
pub(crate) use by_tiles;
