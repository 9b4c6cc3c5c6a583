//! Where the terms of a map stand before anything is learned: not all at the same place, as they would then stay alike.

use super::double::MOST_TERMS;
use super::normal;
use std::sync::LazyLock;

/// What part of a unit standard deviation lies between terms, rather than within them.
const BETWEEN: f64 = 0.5;

/// Centres of a number of terms, and the standard deviation that each must have for all together to have mean 0 and
/// standard deviation 1.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    pub centres: [f64; MOST_TERMS],
    pub rest: f64,
}

impl Spread {
    /// Quantiles of the normal distribution at the middles of `count` equal parts, times [`BETWEEN`].
    pub fn of(count: usize) -> &'static Self {
        static SPREADS: LazyLock<Vec<Spread>> = LazyLock::new(|| (0..=MOST_TERMS).map(Spread::computed).collect());
        &SPREADS[count]
    }

    fn computed(count: usize) -> Self {
        let mut centres = [0.0; MOST_TERMS];
        for (k, centre) in centres[..count].iter_mut().enumerate() {
            let below = (k as f64 + 0.5) / count as f64;
            *centre = BETWEEN * normal::quantile([below.ln(), (-below).ln_1p()]);
        }
        let variance = centres.iter().map(|centre| centre * centre).sum::<f64>() / count.max(1) as f64;
        Self { centres, rest: (1.0 - variance).sqrt() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn centres_increase_and_leave_a_rest() {
        assert_eq!((Spread::of(1).centres[0].abs() < 1e-15, Spread::of(1).rest), (true, 1.0));
        for count in 2..=MOST_TERMS {
            let Spread { centres, rest } = Spread::of(count);
            assert!(centres[..count].is_sorted_by(|a, b| a < b), "{count}");
            assert!(centres[..count].iter().sum::<f64>().abs() < 1e-12, "{count}");
            assert!((0.86..1.0).contains(rest), "{count}: {rest}");
        }
    }
}
