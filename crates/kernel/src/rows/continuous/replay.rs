//! Derivatives of the steps that were taken: gradients from the last step to the first, and Jacobians from the first to
//! the last.
//!
//! Rows have different numbers of steps; all that have one left take it together.

use super::super::network::{Gradient, Pass, Tangents};
use super::field::{Divergence, Field};
use super::integrate::{Row, combine};
use super::tableau::Tableau;
use crate::Real;

/// A step of several rows, replayed: its stages and what the network left at each.
pub(super) struct Replay<'a, R> {
    field: &'a Field<R>,
    tableau: &'static Tableau,
    passes: Vec<Pass<R>>,
    k: Vec<Vec<R>>,
    lengths: Vec<f64>,
}

impl<'a, R: Real> Replay<'a, R> {
    pub fn new(field: &'a Field<R>, tableau: &'static Tableau) -> Self {
        let (passes, k) = (vec![Pass::default(); tableau.stages()], vec![vec![]; tableau.stages()]);
        Self { field, tableau, passes, k, lengths: vec![] }
    }

    /// Stage `i` of step `step(row)` of the rows.
    fn stage(&mut self, rows: &[Row<R>], active: &[usize], step: &impl Fn(usize) -> usize, i: usize) {
        let dim = self.field.dim;
        let (mut points, mut point) = (Vec::with_capacity(active.len() * (dim + 1)), vec![R::zero(); dim]);
        self.lengths.clear();
        for (place, &row) in active.iter().enumerate() {
            let [at, h] = rows[row].steps[step(row)];
            let start = &rows[row].points[step(row) * dim..][..dim];
            combine(start, h, self.tableau.a[i], &self.k, place, &mut point);
            points.extend_from_slice(&point);
            points.push(R::of(at + self.tableau.c[i] * h));
            self.lengths.push(h);
        }
        self.k[i].resize(active.len() * dim, R::zero());
        self.field.values(&mut self.passes[i], &points, &mut self.k[i]);
    }

    /// From the gradients by the ends of all rows to those by their starts, in place; adds those by the parameters.
    ///
    /// With `ū` by the end of a step and `x̄_i` by the point of stage `i`: `k̄_i = h·(b_i·ū + Σ_{j>i} a_ji·x̄_j)`, `x̄_i` is
    /// what the network makes of `k̄_i` and of the `h·b_i` that the trace is weighed with, and `ū + Σ x̄_i` is by the start.
    pub fn gradient(
        &mut self,
        rows: &[Row<R>],
        divergence: &Divergence<R>,
        d_log_det: &[R],
        du: &mut [R],
        sink: &mut Gradient<R>,
    ) {
        let (dim, stages, tableau) = (self.field.dim, self.tableau.stages(), self.tableau);
        let (network, packed) = self.field.network();
        let mut left: Vec<usize> = rows.iter().map(|row| row.steps.len()).collect();
        let mut unused = vec![];
        loop {
            let active: Vec<usize> = (0..rows.len()).filter(|&row| left[row] > 0).collect();
            if active.is_empty() {
                return;
            }
            for i in 0..stages {
                self.stage(rows, &active, &|row| left[row] - 1, i);
                if tableau.b[i] != 0.0 {
                    unused.resize(active.len(), 0.0);
                    self.field.traces(&mut self.passes[i], divergence, &active, &mut unused);
                }
            }
            let mut by_points: Vec<Vec<R>> = vec![vec![]; stages];
            for i in (0..stages).rev() {
                let mut d_k = Vec::with_capacity(active.len() * dim);
                for (place, &row) in active.iter().enumerate() {
                    let h = self.lengths[place];
                    for axis in 0..dim {
                        let mut sum = R::of(h * tableau.b[i]) * du[row * dim + axis];
                        for j in i + 1..stages {
                            sum += R::of(h * tableau.a[j][i]) * by_points[j][place * (dim + 1) + axis];
                        }
                        d_k.push(sum);
                    }
                }
                let mut d_moved = vec![];
                if tableau.b[i] != 0.0 {
                    let by = |(&row, &h): (&usize, &f64)| R::of(h * tableau.b[i]) * d_log_det[row];
                    let by: Vec<R> = active.iter().zip(&self.lengths).map(by).collect();
                    d_moved = divergence.cotangents(dim, &active, &by);
                }
                let mut by_point = vec![R::zero(); active.len() * (dim + 1)];
                self.passes[i].backward(network, packed, &d_k, &d_moved, Some(sink), &mut by_point);
                by_points[i] = by_point;
            }
            for (place, &row) in active.iter().enumerate() {
                for axis in 0..dim {
                    let all = by_points.iter().map(|by_point| by_point[place * (dim + 1) + axis]);
                    du[row * dim + axis] += all.sum();
                }
                left[row] -= 1;
            }
        }
    }

    /// The columns of the Jacobian of each row's end by its start (columns × rows × dim).
    pub fn jacobians(&mut self, rows: &[Row<R>]) -> Vec<R> {
        let (dim, stages, tableau) = (self.field.dim, self.tableau.stages(), self.tableau);
        let (network, packed) = self.field.network();
        let mut columns = vec![R::zero(); dim * rows.len() * dim];
        for k in 0..dim {
            (0..rows.len()).for_each(|row| columns[(k * rows.len() + row) * dim + k] = R::one());
        }
        for step in 0.. {
            let active: Vec<usize> = (0..rows.len()).filter(|&row| rows[row].steps.len() > step).collect();
            if active.is_empty() {
                break;
            }
            let column = |k: usize, row: usize| (k * rows.len() + row) * dim;
            let mut moved: Vec<Vec<R>> = vec![];
            let mut point = vec![R::zero(); dim];
            for i in 0..stages {
                self.stage(rows, &active, &|_| step, i);
                let mut tangents = Vec::with_capacity(dim * active.len() * (dim + 1));
                for k in 0..dim {
                    for (place, &row) in active.iter().enumerate() {
                        let (start, place_in) = (&columns[column(k, row)..][..dim], k * active.len() + place);
                        combine(start, self.lengths[place], tableau.a[i], &moved, place_in, &mut point);
                        tangents.extend_from_slice(&point);
                        tangents.push(R::zero());
                    }
                }
                let mut out = vec![R::zero(); dim * active.len() * dim];
                self.passes[i].push(network, packed, Tangents::Many(&tangents, dim), &mut out);
                moved.push(out);
            }
            for k in 0..dim {
                for (place, &row) in active.iter().enumerate() {
                    let here = column(k, row)..column(k, row) + dim;
                    let place_in = k * active.len() + place;
                    combine(&columns[here.clone()], self.lengths[place], tableau.b, &moved, place_in, &mut point);
                    columns[here].copy_from_slice(&point);
                }
            }
        }
        columns
    }
}
