//! The largest singular value of a weight, with its vectors: what spectral normalisation divides by (Miyato et al. 2018,
//! §2.1; Gouk et al. 2021).

use crate::Real;
use crate::isa::{Instructions, dispatch, multiply_add};

/// `σ = aᵀ·W·b` with `‖a‖ = ‖b‖ = 1`. The gradient of `σ` by `W` is `a·bᵀ`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Largest {
    pub sigma: f64,
    pub left: Vec<f64>,
    pub right: Vec<f64>,
}

/// `‖G·v − λ·v‖ ≤ ACCURACY·λ` ends the search; with weights in single precision their rounding is enough.
const ACCURACY: f64 = 1e-12;

/// Steps with one power of the matrix, before it is squared.
const STEPS: usize = 24;

/// Squarings after which nothing could change: the last of the powers is 2⁴⁰.
const SQUARINGS: usize = 40;

impl Largest {
    /// Of a rows × columns matrix, row-major, from nothing but its numbers.
    ///
    /// Power iteration from a fixed vector with the smaller of `W·Wᵀ` and `Wᵀ·W`, which is squared whenever a few steps
    /// were not enough: so also singular values that lie close together cost tens of steps, not thousands. Then `σ²` is
    /// within 1e-12 of its size of an eigenvalue (in single precision 1.2e-7), and never above the largest: what is divided
    /// by `σ` may have a norm that is above 1 by as much.
    pub fn of<R: Real>(weight: &[R], rows: usize, columns: usize) -> Self {
        let weight: Vec<f64> = weight.iter().map(|w| w.f64()).collect();
        let (left_is_smaller, n) = (rows < columns, rows.min(columns));
        let gram = if left_is_smaller { rows_gram(&weight, columns) } else { columns_gram(&weight, columns) };
        let trace: f64 = (0..n).map(|i| gram[i * n + i]).sum();
        if !(trace > 0.0 && trace.is_finite()) {
            let sigma = if trace == 0.0 { 0.0 } else { f64::NAN };
            return Self { sigma, left: vec![0.0; rows], right: vec![0.0; columns] };
        }
        let v = dominant(&gram, n, trace, R::epsilon().f64().max(ACCURACY));
        let mut other = if left_is_smaller {
            let mut right = vec![0.0; columns];
            weight.chunks_exact(columns).zip(&v).for_each(|(row, v)| add(*v, row, &mut right));
            right
        } else {
            weight.chunks_exact(columns).map(|row| inner(row, &v)).collect()
        };
        let sigma = normalise(&mut other);
        let (left, right) = if left_is_smaller { (v, other) } else { (other, v) };
        Self { sigma, left, right }
    }
}

fn inner(a: &[f64], b: &[f64]) -> f64 {
    super::super::arithmetic::dot(a, b)
}

fn add(by: f64, x: &[f64], y: &mut [f64]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += by * x);
}

/// Makes it 1 long; its length.
fn normalise(v: &mut [f64]) -> f64 {
    let length = inner(v, v).sqrt();
    v.iter_mut().for_each(|v| *v /= length);
    length
}

/// `W·Wᵀ`.
fn rows_gram(weight: &[f64], columns: usize) -> Vec<f64> {
    let rows = weight.chunks_exact(columns);
    rows.clone().flat_map(|a| rows.clone().map(|b| inner(a, b))).collect()
}

/// `Wᵀ·W`.
fn columns_gram(weight: &[f64], columns: usize) -> Vec<f64> {
    let mut gram = vec![0.0; columns * columns];
    add_products(weight, columns, &mut gram);
    gram
}

dispatch! {
    /// Adds `Wᵀ·W`.
    fn add_products(weight: &[R], columns: usize, gram: &mut [R]) = add_products_body
}

