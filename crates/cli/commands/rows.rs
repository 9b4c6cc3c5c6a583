//! `rows`: the data of an experiment, as they are split.

use super::unless_closed;
use crate::arguments::{Part, Rows};
use anyhow::Result;
use flowstill_data::{DataError, Dataset, Stream, load, write};
use flowstill_runner::{Experiment, RunError};
use flowstill_sampler::blocks;
use std::path::Path;

pub fn rows(options: &Rows) -> Result<()> {
    let experiment = Experiment::load(&options.file).map_err(RunError::from)?;
    let data = load(&experiment.data).map_err(RunError::from)?;
    if let (Part::Train, Some(stream)) = (options.part, &data.stream) {
        return Ok(unless_closed(write_all(&options.output, &data, stream))?);
    }
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

/// Rows written at a time that stay in their file.
const AT_ONCE: usize = 1 << 14;

fn write_all(output: &Path, data: &Dataset, stream: &Stream) -> Result<(), DataError> {
    let mut writer = write::create(output, &data.columns, stream.len() as u64)?;
    let mut rows = Vec::new();
    for (first, count) in blocks(0..stream.len() as u64, AT_ONCE) {
        // rows are addressed by 32 bits
        let indices: Vec<u32> = (first as u32..first as u32 + count as u32).collect();
        stream.gather(&indices, &mut rows)?;
        writer.write_rows(&data.restore(&rows))?;
    }
    writer.finish()
}
