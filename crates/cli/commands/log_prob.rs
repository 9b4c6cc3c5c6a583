//! `log-prob`: densities of given rows; of pictures, those of their pixels with the noise that makes them real numbers.

use super::{listed, on_threads, unless_closed};
use crate::arguments::LogProb;
use crate::output;
use anyhow::{Result, bail};
use flowstill_data::{Table, dequantise, no_pixel, read_pictures, read_table, write};
use flowstill_model::Pixels;
use flowstill_runner::RunError;
use flowstill_sampler::Sampler;

pub fn log_prob(options: &LogProb) -> Result<()> {
    let sampler = Sampler::load(&options.checkpoint)?.with_temperature(options.temperature)?;
    let mut table = match sampler.pixels() {
        Some(_) => read_pictures(&options.data).map_err(RunError::from)?,
        None => read_table(&options.data).map_err(RunError::from)?,
    };
    if table.dim != sampler.dim() {
        bail!(
            "{} has {} columns, the model has {} ({})",
            options.data.display(),
            table.dim,
            sampler.dim(),
            listed(sampler.columns())
        );
    }
    let elsewhere =
        |(i, name): (usize, &String)| sampler.columns().iter().position(|c| c == name).is_some_and(|j| j != i);
    if table.columns.iter().flatten().enumerate().any(elsewhere) {
        bail!(
            "{} has its columns in another order than the model; expected {}",
            options.data.display(),
            listed(sampler.columns())
        );
    }
    match (sampler.pixels(), options.seed) {
        (Some(pixels), seed) => make_real(&mut table, pixels, seed.unwrap_or(0), options)?,
        (None, Some(_)) => {
            bail!("--seed is that of the noise of pixels, and the model is not one of pictures; leave it out")
        }
        (None, None) => {}
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

/// Adds the noise, and says what the densities are then.
fn make_real(table: &mut Table, pixels: &Pixels, seed: u64, options: &LogProb) -> Result<()> {
    if let Some(at) = no_pixel(&table.values, pixels.levels) {
        bail!(
            "{} has the value {} in row {} (counted from 0), column {}; expected pixels, whole numbers from 0 to {}",
            options.data.display(),
            table.values[at],
            at / table.dim,
            at % table.dim + 1,
            pixels.levels - 1
        );
    }
    dequantise(seed, 0, 0, table.dim, &mut table.values);
    output::note(format_args!(
        "log-densities in nats of the pixels with uniform noise, per unit of a pixel's value; divided by −{} log 2 they \
         are bits per dimension",
        table.dim
    ));
    Ok(())
}