#[inline(always)]
fn add_products_body<R: Real, I: Instructions>(weight: &[R], columns: usize, gram: &mut [R]) {
    for (i, gram) in gram.chunks_exact_mut(columns).enumerate() {
        for row in weight.chunks_exact(columns) {
            for j in 0..columns {
                gram[j] = multiply_add::<R, I>(row[i], row[j], gram[j]);
            }
        }
    }
}

dispatch! {
    /// `out = A·v` for a symmetric matrix.
    fn apply(matrix: &[R], v: &[R], out: &mut [R]) = apply_body
}

#[inline(always)]
fn apply_body<R: Real, I: Instructions>(matrix: &[R], v: &[R], out: &mut [R]) {
    let n = out.len();
    out.fill(R::zero());
    for (row, &by) in matrix.chunks_exact(n).zip(v) {
        for j in 0..n {
            out[j] = multiply_add::<R, I>(by, row[j], out[j]);
        }
    }
}

/// The eigenvector of the largest eigenvalue of a positive matrix.
fn dominant(gram: &[f64], n: usize, trace: f64, accuracy: f64) -> Vec<f64> {
    let mut power: Vec<f64> = gram.iter().map(|g| g / trace).collect();
    // no entry is zero, and no symmetry of a weight is likely to make it orthogonal to what is looked for
    let mut v: Vec<f64> = (0..n).map(|i| 1.0 + 0.3 * (1.7 * i as f64 * i as f64 + 0.4).sin()).collect();
    let mut image = vec![0.0; n];
    for _ in 0..SQUARINGS {
        for _ in 0..STEPS {
            apply(&power, &v, &mut image);
            std::mem::swap(&mut v, &mut image);
            normalise(&mut v);
            apply(gram, &v, &mut image);
            let lambda = inner(&v, &image);
            let off: f64 = image.iter().zip(&v).map(|(image, v)| (image - lambda * v).powi(2)).sum();
            if off.sqrt() <= accuracy * lambda {
                return v;
            }
        }
        // symmetric, so its columns are its rows
        power = columns_gram(&power, n);
        let trace: f64 = (0..n).map(|i| power[i * n + i]).sum();
        power.iter_mut().for_each(|p| *p /= trace);
    }
    v
}

#[cfg(test)]
mod tests {
    use super::super::super::laws::noise;
    use super::*;

    #[test]
    fn known_singular_values_are_found() {
        // two rotations of the plane around diag(3, 2)
        let turn = |t: f64| [t.cos(), -t.sin(), t.sin(), t.cos()];
        let times = |a: [f64; 4], b: [f64; 4]| {
            [a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3], a[2] * b[0] + a[3] * b[2], a[2] * b[1] + a[3] * b[3]]
        };
        for second in [2.0, 2.999_99, 3.0, 0.0] {
            let weight = times(times(turn(0.7), [3.0, 0.0, 0.0, second]), turn(-1.1));
            let largest = Largest::of(&weight, 2, 2);
            assert!((largest.sigma - 3.0).abs() < 1e-11, "{second}: {largest:?}");
        }
        assert_eq!(Largest::of(&[0.0f32; 6], 2, 3).sigma, 0.0);
        assert!(Largest::of(&[1.0, f64::NAN], 1, 2).sigma.is_nan());
    }

    #[test]
    fn vectors_are_singular_and_no_vector_is_stretched_more() {
        for (rows, columns) in [(1, 7), (5, 3), (8, 8), (20, 64), (33, 17)] {
            let weight = noise(rows as u64, rows * columns, 1.0);
            let Largest { sigma, left, right } = Largest::of(&weight, rows, columns);
            for (row, a) in weight.chunks(columns).zip(&left) {
                assert!((inner(row, &right) - sigma * a).abs() < 1e-10 * sigma);
            }
            for seed in 0..200 {
                let mut x = noise(seed, columns, 1.0);
                normalise(&mut x);
                let image: f64 = weight.chunks(columns).map(|row| inner(row, &x).powi(2)).sum();
                assert!(image.sqrt() <= sigma * (1.0 + 1e-12), "{rows} × {columns}");
            }
        }
    }
}
