//! Trajectories made once and read many times, from a file of bounded size.
//!
//! The file is the machine's own business and is removed when the stage is done: a header (a mark, rows, numbers per
//! row, where they are from, the fingerprint of the configuration they belong to) and the rows as little-endian `f32`.

use super::trajectory::Teacher;
use crate::source::{Rows, Source};
use flowstill_flow::{Draws, FlowError, shards};
use flowstill_kernel::noise::Purpose;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

const MARK: &[u8; 8] = b"flowtraj";
/// mark, rows, width, where the rows are from, seed, fingerprint
const HEADER: usize = 40 + 64;
/// Rows that are made of one draw of the source: half of them training rows where both are wanted.
pub(crate) const GROUP: usize = 64;
/// Numbers made between two writes, at least one group of rows.
const BLOCK: usize = 1 << 22;

/// Where the cache is and how large it may be.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// in memory if absent
    pub path: Option<&'a Path>,
    pub fingerprint: &'a str,
    pub most_bytes: u64,
    /// ends the making of trajectories, which then are made anew
    pub interrupted: &'a AtomicBool,
}

/// The rows, on disk or in memory.
pub struct Cache {
    rows: usize,
    width: usize,
    store: Store,
}

enum Store {
    Memory(Vec<f32>),
    File { path: PathBuf, file: Mutex<File> },
}

impl Cache {
    /// `wanted` trajectories, or as many as there is room for but at least `least`; read if they are there already.
    ///
    /// # Errors
    /// No rows to take through the teacher, or a file that cannot be written.
    pub fn new(
        place: Place,
        teacher: &Teacher,
        source: &Source,
        kind: Rows,
        seed: u64,
        (least, wanted): (usize, usize),
    ) -> Result<Self, FlowError> {
        let width = teacher.width();
        let fits = usize::try_from(place.most_bytes / (4 * width as u64)).unwrap_or(usize::MAX);
        let rows = wanted.min(fits).max(least).next_multiple_of(GROUP);
        let Some(path) = place.path else {
            let mut values = Vec::new();
            make(teacher, source, kind, seed, rows, place.interrupted, |block| {
                values.extend_from_slice(block);
                Ok(())
            })?;
            return Ok(Self { rows, width, store: Store::Memory(values) });
        };
        let failed = |e: io::Error| failure(path, &e);
        let header = header(rows, width, kind, seed, place.fingerprint);
        let mut file = match open(path, &header, rows, width) {
            Some(file) => file,
            None => {
                let unfinished = path.with_extension("unfinished");
                let mut writer = BufWriter::new(File::create(&unfinished).map_err(failed)?);
                writer.write_all(&header).map_err(failed)?;
                let made = make(teacher, source, kind, seed, rows, place.interrupted, |block| {
                    let bytes: Vec<u8> = block.iter().flat_map(|value| value.to_le_bytes()).collect();
                    writer.write_all(&bytes).map_err(failed)
                });
                if let Err(error) = made.and_then(|()| writer.flush().map_err(failed)) {
                    // what is not finished is of no use, and may be what filled the disk
                    let _ = std::fs::remove_file(&unfinished);
                    return Err(error);
                }
                std::fs::rename(&unfinished, path).map_err(failed)?;
                File::open(path).map_err(failed)?
            }
        };
        file.rewind().map_err(failed)?;
        Ok(Self { rows, width, store: Store::File { path: path.into(), file: Mutex::new(file) } })
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Numbers of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Appends `count` rows from `first` on to `out`.
    pub fn read(&self, first: usize, count: usize, out: &mut Vec<f32>) -> Result<(), FlowError> {
        match &self.store {
            Store::Memory(values) => out.extend_from_slice(&values[first * self.width..][..count * self.width]),
            Store::File { path, file } => {
                let mut bytes = vec![0u8; 4 * count * self.width];
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                let at = (HEADER + 4 * first * self.width) as u64;
                file.seek(SeekFrom::Start(at))
                    .and_then(|_| file.read_exact(&mut bytes))
                    .map_err(|e| failure(path, &e))?;
                out.extend(bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])));
            }
        }
        Ok(())
    }
}

fn failure(path: &Path, error: &io::Error) -> FlowError {
    FlowError::Trajectories { path: path.into(), reason: error.to_string(), kind: error.kind() }
}

fn header(rows: usize, width: usize, kind: Rows, seed: u64, fingerprint: &str) -> Vec<u8> {
    let mut header = MARK.to_vec();
    header.extend((rows as u64).to_le_bytes());
    header.extend((width as u64).to_le_bytes());
    // phases of one recipe may want rows from different places
    header.extend((kind as u64).to_le_bytes());
    header.extend(seed.to_le_bytes());
    header.extend(fingerprint.bytes().chain(std::iter::repeat(0)).take(64));
    header
}

/// The file if it is whole and the one that is meant.
fn open(path: &Path, header: &[u8], rows: usize, width: usize) -> Option<File> {
    let mut file = File::open(path).ok()?;
    let mut found = vec![0; HEADER];
    file.read_exact(&mut found).ok()?;
    let whole = file.metadata().ok()?.len() == (HEADER + 4 * rows * width) as u64;
    (whole && found == header).then_some(file)
}

/// Makes the trajectories block by block; each row depends on the seed and its place alone.
fn make(
    teacher: &Teacher,
    source: &Source,
    kind: Rows,
    seed: u64,
    rows: usize,
    interrupted: &AtomicBool,
    mut write: impl FnMut(&[f32]) -> Result<(), FlowError>,
) -> Result<(), FlowError> {
    let (dim, width) = (source.dim(), teacher.width());
    let block = (BLOCK / width).next_multiple_of(GROUP).max(GROUP);
    for first in (0..rows).step_by(block) {
        if interrupted.load(Ordering::Relaxed) {
            return Err(FlowError::Interrupted);
        }
        let groups: Vec<_> = (first..rows.min(first + block)).step_by(GROUP).map(|g| g..g + GROUP).collect();
        let block = shards::map(&groups, |group| {
            let mut x = vec![0.0; GROUP * dim];
            let draws = Draws { seed, purpose: Purpose::Trajectories, index: group.start as u64 };
            source.fill(kind, draws, 0, GROUP, &mut x)?;
            let mut out = vec![0.0; GROUP * width];
            teacher.trajectories(&x, &mut out)?;
            Ok::<_, FlowError>(out)
        })?;
        write(&block.concat())?;
    }
    Ok(())
}
