//! The two streams of a command: results on standard output, everything else on standard error.
//!
//! `println!` and `eprintln!` panic when a reader has gone away or a disk is full; a pipeline brings about both.

use flowstill_runner::RunError;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// One line or several of results. A closed pipe (`| head`) is no failure; everything else that cannot be written is.
pub fn result(text: impl Display) -> Result<(), RunError> {
    result_if_read(text).map(|_| ())
}

/// [`result`], and whether anybody reads it still: if not, there is no need for more.
pub fn result_if_read(text: impl Display) -> Result<bool, RunError> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(e) if e.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(source) => Err(RunError::Write { path: "standard output".into(), source }),
        Ok(()) => Ok(true),
    }
}

/// A line of progress, a warning or an error. That nobody reads it any more is no reason to stop.
pub fn note(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}
