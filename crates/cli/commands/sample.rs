//! `sample`: rows from a checkpoint, streamed.

use super::{on_threads, unless_closed};
use crate::arguments::{Method as Choice, Sample};
use anyhow::{Result, bail};
use flowstill_runner::RunError;
use flowstill_sampler::{Method, Sampler};
use indicatif::ProgressBar;

/// Rows drawn between two writes.
const CHUNK_ROWS: usize = 1 << 16;
/// As close as `f32` gives.
const JACOBI_TOLERANCE: f64 = 1e-5;

pub fn sample(options: &Sample, quiet: bool) -> Result<()> {
    if options.n == 0 {
        bail!("-n is 0; expected at least 1 row");
    }
    let method = match options.method {
        Choice::Incremental => Method::Incremental,
        Choice::Naive => Method::Naive,
        Choice::Jacobi => Method::Jacobi { tolerance: JACOBI_TOLERANCE },
    };
    let sampler = Sampler::load(&options.checkpoint)?.with_method(method)?;
    let chunk_rows = CHUNK_ROWS.min((1 << 24) / sampler.dim()).max(1);
    on_threads(options.threads, || {
        let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new(options.n) };
        let write = || {
            let mut writer = flowstill_data::write::create(&options.output, sampler.columns(), options.n)?;
            let mut failure = None;
            for rows in sampler.chunks(options.seed, 0..options.n, chunk_rows) {
                match rows {
                    Ok(rows) => {
                        writer.write_rows(&rows)?;
                        bar.inc((rows.len() / sampler.dim()) as u64);
                    }
                    Err(error) => {
                        failure = Some(error);
                        break;
                    }
                }
            }
            match failure {
                Some(error) => Ok(Some(error)),
                None => writer.finish().map(|()| None),
            }
        };
        let drawn = write();
        bar.finish_and_clear();
        match drawn {
            Ok(Some(error)) => Err(RunError::from(error).into()),
            Ok(None) => Ok(()),
            Err(error) => Ok(unless_closed(Err(error))?),
        }
    })
}
