//! The formulas of [`RationalQuadratic`] for 16 splines at a time, with every choice between bins made for all of them at once.

use crate::Real;
use crate::lane::Lane;
use crate::panels::COLUMNS;
use crate::univariate::RationalQuadratic;

/// Shares of the extent that the bins have along either axis.
#[inline(always)]
pub(super) fn shares<R: Real>(
    spline: RationalQuadratic,
    p: &[Lane<R>],
    widths: &mut [Lane<R>],
    heights: &mut [Lane<R>],
) {
    let (raw_widths, rest) = p.split_at(spline.bins);
    for (raw, shares) in [(raw_widths, widths), (&rest[..spline.bins], heights)] {
        softmax(raw, shares);
    }
}

#[inline(always)]
fn softmax<R: Real>(raw: &[Lane<R>], shares: &mut [Lane<R>]) {
    let mut most = [R::neg_infinity(); COLUMNS];
    for raw in raw {
        let raw = *raw;
        for n in 0..COLUMNS {
            most[n] = if raw[n] > most[n] { raw[n] } else { most[n] };
        }
    }
    let mut sum = [R::zero(); COLUMNS];
    for (raw, share) in raw.iter().zip(shares.iter_mut()) {
        let mut raised = *raw;
        for n in 0..COLUMNS {
            raised[n] = (raised[n] - most[n]).fast_exp();
            sum[n] += raised[n];
        }
        *share = raised;
    }
    let (least, rest) = RationalQuadratic::floor_and_rest::<R>(raw.len());
    for share in shares {
        let mut mixed = *share;
        for n in 0..COLUMNS {
            mixed[n] = least + rest * mixed[n] / sum[n];
        }
        *share = mixed;
    }
}

/// The bin of each spline in which a value lies along the first axis.
struct Bin<R> {
    index: Lane<R>,
    start: Lane<R>,
    length: Lane<R>,
    other_start: Lane<R>,
    other_length: Lane<R>,
    /// at its ends
    slopes: [Lane<R>; 2],
    /// raw ones at inner knots, else nothing
    raw: [Lane<R>; 2],
}

/// The last bin that starts at or before the value, the first if none does.
#[inline(always)]
fn find<R: Real>(
    spline: RationalQuadratic,
    p: &[Lane<R>],
    along: &[Lane<R>],
    other: &[Lane<R>],
    value: &Lane<R>,
) -> Bin<R> {
    let (bins, bound) = (spline.bins, R::of(spline.bound));
    let (extent, value, raw) = (bound + bound, *value, &p[2 * bins..]);
    let zeros = [R::zero(); COLUMNS];
    let mut bin = Bin {
        index: zeros,
        start: zeros,
        length: zeros,
        other_start: zeros,
        other_length: zeros,
        slopes: [zeros; 2],
        raw: [zeros; 2],
    };
    let (mut start, mut other_start) = ([-bound; COLUMNS], [-bound; COLUMNS]);
    for k in 0..bins {
        let (along, other, last) = (along[k], other[k], k == bins - 1);
        let (left, right) = (if k == 0 { zeros } else { raw[k - 1] }, if last { zeros } else { raw[k] });
        let index = R::of(k as f64);
        for n in 0..COLUMNS {
            let length = if last { bound - start[n] } else { extent * along[n] };
            let other_length = if last { bound - other_start[n] } else { extent * other[n] };
            let here = k == 0 || value[n] >= start[n];
            bin.index[n] = if here { index } else { bin.index[n] };
            bin.start[n] = if here { start[n] } else { bin.start[n] };
            bin.length[n] = if here { length } else { bin.length[n] };
            bin.other_start[n] = if here { other_start[n] } else { bin.other_start[n] };
            bin.other_length[n] = if here { other_length } else { bin.other_length[n] };
            bin.raw[0][n] = if here { left[n] } else { bin.raw[0][n] };
            bin.raw[1][n] = if here { right[n] } else { bin.raw[1][n] };
            start[n] += length;
            other_start[n] += other_length;
        }
    }
    let (offset, least) = RationalQuadratic::slope_offset_and_least::<R>();
    let most = R::of((bins - 1) as f64);
    for side in 0..2 {
        for n in 0..COLUMNS {
            let a = bin.raw[side][n] + offset;
            let above = if a > R::zero() { a } else { R::zero() };
            let slope = least + (above + (-a.abs()).fast_exp().fast_ln_1p());
            let outermost = if side == 0 { bin.index[n] == R::zero() } else { bin.index[n] == most };
            bin.slopes[side][n] = if outermost { R::one() } else { slope };
        }
    }
    bin
}

