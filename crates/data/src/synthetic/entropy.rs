//! What the best possible model scores.

use flowstill_kernel::noise::{Purpose, stream};

use super::KnownDensity;

/// Differential entropy in nats, with its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entropy {
    pub nats: f64,
    pub standard_error: f64,
}

/// `H = E[−log p(x)]` by `draws` (at least two) fresh draws: the negative log-likelihood per row that no model can
/// undercut on average. The draws share no numbers with the rows of a synthetic data set of the same seed.
pub fn entropy_estimate(density: &dyn KnownDensity, draws: usize, seed: u64) -> Entropy {
    let mut rng = stream(seed, Purpose::Evaluation, u64::MAX);
    let mut x = vec![0.0; density.dim()];
    let (mut mean, mut squares) = (0.0, 0.0);
    let n = draws.max(2);
    for i in 1..=n {
        density.draw(&mut rng, &mut x);
        let value = -density.log_prob(&x);
        let before = value - mean;
        mean += before / i as f64;
        squares += before * (value - mean);
    }
    Entropy { nats: mean, standard_error: (squares / (n - 1) as f64 / n as f64).sqrt() }
}
