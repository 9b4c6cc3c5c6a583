//! What tells one data set from another.

use flowstill_model::Pixels;
use sha2::{Digest, Sha256};

/// SHA-256 of the parts in data space: the number of columns, then of each part its rows and values as little-endian 64-bit
/// words, then what rows were made of.
#[derive(Debug)]
pub struct ContentHash {
    sha: Sha256,
    bytes: Vec<u8>,
}

impl ContentHash {
    pub fn new(dim: usize) -> Self {
        let mut sha = Sha256::new();
        sha.update((dim as u64).to_le_bytes());
        Self { sha, bytes: Vec::with_capacity(1 << 16) }
    }

    /// A part of so many rows begins.
    pub fn begin(&mut self, rows: usize) {
        self.sha.update((rows as u64).to_le_bytes());
    }

    /// Further values of it.
    pub fn add(&mut self, values: &[f64]) {
        for chunk in values.chunks(1 << 13) {
            self.bytes.clear();
            self.bytes.extend(chunk.iter().flat_map(|v| v.to_le_bytes()));
            self.sha.update(&self.bytes);
        }
    }

    pub fn add_pixels(&mut self, Pixels { levels, alpha, shape }: &Pixels) {
        self.sha.update(levels.to_le_bytes());
        self.sha.update(alpha.to_le_bytes());
        shape.iter().flatten().for_each(|size| self.sha.update((*size as u64).to_le_bytes()));
    }

    /// A training part of which only every `stride`-th row is in memory: what is found in those may differ.
    pub fn add_stride(&mut self, stride: usize) {
        self.sha.update(b"every row of this many in memory");
        self.sha.update((stride as u64).to_le_bytes());
    }

    /// In hexadecimal.
    pub fn finish(self) -> String {
        self.sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
