//! ActNorm, a diagonal affine map (Kingma & Dhariwal 2018, §3.1): `x = e^{s} ⊙ z + t`, `log|det dx/dz| = Σ s`.
//! No conditioner. Its start from data is [`crate::calibrate`].

use crate::bijection::Bijection;
use crate::error::FlowError;
use crate::graph::{Column, Element, Graph, Parameters, Rows, check_width, repeated_sum};
use dfdx::prelude::*;
use std::ops::Range;

/// The layer and its place in the parameter vector: log-scales, then shifts.
pub struct ActNorm {
    range: Range<usize>,
    dim: usize,
}

impl ActNorm {
    pub fn new(dim: usize, range: Range<usize>) -> Self {
        Self { range, dim }
    }

    fn parameters<E: Element>(&self, theta: &Parameters<E>, graph: &mut Graph<E>) -> (Column<E>, Column<E>) {
        let middle = self.range.start + self.dim;
        (theta.view(self.range.start..middle, graph), theta.view(middle..self.range.end, graph))
    }
}

impl<E: Element> Bijection<E> for ActNorm
where
    Cpu: Device<E>,
{
    fn forward_and_log_det(
        &self,
        theta: &Parameters<E>,
        z: &Rows<E>,
        graph: &mut Graph<E>,
    ) -> Result<(Rows<E>, Column<E>), FlowError> {
        let shape = (check_width(z, self.dim)?, self.dim);
        let (log_scale, shift) = self.parameters(theta, graph);
        let scale = graph.apply(&log_scale, |s| s.exp().broadcast_like::<_, Axis<0>>(&shape));
        let shift = graph.apply(&shift, |t| t.broadcast_like::<_, Axis<0>>(&shape));
        let x = graph.apply(z, |z| z * scale + shift);
        Ok((x, repeated_sum(&log_scale, shape.0, graph)))
    }

    fn inverse_and_log_det(
        &self,
        theta: &Parameters<E>,
        x: &Rows<E>,
        graph: &mut Graph<E>,
    ) -> Result<(Rows<E>, Column<E>), FlowError> {
        let shape = (check_width(x, self.dim)?, self.dim);
        let (log_scale, shift) = self.parameters(theta, graph);
        let scale = graph.apply(&log_scale, |s| s.negate().exp().broadcast_like::<_, Axis<0>>(&shape));
        let shift = graph.apply(&shift, |t| t.broadcast_like::<_, Axis<0>>(&shape));
        let z = graph.apply(x, |x| (x - shift) * scale);
        let negative = graph.apply(&log_scale, |s| s.negate());
        Ok((z, repeated_sum(&negative, shape.0, graph)))
    }
}
