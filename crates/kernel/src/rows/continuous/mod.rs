//! Continuous flows (Chen, Rubanova, Bettencourt & Duvenaud 2018, §4; Grathwohl et al. 2019, FFJORD).

mod field;
mod integrate;
mod replay;
mod tableau;
#[cfg(test)]
mod tests;

use super::dense::Factors;
use super::network::{self, Smooth};
use super::{RowMap, gather, rows, rows_mut};
use crate::Real;
use field::{Divergence, Field};
use integrate::{Plan, Row, integrate};
use rand::Rng;
use replay::Replay;
use serde::{Deserialize, Serialize};

/// `y = u(1)` with `u(0) = u` and `du/dt = f(u, t)`, where `f` is a dense network of the row and the time;
/// `ℓ = ∫ tr(∂f/∂u) dt` along the way.
///
/// `θ` are the weights and biases of the network, whose inputs are the coordinates and, last, the time.
///
/// `u → y` is closed, as far as a solver can be: `y` and `ℓ` are what the steps of [`Solver`] give, which is off the solution
/// by about its tolerance; so is `ℓ` off the `log|det ∂y/∂u|` of what is computed. Cost: 6 passes for a step of the adaptive
/// solver, 4 for one of the other, each with its tangents for the trace, `dim` of them or as many as there are probes.
/// A row that would need more than 10 000 steps, or steps that are too short to be of use, becomes NaN.
///
/// Gradients are those of the computed map: the steps are replayed from the last to the first, which costs about three
/// times as much as taking them. The adjoint equation, solved backwards with steps of its own as in the first of the
/// papers, would save the memory of the points between steps, but gives the gradient of another discretisation: it is off
/// by the tolerance, and where the way back is unstable by far more (Gholami, Keutzer & Biros 2019); the memory in question
/// is one row per step, as the network's passes are made again.
///
/// Back, the equation is integrated from 1 to 0, and what that leaves, as its steps are others, is taken away by
/// `u ← u + Ψ(y) − Ψ(Φ(u))` with the map `Φ` and the integration back `Ψ`: a contraction by about the tolerance, so that
/// one or two rounds, each a map and an integration back, end at rounding. [`Continuous::reversal_errors`] says what it
/// was without. For transposed solutions the whole Jacobian of the steps is made, with `dim` tangents, and eliminated.
#[derive(Debug, Clone, PartialEq)]
pub struct Continuous {
    pub dim: usize,
    pub hidden: Vec<usize>,
    pub activation: Smooth,
    pub solver: Solver,
    pub trace: Trace,
}

/// How the equation is solved.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Solver {
    /// Dormand–Prince of order 5 with each row's own steps: of each, the estimated error of no coordinate, nor of `ℓ` if
    /// its trace is exact, is more than `tolerance` times one plus the size of the coordinate. In single precision finer
    /// tolerances than 5e-7 count as that.
    Adaptive { tolerance: f64 },
    /// The classical method of order 4 with so many equal steps, for which no error is known.
    Fixed { steps: usize },
}

/// How the trace of `∂f/∂u` is found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Trace {
    /// with `dim` tangents
    Exact,
    /// The mean of `vᵀ(∂f/∂u)v` over so many vectors `v` of random signs (Hutchinson 1990), one set for the whole way of a
    /// row (Grathwohl et al. 2019, §3.1), so that what is integrated is smooth. `ℓ` has the exact one for its mean, and so
    /// has its gradient.
    Hutchinson { probes: usize, seed: u64 },
}

/// Rows that pass the network together, tangents counted: what they leave for the way back stays in the cache.
const TOGETHER: usize = 256;

/// Rounds of the way back; each leaves about the tolerance's share of what there was.
const MOST_ROUNDS: usize = 6;

/// What the last weights start from: a map next to the identity.
const START: f32 = 0.05;

impl Continuous {
    /// Names and shapes of the parts of `θ`, in their order.
    pub fn parts(&self) -> Vec<(String, Vec<usize>)> {
        network::parts(self.dim + 1, &self.hidden, self.dim)
    }

