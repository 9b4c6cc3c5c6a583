//! The real data of the quickstart: checksums, and the log-likelihoods that two Gaussians reach on it. They were
//! computed independently with NumPy; agreement means that rows, columns and parts are read as meant.

use std::path::{Path, PathBuf};

use flowstill_data::{Source, load, read_table};

const DIM: usize = 9;
const LOG_TAU: f64 = 1.837_877_066_409_345_3;

fn casp(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/data/casp").join(name)
}

fn rows(name: &str) -> Vec<f64> {
    let table = read_table(casp(name)).unwrap();
    assert_eq!(table.dim, DIM);
    table.values
}

/// Mean and covariance, row-major, by maximum likelihood.
fn moments(values: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let n = (values.len() / DIM) as f64;
    let mean: Vec<f64> = (0..DIM).map(|j| values.iter().skip(j).step_by(DIM).sum::<f64>() / n).collect();
    let mut covariance = vec![0.0; DIM * DIM];
    for row in values.chunks_exact(DIM) {
        for i in 0..DIM {
            for j in 0..DIM {
                covariance[i * DIM + j] += (row[i] - mean[i]) * (row[j] - mean[j]) / n;
            }
        }
    }
    (mean, covariance)
}

/// Lower Cholesky factor.
fn cholesky(a: &[f64]) -> Vec<f64> {
    let mut l = vec![0.0; DIM * DIM];
    for i in 0..DIM {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| l[i * DIM + k] * l[j * DIM + k]).sum();
            let rest = a[i * DIM + j] - known;
            l[i * DIM + j] = if i == j { rest.sqrt() } else { rest / l[j * DIM + j] };
        }
    }
    l
}

/// Mean log-likelihood of rows under N(mean, L Lᵀ).
fn score(values: &[f64], mean: &[f64], l: &[f64]) -> f64 {
    let log_det: f64 = (0..DIM).map(|i| l[i * DIM + i].ln()).sum();
    let mut total = 0.0;
    for row in values.chunks_exact(DIM) {
        let mut z = [0.0; DIM];
        for i in 0..DIM {
            let known: f64 = (0..i).map(|k| l[i * DIM + k] * z[k]).sum();
            z[i] = (row[i] - mean[i] - known) / l[i * DIM + i];
        }
        total -= 0.5 * z.iter().map(|z| z * z).sum::<f64>() + log_det + 0.5 * DIM as f64 * LOG_TAU;
    }
    total / (values.len() / DIM) as f64
}

#[test]
fn gaussians_score_as_documented() {
    let (train, validation, test) = (rows("train.npy"), rows("validation.npy"), rows("test.npy"));
    assert_eq!([train.len(), validation.len(), test.len()].map(|n| n / DIM), [35_657, 3_961, 4_401]);
    let (mean, covariance) = moments(&train);
    let full = cholesky(&covariance);
    assert!((score(&test, &mean, &full) - -4.4193).abs() < 1e-3, "{}", score(&test, &mean, &full));
    assert!((score(&validation, &mean, &full) - -4.7708).abs() < 1e-3, "{}", score(&validation, &mean, &full));
    let mut independent = vec![0.0; DIM * DIM];
    for j in 0..DIM {
        independent[j * DIM + j] = covariance[j * DIM + j].sqrt();
    }
    assert!((score(&test, &mean, &independent) - -12.4739).abs() < 1e-3, "{}", score(&test, &mean, &independent));
}

#[test]
fn the_parts_load_with_their_names() {
    let source = Source::Parts {
        train: casp("train.npy"),
        validation: Some(casp("validation.npy")),
        test: Some(casp("test.npy")),
        split: [0.8, 0.1, 0.1],
        pixels: None,
        seed: 0,
    };
    let data = load(&source).unwrap();
    assert_eq!(data.name, "casp");
    assert_eq!(data.columns, ["F1", "F2", "F4", "F5", "F6", "F7", "F8", "F9", "RMSD"]);
    let restored = data.standardizer.restore(&data.test.values);
    for (back, file) in restored.iter().zip(rows("test.npy")) {
        assert!((back - file).abs() < 1e-5 * (1.0 + file.abs()), "{back} {file}");
    }
}
