//! The sequential direction of an affine autoregressive layer: the side that its conditioner reads is sought.
//!
//! With `F` the parallel direction, `v = F⁻¹(u)` is found coordinate by coordinate, in the multiply-adds of one pass.
//! Its gradient needs no unrolling: from `u = F(v; θ)` and `log|det dv/du| = −ℓ(v; θ)`, where `ℓ = log|det dF/dv|`,
//!
//! ```text
//! g = ∂L/∂v − ḡ·∇_v ℓ,   w·dF/dv = g,   ∂L/∂u = w,   ∂L/∂θ = −w·∂F/∂θ − ḡ·∂ℓ/∂θ
//! ```
//!
//! with `ḡ` the gradient of the log-det. The triangular system is solved exactly by [`Adjoint`], which knows `∇_v ℓ` as
//! well. One pass forward, two backward, and three more if the parameters want their gradient.

use crate::graph::{Adjoints, Column, Element, Graph, Parameters, Rows, column, rows};
use crate::layers::fused::Fused;
use crate::parameters::Arranged;
use flowstill_kernel::affine::Direction;
use flowstill_kernel::incremental::{Adjoint, AdjointBuffers, Solve, Sweep};
use flowstill_kernel::{ElementMap, Incremental, Layer, Made, Parallel};
use flowstill_model::Autoregressive;
use std::ops::Range;
use std::sync::Arc;

/// The layer in one direction.
pub(crate) struct Sequential<E: Element> {
    made: Made,
    order: Vec<usize>,
    map: ElementMap,
    range: Range<usize>,
    direction: Direction,
    /// the same layer in the other direction
    parallel: Fused<E>,
}

impl<E: Element> Sequential<E> {
    /// The layer with parameters at `range` in the direction that is sequential for it.
    pub fn new(spec: &Autoregressive, range: Range<usize>, direction: Direction) -> Self {
        let (made, order, map) = (spec.made(), spec.order.clone(), spec.map());
        let step = Layer::Autoregressive { made: made.clone(), order: order.clone(), map: map.clone() };
        let parallel = Parallel::new(order.len(), direction.opposite(), vec![(step, range.clone())]);
        Self { made, order, map, range, direction, parallel: Fused::new(parallel) }
    }

    pub fn apply(self: Arc<Self>, theta: &Parameters<E>, u: &Rows<E>, graph: &mut Graph<E>) -> (Rows<E>, Column<E>) {
        let dim = self.order.len();
        let mut values = u.as_vec();
        let mut log_det = vec![0.0; values.len() / dim];
        let arranged = theta.arranged(self.range.start);
        let make = || Incremental::new(self.made.clone(), &theta.values[self.range.clone()]);
        let network = arranged.incremental.get_or_init(make);
        let count = log_det.len();
        let mut solve = Solve {
            direction: self.direction,
            map: &self.map,
            order: &self.order,
            values: &mut values,
            log_det: &mut log_det,
            given: false,
        };
        network.sweep(count, &mut Sweep::default(), &mut solve);
        let (v, log_det) = (rows(values.clone(), dim), column(log_det.into_iter().map(E::of).collect()));
        let (theta, u, v_key, log_det_key) = (theta.clone(), u.clone(), v.clone(), log_det.clone());
        graph.record(move |adjoints| {
            let (dv, d_log_det) = (adjoints.take(&v_key), adjoints.take(&log_det_key));
            self.backward(&theta, &values, dv, &d_log_det, &u, adjoints);
        });
        (v, log_det)
    }

    fn backward(
        &self,
        theta: &Parameters<E>,
        v: &[E],
        dv: Vec<E>,
        d_log_det: &[E],
        u: &Rows<E>,
        adjoints: &mut Adjoints<E>,
    ) {
        let mut w = dv;
        let arranged = theta.arranged(self.range.start);
        adjoint(&arranged, &self.made, theta, &self.range, &self.order, self.direction.opposite(), &self.map).solve(
            v,
            d_log_det,
            &mut w,
            &mut AdjointBuffers::default(),
        );
        if theta.wants_gradient() {
            self.add_gradient(theta, v, &w, d_log_det);
        }
        adjoints.add_at(u, 0, &w);
    }

    /// `−w·∂F/∂θ − ḡ·∂ℓ/∂θ`.
    fn add_gradient(&self, theta: &Parameters<E>, v: &[E], w: &[E], d_log_det: &[E]) {
        let parallel = &self.parallel.parallel;
        let mut workspace = self.parallel.workspace();
        let mut transposed = vec![E::zero(); parallel.transposed_len()];
        parallel.transpose(&theta.values, &mut transposed);
        let (mut mapped, mut log_det) = (vec![E::zero(); v.len()], vec![0.0; d_log_det.len()]);
        parallel.forward(&theta.values, v, &mut workspace, &mut mapped, &mut log_det);
        let negated = |gradient: &[E]| gradient.iter().map(|&g| -g).collect::<Vec<_>>();
        let (minus_w, minus_log_det) = (negated(w), negated(d_log_det));
        let mut sink = theta.sink();
        let d_theta = sink.as_deref_mut().map(Vec::as_mut_slice);
        // the gradient of v is not wanted again
        parallel.backward(&theta.values, &transposed, &mut workspace, &minus_w, &minus_log_det, d_theta, &mut mapped);
        self.parallel.give_back(workspace);
    }
}

/// The arranged weights of a layer for the solution of `w·J = g`, `J` the Jacobian of its parallel direction.
pub(crate) fn adjoint<'a, E: Element>(
    arranged: &'a Arranged<E>,
    made: &Made,
    theta: &Parameters<E>,
    range: &Range<usize>,
    order: &[usize],
    direction: Direction,
    map: &ElementMap,
) -> &'a Adjoint<E> {
    let make = || Adjoint::new(made.clone(), &theta.values[range.clone()], order.to_vec(), direction, map.clone());
    arranged.adjoint.get_or_init(make)
}
