//! `sample`: rows from a checkpoint, streamed.

use super::on_threads;
use crate::arguments::{Method as Choice, Sample};
use crate::interrupt;
use anyhow::{Result, bail};
use flowstill_data::DataError;
use flowstill_eval::measure::JACOBI_TOLERANCE;
use flowstill_runner::RunError;
use flowstill_sampler::{Method, Sampler};
use indicatif::ProgressBar;
use std::sync::atomic::Ordering;

/// Rows drawn between two writes.
const CHUNK_ROWS: usize = 1 << 16;
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
    let interrupted = interrupt::flag()?;
    on_threads(options.threads, || {
        let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new(options.n) };
        let write = || -> Result<(), RunError> {
            let mut writer = flowstill_data::write::create(&options.output, sampler.columns(), options.n)?;
            for rows in sampler.chunks(options.seed, 0..options.n, chunk_rows) {
                if interrupted.load(Ordering::Relaxed) {
                    return Err(RunError::InterruptedSampling);
                }
                let rows = rows?;
                writer.write_rows(&rows)?;
                bar.inc((rows.len() / sampler.dim()) as u64);
            }
            Ok(writer.finish()?)
        };
        let drawn = write();
        bar.finish_and_clear();
        match drawn {
            Err(RunError::Data(DataError::BrokenPipe)) => Ok(()),
            other => Ok(other?),
        }
    })
}
