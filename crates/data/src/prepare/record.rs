//! What was made of which files: for `preparation.json` and for the terminal.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Benchmark;
use super::columns::{counted, grouped};
use super::gaussian::LogLikelihood;
use super::parts::Parts;
use crate::error::DataError;

/// The record beside the arrays.
#[derive(Debug, Clone, Serialize)]
pub struct Record {
    pub benchmark: &'static str,
    pub paper: &'static str,
    pub program: String,
    pub sources: Vec<SourceFile>,
    /// What was done, in order.
    pub steps: Vec<String>,
    pub dim: usize,
    pub columns: Vec<String>,
    pub rows: Rows,
    pub rows_of_the_paper: Rows,
    pub gaussian: Gaussian,
}

/// A file that was read.
#[derive(Debug, Clone, Serialize)]
pub struct SourceFile {
    pub path: PathBuf,
    pub bytes: u64,
    pub sha256: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rows {
    pub train: usize,
    pub validation: usize,
    pub test: usize,
}

/// Test log-likelihood in nats of a Gaussian with the mean and covariance of the training rows, and the paper's.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Gaussian {
    /// None where the covariance is singular.
    pub test_log_likelihood: Option<f64>,
    pub two_standard_errors: Option<f64>,
    pub paper: f64,
    pub paper_two_standard_errors: f64,
}

impl Record {
    pub(super) fn new(
        benchmark: &Benchmark,
        sources: Vec<SourceFile>,
        parts: &Parts,
        found: Option<LogLikelihood>,
    ) -> Self {
        let [train, validation, test] = parts.named().map(|(_, values)| values.len() / parts.dim());
        let [paper, paper_two_standard_errors] = benchmark.gaussian;
        let of_paper = Rows { train: benchmark.rows[0], validation: benchmark.rows[1], test: benchmark.rows[2] };
        Self {
            benchmark: benchmark.name,
            paper: "Papamakarios, Pavlakou & Murray (2017), Masked Autoregressive Flow for Density Estimation",
            program: format!("flowstill {}", env!("CARGO_PKG_VERSION")),
            sources,
            steps: parts.steps.clone(),
            dim: parts.dim(),
            columns: parts.columns.clone(),
            rows: Rows { train, validation, test },
            rows_of_the_paper: of_paper,
            gaussian: Gaussian {
                test_log_likelihood: found.map(|found| found.mean),
                two_standard_errors: found.map(|found| found.two_standard_errors),
                paper,
                paper_two_standard_errors,
            },
        }
    }

    /// Steps, rows, and the check against the paper's table, in lines.
    pub fn summary(&self, benchmark: &Benchmark) -> String {
        let mut lines: Vec<String> = self.steps.iter().map(|step| format!("- {step}")).collect();
        let all = |rows: &Rows| [rows.train, rows.validation, rows.test].map(grouped).join(" / ");
        let whole = self.rows == self.rows_of_the_paper && self.dim == benchmark.dim;
        let as_paper = if whole {
            "as in the paper".to_owned()
        } else {
            format!("the paper has {} columns, {} rows", benchmark.dim, all(&self.rows_of_the_paper))
        };
        lines.push(format!(
            "{}: {}, {} rows to train / validate / test ({as_paper})",
            self.benchmark,
            counted(self.dim, "column"),
            all(&self.rows)
        ));
        let paper = format!("{:.2} ± {:.2}", self.gaussian.paper, self.gaussian.paper_two_standard_errors);
        lines.push(match (self.gaussian.test_log_likelihood, self.gaussian.two_standard_errors) {
            (Some(mean), Some(errors)) => format!(
                "a Gaussian with full covariance: {mean:.2} ± {errors:.2} nats on the test rows (2 standard errors), in the \
                 paper {paper}"
            ),
            _ => format!(
                "a Gaussian with full covariance cannot be fitted: that of {} in {} is singular (in the paper {paper})",
                counted(self.rows.train, "row"),
                counted(self.dim, "column")
            ),
        });
        lines.join("\n")
    }
}

/// Length and hash of a file.
pub(super) fn source(path: &Path) -> Result<SourceFile, DataError> {
    let failed = |e: io::Error| DataError::reading(path, e);
    let mut file = File::open(path).map_err(failed)?;
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                hash.update(&buffer[..n]);
                bytes += n as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(failed(e)),
        }
    }
    let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(SourceFile { path: path.to_path_buf(), bytes, sha256 })
}
