//! `log-prob`: densities of given rows.

use super::{on_threads, unless_closed};
use crate::arguments::LogProb;
use anyhow::{Result, bail};
use flowstill_data::{read_table, write};
use flowstill_runner::RunError;
use flowstill_sampler::Sampler;

pub fn log_prob(options: &LogProb) -> Result<()> {
    let sampler = Sampler::load(&options.checkpoint)?;
    let table = read_table(&options.data).map_err(RunError::from)?;
    if table.dim != sampler.dim() {
        bail!(
            "{} has {} columns, the model has {} ({})",
            options.data.display(),
            table.dim,
            sampler.dim(),
            sampler.columns().join(", ")
        );
    }
    let values = on_threads(options.threads, || Ok(sampler.log_prob_data(&table.values)?))?;
    let written = write::create(&options.output, &["log_prob".to_owned()], values.len() as u64)
        .and_then(|mut writer| writer.write_rows(&values).and_then(|()| writer.finish()));
    Ok(unless_closed(written)?)
}
