//! Ctrl-C, and the signal that schedulers send before they kill.

use crate::output;
use anyhow::{Context, Result};
use std::sync::atomic::{AtomicBool, Ordering};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// A flag that the first signal raises, so that a training can save its state and stop. A second signal ends the
/// program at once.
pub fn flag() -> Result<&'static AtomicBool> {
    ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        output::note("\ninterrupted: stopping where the run can go on from (once more to stop at once)");
    })
    .context("cannot listen for Ctrl-C")?;
    Ok(&INTERRUPTED)
}
