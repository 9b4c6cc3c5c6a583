//! Batch normalisation as a bijection (Papamakarios, Pavlakou & Murray 2017, §3.1), as it is while training: in its
//! normalising direction `y = (v − m)/√(s² + ε)·e^γ + β` with the mean and variance of the minibatch, through which
//! gradients pass. `log|det dy/dv| = Σ γ − ½ log(s² + ε)`. No conditioner.
//!
//! The normalising direction is `inverse` for MAF and `forward` for IAF. Afterwards the layer is folded into a
//! diagonal affine map ([`flowstill_model::fold`]); here the other direction is an error.

use crate::bijection::Bijection;
use crate::error::FlowError;
use crate::graph::{Column, Element, Graph, Parameters, Rows, check_width, repeated_sum};
use dfdx::prelude::*;
use flowstill_model::Orientation;
use flowstill_model::fold::BATCH_NORM_EPSILON;
use std::ops::Range;

/// The layer and its place in the parameter vector: γ, β, then the two buffers.
pub struct BatchNorm {
    range: Range<usize>,
    dim: usize,
    orientation: Orientation,
}

impl BatchNorm {
    pub fn new(dim: usize, range: Range<usize>, orientation: Orientation) -> Self {
        Self { range, dim, orientation }
    }

    fn normalize<E: Element>(
        &self,
        theta: &Parameters<E>,
        v: &Rows<E>,
        graph: &mut Graph<E>,
    ) -> Result<(Rows<E>, Column<E>), FlowError>
    where
        Cpu: Device<E>,
    {
        let shape = (check_width(v, self.dim)?, self.dim);
        let start = self.range.start;
        let log_gamma = theta.view(start..start + self.dim, graph);
        let beta = theta.view(start + self.dim..start + 2 * self.dim, graph);

        let mean = graph.apply(v, |v| v.mean::<(usize,), Axis<0>>());
        let mean = graph.apply(&mean, |m| m.broadcast_like::<_, Axis<0>>(&shape));
        let centred = graph.apply(v, |v| v - mean);
        let variance = graph.apply(&centred, |c| c.square().mean::<(usize,), Axis<0>>());
        // −½ log(s² + ε) + γ, the log-scale of the map
        let inverse_sd = graph.apply(&variance, |s| (s + E::of(BATCH_NORM_EPSILON)).ln() * E::of(-0.5));
        let log_scale = graph.apply(&log_gamma, |g| g + inverse_sd);
        let scale = graph.apply(&log_scale, |s| s.exp().broadcast_like::<_, Axis<0>>(&shape));
        let beta = graph.apply(&beta, |b| b.broadcast_like::<_, Axis<0>>(&shape));
        let y = graph.apply(&centred, |c| c * scale + beta);
        Ok((y, repeated_sum(&log_scale, shape.0, graph)))
    }
}

impl<E: Element> Bijection<E> for BatchNorm
where
    Cpu: Device<E>,
{
    fn forward_and_log_det(
        &self,
        theta: &Parameters<E>,
        z: &Rows<E>,
        graph: &mut Graph<E>,
    ) -> Result<(Rows<E>, Column<E>), FlowError> {
        match self.orientation {
            Orientation::Iaf => self.normalize(theta, z, graph),
            Orientation::Maf => Err(FlowError::NotFolded),
        }
    }

    fn inverse_and_log_det(
        &self,
        theta: &Parameters<E>,
        x: &Rows<E>,
        graph: &mut Graph<E>,
    ) -> Result<(Rows<E>, Column<E>), FlowError> {
        match self.orientation {
            Orientation::Maf => self.normalize(theta, x, graph),
            Orientation::Iaf => Err(FlowError::NotFolded),
        }
    }
}
