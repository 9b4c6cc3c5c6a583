//! Gaussian noise by position: row `i` of a stream is a pure function of (seed, purpose, index, i), so a sample is
//! the same for any batch size, any number of threads and any machine.

mod box_muller;
mod chacha;
mod pairs;

use pairs::Pairs;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What a random stream is for. Two purposes never share numbers, whatever the seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// initial parameters
    Init = 1,
    /// permutations between layers
    Order = 2,
    /// order of the training rows in an epoch
    Batches = 3,
    /// base draws of a training step
    BaseDraws = 4,
    /// base draws of validation
    Validation = 5,
    /// base draws of `sample`
    Sample = 6,
    /// base draws of the comparison
    Evaluation = 7,
    /// assignment of rows to train, validation and test
    Split = 8,
    /// rows of a synthetic target
    Synthetic = 9,
    /// rows picked for pictures
    Pictures = 10,
    /// uniforms and pilot draws of exact sampling
    Exact = 11,
    /// draws from the target that a student learns from
    TargetDraws = 12,
    /// rows of the cached trajectories
    Trajectories = 13,
    /// draws from the conditionals of a student
    Conditionals = 14,
    /// training rows that a student is shown
    DataRows = 15,
    /// noise that makes pixels real numbers
    Dequantisation = 16,
    /// permutations of mixing layers
    Mixing = 17,
    /// hidden units dropped in a training step
    Dropout = 18,
    /// which member of an ensemble a row is drawn from
    Members = 19,
}

/// The key of the stream (seed, purpose, index), as the eight little-endian words of ChaCha.
fn key(seed: u64, purpose: Purpose, index: u64) -> [u32; 8] {
    let [a, b, c] = [seed, purpose as u64, index].map(|word| [word as u32, (word >> 32) as u32]);
    [a[0], a[1], b[0], b[1], c[0], c[1], 0, 0]
}

/// The stream for (seed, purpose, index): ChaCha8 keyed by all three.
pub fn stream(seed: u64, purpose: Purpose, index: u64) -> ChaCha8Rng {
    let mut bytes = [0u8; 32];
    for (bytes, word) in bytes.chunks_exact_mut(4).zip(key(seed, purpose, index)) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    ChaCha8Rng::from_seed(bytes)
}

