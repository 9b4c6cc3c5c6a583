//! One file per command, or per family of commands.

pub mod bench;
pub mod cache;
pub mod data;
pub mod describe;
pub mod experiment;
pub mod families;
pub mod find_rate;
mod inputs;
pub mod log_prob;
pub mod results;
pub mod rows;
pub mod sample;
pub mod status;
pub mod sweep;
pub mod transport;
pub mod worker;

use anyhow::Result;
use flowstill_data::DataError;
use flowstill_runner::RunError;
use flowstill_runner::bench::BenchError;
use flowstill_sweep::SweepError;

/// 1 a run failed, 2 wrong input, 130 interrupted and resumable.
pub fn exit_code(failure: &anyhow::Error) -> u8 {
    if let Some(error) = failure.downcast_ref::<SweepError>() {
        return error.exit_code();
    }
    match (failure.downcast_ref::<RunError>(), failure.downcast_ref::<BenchError>()) {
        (Some(error), _) => error.exit_code(),
        (_, Some(BenchError::Train(_) | BenchError::Threads { .. })) => 1,
        _ => 2,
    }
}

/// Names in a line, of which pictures have too many.
pub fn listed(names: &[String]) -> String {
    const MOST: usize = 16;
    match names.len() {
        0..=MOST => names.join(", "),
        count => format!("{}, … {}", names[..MOST - 1].join(", "), names[count - 1]),
    }
}

/// Runs `work` on that many threads, all cores if absent.
pub fn on_threads<T: Send>(threads: Option<usize>, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let wanted = threads.unwrap_or(0);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(wanted)
        .build()
        .map_err(|e| RunError::Threads { threads: wanted, reason: e.to_string() })?;
    pool.install(work)
}

/// A closed pipe (`| head`) is no failure; everything else that cannot be written is.
pub fn unless_closed(written: Result<(), DataError>) -> Result<(), RunError> {
    match written {
        Err(DataError::BrokenPipe) => Ok(()),
        other => Ok(other?),
    }
}
