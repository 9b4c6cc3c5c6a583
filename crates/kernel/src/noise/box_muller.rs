//! Box–Muller: two uniform words to two independent standard normal values.
//!
//! Only sums, products, quotients and square roots of `f32`, comparisons and bit operations: IEEE 754 defines each of
//! them to the last bit, so the values are the same on every machine, whatever the vector width. (Fused products and
//! the logarithm, sine and cosine of the standard library are not.)

use std::f32::consts::{FRAC_PI_4, LN_2};

/// `out[i] = (√(−2 ln u) cos 2πv, √(−2 ln u) sin 2πv)` with `u = (a[i] + ½)/2³²` and `v = b[i]/2³²`.
///
/// Each value is within 4e-7 of the exact one, relatively.
#[inline(always)]
pub fn normals<const N: usize>(a: &[u32], b: &[u32], out: &mut [[f32; 2]; N]) {
    // two passes: the steps of one value wait for each other, and short passes keep more values in flight
    let mut squares = [0.0; N];
    for (square, &a) in squares.iter_mut().zip(a) {
        *square = minus_two_ln(a);
    }
    for ((out, &square), &b) in out.iter_mut().zip(&squares).zip(b) {
        let radius = square.sqrt();
        let (cos, sin) = cos_sin(b);
        *out = [radius * cos, radius * sin];
    }
}

/// `−2 ln u` with `u = (a + ½)/2³²`.
///
/// With `u = 2⁻ⁿ(1 − t)`, `t` in [0, ½], it is `2n ln 2 + 4 atanh(t/(2 − t))`: a sum of positive terms.
#[inline(always)]
fn minus_two_ln(a: u32) -> f32 {
    // in the upper half (n = 0) measured from the other end: t, and with it a small radius, keeps all its digits
    let upper = (a as i32) < 0;
    let distance = a as i32 ^ (a as i32 >> 31);
    let x = distance as f32 + 0.5;
    let exponent = (x.to_bits() >> 23) as i32;
    let mantissa = f32::from_bits(x.to_bits() & 0x007f_ffff | 0x3f00_0000); // in [½, 1)
    let n = if upper { 0.0 } else { (158 - exponent) as f32 };
    let t = if upper { x * (1.0 / 4_294_967_296.0) } else { 1.0 - mantissa };

    let s = t / (2.0 - t);
    let z = s * s;
    // atanh(s)/s = 1 + z·p(z); minimax for s ≤ 1/3, relative error 5e-9
    let p = 0.333_332_06 + z * (0.200_108_5 + z * (0.139_995_7 + z * 0.140_122_3));
    n * (2.0 * LN_2) + (4.0 * s + 4.0 * s * (z * p))
}

/// `(cos 2πv, sin 2πv)` with `v = b/2³²`.
///
/// `2πv = (2q + y)·π/4`: the bits of `b` hold the nearest number of quarter turns `q` and the rest `y` in [−1, 1).
#[inline(always)]
fn cos_sin(b: u32) -> (f32, f32) {
    let y = (b << 2) as i32 as f32 * (1.0 / 2_147_483_648.0);
    let w = y * y;
    // minimax for w ≤ 1: errors 8e-9 of sin(πy/4)/y (relative) and 7e-9 of cos(πy/4)
    let sin = y * (FRAC_PI_4 + w * (-0.080_745_46 + w * (0.002_490_049_4 + w * -3.597_898_5e-5)));
    let cos = 1.0 + w * (-0.308_425_13 + w * (0.015_854_327 + w * (-3.259_42e-4 + w * 3.531_334_6e-6)));

    let quarters = b.wrapping_add(1 << 29) >> 30;
    let (cos, sin) = if quarters & 1 == 0 { (cos, sin) } else { (sin, cos) };
    // the cosine is negative in quarters 1 and 2, the sine in 2 and 3
    let cos_sign = (quarters.wrapping_add(1) & 2) << 30;
    let sin_sign = (quarters & 2) << 30;
    (f32::from_bits(cos.to_bits() ^ cos_sign), f32::from_bits(sin.to_bits() ^ sin_sign))
}

/// The plain formula, with the functions of the standard library.
#[cfg(test)]
pub fn reference_pair(a: u32, b: u32) -> [f64; 2] {
    let radius = (-2.0 * ((f64::from(a) + 0.5) / 4_294_967_296.0).ln()).sqrt();
    let (sin, cos) = (std::f64::consts::TAU * (f64::from(b) / 4_294_967_296.0)).sin_cos();
    [radius * cos, radius * sin]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(a: u32, b: u32) {
        let mut out = [[0.0; 2]];
        normals(&[a], &[b], &mut out);
        for (value, expected) in out[0].map(f64::from).into_iter().zip(reference_pair(a, b)) {
            let tolerance = f64::max(4e-7 * expected.abs(), 5e-15); // 5e-15: what τ costs the reference in f64
            assert!((value - expected).abs() <= tolerance, "{a:#x}, {b:#x}: {value:e} for {expected:e}");
        }
    }

    #[test]
    fn values_agree_with_the_plain_formula() {
        // a Weyl sequence visits both halves of the range evenly
        for i in 0..2_000_000u32 {
            check(i.wrapping_mul(0x9E37_79B9), i.wrapping_mul(0x85EB_CA6B));
        }
    }

    #[test]
    fn the_ends_of_every_interval_agree_with_the_plain_formula() {
        // powers of two end the octaves of u and 1 − u, multiples of 2²⁹ the octants of the angle
        let near = |center: u32| (0..5).map(move |i| center.wrapping_add(i).wrapping_sub(2));
        let octaves = (0..32).flat_map(|bit| [1u32 << bit, (1u32 << bit).wrapping_neg()]).chain([0]);
        for a in octaves.flat_map(near) {
            for b in (0..8).flat_map(|octant| near(octant << 29)) {
                check(a, b);
            }
        }
    }

    #[test]
    fn the_largest_value_is_the_square_root_of_66_ln_2() {
        let mut out = [[0.0; 2]];
        normals(&[0], &[0], &mut out);
        assert_eq!(out, [[(66.0 * std::f64::consts::LN_2).sqrt() as f32, 0.0]]);
    }
}
