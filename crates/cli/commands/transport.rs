//! `transport`: rows of one flow's distribution to rows of another's.

use super::inputs::{keep, made_real, rows_for};
use super::on_threads;
use crate::arguments::Transport as Options;
use anyhow::{Context, Result};
use flowstill_data::{DataError, Table, write};
use flowstill_runner::RunError;
use flowstill_sampler::{Sampler, Transport};

/// Numbers carried between two writes.
const CHUNK: usize = 1 << 18;

pub fn transport(options: &Options) -> Result<()> {
    let (from, to) = (Sampler::load(&options.from)?, Sampler::load(&options.to)?);
    let transport =
        Transport::new(from, to).with_context(|| format!("{} and {}", options.from.display(), options.to.display()))?;
    let mut table = rows_for(transport.source(), &options.data)?;
    // what transport itself gives is real already
    if let Some(pixels) = transport.source().pixels()
        && table.values.iter().all(|value| value.fract() == 0.0)
    {
        made_real(&mut table, pixels, 0, &options.data)?;
    }
    keep(&[&options.data, &options.from, &options.to], &options.output)?;
    on_threads(options.threads, || match carry(&transport, &table, options) {
        Err(RunError::Data(DataError::BrokenPipe)) => Ok(()),
        other => Ok(other?),
    })
}

fn carry(transport: &Transport, table: &Table, options: &Options) -> Result<(), RunError> {
    let mut columns = transport.destination().columns().to_vec();
    if options.log_det {
        columns.push("log_det".to_owned());
    }
    let mut writer = write::create(&options.output, &columns, table.rows() as u64)?;
    for carried in transport.chunks(&table.values, CHUNK.div_ceil(table.dim)) {
        let (rows, log_det) = carried?;
        if options.log_det {
            let each = rows.chunks_exact(table.dim).zip(&log_det);
            let longer: Vec<f64> = each.flat_map(|(row, &log_det)| row.iter().copied().chain([log_det])).collect();
            writer.write_rows(&longer)?;
        } else {
            writer.write_rows(&rows)?;
        }
    }
    Ok(writer.finish()?)
}
