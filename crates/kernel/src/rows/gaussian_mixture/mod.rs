//! Mixtures of Gaussians as triangular maps: their conditional distribution functions carry them onto the standard normal
//! distribution (Rosenblatt 1952, "Remarks on a multivariate transformation"; Knothe 1957).

mod conditional;
mod numbers;
mod pass;
mod reverse;

use super::RowMap;
use crate::Real;
use numbers::{Numbers, Sums};
use pass::Pass;
use rand::Rng;
use reverse::Reverse;
use serde::{Deserialize, Serialize};

/// How far apart the means are at the start, as a standard deviation; the whole has standard deviation 1.
const BETWEEN: f64 = 0.25;

/// `z_i = Φ⁻¹(Σ_k w_k(x_<i)·Φ(ε_ki))`, `ℓ = log p(x) − Σ log φ(z_i)` with the mixture `p = Σ_k w_k N(μ_k, L_k L_kᵀ)`, so
/// that the density of the data is the mixture's exactly.
///
/// `ε_k = L_k⁻¹(x − μ_k)`, of which `ε_ki` depends on `x_≤i` alone. The conditional of coordinate `i` is a mixture again,
/// with the weights of the components given what came before: `w_k(x_<1) = w_k` and `w_k(x_≤i) ∝ w_k(x_<i)·φ(ε_ki)/L_k,ii`.
/// The sums of that are the conditional densities, whose logarithms add up to `log p`. Distribution functions and their
/// complements are both known, by their logarithms where they are too small for a double, so that `z` is finite and
/// accurate however far out `x` is.
///
/// `θ` are the `components` logits (`w` is their softmax), the means (`components × dim`), the logarithms of the diagonals
/// of the `L_k` (`components × dim`), and with [`Covariance::Full`] their triangles below the diagonal, packed row after
/// row (`components × dim·(dim−1)/2`).
///
/// `x → z` is closed, whatever the orientation of the layer. It costs O(`components·dim²`), O(`components·dim`) with
/// diagonal covariances; the other direction solves for one coordinate after the other by bracketed Newton. One component
/// is a Gaussian, and the map affine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GaussianMixture {
    pub dim: usize,
    pub components: usize,
    pub covariance: Covariance,
}

/// The covariances of the components.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Covariance {
    /// Any, by their Cholesky factors.
    Full,
    /// Without correlations.
    Diagonal,
}

impl GaussianMixture {
    /// Numbers of each part: logits, means, logarithms of the diagonals, triangles.
    fn lengths(&self) -> [usize; 4] {
        let (count, dim) = (self.components, self.dim);
        let below = match self.covariance {
            Covariance::Full => super::triangle::packed(dim),
            Covariance::Diagonal => 0,
        };
        [count, count * dim, count * dim, count * below]
    }

    /// Names and shapes of the parts of `θ`, in their order.
    pub fn parts(&self) -> Vec<(&'static str, Vec<usize>)> {
        let count = self.components;
        let named = ["logits", "means", "log_diagonal", "lower"].into_iter().zip(self.lengths());
        let shape = |length: usize| if length == count { vec![count] } else { vec![count, length / count] };
        named.filter(|(_, length)| *length > 0).map(|(name, length)| (name, shape(length))).collect()
    }

    /// Equal weights, random means and equal diagonal covariances, such that all together have mean 0 and variance 1 in
    /// every coordinate: a mixture that is nearly the standard normal distribution, of components that differ.
    pub fn initial(&self, rng: &mut impl Rng) -> Vec<f32> {
        let (count, dim) = (self.components, self.dim);
        let mut theta = vec![0.0f32; self.lengths().iter().sum()];
        let (means, rest) = theta[count..].split_at_mut(count * dim);
        // a uniform draw within ±√3 has variance 1
        let width = BETWEEN * 3f64.sqrt();
        let mut draws: Vec<f64> = means.iter().map(|_| rng.gen_range(-width..width)).collect();
        for i in 0..dim {
            let mean = draws.iter().skip(i).step_by(dim).sum::<f64>() / count as f64;
            draws.iter_mut().skip(i).step_by(dim).for_each(|draw| *draw -= mean);
            let variance = draws.iter().skip(i).step_by(dim).map(|draw| draw * draw).sum::<f64>() / count as f64;
            let log_scale = 0.5 * (1.0 - variance).ln();
            (0..count).for_each(|k| rest[k * dim + i] = log_scale as f32);
        }
        means.iter_mut().zip(draws).for_each(|(mean, draw)| *mean = draw as f32);
        theta
    }
}

impl<R: Real> RowMap<R> for GaussianMixture {
    fn dim(&self) -> usize {
        self.dim
    }

    fn parameters(&self) -> usize {
        self.lengths().iter().sum()
    }

    fn map(&self, theta: &[R], u: &[R], y: &mut [R]) -> f64 {
        let mut log_det = [0.0];
        self.map_rows(theta, u, y, &mut log_det);
        log_det[0]
    }

    fn solve(&self, theta: &[R], y: &[R], u: &mut [R]) {
        self.solve_rows(theta, y, u);
    }

    fn gradient(&self, theta: &[R], u: &[R], dy: &[R], d_log_det: R, du: &mut [R], d_theta: &mut [R]) {
        self.gradient_rows(theta, u, dy, &[d_log_det], du, d_theta);
    }

    fn solve_transposed(&self, theta: &[R], u: &[R], g: &mut [R]) {
        self.solve_transposed_rows(theta, u, g);
    }

    fn map_rows(&self, theta: &[R], u: &[R], y: &mut [R], log_det: &mut [f64]) {
        let numbers = Numbers::new(self, theta);
        let mut pass = Pass::new(&numbers);
        let each = super::rows(u, self.dim).zip(super::rows_mut(y, self.dim)).zip(log_det);
        each.for_each(|((u, y), log_det)| *log_det = pass.map(u, y));
    }

    fn solve_rows(&self, theta: &[R], y: &[R], u: &mut [R]) {
        let numbers = Numbers::new(self, theta);
        let mut pass = Pass::new(&numbers);
        super::rows(y, self.dim).zip(super::rows_mut(u, self.dim)).for_each(|(y, u)| pass.solve(y, u));
    }

    fn gradient_rows(&self, theta: &[R], u: &[R], dy: &[R], d_log_det: &[R], du: &mut [R], d_theta: &mut [R]) {
        let numbers = Numbers::new(self, theta);
        let (mut pass, mut reverse, mut sums) = (Pass::new(&numbers), Reverse::new(&numbers), Sums::new(&numbers));
        let each = super::rows(u, self.dim).zip(super::rows(dy, self.dim)).zip(d_log_det);
        for (((u, dy), d_log_det), du) in each.zip(super::rows_mut(du, self.dim)) {
            pass.map(u, du);
            reverse.gradient(&pass, dy, d_log_det.f64(), du, &mut sums);
        }
        sums.add_to(&numbers, d_theta);
    }

    /// `J` is triangular, and the reverse recursion of the gradient comes by its columns from the last to the first: one
    /// pass solves.
    fn solve_transposed_rows(&self, theta: &[R], u: &[R], g: &mut [R]) {
        let numbers = Numbers::new(self, theta);
        let (mut pass, mut reverse) = (Pass::new(&numbers), Reverse::new(&numbers));
        let mut not_wanted = vec![R::zero(); self.dim];
        for (u, g) in super::rows(u, self.dim).zip(super::rows_mut(g, self.dim)) {
            pass.map(u, &mut not_wanted);
            reverse.solve_transposed(&pass, g);
        }
    }
}

#[cfg(test)]
mod tests;
