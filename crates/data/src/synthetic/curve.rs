//! A plane curve blurred by isotropic Gaussian noise.

use super::gaussian::HALF_LOG_TAU;
use super::legendre::four_nodes;

/// Terms this many nats below the largest add less than 1e-17 of it.
const NEGLIGIBLE: f64 = -40.0;

type Point = [f64; 2];

/// The density `p(x) = ∫ w(t) N(x; c(t), sd² I) dt` by Gauss–Legendre quadrature on panels no longer than half of
/// the noise, which leaves a relative error near 1e-9 where the data are: a sum of Gaussians at nodes on the curve.
#[derive(Debug, Clone)]
pub struct NoisyCurve {
    sd: f64,
    nodes: Vec<(Point, f64)>,
}

impl NoisyCurve {
    /// `pieces` are parameter intervals of the curve `at`, `weight` the probability density of the parameter over all
    /// of them together.
    pub fn new(sd: f64, pieces: &[(f64, f64)], at: impl Fn(f64) -> Point, weight: impl Fn(f64) -> f64) -> Self {
        let mut nodes = Vec::new();
        for &(from, to) in pieces {
            // enough panels to begin with that a chord cannot close a loop
            let first = 32;
            let edge = |i: usize| from + (to - from) * i as f64 / first as f64;
            for i in 0..first {
                panels(edge(i), edge(i + 1), 0.5 * sd, &at, &mut |a, b| {
                    for (u, w) in four_nodes() {
                        let t = a + (b - a) * u;
                        nodes.push((at(t), (w * (b - a) * weight(t)).ln()));
                    }
                });
            }
        }
        Self { sd, nodes }
    }

    /// `log p(x)`; its gradient, the mean of `(c − x)/sd²` over the nodes in proportion to their terms, goes to `grad`.
    pub fn log_prob_and_grad(&self, x: &[f64], grad: &mut [f64]) -> f64 {
        let half_precision = 0.5 / (self.sd * self.sd);
        let term = |(c, log_weight): &(Point, f64)| {
            let (dx, dy) = (x[0] - c[0], x[1] - c[1]);
            log_weight - half_precision * (dx * dx + dy * dy)
        };
        let largest = self.nodes.iter().map(term).fold(f64::NEG_INFINITY, f64::max);
        let (mut sum, mut towards) = (0.0f64, [0.0; 2]);
        for node in &self.nodes {
            let below = term(node) - largest;
            // most of a curve is too far away to matter: its exponentials are not worth their time
            if below > NEGLIGIBLE {
                let share = below.exp();
                sum += share;
                (0..2).for_each(|i| towards[i] += share * (node.0[i] - x[i]));
            }
        }
        (0..2).for_each(|i| grad[i] = 2.0 * half_precision * towards[i] / sum);
        largest + sum.ln() - 2.0 * (self.sd.ln() + HALF_LOG_TAU)
    }
}

/// Halves [a, b] until the curve between is no longer than `longest`.
fn panels(a: f64, b: f64, longest: f64, at: &impl Fn(f64) -> Point, visit: &mut impl FnMut(f64, f64)) {
    let middle = 0.5 * (a + b);
    let [p, q, r] = [a, middle, b].map(at);
    let distance = |p: Point, q: Point| (p[0] - q[0]).hypot(p[1] - q[1]);
    if distance(p, q) + distance(q, r) <= longest {
        visit(a, b);
    } else {
        panels(a, middle, longest, at, visit);
        panels(middle, b, longest, at, visit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::bessel::log_scaled_i0;

    #[test]
    fn a_full_circle_agrees_with_its_closed_form() {
        let (radius, sd) = (2.0, 0.2);
        let tau = std::f64::consts::TAU;
        let circle = NoisyCurve::new(sd, &[(0.0, tau)], |t| [radius * t.cos(), radius * t.sin()], |_| 1.0 / tau);
        for x in [[0.0f64, 0.0], [2.0, 0.1], [-1.5, 1.0], [3.0, -1.0], [0.0, 4.5]] {
            let rho = x[0].hypot(x[1]);
            let exact =
                -0.5 * ((rho - radius) / sd).powi(2) + log_scaled_i0(rho * radius / sd / sd).0 - (tau * sd * sd).ln();
            let log_prob = circle.log_prob_and_grad(&x, &mut [0.0; 2]);
            assert!((log_prob - exact).abs() < 1e-8, "{x:?}: {log_prob} {exact}");
        }
    }
}