    /// Random weights, the last ones small: near the identity.
    pub fn initial(dim: usize, hidden: &[usize], rng: &mut impl Rng) -> Vec<f32> {
        network::initial(dim + 1, hidden, dim, START, rng)
    }

    /// How far each row is from where it started after the way there and back, each with its own steps and nothing
    /// corrected: the largest `|Ψ(Φ(u)) − u|/(1 + |u|)` of its coordinates, NaN for a row that is lost. Far above the
    /// tolerance, or with fixed steps far above what the task can bear, the solver does not follow the field.
    pub fn reversal_errors<R: Real>(&self, theta: &[R], u: &[R]) -> Vec<f64> {
        let field = Field::new(self, theta);
        let there = self.ends(&field, theta, u);
        let back = self.back(&field, &there);
        rows(u, self.dim).zip(rows(&back, self.dim)).map(|(u, back)| distance(u, back)).collect()
    }

    /// Numbers of the rows that pass together.
    fn chunk(&self, tangents: usize) -> usize {
        (TOGETHER / (1 + tangents)).max(1) * self.dim
    }

    fn tangents(&self) -> usize {
        match self.trace {
            Trace::Exact => self.dim,
            Trace::Hutchinson { probes, .. } => probes,
        }
    }

    /// The map without log-dets, by the same steps.
    fn ends<R: Real>(&self, field: &Field<R>, theta: &[R], u: &[R]) -> Vec<R> {
        let mut ends = Vec::with_capacity(u.len());
        for u in u.chunks(self.chunk(self.tangents())) {
            let rows = self.way(field, theta, u, false);
            rows.into_iter().for_each(|row| ends.extend(row.u));
        }
        ends
    }

    /// The way of several rows by the steps of the map; the log-det takes part only where it chooses steps.
    fn way<R: Real>(&self, field: &Field<R>, theta: &[R], u: &[R], record: bool) -> Vec<Row<R>> {
        let chooses = matches!((self.solver, self.trace), (Solver::Adaptive { .. }, Trace::Exact));
        let divergence = chooses.then(|| Divergence::new(self, theta, u));
        let plan = Plan { solver: self.solver, backward: false, divergence: divergence.as_ref(), record };
        integrate(field, &plan, u)
    }

    /// Integrates from 1 to 0.
    fn back<R: Real>(&self, field: &Field<R>, y: &[R]) -> Vec<R> {
        let plan = Plan { solver: self.solver, backward: true, divergence: None, record: false };
        let all = y.chunks(self.chunk(0)).flat_map(|y| integrate(field, &plan, y));
        all.flat_map(|row| row.u).collect()
    }
}

/// The largest `|a − b|/(1 + |a|)`, or NaN.
fn distance<R: Real>(a: &[R], b: &[R]) -> f64 {
    let each = a.iter().zip(b).map(|(a, b)| (a.f64() - b.f64()).abs() / (1.0 + a.f64().abs()));
    each.fold(0.0, worse)
}

/// The larger, or NaN.
fn worse(a: f64, b: f64) -> f64 {
    if a.is_nan() || b <= a { a } else { b }
}

impl<R: Real> RowMap<R> for Continuous {
    fn dim(&self) -> usize {
        self.dim
    }

    fn parameters(&self) -> usize {
        network::parameters(self.dim + 1, &self.hidden, self.dim)
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
        let (field, len) = (Field::new(self, theta), self.chunk(self.tangents()));
        for ((u, y), log_det) in u.chunks(len).zip(y.chunks_mut(len)).zip(log_det.chunks_mut(len / self.dim)) {
            let divergence = Divergence::new(self, theta, u);
            let plan = Plan { solver: self.solver, backward: false, divergence: Some(&divergence), record: false };
            let ends = integrate(&field, &plan, u);
            for ((row, y), log_det) in ends.iter().zip(rows_mut(y, self.dim)).zip(log_det) {
                y.copy_from_slice(&row.u);
                *log_det = row.log_det;
            }
        }
    }

