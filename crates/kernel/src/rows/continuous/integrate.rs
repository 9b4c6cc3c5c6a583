//! Integration of many rows at once, each with steps of its own.
//!
//! All rows that are not done take their next step together, stage by stage, each at its own time: a stage is one pass of
//! the network. Steps are powers of two and lie on their own grid. So they depend on a row in jumps: between two jumps a
//! row's steps do not change with the row or with the parameters, and the derivative of what is computed is that of the
//! replayed steps, not almost but exactly.

use super::super::network::Pass;
use super::field::{Divergence, Field};
use super::tableau::{CLASSICAL, DORMAND_PRINCE, Tableau};
use super::{Solver, worse};
use crate::Real;

/// Which way, what is looked at, and what is kept.
pub(super) struct Plan<'a, R> {
    pub solver: Solver,
    /// from 1 to 0
    pub backward: bool,
    /// absent where no log-det is wanted and none takes part in the choice of steps
    pub divergence: Option<&'a Divergence<R>>,
    pub record: bool,
}

/// One row on its way.
pub(super) struct Row<R> {
    pub u: Vec<R>,
    pub log_det: f64,
    /// of the way so far, from 0 to 1 in either direction
    at: f64,
    step: f64,
    attempts: usize,
    /// start and length of each step, and the point that it started from
    pub steps: Vec<[f64; 2]>,
    pub points: Vec<R>,
}

/// The first step that is tried.
const FIRST: f64 = 0.125;
/// A field that wants shorter steps is one that is not smooth.
const SHORTEST: f64 = 1.0 / (1u64 << 32) as f64;
/// Steps that a row may try before it is given up, as NaN.
const MOST_ATTEMPTS: usize = 10_000;
/// Errors below this share of the tolerance grow to less than it with steps twice as long, which err 32 times as much.
const LONGER: f64 = 0.6 / 32.0;

impl Solver {
    pub(super) fn tableau(self) -> &'static Tableau {
        match self {
            Self::Fixed { .. } => &CLASSICAL,
            Self::Adaptive { .. } => &DORMAND_PRINCE,
        }
    }
}

/// The time of a place on the way.
pub(super) fn time(backward: bool, at: f64) -> f64 {
    if backward { 1.0 - at } else { at }
}

/// Writes `u + h·Σ a_j·k_j`, in order, for one row; `k` are the stages of all rows.
pub(super) fn combine<R: Real>(u: &[R], h: f64, a: &[f64], k: &[Vec<R>], row: usize, out: &mut [R]) {
    out.copy_from_slice(u);
    for (&a, k) in a.iter().zip(k).filter(|(a, _)| **a != 0.0) {
        let by = R::of(h * a);
        out.iter_mut().zip(&k[row * u.len()..][..u.len()]).for_each(|(out, &k)| *out += by * k);
    }
}

/// All rows of `start` to the other end.
pub(super) fn integrate<R: Real>(field: &Field<R>, plan: &Plan<R>, start: &[R]) -> Vec<Row<R>> {
    let (dim, tableau) = (field.dim, plan.solver.tableau());
    let first = match plan.solver {
        Solver::Fixed { steps } => 1.0 / steps as f64,
        Solver::Adaptive { .. } => FIRST,
    };
    let row =
        |u: &[R]| Row { u: u.to_vec(), log_det: 0.0, at: 0.0, step: first, attempts: 0, steps: vec![], points: vec![] };
    let mut rows: Vec<Row<R>> = start.chunks_exact(dim).map(row).collect();
    let mut stages = Stages::new(tableau.stages() + usize::from(tableau.error.is_some()));
    let mut active: Vec<usize> = (0..rows.len()).collect();
    let mut known = false;
    while !active.is_empty() {
        stages.resize(active.len(), dim);
        for i in 0..tableau.stages() {
            if i > 0 || !known {
                let weighed = tableau.b[i] != 0.0;
                stages.evaluate(field, plan, &rows, &active, tableau.a[i], tableau.c[i], i, weighed);
            }
        }
        if tableau.error.is_some() {
            stages.evaluate(field, plan, &rows, &active, tableau.b, 1.0, tableau.stages(), true);
        }
        let taken: Vec<bool> =
            active.iter().enumerate().map(|(i, &row)| stages.step(plan, tableau, &mut rows[row], i)).collect();
        let done: Vec<bool> = active.iter().map(|&row| rows[row].at >= 1.0).collect();
        if tableau.error.is_some() {
            known = true;
            stages.carry(&taken, &done, dim);
        }
        let mut done = done.into_iter();
        active.retain(|_| !done.next().expect("one for every row"));
    }
    rows
}

/// The stages of the rows that are under way.
struct Stages<R> {
    pass: Pass<R>,
    k: Vec<Vec<R>>,
    traces: Vec<Vec<f64>>,
    points: Vec<R>,
    end: Vec<R>,
}

