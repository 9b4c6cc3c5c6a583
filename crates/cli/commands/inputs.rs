//! Rows of a file that are to fit a model.

use anyhow::{Result, bail};
use flowstill_data::{Table, read_table};
use flowstill_runner::RunError;
use flowstill_sampler::Sampler;
use std::path::{Path, PathBuf};

/// The rows of `file`, which have the columns of the model in their order, as far as names tell.
pub fn rows_for(sampler: &Sampler, file: &Path) -> Result<Table> {
    let table = read_table(file).map_err(RunError::from)?;
    let (file, columns) = (file.display(), sampler.columns().join(", "));
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