    fn solve_rows(&self, theta: &[R], y: &[R], u: &mut [R]) {
        let (field, dim) = (Field::new(self, theta), self.dim);
        let start = self.back(&field, y);
        u.copy_from_slice(&start);
        let mut candidates = start.clone();
        let mut active: Vec<usize> = (0..y.len() / dim).collect();
        let mut errors = vec![f64::INFINITY; active.len()];
        for _ in 0..MOST_ROUNDS {
            let gathered: Vec<R> = gather(&candidates, &active, dim);
            let reached = self.ends(&field, theta, &gathered);
            let mut places = rows(&reached, dim);
            let mut still = vec![];
            active.retain(|&row| {
                let (here, reached) = (row * dim..(row + 1) * dim, places.next().expect("one for every row"));
                let error = distance(&y[here.clone()], reached);
                // where steps change between two candidates, nothing might be nearer
                let nearer = error < errors[row];
                if nearer {
                    errors[row] = error;
                    u[here.clone()].copy_from_slice(&candidates[here]);
                }
                let goes_on = nearer && error > 2.0 * R::epsilon().f64();
                if goes_on {
                    still.extend_from_slice(reached);
                }
                goes_on
            });
            if active.is_empty() {
                break;
            }
            let again = self.back(&field, &still);
            for (&row, again) in active.iter().zip(rows(&again, dim)) {
                for i in 0..dim {
                    let at = row * dim + i;
                    candidates[at] = u[at] + (start[at] - again[i]);
                }
            }
        }
    }

    fn gradient_rows(&self, theta: &[R], u: &[R], dy: &[R], d_log_det: &[R], du: &mut [R], d_theta: &mut [R]) {
        let (field, len) = (Field::new(self, theta), self.chunk(self.tangents()));
        let mut replay = Replay::new(&field, self.solver.tableau());
        let mut sink = field.network().0.gradient();
        du.copy_from_slice(dy);
        for ((u, du), d_log_det) in u.chunks(len).zip(du.chunks_mut(len)).zip(d_log_det.chunks(len / self.dim)) {
            let taken = self.way(&field, theta, u, true);
            replay.gradient(&taken, &Divergence::new(self, theta, u), d_log_det, du, &mut sink);
            spread_lost(&taken, self.dim, du);
        }
        d_theta.iter_mut().zip(field.network().0.unpack(&sink)).for_each(|(sum, g)| *sum += g);
    }

    fn solve_transposed_rows(&self, theta: &[R], u: &[R], g: &mut [R]) {
        let (field, len, dim) = (Field::new(self, theta), self.chunk(self.dim), self.dim);
        let mut replay = Replay::new(&field, self.solver.tableau());
        let (mut wide, mut w) = (vec![0.0; dim], vec![0.0; dim]);
        for (u, g) in u.chunks(len).zip(g.chunks_mut(len)) {
            let taken = self.way(&field, theta, u, true);
            let columns = replay.jacobians(&taken);
            for (row, g) in rows_mut(g, dim).enumerate() {
                let entry = |at: usize| columns[(at % dim * taken.len() + row) * dim + at / dim].f64();
                let factors = Factors::new(dim, (0..dim * dim).map(entry).collect());
                (0..dim).for_each(|i| wide[i] = g[i].f64());
                factors.solve_transposed(&wide, &mut w);
                (0..dim).for_each(|i| g[i] = R::of(w[i]));
            }
            spread_lost(&taken, dim, g);
        }
    }
}

/// Rows that did not arrive have no gradient.
fn spread_lost<R: Real>(taken: &[Row<R>], dim: usize, gradient: &mut [R]) {
    let lost = taken.iter().zip(rows_mut(gradient, dim)).filter(|(row, _)| row.log_det.is_nan());
    lost.for_each(|(_, gradient)| gradient.fill(R::nan()));
}
