//! Rows of a file that are to fit a model.

use super::listed;
use anyhow::{Result, bail};
use flowstill_data::{Table, dequantise, no_pixel, read_pictures, read_table};
use flowstill_model::Pixels;
use flowstill_runner::RunError;
use flowstill_sampler::Sampler;
use std::path::{Path, PathBuf};

/// The rows of `file`, which have the columns of the model in their order, as far as names tell.
pub fn rows_for(sampler: &Sampler, file: &Path) -> Result<Table> {
    let table = match sampler.pixels() {
        Some(_) => read_pictures(file).map_err(RunError::from)?,
        None => read_table(file).map_err(RunError::from)?,
    };
    let (file, columns) = (file.display(), listed(sampler.columns()));
    if table.dim != sampler.dim() {
        bail!("{file} has {} columns, the model has {} ({columns})", table.dim, sampler.dim());
    }
    let elsewhere =
        |(i, name): (usize, &String)| sampler.columns().iter().position(|c| c == name).is_some_and(|j| j != i);
    if table.columns.iter().flatten().enumerate().any(elsewhere) {
        bail!("{file} has its columns in another order than the model; expected {columns}");
    }
    Ok(table)
}

/// Adds uniform noise to pixels.
pub fn made_real(table: &mut Table, pixels: &Pixels, seed: u64, file: &Path) -> Result<()> {
    if let Some(at) = no_pixel(&table.values, pixels.levels) {
        bail!(
            "{} has the value {} in row {} (counted from 0), column {}; expected pixels, whole numbers from 0 to {}",
            file.display(),
            table.values[at],
            at / table.dim,
            at % table.dim + 1,
            pixels.levels - 1
        );
    }
    dequantise(seed, 0, 0, table.dim, &mut table.values);
    Ok(())
}

/// Refuses an output that is one of the inputs.
pub fn keep(inputs: &[&PathBuf], output: &Path) -> Result<()> {
    for given in inputs {
        if let (Ok(output), Ok(input)) = (output.canonicalize(), given.canonicalize())
            && output == input
        {
            bail!("{} would be overwritten by its own result; choose another --output", given.display());
        }
    }
    Ok(())
}
