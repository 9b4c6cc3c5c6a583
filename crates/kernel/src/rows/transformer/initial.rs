//! Where training of a Transformer starts.

use super::Transformer;
use super::network::Network;
use rand::Rng;
use std::ops::Range;

/// Standard deviation of the first outputs: next to the identity, and not in it, where nothing but the head would have a
/// gradient.
const OUTPUTS: f32 = 0.03;

impl Transformer {
    /// Uniform numbers with the variance `1/inputs` (Glorot & Bengio 2010, for unit variances on the way forward), and
    /// `1/(2·blocks)` of it where a block adds to its input (Radford et al. 2019, §2.3), so that depth does not
    /// change the size of a token; biases are zero.
    pub fn initial(&self, rng: &mut impl Rng) -> Vec<f32> {
        let network = Network::new(self);
        let mut theta = vec![0.0; super::network::parameters(self)];
        let mut fill = |place: &Range<usize>, deviation: f32| {
            let bound = 3f32.sqrt() * deviation;
            theta[place.clone()].iter_mut().for_each(|t| *t = rng.gen_range(-bound..bound));
        };
        let of = |inputs: usize| (inputs as f32).sqrt().recip();
        let residual = of(2 * self.blocks);
        fill(&network.value, 1.0);
        fill(&network.position, 1.0);
        for block in &network.blocks {
            for dense in [&block.query, &block.key, &block.value, &block.expand] {
                fill(&dense.weight, of(dense.inputs()));
            }
            for dense in [&block.output, &block.contract] {
                fill(&dense.weight, residual * of(dense.inputs()));
            }
        }
        fill(&network.head.weight, OUTPUTS * of(self.width));
        theta
    }
}
