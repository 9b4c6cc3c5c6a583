//! Random numbers that belong to the measurement and not to the run: the same for every comparison, so that two students
//! are measured alike. Base draws use the indices from 0 on.

use flowstill_kernel::noise::{Purpose, stream};
use rand::RngCore;

/// First centres of cells.
pub const CENTRES: u64 = u64::MAX;
/// Directions of projections.
pub const DIRECTIONS: u64 = u64::MAX - 1;
/// Samples dealt out anew, one stream for each deal from here on.
pub const DEALS: u64 = 1 << 63;

/// Uniform values in [0, 1).
pub fn uniforms(index: u64) -> impl Iterator<Item = f64> {
    let mut rng = stream(0, Purpose::Evaluation, index);
    std::iter::repeat_with(move || (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64)
}