impl<R: Real> Stages<R> {
    fn new(count: usize) -> Self {
        let (k, traces) = (vec![vec![]; count], vec![vec![]; count]);
        Self { pass: Pass::default(), k, traces, points: vec![], end: vec![] }
    }

    fn resize(&mut self, rows: usize, dim: usize) {
        self.k.iter_mut().for_each(|k| k.resize(rows * dim, R::zero()));
        self.traces.iter_mut().for_each(|traces| traces.resize(rows, 0.0));
        self.end.resize(dim, R::zero());
    }

    /// Stage `i`, with its traces if they are weighed.
    fn evaluate(
        &mut self,
        field: &Field<R>,
        plan: &Plan<R>,
        rows: &[Row<R>],
        active: &[usize],
        a: &[f64],
        c: f64,
        i: usize,
        weighed: bool,
    ) {
        self.points.clear();
        for (place, &row) in active.iter().enumerate() {
            let Row { u, at, step, .. } = &rows[row];
            combine(u, *step, a, &self.k, place, &mut self.end);
            self.points.extend_from_slice(&self.end);
            self.points.push(R::of(time(plan.backward, at + c * step)));
        }
        field.values(&mut self.pass, &self.points, &mut self.k[i]);
        if plan.backward {
            self.k[i].iter_mut().for_each(|k| *k = -*k);
        }
        if let Some(divergence) = plan.divergence.filter(|_| weighed) {
            field.traces(&mut self.pass, divergence, active, &mut self.traces[i]);
            if plan.backward {
                self.traces[i].iter_mut().for_each(|trace| *trace = -*trace);
            }
        }
    }

    /// Whether the row, which is at `place`, takes the step.
    fn step(&mut self, plan: &Plan<R>, tableau: &Tableau, row: &mut Row<R>, place: usize) -> bool {
        let dim = row.u.len();
        combine(&row.u, row.step, tableau.b, &self.k, place, &mut self.end);
        let sum =
            |weights: &[f64]| -> f64 { weights.iter().zip(&self.traces).map(|(w, traces)| w * traces[place]).sum() };
        let log_det = row.log_det + if plan.divergence.is_some() { row.step * sum(tableau.b) } else { 0.0 };
        let mut error = 0.0;
        if let (Solver::Adaptive { tolerance }, Some(weights)) = (plan.solver, tableau.error) {
            // below this, errors are those of rounding
            let tolerance = tolerance.max(4.0 * R::epsilon().f64());
            let mut worst = |by: f64, from: f64, to: f64| {
                let share = (row.step * by).abs() / (tolerance * (1.0 + from.abs().max(to.abs())));
                error = worse(error, share);
            };
            for i in 0..dim {
                let by = weights.iter().zip(&self.k).map(|(w, k)| w * k[place * dim + i].f64()).sum();
                worst(by, row.u[i].f64(), self.end[i].f64());
            }
            // an estimate has errors far above those of steps, and does not choose them
            if let Some(Divergence::Exact) = plan.divergence {
                worst(sum(weights), row.log_det, log_det);
            }
        }
        row.attempts += 1;
        let lost = !error.is_finite() || row.step < SHORTEST;
        if lost || (row.attempts > MOST_ATTEMPTS && tableau.error.is_some()) {
            row.u.fill(R::nan());
            row.log_det = f64::NAN;
            row.at = 1.0;
            return true;
        }
        if error > 1.0 {
            let halvings = (error.powf(0.2) / 0.9).log2().ceil().max(1.0);
            row.step *= (-halvings).exp2();
            return false;
        }
        if plan.record {
            row.steps.push([row.at, row.step]);
            row.points.extend_from_slice(&row.u);
        }
        row.u.copy_from_slice(&self.end);
        row.log_det = log_det;
        match plan.solver {
            Solver::Fixed { steps } => {
                // not a sum, whose rounding might want one step more
                row.at = if row.attempts == steps { 1.0 } else { row.attempts as f64 * row.step };
            }
            Solver::Adaptive { .. } => {
                row.at += row.step;
                let longer = 2.0 * row.step;
                if error < LONGER && (row.at / longer).fract() == 0.0 && row.at + longer <= 1.0 {
                    row.step = longer;
                }
            }
        }
        true
    }

    /// Makes the last stage of those that took their step the first of the next, and leaves out those that are done.
    fn carry(&mut self, taken: &[bool], done: &[bool], dim: usize) {
        let last = self.k.len() - 1;
        let staying = (0..taken.len()).filter(|&place| !done[place]);
        for (to, from) in staying.enumerate() {
            let stage = if taken[from] { last } else { 0 };
            for i in 0..dim {
                self.k[0][to * dim + i] = self.k[stage][from * dim + i];
            }
            self.traces[0][to] = self.traces[stage][from];
        }
    }
}
