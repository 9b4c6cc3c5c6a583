//! What a check asks of the machine: asked once, however many experiments are checked, so that all get one answer.

use super::data;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;

pub(super) struct Surroundings<'a> {
    /// where the experiment stands: its folder is where relative paths start, its stem is the default name
    pub file: &'a Path,
    /// of this machine
    pub cores: usize,
    /// of a run that does not say
    pub threads: usize,
    /// data files by the name that the experiment gives them: their absolute paths, or why they cannot be read
    readable: Mutex<Answers>,
    /// the same for folders of pictures
    pictures: Mutex<Answers>,
}

type Answers = HashMap<PathBuf, Result<PathBuf, String>>;

impl<'a> Surroundings<'a> {
    pub fn of(file: &'a Path) -> Self {
        let cores = available_parallelism().map_or(1, |cores| cores.get());
        Self { file, cores, threads: cores, readable: Mutex::default(), pictures: Mutex::default() }
    }

    /// Those of the cells of a sweep, which run side by side.
    pub fn of_cells(file: &'a Path) -> Self {
        Self { threads: 1, ..Self::of(file) }
    }

    /// [`data::readable`], which looks at the disk, once for each path.
    pub fn readable(&self, path: &Path) -> Result<PathBuf, String> {
        Self::asked(&self.readable, path, || data::readable(path, self.file))
    }

    /// [`data::pictures`], which looks at the disk, once for each path.
    pub fn pictures(&self, path: &Path) -> Result<PathBuf, String> {
        Self::asked(&self.pictures, path, || data::pictures(path, self.file))
    }

    fn asked(
        answers: &Mutex<Answers>,
        path: &Path,
        ask: impl FnOnce() -> Result<PathBuf, String>,
    ) -> Result<PathBuf, String> {
        // an answer is inserted whole, so what a panic elsewhere left behind is good
        let mut known = answers.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(path.to_owned()).or_insert_with(ask).clone()
    }
}
