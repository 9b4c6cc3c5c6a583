//! `log-prob`: densities of given rows.

use super::{on_threads, unless_closed};
use crate::arguments::LogProb;
use anyhow::{Result, bail};
use flowstill_data::{read_table, write};
use flowstill_runner::RunError;
use flowstill_sampler::Sampler;

pub fn log_prob(options: &LogProb) -> Result<()> {
    let sampler = Sampler::load(&options.checkpoint)?.with_temperature(options.temperature)?;
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
    let elsewhere =
        |(i, name): (usize, &String)| sampler.columns().iter().position(|c| c == name).is_some_and(|j| j != i);
    if table.columns.iter().flatten().enumerate().any(elsewhere) {
        bail!(
            "{} has its columns in another order than the model; expected {}",
            options.data.display(),
            sampler.columns().join(", ")
        );
    }
    for given in [&options.data, &options.checkpoint] {
        if let (Ok(output), Ok(input)) = (options.output.canonicalize(), given.canonicalize())
            && output == input
        {
            bail!("{} would be overwritten by its own result; choose another --output", given.display());
        }
    }
    let values = on_threads(options.threads, || Ok(sampler.log_prob_data(&table.values)?))?;
    let written = write::create(&options.output, &["log_prob".to_owned()], values.len() as u64)
        .and_then(|mut writer| writer.write_rows(&values).and_then(|()| writer.finish()));
    Ok(unless_closed(written)?)
}
