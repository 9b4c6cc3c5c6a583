//! Small files in the formats of the benchmarks.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

pub fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/prepare").join(name)
}

/// A text of the folder, unpacked.
pub fn text(name: &str) -> String {
    let mut text = String::new();
    GzDecoder::new(fs::File::open(file(name)).unwrap()).read_to_string(&mut text).unwrap();
    text
}
