//! From the last coordinate to the first: gradients, and solutions of the transposed system.
//!
//! With adjoints `G_k` of the logarithms of the weights that come after coordinate `i`, the logarithm of the part of
//! component `k` of the conditional density has `A_k = G_k + w_k(x_≤i)·(ḡ − Σ G)`, where `ḡ` is the gradient by `ℓ`. With
//! `ζ_i`, the gradient by `z_i` directly and through `−log φ(z_i)`, and the slope `∂z_i/∂x_i = f_i/φ(z_i)`,
//!
//! `∂ε_ki: −A_k·ε_ki + ζ_i·slope_i·w_k(x_≤i)·L_k,ii`, `∂log w_k(x_<i): A_k + ζ_i·∂z_i/∂log w_k(x_<i)`,
//!
//! and what later coordinates add to the first of these comes through the triangular solution `ε = L⁻¹(x − μ)`.

use super::numbers::{Numbers, Sums};
use super::pass::Pass;
use crate::Real;
use crate::univariate::normal;

/// Bound of a transposed solution. Between components that are very far apart the map is so flat that a double cannot hold its
/// slope; no data are there.
const MOST: f64 = 1e20;

/// Scratch of the recursion; `[i][k]` as in [`Numbers`].
pub struct Reverse {
    /// adjoints of the residuals
    residuals: Vec<f64>,
    /// adjoints of the logarithms of the weights
    log_weights: Vec<f64>,
    /// adjoints of the logarithms of the parts of a density, then the residuals' over the scales
    parts: Vec<f64>,
}

impl Reverse {
    pub fn new(numbers: &Numbers) -> Self {
        let Numbers { dim, count, .. } = *numbers;
        Self { residuals: vec![0.0; dim * count], log_weights: vec![0.0; count], parts: vec![0.0; count] }
    }

    /// From the gradients by `z` and `ℓ` to that by `x`, and those by the mixture's numbers, which are added.
    pub fn gradient<R: Real>(&mut self, pass: &Pass, dz: &[R], d_log_det: f64, dx: &mut [R], sums: &mut Sums) {
        let through = |i: usize, _: f64, _: f64| dz[i].f64() + d_log_det * pass.mapped[i];
        self.each(pass, d_log_det, through, |i, d| dx[i] = R::of(d), Some(sums));
        sums.log_weights.iter_mut().zip(&self.log_weights).for_each(|(sum, d)| *sum += d);
    }

    /// Replaces `g` by the `w` with `w·J = g`: `w_i` is what makes the gradient by `x_i`, given the later ones, `g_i`.
    pub fn solve_transposed<R: Real>(&mut self, pass: &Pass, g: &mut [R]) {
        let given: Vec<f64> = g.iter().map(|g| g.f64()).collect();
        let through = |i: usize, later: f64, slope: f64| {
            let w = ((given[i] - later) / slope).clamp(-MOST, MOST);
            g[i] = R::of(w);
            w
        };
        self.each(pass, 0.0, through, |_, _| {}, None);
    }

    /// Asks for `ζ_i` given the gradient by `x_i` that comes from later coordinates and from the density, and the slope
    /// of `z_i`; tells the whole gradient by `x_i`.
    fn each(
        &mut self,
        pass: &Pass,
        d_log_det: f64,
        mut through: impl FnMut(usize, f64, f64) -> f64,
        mut tell: impl FnMut(usize, f64),
        mut sums: Option<&mut Sums>,
    ) {
        let (numbers, count) = (pass.numbers, pass.numbers.count);
        self.residuals.fill(0.0);
        self.log_weights.fill(0.0);
        for i in (0..numbers.dim).rev() {
            let (scales, residuals) = (numbers.of(&numbers.scales, i), numbers.of(&pass.residuals, i));
            let after = numbers.of(&pass.weights, i + 1);
            let rest = d_log_det - self.log_weights.iter().sum::<f64>();
            let (earlier, own) = self.residuals[..(i + 1) * count].split_at_mut(i * count);
            let mut later = 0.0;
            for k in 0..count {
                self.parts[k] = self.log_weights[k] + after[k] * rest;
                own[k] -= self.parts[k] * residuals[k];
                later += own[k] / scales[k];
            }
            let log_base = normal::log_density(pass.mapped[i]);
            let slope = (pass.log_densities[i] - log_base).exp();
            let zeta = through(i, later, slope);
            tell(i, later + zeta * slope);

            self.log_weights.copy_from_slice(&self.parts);
            if count > 1 {
                add_through_weights(pass, i, zeta, &mut self.log_weights);
            }
            if let Some(sums) = sums.as_deref_mut() {
                let d_log_scales = &mut sums.log_scales[i * count..][..count];
                for k in 0..count {
                    d_log_scales[k] -= self.parts[k];
                }
            }
            for k in 0..count {
                own[k] += zeta * slope * after[k] * scales[k];
                self.parts[k] = own[k] / scales[k];
            }
            for (lower, earlier) in numbers.row(i).zip(earlier.chunks_exact_mut(count)) {
                for k in 0..count {
                    earlier[k] -= lower[k] * self.parts[k];
                }
            }
            if let Some(sums) = sums.as_deref_mut() {
                for k in 0..count {
                    sums.means[i * count + k] -= self.parts[k];
                    sums.log_scales[i * count + k] -= own[k] * residuals[k];
                }
                for (d_lower, before) in sums.row(numbers, i).zip(pass.residuals.chunks_exact(count)) {
                    for k in 0..count {
                        d_lower[k] -= self.parts[k] * before[k];
                    }
                }
            }
        }
    }
}

/// Adds `ζ·∂z_i/∂log w_k = ±ζ·w_k·(tail of component k)/φ(z_i)`, from the smaller of the two tails, which has the digits.
/// As the weights always sum to 1, that of the other side would do as well.
fn add_through_weights(pass: &Pass, i: usize, zeta: f64, d_log_weights: &mut [f64]) {
    /// Beyond, `1/φ(z)` comes close to overflow.
    const FAR: f64 = 30.0;
    let (numbers, z) = (pass.numbers, pass.mapped[i]);
    let (residuals, log_base) = (numbers.of(&pass.residuals, i), normal::log_density(z));
    let (side, sign) = if z < 0.0 { (0, 1.0) } else { (1, -1.0) };
    if z.abs() < FAR {
        let (weights, over_base) = (numbers.of(&pass.weights, i), sign * zeta * (-log_base).exp());
        for (k, d) in d_log_weights.iter_mut().enumerate() {
            *d += over_base * weights[k] * normal::tails(residuals[k])[side];
        }
    } else {
        let log_weights = numbers.of(&pass.log_weights, i);
        for (k, d) in d_log_weights.iter_mut().enumerate() {
            let log_tail = log_weights[k] + normal::log_tails(residuals[k])[side];
            *d += sign * zeta * (log_tail - log_base).exp();
        }
    }
}
