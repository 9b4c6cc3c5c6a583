//! `log-prob`: densities of given rows; of pictures, those of their pixels with the noise that makes them real numbers.

use super::inputs::{keep, made_real, rows_for};
use super::{on_threads, unless_closed};
use crate::arguments::LogProb;
use crate::output;
use anyhow::{Result, bail};
use flowstill_data::write;
use flowstill_eval::Estimate;
use flowstill_runner::report;
use flowstill_sampler::{Ensemble, Sampler};
use std::path::PathBuf;

pub fn log_prob(options: &LogProb, quiet: bool) -> Result<()> {
    let checkpoints: Vec<_> = [&options.checkpoint].into_iter().chain(&options.with).collect();
    let load = |path: &&PathBuf| Sampler::load(path)?.with_temperature(options.temperature);
    let members = checkpoints.iter().map(load).collect::<Result<Vec<_>, _>>()?;
    let ensemble = Ensemble::new(members)?;
    let sampler = &ensemble.members()[0];
    let mut table = rows_for(sampler, &options.data)?;
    match (sampler.pixels(), options.seed) {
        (Some(pixels), seed) => {
            made_real(&mut table, pixels, seed.unwrap_or(0), &options.data)?;
            output::note(format_args!(
                "log-densities in nats of the pixels with uniform noise, per unit of a pixel's value; divided by −{} log 2 \
                 they are bits per dimension",
                table.dim
            ));
        }
        (None, Some(_)) => {
            bail!("--seed is that of the noise of pixels, and the model is not one of pictures; leave it out")
        }
        (None, None) => {}
    }
    let inputs: Vec<_> = [&options.data].into_iter().chain(checkpoints).collect();
    keep(&inputs, &options.output)?;
    let values = on_threads(options.threads, || Ok(ensemble.log_prob_data(&table.values)?))?;
    if !quiet && let Ok(mean) = Estimate::named("log-density", &values) {
        output::note(format_args!("mean log-likelihood {} nats of {} rows", report::estimate(mean), values.len()));
    }
    let written = write::create(&options.output, &["log_prob".to_owned()], values.len() as u64)
        .and_then(|mut writer| writer.write_rows(&values).and_then(|()| writer.finish()));
    Ok(unless_closed(written)?)
}
