//! `log-prob`: densities of given rows.

use super::inputs::{keep, rows_for};
use super::{on_threads, unless_closed};
use crate::arguments::LogProb;
use anyhow::Result;
use flowstill_data::write;
use flowstill_sampler::Sampler;

pub fn log_prob(options: &LogProb) -> Result<()> {
    let sampler = Sampler::load(&options.checkpoint)?.with_temperature(options.temperature)?;
    let table = rows_for(&sampler, &options.data)?;
    keep(&[&options.data, &options.checkpoint], &options.output)?;
    let values = on_threads(options.threads, || Ok(sampler.log_prob_data(&table.values)?))?;
    let written = write::create(&options.output, &["log_prob".to_owned()], values.len() as u64)
        .and_then(|mut writer| writer.write_rows(&values).and_then(|()| writer.finish()));
    Ok(unless_closed(written)?)
}
