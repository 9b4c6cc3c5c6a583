//! A stream of pairs of normal values, compiled twice: for AVX2 and for any machine.

use super::{box_muller, chacha};

/// Pairs made together.
const COUNT: usize = chacha::LANES * chacha::PAIRS;

/// Pairs of normal values from some position of a stream on, made [`COUNT`] at a time.
pub struct Pairs {
    key: [u32; 8],
    /// block of the stream at which the next pairs are made
    counter: u64,
    made: [[f32; 2]; COUNT],
    /// how many of `made` are used up
    used: usize,
}

impl Pairs {
    /// The pairs of the stream with this key, from pair number `first` on.
    pub fn new(key: [u32; 8], first: u128) -> Self {
        let per_block = chacha::PAIRS as u128;
        let mut pairs = Pairs { key, counter: (first / per_block) as u64, made: [[0.0; 2]; COUNT], used: COUNT };
        pairs.make();
        pairs.used = (first % per_block) as usize;
        pairs
    }

    fn make(&mut self) {
        make(&self.key, self.counter, &mut self.made);
        self.counter = self.counter.wrapping_add(chacha::LANES as u64);
        self.used = 0;
    }

    /// The next pair.
    pub fn next(&mut self) -> [f32; 2] {
        if self.used == COUNT {
            self.make();
        }
        self.used += 1;
        self.made[self.used - 1]
    }

    /// The next `out.len()` pairs.
    pub fn copy_to(&mut self, mut out: &mut [[f32; 2]]) {
        while !out.is_empty() {
            if self.used == COUNT {
                self.make();
            }
            let ready = &self.made[self.used..];
            let (now, later) = out.split_at_mut(ready.len().min(out.len()));
            now.copy_from_slice(&ready[..now.len()]);
            self.used += now.len();
            out = later;
        }
    }
}

/// `out` becomes the pairs of the blocks `counter .. counter + LANES`, in the order of the stream.
fn make(key: &[u32; 8], counter: u64, out: &mut [[f32; 2]; COUNT]) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn avx2(key: &[u32; 8], counter: u64, out: &mut [[f32; 2]; COUNT]) {
            make_inlined(key, counter, out);
        }
        if std::is_x86_feature_detected!("avx2") {
            // SAFETY: the feature that the function is compiled for was just detected.
            return unsafe { avx2(key, counter, out) };
        }
    }
    make_inlined(key, counter, out);
}

#[inline(always)]
fn make_inlined(key: &[u32; 8], counter: u64, out: &mut [[f32; 2]; COUNT]) {
    let [first, second] = chacha::blocks(key, counter);
    let mut normals = [[0.0; 2]; COUNT];
    box_muller::normals(first.as_flattened(), second.as_flattened(), &mut normals);
    for lane in 0..chacha::LANES {
        for pair in 0..chacha::PAIRS {
            out[lane * chacha::PAIRS + pair] = normals[pair * chacha::LANES + lane];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        const KEY: [u32; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
        let [mut detected, mut portable] = [[[0.0f32; 2]; COUNT]; 2];
        for counter in 0..2_000 {
            make(&KEY, counter, &mut detected);
            make_inlined(&KEY, counter, &mut portable);
            assert_eq!(detected.map(|pair| pair.map(f32::to_bits)), portable.map(|pair| pair.map(f32::to_bits)));
        }
    }
}
