//! `rows`: the data of an experiment, as they are split.

use super::unless_closed;
use crate::arguments::{Part, Rows};
use anyhow::Result;
use flowstill_data::{load, write};
use flowstill_runner::{Experiment, RunError};

pub fn rows(options: &Rows) -> Result<()> {
    let experiment = Experiment::load(&options.file).map_err(RunError::from)?;
    let data = load(&experiment.data).map_err(RunError::from)?;
    let part = match options.part {
        Part::Train => &data.train,
        Part::Validation => &data.validation,
        Part::Test => &data.test,
    };
    let mut values = data.restore(&part.values);
    if let Some(pixels) = &data.pixels {
        // as they were before noise made them real, and as every command takes them
        values.iter_mut().for_each(|value| *value = pixels.whole(*value));
    }
    let written = write::create(&options.output, &data.columns, part.len() as u64)
        .and_then(|mut writer| writer.write_rows(&values).and_then(|()| writer.finish()));
    Ok(unless_closed(written)?)
}
