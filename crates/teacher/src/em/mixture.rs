//! The mixture in double precision, and as the parameters of its layer.

use flowstill_kernel::rows::Covariance;

/// `½ log 2π`
const LOG_SQRT_TAU: f64 = 0.918_938_533_204_672_8;

/// Numbers below the diagonal before row `i`.
fn before(i: usize) -> usize {
    i * i.saturating_sub(1) / 2
}

/// `Σ_k w_k N(μ_k, L_k L_kᵀ)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Mixture {
    pub dim: usize,
    pub covariance: Covariance,
    pub components: Vec<Component>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    pub log_weight: f64,
    pub mean: Vec<f64>,
    /// of `L`
    pub log_diagonal: Vec<f64>,
    /// `L` below its diagonal, row after row; empty for a diagonal covariance
    pub lower: Vec<f64>,
}

impl Component {
    /// `log w + log N(x)` with `d = x − μ`, by forward substitution; `residuals` are scratch.
    pub fn log_part(&self, d: &[f64], residuals: &mut [f64]) -> f64 {
        let mut log = self.log_weight - LOG_SQRT_TAU * d.len() as f64;
        for i in 0..d.len() {
            let row = if self.lower.is_empty() { &[][..] } else { &self.lower[before(i)..][..i] };
            let known: f64 = row.iter().zip(&*residuals).map(|(l, residual)| l * residual).sum();
            residuals[i] = (d[i] - known) * (-self.log_diagonal[i]).exp();
            log -= 0.5 * residuals[i] * residuals[i] + self.log_diagonal[i];
        }
        log
    }

    /// Takes the covariance `S` (its lower triangle, diagonal included, row after row; or its diagonal alone) of rows that
    /// the component fits best, among the covariances whose conditional variances, of each coordinate given those before
    /// it, are at least the floor.
    ///
    /// With `S = U·D·Uᵀ` and ones on the diagonal of `U` the likelihood of each coordinate given those before it is
    /// maximal at `U` whatever the variances, and at `D` or as near to it as the floor allows: so no iteration of which
    /// this is a part decreases the likelihood.
    pub fn set_covariance(&mut self, covariance: Covariance, s: &[f64], floor: &[f64]) {
        let dim = floor.len();
        if covariance == Covariance::Diagonal {
            self.log_diagonal = s.iter().zip(floor).map(|(s, floor)| 0.5 * s.max(*floor).ln()).collect();
            return;
        }
        let at = |i: usize, j: usize| before(i + 1) + j;
        let (mut unit, mut variances) = (vec![0.0; before(dim)], vec![0.0; dim]);
        for i in 0..dim {
            for j in 0..=i {
                let known: f64 = (0..j)
                    .map(|k| {
                        let other = if i == j { unit[before(i) + k] } else { unit[before(j) + k] };
                        unit[before(i) + k] * other * variances[k]
                    })
                    .sum();
                let rest = s[at(i, j)] - known;
                if i == j {
                    // a coordinate that those before it determine has no digits left to determine others
                    variances[i] = if rest > 1e-13 * s[at(i, i)] { rest } else { 0.0 };
                } else {
                    unit[before(i) + j] = if variances[j] > 0.0 { rest / variances[j] } else { 0.0 };
                }
            }
        }
        self.log_diagonal = variances.iter().zip(floor).map(|(v, floor)| 0.5 * v.max(*floor).ln()).collect();
        for i in 0..dim {
            for j in 0..i {
                unit[before(i) + j] *= self.log_diagonal[j].exp();
            }
        }
        self.lower = unit;
    }
}

impl Mixture {
    /// The layer's parameters: logits, means, logarithms of the diagonals, triangles.
    pub fn theta(&self) -> Vec<f32> {
        let each = |part: fn(&Component) -> &[f64]| self.components.iter().flat_map(part);
        let logits = self.components.iter().map(|c| &c.log_weight);
        let vectors = each(|c| &c.mean).chain(each(|c| &c.log_diagonal)).chain(each(|c| &c.lower));
        logits.chain(vectors).map(|&v| v as f32).collect()
    }