/// The mapped numbers and the logarithms of the slopes in the closed direction, given the [`shares`].
#[inline(always)]
pub(super) fn map<R: Real>(
    spline: RationalQuadratic,
    p: &[Lane<R>],
    widths: &[Lane<R>],
    heights: &[Lane<R>],
    u: &Lane<R>,
) -> (Lane<R>, Lane<R>) {
    let (bin, u, bound) = (find(spline, p, widths, heights, u), *u, R::of(spline.bound));
    let (one, two) = (R::one(), R::of(2.0));
    let (mut mapped, mut log) = (u, [R::zero(); COLUMNS]);
    for n in 0..COLUMNS {
        let (width, height, d0, d1) = (bin.length[n], bin.other_length[n], bin.slopes[0][n], bin.slopes[1][n]);
        let (xi, s) = ((u[n] - bin.start[n]) / width, height / width);
        let q = xi * (one - xi);
        let denominator = s + (d0 + d1 - two * s) * q;
        let slope = d1 * xi * xi + two * s * q + d0 * (one - xi) * (one - xi);
        let inside = u[n].abs() < bound;
        let value = bin.other_start[n] + height * (s * xi * xi + d0 * q) / denominator;
        let log_slope = two * (s / denominator).fast_ln() + slope.fast_ln();
        mapped[n] = if inside { value } else { u[n] };
        log[n] = if inside { log_slope } else { R::zero() };
    }
    (mapped, log)
}

/// The numbers that are mapped to `y`.
#[inline(always)]
pub(super) fn solve<R: Real>(
    spline: RationalQuadratic,
    p: &[Lane<R>],
    widths: &[Lane<R>],
    heights: &[Lane<R>],
    y: &Lane<R>,
) -> Lane<R> {
    let (bin, y, bound) = (find(spline, p, heights, widths, y), *y, R::of(spline.bound));
    let two = R::of(2.0);
    let mut solved = y;
    for n in 0..COLUMNS {
        let (height, width, d0, d1) = (bin.length[n], bin.other_length[n], bin.slopes[0][n], bin.slopes[1][n]);
        let (s, up) = (height / width, y[n] - bin.start[n]);
        let bend = d0 + d1 - two * s;
        let (a, b, c) = (height * (s - d0) + up * bend, height * d0 - up * bend, -s * up);
        let square = b * b - R::of(4.0) * a * c;
        let root = if square > R::zero() { square } else { R::zero() }.sqrt();
        let value = bin.other_start[n] + width * (two * c / (-b - root));
        solved[n] = if y[n].abs() < bound { value } else { y[n] };
    }
    solved
}

