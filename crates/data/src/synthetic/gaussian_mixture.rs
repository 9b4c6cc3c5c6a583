//! A mixture of correlated Gaussians, drawn from a seed.

use flowstill_kernel::noise::{Purpose, stream};
use rand_chacha::ChaCha8Rng;

use super::gaussian::{HALF_LOG_TAU, normal, uniform};
use super::{KnownDensity, log_sum_exp};

/// The stream that draws the parameters; rows use the indices from 0 on.
const PARAMETERS: u64 = u64::MAX;

#[derive(Debug, Clone)]
struct Component {
    log_weight: f64,
    mean: Vec<f64>,
    /// Cholesky factor of the covariance, rows of the lower triangle one after the other.
    factor: Vec<f64>,
    log_det: f64,
}

/// `Σ_k w_k N(x; μ_k, L_k L_kᵀ)` in any number of dimensions.
///
/// Weights are in proportion 0.5 to 1.5, means uniform in [−2.5, 2.5]^D, standard deviations between 0.3 and 0.7. Row i
/// of the factor of a correlation matrix is a random direction of length 0.4 to 0.8 before its diagonal element, which
/// completes it to length 1: every coordinate is really correlated with earlier ones, and none is nearly their
/// combination.
#[derive(Debug, Clone)]
pub struct GaussianMixture {
    dim: usize,
    components: Vec<Component>,
}

impl GaussianMixture {
    /// # Panics
    /// Without a dimension or a component there is no mixture.
    pub fn new(dim: usize, components: usize, seed: u64) -> Self {
        assert!(dim >= 1 && components >= 1, "a mixture has at least one dimension and one component");
        let mut rng = stream(seed, Purpose::Synthetic, PARAMETERS);
        let between = |rng: &mut ChaCha8Rng, low: f64, high: f64| low + (high - low) * uniform(rng);
        let weights: Vec<f64> = (0..components).map(|_| between(&mut rng, 0.5, 1.5)).collect();
        let total: f64 = weights.iter().sum();
        let component = |weight: f64| {
            let mean = (0..dim).map(|_| between(&mut rng, -2.5, 2.5)).collect();
            let mut factor = Vec::with_capacity(dim * (dim + 1) / 2);
            let mut log_det = 0.0;
            for i in 0..dim {
                let direction: Vec<f64> = (0..i).map(|_| normal(&mut rng)).collect();
                let length = direction.iter().map(|v| v * v).sum::<f64>().sqrt();
                let shared = if i == 0 { 0.0 } else { between(&mut rng, 0.4, 0.8) };
                let sd = between(&mut rng, 0.3, 0.7);
                let diagonal = sd * (1.0 - shared * shared).sqrt();
                factor.extend(direction.iter().map(|v| sd * shared * v / length));
                factor.push(diagonal);
                log_det += diagonal.ln();
            }
            Component { log_weight: (weight / total).ln(), mean, factor, log_det }
        };
        Self { dim, components: weights.into_iter().map(component).collect() }
    }
}

impl Component {
    /// Forward substitution: `|L⁻¹(x − μ)|²` row by row.
    fn log_prob(&self, x: &[f64], z: &mut Vec<f64>) -> f64 {
        z.clear();
        let mut start = 0;
        for (i, (x, mean)) in x.iter().zip(&self.mean).enumerate() {
            let row = &self.factor[start..=start + i];
            let known: f64 = row.iter().zip(z.iter()).map(|(l, z)| l * z).sum();
            z.push((x - mean - known) / row[i]);
            start += i + 1;
        }
        let square: f64 = z.iter().map(|z| z * z).sum();
        self.log_weight - 0.5 * square - self.log_det - self.mean.len() as f64 * HALF_LOG_TAU
    }

    /// Backward substitution: replaces `z = L⁻¹(x − μ)` by `L⁻ᵀz = Σ⁻¹(x − μ)`.
    fn solve_transposed(&self, z: &mut [f64]) {
        let mut end = self.factor.len();
        for i in (0..z.len()).rev() {
            let row = &self.factor[end - i - 1..end];
            let (known, rest) = z.split_at_mut(i);
            rest[0] /= row[i];
            known.iter_mut().zip(row).for_each(|(z, l)| *z -= l * rest[0]);
            end -= i + 1;
        }
    }
}

impl KnownDensity for GaussianMixture {
    fn dim(&self) -> usize {
        self.dim
    }

    fn name(&self) -> &'static str {
        "gaussian_mixture"
    }

    fn draw(&self, rng: &mut ChaCha8Rng, out: &mut [f64]) {
        let mut u = uniform(rng);
        let mut chosen = &self.components[0];
        for component in &self.components {
            chosen = component;
            u -= component.log_weight.exp();
            if u < 0.0 {
                break;
            }
        }
        let z: Vec<f64> = (0..self.dim).map(|_| normal(rng)).collect();
        let mut start = 0;
        for (i, (x, mean)) in out.iter_mut().zip(&chosen.mean).enumerate() {
            let row = &chosen.factor[start..=start + i];
            *x = mean + row.iter().zip(&z).map(|(l, z)| l * z).sum::<f64>();
            start += i + 1;
        }
    }

    fn log_prob(&self, x: &[f64]) -> f64 {
        let mut z = Vec::with_capacity(self.dim);
        let terms: Vec<f64> = self.components.iter().map(|c| c.log_prob(x, &mut z)).collect();
        log_sum_exp(terms.iter().copied())
    }

    fn log_prob_and_grad(&self, x: &[f64], grad: &mut [f64]) -> f64 {
        let total = self.log_prob(x);
        grad.fill(0.0);
        let mut z = Vec::with_capacity(self.dim);
        for component in &self.components {
            let share = (component.log_prob(x, &mut z) - total).exp();
            component.solve_transposed(&mut z);
            grad.iter_mut().zip(&z).for_each(|(grad, z)| *grad -= share * z);
        }
        total
    }

    /// The means of the components; where two of them overlap, the density may have fewer modes.
    fn mode_centres(&self) -> Option<Vec<Vec<f64>>> {
        Some(self.components.iter().map(|c| c.mean.clone()).collect())
    }
}
