//! The order of coordinates in each autoregressive layer.

use flowstill_kernel::noise::{Purpose, stream};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

/// How the order changes from one autoregressive layer to the next.
///
/// A stack of affine layers that all share one order has Gaussian conditionals at any depth, so `same` is for
/// experiments on exactly that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderRule {
    /// natural, reversed, natural, …
    Reverse,
    /// the natural order first, then a new random permutation for each layer
    Random,
    /// the natural order throughout
    Same,
    /// every other coordinate first, then the rest; the two take turns. For couplings, which it makes checkerboards
    Alternating,
}

impl OrderRule {
    /// The orders of `layers` layers over `dim` coordinates. Only [`OrderRule::Random`] uses the seed.
    pub fn orders(self, dim: usize, layers: usize, seed: u64) -> Vec<Vec<usize>> {
        (0..layers)
            .map(|layer| {
                let mut order: Vec<usize> = (0..dim).collect();
                match self {
                    Self::Reverse if layer % 2 == 1 => order.reverse(),
                    Self::Alternating => order.sort_by_key(|i| (i + layer) % 2),
                    Self::Random if layer > 0 => order.shuffle(&mut stream(seed, Purpose::Order, layer as u64)),
                    _ => {}
                }
                order
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_do_what_their_names_say() {
        assert_eq!(OrderRule::Reverse.orders(3, 3, 0), [[0, 1, 2], [2, 1, 0], [0, 1, 2]]);
        assert_eq!(OrderRule::Same.orders(2, 2, 0), [[0, 1], [0, 1]]);
        assert_eq!(OrderRule::Alternating.orders(5, 2, 0), [[0, 2, 4, 1, 3], [1, 3, 0, 2, 4]]);
        let random = OrderRule::Random.orders(20, 3, 5);
        assert_eq!(random, OrderRule::Random.orders(20, 3, 5));
        assert_ne!(random[1], random[2]);
        assert_ne!(random[1], OrderRule::Random.orders(20, 3, 6)[1]);
    }
}