/// From the gradients by the mapped numbers and the logarithms of the slopes to those by `u`, and by the parameters, which
/// are written to `dp`.
#[inline(always)]
pub(super) fn gradient<R: Real>(
    spline: RationalQuadratic,
    p: &[Lane<R>],
    widths: &[Lane<R>],
    heights: &[Lane<R>],
    u: &Lane<R>,
    dy: &Lane<R>,
    d_log: &Lane<R>,
    dp: &mut [Lane<R>],
) -> Lane<R> {
    let (bin, bins) = (find(spline, p, widths, heights, u), spline.bins);
    let (u, dy, d_log, bound) = (*u, *dy, *d_log, R::of(spline.bound));
    let (one, two) = (R::one(), R::of(2.0));
    let zeros = [R::zero(); COLUMNS];
    let (mut du, mut d_start, mut d_width, mut d_rise, mut d_height) = (dy, zeros, zeros, zeros, zeros);
    let mut d_slopes = [zeros; 2];
    for n in 0..COLUMNS {
        let inside = u[n].abs() < bound;
        let (width, height, d0, d1) = (bin.length[n], bin.other_length[n], bin.slopes[0][n], bin.slopes[1][n]);
        let (xi, s) = ((u[n] - bin.start[n]) / width, height / width);
        let q = xi * (one - xi);
        let bend = d0 + d1 - two * s;
        let (numerator, denominator) = (s * xi * xi + d0 * q, s + bend * q);
        let slope = d1 * xi * xi + two * s * q + d0 * (one - xi) * (one - xi);
        // backwards through y = y₀ + h·N/D and ℓ = 2 log s + log A − 2 log D
        let by_numerator = dy[n] * height / denominator;
        let by_denominator = -(dy[n] * height * numerator / denominator + two * d_log[n]) / denominator;
        let by_slope = d_log[n] / slope;
        let by_s = two * d_log[n] / s + by_numerator * xi * xi + by_denominator * (one - two * q) + by_slope * two * q;
        let by_d0 = by_numerator * q + by_denominator * q + by_slope * (one - xi) * (one - xi);
        let by_d1 = by_denominator * q + by_slope * xi * xi;
        let by_q = by_numerator * d0 + by_denominator * bend + by_slope * two * s;
        let by_xi =
            by_numerator * two * s * xi + by_slope * two * (d1 * xi - d0 * (one - xi)) + by_q * (one - two * xi);
        let by_u = by_xi / width;
        du[n] = if inside { by_u } else { dy[n] };
        d_start[n] = if inside { -by_u } else { R::zero() };
        d_width[n] = if inside { -(by_s * s + by_xi * xi) / width } else { R::zero() };
        d_rise[n] = if inside { dy[n] } else { R::zero() };
        d_height[n] = if inside { dy[n] * numerator / denominator + by_s / width } else { R::zero() };
        d_slopes[0][n] = if inside { by_d0 } else { R::zero() };
        d_slopes[1][n] = if inside { by_d1 } else { R::zero() };
    }
    let (for_widths, rest) = dp.split_at_mut(bins);
    let (for_heights, for_slopes) = rest.split_at_mut(bins);
    to_raw(spline, widths, &bin.index, &d_start, &d_width, for_widths);
    to_raw(spline, heights, &bin.index, &d_rise, &d_height, for_heights);
    let (offset, _) = RationalQuadratic::slope_offset_and_least::<R>();
    let mut on = [zeros; 2];
    for side in 0..2 {
        for n in 0..COLUMNS {
            on[side][n] = d_slopes[side][n] / (one + (-(bin.raw[side][n] + offset)).fast_exp());
        }
    }
    for (k, d) in for_slopes.iter_mut().enumerate() {
        // the inner knot before bin k + 1 and after bin k
        let (right, left) = (R::of(k as f64 + 1.0), R::of(k as f64));
        let mut by_raw = zeros;
        for n in 0..COLUMNS {
            let after = if bin.index[n] == right { on[0][n] } else { R::zero() };
            by_raw[n] = if bin.index[n] == left { on[1][n] } else { after };
        }
        *d = by_raw;
    }
    du
}

/// From the gradients by the start and the length of each spline's bin to those by the raw shares.
#[inline(always)]
fn to_raw<R: Real>(
    spline: RationalQuadratic,
    shares: &[Lane<R>],
    index: &Lane<R>,
    d_start: &Lane<R>,
    d_length: &Lane<R>,
    d_raw: &mut [Lane<R>],
) {
    let (least, rest) = RationalQuadratic::floor_and_rest::<R>(shares.len());
    let (extent, index, d_start, d_length) = (R::of(2.0 * spline.bound), *index, *d_start, *d_length);
    let mut mean = [R::zero(); COLUMNS];
    for (k, (share, d_raw)) in shares.iter().zip(d_raw.iter_mut()).enumerate() {
        let (share, k, mut d) = (*share, R::of(k as f64), [R::zero(); COLUMNS]);
        for n in 0..COLUMNS {
            let at = if k == index[n] { extent * d_length[n] } else { R::zero() };
            d[n] = if k < index[n] { extent * d_start[n] } else { at };
            mean[n] += (share[n] - least) / rest * d[n];
        }
        *d_raw = d;
    }
    for (share, d_raw) in shares.iter().zip(d_raw) {
        let (share, mut d) = (*share, *d_raw);
        for n in 0..COLUMNS {
            // rest · soft share, the softmax before the floor was added
            d[n] = (share[n] - least) * (d[n] - mean[n]);
        }
        *d_raw = d;
    }
}