/// Standard normal draws, addressed by row.
///
/// `out` is `rows × dim` row-major; its first row is row `first_row` of the stream (seed, purpose, index).
/// Box–Muller on pairs of 32-bit words of [`stream`]: every row takes `dim` words, one more if `dim` is odd, which is
/// what makes the position of a row computable. The largest value is `sqrt(2 · 33 · ln 2) ≈ 6.76`. The bits are the
/// same on every machine.
///
/// # Panics
/// If `dim` is zero or `out` does not hold whole rows.
pub fn fill_gaussian(seed: u64, purpose: Purpose, index: u64, first_row: u64, dim: usize, out: &mut [f32]) {
    assert!(dim > 0 && out.len().is_multiple_of(dim), "out must hold whole rows of {dim}");
    let first_pair = u128::from(first_row) * dim.div_ceil(2) as u128;
    let mut pairs = Pairs::new(key(seed, purpose, index), first_pair);
    // rows of even length follow one another without a gap: one long row
    let row_len = if dim.is_multiple_of(2) { out.len().max(1) } else { dim };
    for row in out.chunks_mut(row_len) {
        let (whole, half) = row.as_chunks_mut();
        pairs.copy_to(whole);
        if let [last] = half {
            [*last, _] = pairs.next();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::box_muller::reference_pair;
    use super::*;
    use rand::RngCore;

    #[test]
    fn a_row_does_not_depend_on_the_batch() {
        for dim in [1, 2, 3, 8, 63] {
            let mut whole = vec![0.0; 50 * dim];
            fill_gaussian(7, Purpose::Sample, 0, 0, dim, &mut whole);
            let mut tail = vec![0.0; 13 * dim];
            fill_gaussian(7, Purpose::Sample, 0, 37, dim, &mut tail);
            assert_eq!(whole[37 * dim..], tail[..], "dim {dim}");
        }
    }

    #[test]
    fn rows_are_box_muller_of_the_words_of_the_stream() {
        let rows = [(1, 300), (2, 300), (3, 300), (63, 40), (64, 40)];
        for (dim, rows) in rows {
            for first_row in [0, 1, 37, (1 << 32) - 5, (1 << 62) + 3] {
                let mut x = vec![0.0; rows * dim];
                fill_gaussian(7, Purpose::Sample, 5, first_row, dim, &mut x);
                let mut rng = stream(7, Purpose::Sample, 5);
                rng.set_word_pos(u128::from(first_row) * dim.next_multiple_of(2) as u128);
                for pair in x.chunks(dim).flat_map(|row| row.chunks(2)) {
                    let expected = reference_pair(rng.next_u32(), rng.next_u32());
                    for (&value, expected) in pair.iter().zip(expected) {
                        assert!((f64::from(value) - expected).abs() < 2e-6, "dim {dim}, row {first_row}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_bits_are_frozen() {
        let mut x = [0.0f32; 8];
        fill_gaussian(1, Purpose::Sample, 0, 0, 8, &mut x);
        let bits =
            [0xbe95_a14c, 0xbf99_9191, 0xbe4c_6755, 0x3e45_e9ae, 0x3fb4_5ae2, 0xbe41_5f87, 0xbe15_169d, 0xbf20_c3a2];
        assert_eq!(x.map(f32::to_bits), bits);
    }

    #[test]
    fn moments_are_those_of_a_standard_normal() {
        let n = 400_000;
        let mut x = vec![0.0f32; n];
        fill_gaussian(1, Purpose::Sample, 0, 0, 1, &mut x);
        let moment = |k: i32| x.iter().map(|&v| f64::from(v).powi(k)).sum::<f64>() / n as f64;
        // standard errors: 0.0016, 0.0022, 0.0061, 0.0155
        assert!(moment(1).abs() < 0.008, "{}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.011, "{}", moment(2));
        assert!(moment(3).abs() < 0.031, "{}", moment(3));
        assert!((moment(4) - 3.0).abs() < 0.078, "{}", moment(4));
    }

    #[test]
    fn the_histogram_is_that_of_a_standard_normal() {
        // Φ(x) = ½ + φ(x) Σₖ x²ᵏ⁺¹/(2k + 1)!!
        let distribution = |x: f64| {
            let terms = (1..120).scan(x, |term, k| {
                let now = *term;
                *term *= x * x / f64::from(2 * k + 1);
                Some(now)
            });
            0.5 + (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt() * terms.sum::<f64>()
        };
        let n = 1_000_000;
        let mut x = vec![0.0f32; n];
        fill_gaussian(2, Purpose::Sample, 0, 0, 8, &mut x);
        // 254 bins of width 1/32 up to ±3.96875, one beyond on each side
        const BINS: usize = 256;
        let mut counts = [0.0; BINS];
        for v in x {
            counts[(v * 32.0 + 128.0).clamp(0.0, 255.0) as usize] += 1.0;
        }
        let edge = |bin: usize| match bin {
            0 => 0.0,
            BINS => 1.0,
            _ => distribution((bin as f64 - 128.0) / 32.0),
        };
        let terms = (0..BINS).map(|bin| {
            let expected = n as f64 * (edge(bin + 1) - edge(bin));
            (counts[bin] - expected).powi(2) / expected
        });
        let chi_square = terms.sum::<f64>();
        // 255 degrees of freedom: mean 255, standard deviation 22.6
        assert!((chi_square - 255.0).abs() < 90.0, "{chi_square}");
    }

    #[test]
    fn the_halves_of_a_pair_are_uncorrelated() {
        let n = 1_000_000;
        let mut x = vec![0.0f32; 2 * n];
        fill_gaussian(4, Purpose::Sample, 0, 0, 2, &mut x);
        let mean = |f: fn(f64, f64) -> f64| {
            let values = x.as_chunks().0.iter().map(|&[a, b]| f(a.into(), b.into()));
            values.sum::<f64>() / n as f64
        };
        // standard errors: 0.001, 0.002, 0.0017
        let [values, squares, mixed] =
            [mean(|a, b| a * b), mean(|a, b| (a * a - 1.0) * (b * b - 1.0)), mean(|a, b| a * (b * b - 1.0))];
        assert!(values.abs() < 0.005, "{values}");
        assert!(squares.abs() < 0.01, "{squares}");
        assert!(mixed.abs() < 0.008, "{mixed}");
    }

    #[test]
    fn purposes_indices_and_seeds_are_independent() {
        let draw = |seed, purpose, index| {
            let mut x = [0.0f32; 4];
            fill_gaussian(seed, purpose, index, 0, 4, &mut x);
            x
        };
        let all = [
            draw(0, Purpose::Init, 0),
            draw(1, Purpose::Init, 0),
            draw(0, Purpose::Order, 0),
            draw(0, Purpose::Init, 1),
        ];
        for (i, a) in all.iter().enumerate() {
            for b in &all[i + 1..] {
                assert_ne!(a, b);
            }
        }
    }
}
