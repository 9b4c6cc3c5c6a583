//! From the first coordinate to the last, in either direction.

use super::conditional::Conditional;
use super::numbers::Numbers;
use crate::Real;
use crate::univariate::normal;

/// What is known of a row after a pass; `[i][k]` as in [`Numbers`].
pub struct Pass<'a> {
    pub numbers: &'a Numbers,
    /// `ε_ki`
    pub residuals: Vec<f64>,
    /// `w_k(x_<i)` for each `i`, and once more given all coordinates
    pub weights: Vec<f64>,
    pub log_weights: Vec<f64>,
    /// `z_i`
    pub mapped: Vec<f64>,
    /// logarithms of the conditional densities
    pub log_densities: Vec<f64>,
    /// means of the components of one conditional
    means: Vec<f64>,
}

impl<'a> Pass<'a> {
    pub fn new(numbers: &'a Numbers) -> Self {
        let Numbers { dim, count, .. } = *numbers;
        let mut log_weights = vec![0.0; (dim + 1) * count];
        log_weights[..count].copy_from_slice(&numbers.log_weights);
        Self {
            numbers,
            residuals: vec![0.0; dim * count],
            weights: log_weights.iter().map(|log| log.exp()).collect(),
            log_weights,
            mapped: vec![0.0; dim],
            log_densities: vec![0.0; dim],
            means: vec![0.0; count],
        }
    }

    /// Writes `z` and returns `ℓ`.
    pub fn map<R: Real>(&mut self, x: &[R], z: &mut [R]) -> f64 {
        self.each(|conditional, i| {
            let x = x[i].f64();
            (x, conditional.map(x))
        });
        z.iter_mut().zip(&self.mapped).for_each(|(z, &mapped)| *z = R::of(mapped));
        let each = self.log_densities.iter().zip(&self.mapped);
        each.map(|(log, &mapped)| log - normal::log_density(mapped)).sum()
    }

    /// Writes the `x` that is mapped to `z`.
    pub fn solve<R: Real>(&mut self, z: &[R], x: &mut [R]) {
        self.each(|conditional, i| {
            let z = z[i].f64();
            let solution = conditional.solve(z);
            x[i] = R::of(solution);
            (solution, z)
        });
    }

    /// The conditional of coordinate `i`, after a pass through those before it.
    pub fn conditional(&self, i: usize) -> Conditional<'_> {
        let of = |values| self.numbers.of(values, i);
        Conditional {
            weights: self.numbers.of(&self.weights, i),
            log_weights: self.numbers.of(&self.log_weights, i),
            means: &self.means,
            scales: of(&self.numbers.scales),
            log_scales: of(&self.numbers.log_scales),
        }
    }

    /// Asks for `x_i` and `z_i` of each coordinate, given its conditional.
    fn each(&mut self, mut pair: impl FnMut(Conditional<'_>, usize) -> (f64, f64)) {
        for i in 0..self.numbers.dim {
            self.set_means(i);
            let (x, z) = pair(self.conditional(i), i);
            self.mapped[i] = z;
            self.observe(i, x);
        }
    }

    /// `m_k = μ_ki + Σ_{j<i} L_k,ij·ε_kj`.
    fn set_means(&mut self, i: usize) {
        let count = self.numbers.count;
        self.means.copy_from_slice(self.numbers.of(&self.numbers.means, i));
        for (lower, residuals) in self.numbers.row(i).zip(self.residuals.chunks_exact(count)) {
            for k in 0..count {
                self.means[k] += lower[k] * residuals[k];
            }
        }
    }

    /// The residuals, the density and the weights of what comes next, now that coordinate `i` is `x`.
    fn observe(&mut self, i: usize, x: f64) {
        let (numbers, count) = (self.numbers, self.numbers.count);
        let (scales, log_scales) = (numbers.of(&numbers.scales, i), numbers.of(&numbers.log_scales, i));
        let residuals = &mut self.residuals[i * count..][..count];
        let (before, after) = self.log_weights[i * count..].split_at_mut(count);
        let mut most = f64::NEG_INFINITY;
        for k in 0..count {
            residuals[k] = (x - self.means[k]) / scales[k];
            after[k] = before[k] + normal::log_density(residuals[k]) - log_scales[k];
            most = most.max(after[k]);
        }
        let weights = &mut self.weights[(i + 1) * count..][..count];
        let mut sum = 0.0;
        for k in 0..count {
            weights[k] = (after[k] - most).exp();
            sum += weights[k];
        }
        let log_density = most + sum.ln();
        self.log_densities[i] = log_density;
        for k in 0..count {
            weights[k] /= sum;
            after[k] -= log_density;
        }
    }
}
