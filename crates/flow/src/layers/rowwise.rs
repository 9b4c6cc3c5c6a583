//! A map of rows as a layer: planar, radial, linear and elementwise maps, whose closed direction is either of the two.
//!
//! The closed direction is computed and differentiated outright. The other one solves, row by row, and is differentiated by
//! the implicit function theorem (see [`flowstill_kernel::rows`]), never through the iterations of its solver.

use crate::bijection::Bijection;
use crate::error::FlowError;
use crate::graph::{Column, Element, Graph, Parameters, Rows, check_width, column, rows};
use flowstill_kernel::affine::Direction;
use flowstill_kernel::rows::RowMap;
use std::ops::Range;
use std::sync::Arc;

/// The map, its place in the parameter vector, and the direction of the flow that it is in closed form.
pub struct Rowwise<E: Element> {
    map: Arc<dyn RowMap<E> + Send + Sync>,
    range: Range<usize>,
    closed: Direction,
}

impl<E: Element> Rowwise<E> {
    pub fn new(map: Arc<dyn RowMap<E> + Send + Sync>, range: Range<usize>, closed: Direction) -> Self {
        Self { map, range, closed }
    }

    fn apply(
        &self,
        direction: Direction,
        theta: &Parameters<E>,
        x: &Rows<E>,
        graph: &mut Graph<E>,
    ) -> Result<(Rows<E>, Column<E>), FlowError> {
        check_width(x, self.map.dim())?;
        let closed = direction == self.closed;
        let (mapped, log_det) = if closed { self.map_all(theta, x) } else { self.solve_all(theta, x) };
        let arguments = if closed { x.as_vec() } else { mapped.clone() };
        let (y, log_det) = (rows(mapped, self.map.dim()), column(log_det));
        let (map, range, theta, x) = (self.map.clone(), self.range.clone(), theta.clone(), x.clone());
        let (y_key, log_det_key) = (y.clone(), log_det.clone());
        graph.record(move |adjoints| {
            let (dy, d_log_det) = (adjoints.take(&y_key), adjoints.take(&log_det_key));
            let mut d_theta = vec![E::zero(); range.len()];
            let differentiate = if closed { of_map } else { of_solution };
            let dx =
                differentiate(map.as_ref(), &theta.values[range.clone()], &arguments, &dy, &d_log_det, &mut d_theta);
            if let Some(mut sink) = theta.sink() {
                sink[range].iter_mut().zip(&d_theta).for_each(|(sum, &d)| *sum += d);
            }
            adjoints.add_at(&x, 0, &dx);
        });
        Ok((y, log_det))
    }

    fn map_all(&self, theta: &Parameters<E>, u: &Rows<E>) -> (Vec<E>, Vec<E>) {
        let (theta, u) = (&theta.values[self.range.clone()], u.as_vec());
        let (mut y, mut log_det) = (vec![E::zero(); u.len()], vec![0.0; u.len() / self.map.dim()]);
        self.map.map_rows(theta, &u, &mut y, &mut log_det);
        (y, log_det.into_iter().map(E::of).collect())
    }

    fn solve_all(&self, theta: &Parameters<E>, y: &Rows<E>) -> (Vec<E>, Vec<E>) {
        let (theta, y) = (&theta.values[self.range.clone()], y.as_vec());
        let (mut u, mut back) = (vec![E::zero(); y.len()], vec![E::zero(); y.len()]);
        let mut log_det = vec![0.0; y.len() / self.map.dim()];
        self.map.solve_rows(theta, &y, &mut u);
        self.map.map_rows(theta, &u, &mut back, &mut log_det);
        (u, log_det.into_iter().map(|log_det| E::of(-log_det)).collect())
    }
}

/// From the gradients by what rows `u` were mapped to and by the log-dets to that by `u`; adds those of the parameters.
fn of_map<E: Element>(
    map: &(dyn RowMap<E> + Send + Sync),
    theta: &[E],
    u: &[E],
    dy: &[E],
    d_log_det: &[E],
    d_theta: &mut [E],
) -> Vec<E> {
    let mut du = vec![E::zero(); u.len()];
    map.gradient_rows(theta, u, dy, d_log_det, &mut du, d_theta);
    du
}

/// From the gradients `du` by the solutions `u` and by the log-dets of solving to those by what was given: with
/// `w·J = du − ḡ·∇ℓ` it is `w`, and the parameters get `−w·∂f/∂θ − ḡ·∂ℓ/∂θ`.
fn of_solution<E: Element>(
    map: &(dyn RowMap<E> + Send + Sync),
    theta: &[E],
    u: &[E],
    du: &[E],
    d_log_det: &[E],
    d_theta: &mut [E],
) -> Vec<E> {
    let zeros = vec![E::zero(); u.len()];
    let mut not_wanted = vec![E::zero(); theta.len()];
    let minus = |values: &[E]| values.iter().map(|&v| -v).collect::<Vec<_>>();
    let minus_log = minus(d_log_det);
    let mut w = of_map(map, theta, u, &zeros, &minus_log, &mut not_wanted);
    w.iter_mut().zip(du).for_each(|(w, &du)| *w += du);
    map.solve_transposed_rows(theta, u, &mut w);
    of_map(map, theta, u, &minus(&w), &minus_log, d_theta);
    w
}

impl<E: Element> Bijection<E> for Rowwise<E> {
    fn forward_and_log_det(
        &self,
        theta: &Parameters<E>,
        z: &Rows<E>,
        graph: &mut Graph<E>,
    ) -> Result<(Rows<E>, Column<E>), FlowError> {
        self.apply(Direction::Forward, theta, z, graph)
    }

    fn inverse_and_log_det(
        &self,
        theta: &Parameters<E>,
        x: &Rows<E>,
        graph: &mut Graph<E>,
    ) -> Result<(Rows<E>, Column<E>), FlowError> {
        self.apply(Direction::Inverse, theta, x, graph)
    }

    /// Where the closed direction is forward, `w` with `w·J = s − ∇ℓ`; else `s·J + ∇ℓ` of the closed direction at `x`.
    fn score(&self, theta: &Parameters<E>, z: &Rows<E>, score: Vec<E>) -> Result<(Rows<E>, Vec<E>), FlowError> {
        let dim = self.map.dim();
        check_width(z, dim)?;
        let mut not_wanted = vec![E::zero(); self.range.len()];
        let ones = vec![E::one(); score.len() / dim];
        if self.closed == Direction::Inverse {
            let x = self.solve_all(theta, z).0;
            let theta = &theta.values[self.range.clone()];
            let score = of_map(self.map.as_ref(), theta, &x, &score, &ones, &mut not_wanted);
            return Ok((rows(x, dim), score));
        }
        let x = self.map_all(theta, z).0;
        let theta = &theta.values[self.range.clone()];
        let zeros = vec![E::zero(); score.len()];
        let by_log_det = of_map(self.map.as_ref(), theta, &z.as_vec(), &zeros, &ones, &mut not_wanted);
        let mut w: Vec<E> = score.iter().zip(&by_log_det).map(|(&s, &d)| s - d).collect();
        self.map.solve_transposed_rows(theta, &z.as_vec(), &mut w);
        Ok((rows(x, dim), w))
    }
}