    /// Undoes [`Mixture::theta`], up to rounding.
    pub fn new(dim: usize, components: usize, covariance: Covariance, theta: &[f32]) -> Self {
        let below = if covariance == Covariance::Full { before(dim) } else { 0 };
        let (logits, rest) = theta.split_at(components);
        let (means, rest) = rest.split_at(components * dim);
        let (log_diagonals, lower) = rest.split_at(components * dim);
        let part = |values: &[f32], len: usize, k: usize| -> Vec<f64> {
            values[k * len..(k + 1) * len].iter().map(|&v| f64::from(v)).collect()
        };
        let total = log_sum_exp(&logits.iter().map(|&logit| f64::from(logit)).collect::<Vec<_>>());
        let component = |k: usize| Component {
            log_weight: f64::from(logits[k]) - total,
            mean: part(means, dim, k),
            log_diagonal: part(log_diagonals, dim, k),
            lower: part(lower, below, k),
        };
        Self { dim, covariance, components: (0..components).map(component).collect() }
    }
}

/// `log Σ e^v`.
pub fn log_sum_exp(values: &[f64]) -> f64 {
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if most == f64::NEG_INFINITY { most } else { most + values.iter().map(|v| (v - most).exp()).sum::<f64>().ln() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(dim: usize) -> Component {
        Component { log_weight: 0.0, mean: vec![0.0; dim], log_diagonal: vec![0.0; dim], lower: vec![0.0; before(dim)] }
    }

    #[test]
    fn a_covariance_is_that_of_its_factor() {
        // L = [[2, 0, 0], [1, 3, 0], [-1, 0.5, 0.2]]
        let s = [4.0, 2.0, 10.0, -2.0, 0.5, 1.29];
        let mut one = component(3);
        one.set_covariance(Covariance::Full, &s, &[1e-9; 3]);
        let expected = [1.0, -1.0, 0.5];
        assert!(one.lower.iter().zip(expected).all(|(l, e)| (l - e).abs() < 1e-12), "{:?}", one.lower);
        let diagonal: Vec<f64> = one.log_diagonal.iter().map(|log| log.exp()).collect();
        assert!(diagonal.iter().zip([2.0, 3.0, 0.2]).all(|(d, e)| (d - e).abs() < 1e-12), "{diagonal:?}");
    }

    #[test]
    fn what_is_determined_by_others_gets_the_floor() {
        // the second coordinate is twice the first, the third constant
        let mut one = component(3);
        one.set_covariance(Covariance::Full, &[1.0, 2.0, 4.0, 0.0, 0.0, 0.0], &[1e-4; 3]);
        let diagonal: Vec<f64> = one.log_diagonal.iter().map(|log| log.exp()).collect();
        assert!(diagonal.iter().zip([1.0, 0.01, 0.01]).all(|(d, e)| (d - e).abs() < 1e-12), "{diagonal:?}");
        assert!(one.lower.iter().zip([2.0, 0.0, 0.0]).all(|(l, e)| (l - e).abs() < 1e-12), "{:?}", one.lower);
    }

    #[test]
    fn parameters_are_read_back() {
        let theta: Vec<f32> = vec![0.5f32.ln(), 0.5f32.ln(), 1.0, 2.0, 3.0, 4.0, 0.1, 0.2, 0.3, 0.4, 7.0, 8.0];
        let mixture = Mixture::new(2, 2, Covariance::Full, &theta);
        assert_eq!(mixture.components[1].mean, [3.0, 4.0]);
        assert_eq!(mixture.components[1].lower, [8.0]);
        assert!(mixture.theta().iter().zip(&theta).all(|(a, b)| (a - b).abs() < 1e-6));
    }
}
