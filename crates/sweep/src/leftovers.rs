//! Files that processes had begun to write when they were killed.
//!
//! Whoever writes a file does so under a name of its own and renames it within moments, or at most as long as a disk
//! takes for it. One that nobody has written to for an hour belongs to nobody alive, on whichever machine: it is the file
//! system that says when it was written and what time it is now, so that clocks of machines do not matter.

use crate::error::SweepError;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How the names begin of files that are not finished.
const UNFINISHED: [&str; 3] = [".writing-", LINKING, LEASE];
/// A second name of a file that may have been written long ago.
pub const LINKING: &str = ".linking-";
pub const LEASE: &str = ".lease-";

/// Nothing takes so long to write.
pub const ABANDONED: Duration = Duration::from_secs(3600);

/// Whether a file of this name is not finished.
pub fn unfinished(name: &str) -> bool {
    UNFINISHED.iter().any(|beginning| name.starts_with(beginning))
}

/// Removes what was left unfinished in `folder` and below, and was last written longer ago than `age`; tells which files.
/// With `rehearse` it only tells.
pub fn remove(folder: &Path, age: Duration, rehearse: bool) -> Result<Vec<PathBuf>, SweepError> {
    let mut found = Vec::new();
    find(folder, &mut found)?;
    if found.is_empty() {
        return Ok(found);
    }
    let now = now(folder);
    let old = |path: &Path| {
        let written = fs::metadata(path).and_then(|about| about.modified());
        written.is_ok_and(|written| now.duration_since(written).is_ok_and(|since| since > age))
    };
    found.retain(|path| old(path) && (!is_link(path) || path.parent().is_some_and(old)));
    for path in found.iter().filter(|_| !rehearse) {
        match fs::remove_file(path) {
            Err(source) if source.kind() != ErrorKind::NotFound => return Err(SweepError::write(path, source)),
            _ => {}
        }
    }
    Ok(found)
}

/// Of a second name only the folder knows when it was given.
fn is_link(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(LINKING))
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), SweepError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
        Err(source) => return Err(SweepError::read(folder, source)),
    };
    for entry in entries.flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            find(&entry.path(), found)?;
        } else if unfinished(&entry.file_name().to_string_lossy()) {
            found.push(entry.path());
        }
    }
    Ok(())
}

/// The time by the clock of the file system.
fn now(folder: &Path) -> SystemTime {
    let probe = tempfile::tempfile_in(folder).and_then(|file| file.metadata()).and_then(|about| about.modified());
    probe.unwrap_or_else(|_| SystemTime::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_still_be_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let aged = |path: &Path, age: Duration| {
            fs::File::open(path).unwrap().set_modified(SystemTime::now() - age).unwrap();
        };
        let file = |name: &str, age: Duration| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "").unwrap();
            aged(&path, age);
            path
        };
        let (long, short) = (2 * ABANDONED, ABANDONED / 2);
        let old = [".lease-a", "deep/figures/.writing-b", "old/.linking-7-c"].map(|name| file(name, long));
        aged(&folder.path().join("old"), long);
        let unfinished = [file(".lease-d", short), file("deep/.writing-e", short), file("new/.linking-8-f", long)];
        let finished = file("writing-g", long);
        let mut told = remove(folder.path(), ABANDONED, true).unwrap();
        told.sort();
        assert!(told.len() == 3 && old.iter().all(|path| told.contains(path) && path.exists()), "{told:?}");
        assert_eq!(remove(folder.path(), ABANDONED, false).unwrap().len(), 3);
        assert!(old.iter().all(|path| !path.exists()) && unfinished.iter().all(|path| path.exists()));
        assert!(finished.exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 5, "nor is anything left of looking at the clock");
    }
}
