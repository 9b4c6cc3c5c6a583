//! `u = y − g(u)` by Anderson's acceleration of the fixed-point iteration (Walker & Ni 2011, §2), one row's search.

use super::super::arithmetic::dot;
use super::super::dense::Factors;
use crate::Real;
use std::collections::VecDeque;

/// Earlier steps that a step is combined with.
const DEPTH: usize = 5;

/// Where a row's search is. A plain step `u ← y − g(u)` shortens the residual by the Lipschitz constant of `g`; a combined
/// one mostly by more, and is taken back if it does not shorten it at all. So the search ends: once a plain step does not
/// shorten the residual, what is left of it is rounding.
pub(super) struct Search<R> {
    /// to be evaluated next
    pub point: Vec<R>,
    best: Vec<R>,
    residual: Vec<f64>,
    length: f64,
    /// differences of points and of residuals
    steps: VecDeque<[Vec<f64>; 2]>,
    plain: bool,
}

impl<R: Real> Search<R> {
    pub fn new(start: &[R]) -> Self {
        let point = start.to_vec();
        Self {
            best: point.clone(),
            point,
            residual: vec![],
            length: f64::INFINITY,
            steps: VecDeque::new(),
            plain: true,
        }
    }

    /// The solution, or NaN.
    pub fn solution(&self) -> &[R] {
        &self.best
    }

    /// Takes `g` at the point; whether that ends the search.
    pub fn advance(&mut self, y: &[R], g: &[R]) -> bool {
        let residual: Vec<f64> = (0..y.len()).map(|i| y[i].f64() - g[i].f64() - self.point[i].f64()).collect();
        let length = dot(&residual, &residual).sqrt();
        if !length.is_finite() {
            self.best.fill(R::nan());
            return true;
        }
        if length < self.length {
            if !self.residual.is_empty() {
                let moved = self.point.iter().zip(&self.best).map(|(a, b)| a.f64() - b.f64()).collect();
                let change = residual.iter().zip(&self.residual).map(|(a, b)| a - b).collect();
                self.steps.push_back([moved, change]);
                if self.steps.len() > DEPTH.min(y.len()) {
                    self.steps.pop_front();
                }
            }
            self.best.copy_from_slice(&self.point);
            (self.residual, self.length) = (residual, length);
            if length == 0.0 {
                return true;
            }
        } else if self.plain {
            return true;
        } else {
            self.steps.clear();
        }
        self.propose();
        false
    }

    /// The point `u + r − Σ γ_j·(Δu_j + Δr_j)` where `γ` minimises `‖r − Σ γ_j·Δr_j‖`.
    fn propose(&mut self) {
        let n = self.steps.len();
        self.plain = n == 0;
        let mut next: Vec<f64> = self.best.iter().zip(&self.residual).map(|(u, r)| u.f64() + r).collect();
        if n > 0 {
            // with changes of length 1, and a little on the diagonal should they be parallel
            let lengths: Vec<f64> = self.steps.iter().map(|[_, change]| dot(change, change).sqrt()).collect();
            let mut normal = vec![0.0; n * n];
            for i in 0..n {
                for j in 0..n {
                    normal[i * n + j] = dot(&self.steps[i][1], &self.steps[j][1]) / (lengths[i] * lengths[j]);
                }
                normal[i * n + i] += 1e-12;
            }
            let right: Vec<f64> = (0..n).map(|i| dot(&self.steps[i][1], &self.residual) / lengths[i]).collect();
            let mut gamma = vec![0.0; n];
            Factors::new(n, normal).solve_transposed(&right, &mut gamma);
            for (([moved, change], gamma), length) in self.steps.iter().zip(&gamma).zip(&lengths) {
                for i in 0..next.len() {
                    next[i] -= gamma / length * (moved[i] + change[i]);
                }
            }
        }
        if n > 0 && next.iter().any(|v| !v.is_finite()) {
            // changes of length zero: without them
            self.steps.clear();
            return self.propose();
        }
        self.point.iter_mut().zip(next).for_each(|(point, next)| *point = R::of(next));
    }
}
