//! The name of an event file: `events.out.tfevents.<seconds>.<host>.<process>.<n>`.
//!
//! TensorBoard reads the files of a folder in the order of their names and never returns to an earlier one, so a new
//! file must sort after all others even when it was created within the same second or after the clock was set back.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

const PREFIX: &str = "events.out.tfevents.";

/// Creates a file that did not exist and that sorts after the event files already in `folder`.
pub fn create(folder: &Path) -> io::Result<(File, PathBuf)> {
    let describe = |error: io::Error, path: &Path| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    fs::create_dir_all(folder).map_err(|error| describe(error, folder))?;
    let host = gethostname::gethostname().to_string_lossy().replace(['/', '\\'], "_");
    let mut seconds = super::wall_time() as u64;
    if let Some(latest) = latest(folder).map_err(|error| describe(error, folder))? {
        seconds = seconds.max(latest.saturating_add(1));
    }
    let process = std::process::id();
    let mut n = 0;
    loop {
        let path = folder.join(format!("{PREFIX}{seconds:010}.{host}.{process}.{n}"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((file, path)),
            // another thread took the name after we had looked
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => n += 1,
            Err(error) => return Err(describe(error, &path)),
        }
    }
}

/// The greatest time among the names of event files in `folder`.
fn latest(folder: &Path) -> io::Result<Option<u64>> {
    let mut latest = None;
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let seconds = name.to_str().and_then(|name| name.strip_prefix(PREFIX)).and_then(|rest| rest.split('.').next());
        latest = latest.max(seconds.and_then(|seconds| seconds.parse().ok()));
    }
    Ok(latest)
}
