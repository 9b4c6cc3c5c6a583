//! The draws of `numpy.random.RandomState`, bit for bit: MT19937 with NumPy's legacy ways of using its words.
//!
//! NumPy has frozen this generator, so what it drew in 2017 it draws today (NEP 19).

use rand_mt::Mt;

/// `numpy.random.RandomState(seed)`.
pub struct RandomState(Mt);

impl RandomState {
    pub fn new(seed: u32) -> Self {
        Self(Mt::new(seed))
    }

    /// One number of `random_sample` (and of `rand`, row by row): 53 bits of two words, in [0, 1).
    pub fn uniform(&mut self) -> f64 {
        let high = f64::from(self.0.next_u32() >> 5);
        let low = f64::from(self.0.next_u32() >> 6);
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }

    /// A whole number from 0 to `most`: words masked to the bits of `most`, those above it thrown away.
    fn interval(&mut self, most: u64) -> u64 {
        let mask = u64::MAX >> most.leading_zeros().min(63);
        loop {
            let word = if most <= u64::from(u32::MAX) {
                u64::from(self.0.next_u32())
            } else {
                // the first word is the high half
                u64::from(self.0.next_u32()) << 32 | u64::from(self.0.next_u32())
            };
            if word & mask <= most {
                return word & mask;
            }
        }
    }

    /// The exchanges of `shuffle` on `n` rows, in order: Fisher and Yates from the last row down.
    fn exchanges(&mut self, n: usize, mut exchange: impl FnMut(usize, usize)) {
        for i in (1..n).rev() {
            let j = self.interval(i as u64) as usize;
            exchange(i, j);
        }
    }

    /// `shuffle` of the rows, `dim` values each.
    pub fn shuffle_rows(&mut self, values: &mut [f64], dim: usize) {
        self.exchanges(values.len() / dim, |i, j| {
            if i != j {
                let (before, from) = values.split_at_mut(i * dim);
                before[j * dim..(j + 1) * dim].swap_with_slice(&mut from[..dim]);
            }
        });
    }

    /// `choice(n, size, replace=False)`, which pandas' `sample` rests on: the first of a permutation of 0 … n − 1.
    pub fn choice(&mut self, n: usize, size: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        self.exchanges(n, |i, j| order.swap(i, j));
        order.truncate(size);
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `python -c "import numpy; r = numpy.random.RandomState(42); print(r.rand(4).tolist())"`, NumPy 2.4.6; and so on.
    #[test]
    fn draws_are_those_of_numpy() {
        let mut random = RandomState::new(42);
        let drawn: Vec<f64> = (0..4).map(|_| random.uniform()).collect();
        assert_eq!(drawn, UNIFORM);
        assert_eq!(RandomState::new(42).choice(12, 12), PERMUTATION);
        assert_eq!(RandomState::new(7).choice(1000, 5), CHOICE);
        let mut rows: Vec<f64> = (0..16).map(f64::from).collect();
        let mut random = RandomState::new(42);
        random.shuffle_rows(&mut rows, 2);
        assert_eq!(rows, SHUFFLED);
        // shuffling and drawing share one stream
        assert_eq!(random.uniform(), AFTER);
    }

    #[test]
    fn intervals_are_uniform_and_reach_both_ends() {
        let mut random = RandomState::new(1);
        let mut counts = [0; 5];
        (0..5000).for_each(|_| counts[random.interval(4) as usize] += 1);
        assert!(counts.iter().all(|&c: &i32| (c - 1000).abs() < 150), "{counts:?}");
        assert_eq!(random.interval(0), 0);
        assert!((0..100).any(|_| random.interval(u64::MAX >> 1) > 1 << 40));
    }

    const UNIFORM: [f64; 4] = [0.3745401188473625, 0.9507143064099162, 0.7319939418114051, 0.5986584841970366];
    const PERMUTATION: [usize; 12] = [10, 9, 0, 8, 5, 2, 1, 11, 4, 7, 3, 6];
    const CHOICE: [usize; 5] = [778, 334, 271, 802, 216];
    const SHUFFLED: [f64; 16] = [2.0, 3.0, 10.0, 11.0, 0.0, 1.0, 14.0, 15.0, 4.0, 5.0, 8.0, 9.0, 6.0, 7.0, 12.0, 13.0];
    const AFTER: f64 = 0.15601864044243652;
}
