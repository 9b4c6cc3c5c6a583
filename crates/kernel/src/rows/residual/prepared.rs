//! The network of a residual map with its weights normalised, for one call.

use super::super::network::{Gradient, Network, Packed};
use super::Residual;
use super::spectral::Largest;
use crate::Real;

/// What is computed from `θ` alone.
pub(super) struct Prepared<R> {
    pub network: Network,
    pub packed: Packed<R>,
    normalised: Vec<Normalised>,
}

/// One weight `W·factor` of which the network is made, where `factor = bound/σ` if `σ` is above the bound, else 1.
struct Normalised {
    largest: Largest,
    factor: f64,
}

impl<R: Real> Prepared<R> {
    pub fn new(map: &Residual, theta: &[R]) -> Self {
        let network = Network::new(map.dim, &map.hidden, map.dim, map.activation);
        let bound = map.bound();
        let mut scaled = theta.to_vec();
        let mut normalised = Vec::with_capacity(map.hidden.len() + 1);
        for (inputs, outputs, range) in network.weights() {
            let largest = Largest::of(&theta[range.clone()], inputs, outputs);
            // not a minimum, which would lose NaN
            let factor = if largest.sigma <= bound { 1.0 } else { bound / largest.sigma };
            scaled[range].iter_mut().for_each(|w| *w *= R::of(factor));
            normalised.push(Normalised { largest, factor });
        }
        Self { packed: network.pack(&scaled), network, normalised }
    }

    /// Adds the gradient by `θ`: with `Ḡ` by the normalised weight, that by `W` is `f·(Ḡ − ⟨Ḡ, W⟩/σ·a·bᵀ)` where the
    /// factor `f` is less than 1, as `σ = aᵀ·W·b`.
    pub fn add_gradient(&self, theta: &[R], gradient: &Gradient<R>, d_theta: &mut [R]) {
        let mut plain = self.network.unpack(gradient);
        for ((_, columns, range), Normalised { largest, factor }) in self.network.weights().zip(&self.normalised) {
            if *factor == 1.0 {
                continue;
            }
            let (g, weight) = (&mut plain[range.clone()], &theta[range]);
            let along: f64 = g.iter().zip(weight).map(|(g, w)| g.f64() * w.f64()).sum();
            for (g, a) in g.chunks_exact_mut(columns).zip(&largest.left) {
                for (g, b) in g.iter_mut().zip(&largest.right) {
                    *g = R::of(factor * (g.f64() - along / largest.sigma * a * b));
                }
            }
        }
        d_theta.iter_mut().zip(plain).for_each(|(sum, g)| *sum += g);
    }
}
