//! The real digits, where `FLOWSTILL_DATA` names a folder that has them in `mnist/`: the Gaussian of the MAF paper.

use std::path::PathBuf;
use std::thread;

use flowstill_data::{Dataset, Source, load};
use flowstill_model::{Pixels, bits_per_dimension};

const LOG_TAU: f64 = 1.837_877_066_409_345_3;
/// Rows whose products are added up at a time.
const LANES: usize = 8;

/// `XᵀX` of standardised rows, lower triangle: entries of the rows `i ≡ part (mod parts)`.
fn moments(x: &[f32], dim: usize, part: usize, parts: usize) -> Vec<f64> {
    let mut sums = vec![0.0; dim * dim];
    let mut block = vec![0.0; LANES * dim];
    for rows in x.chunks(LANES * dim) {
        block.fill(0.0);
        block.iter_mut().zip(rows).for_each(|(to, from)| *to = f64::from(*from));
        let row: [&[f64]; LANES] = std::array::from_fn(|r| &block[r * dim..][..dim]);
        for i in (part..dim).step_by(parts) {
            let factor: [f64; LANES] = std::array::from_fn(|r| row[r][i]);
            for (j, sum) in sums[i * dim..][..=i].iter_mut().enumerate() {
                *sum += (0..LANES).map(|r| factor[r] * row[r][j]).sum::<f64>();
            }
        }
    }
    sums
}

/// Covariance about 0 of standardised rows: their mean is 0.
fn covariance(x: &[f32], dim: usize) -> Vec<f64> {
    let n = (x.len() / dim) as f64;
    let parts: Vec<Vec<f64>> = thread::scope(|scope| {
        let started: Vec<_> = (0..2).map(|part| scope.spawn(move || moments(x, dim, part, 2))).collect();
        started.into_iter().map(|part| part.join().unwrap()).collect()
    });
    parts[0].iter().zip(&parts[1]).map(|(a, b)| (a + b) / n).collect()
}

/// Lower Cholesky factor, in place.
fn cholesky(a: &mut [f64], dim: usize) {
    for i in 0..dim {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| a[i * dim + k] * a[j * dim + k]).sum();
            let rest = a[i * dim + j] - known;
            a[i * dim + j] = if i == j { rest.sqrt() } else { rest / a[j * dim + j] };
        }
    }
}

/// Log-density of each row under N(0, L Lᵀ), eight rows at a time.
fn log_prob(x: &[f32], dim: usize, l: &[f64]) -> Vec<f64> {
    let log_det: f64 = (0..dim).map(|i| l[i * dim + i].ln()).sum();
    let eight = |rows: &[f32]| {
        let mut z = vec![[0.0; LANES]; dim];
        let mut squares = [0.0; LANES];
        for i in 0..dim {
            let mut sum: [f64; LANES] = std::array::from_fn(|r| rows.get(r * dim + i).map_or(0.0, |v| f64::from(*v)));
            for (l, z) in l[i * dim..][..i].iter().zip(&z) {
                (0..LANES).for_each(|r| sum[r] -= l * z[r]);
            }
            z[i] = sum.map(|sum| sum / l[i * dim + i]);
            (0..LANES).for_each(|r| squares[r] += z[i][r] * z[i][r]);
        }
        squares.map(|square| -0.5 * (square + dim as f64 * LOG_TAU) - log_det)[..rows.len() / dim].to_vec()
    };
    x.chunks(LANES * dim).flat_map(eight).collect()
}

fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, (values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0) / n).sqrt())
}

/// Log-densities of the rows `x` in logit space and bits per dimension, under the Gaussian of the training rows.
fn scores(data: &Dataset, x: &[f32]) -> (Vec<f64>, Vec<f64>) {
    let dim = data.dim();
    let mut factor = covariance(&data.train.values, dim);
    cholesky(&mut factor, dim);
    let scale = data.standardizer.log_det();
    let log_prob: Vec<f64> = log_prob(x, dim, &factor).into_iter().map(|l| l - scale).collect();
    let (y, pixels) = (data.standardizer.restore(x), data.pixels.as_ref().expect("pictures"));
    let bits = log_prob.iter().zip(y.chunks_exact(dim)).map(|(l, y)| bits_per_dimension(pixels.log_prob(*l, y), dim));
    let bits = bits.collect();
    (log_prob, bits)
}

/// Table 2 of Papamakarios et al. 2017 gives −1366.9 ± 1.4 nats for the Gaussian, in logit space and with two standard
/// errors.
#[test]
fn the_gaussian_of_the_paper_is_met_on_the_real_digits() {
    let Some(folder) = std::env::var_os("FLOWSTILL_DATA").map(|folder| PathBuf::from(folder).join("mnist")) else {
        eprintln!("skipped: FLOWSTILL_DATA names no folder with the digits in mnist/");
        return;
    };
    let data = load(&Source::Mnist { folder, pixels: Pixels::default(), seed: 0 }).unwrap();
    assert_eq!([&data.train, &data.validation, &data.test].map(|rows| rows.len()), [50_000, 10_000, 10_000]);
    assert_eq!(data.pixels.as_ref().unwrap().shape, Some([28, 28]));
    let (log_prob, bits) = scores(&data, &data.test.values);
    let ((mean, error), (bits, _)) = (mean_and_error(&log_prob), mean_and_error(&bits));
    println!("{mean:.2} ± {error:.2} nats, {bits:.4} bits per dimension");
    assert!((mean - -1366.9).abs() < 1.5 && (2.0 * error - 1.44).abs() < 0.05, "{mean} ± {error}");
    assert!((1.0..3.0).contains(&bits), "{bits}");
}
