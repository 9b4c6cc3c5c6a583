//! The interface of a layer.

use crate::error::FlowError;
use crate::flow::base_log_prob;
use crate::graph::{Column, Element, Graph, Parameters, Rows};
use dfdx::prelude::Cpu;
use dfdx::tensor_ops::Device;

/// An invertible map between base space and data space with a known Jacobian determinant.
///
/// Both methods take batch × dim values and return the mapped values together with `log|det J|` of the map *just
/// applied* (in other libraries `log_abs_det_jacobian`), one number per row in nats. Both record on the graph.
pub trait Bijection<E: Element>: Send + Sync {
    /// Base → data, `x = S(z)`, with `log|det dS/dz|` at `z`.
    fn forward_and_log_det(
        &self,
        theta: &Parameters<E>,
        z: &Rows<E>,
        graph: &mut Graph<E>,
    ) -> Result<(Rows<E>, Column<E>), FlowError>;

    /// Data → base, `z = T(x)`, with `log|det dT/dx|` at `x`.
    fn inverse_and_log_det(
        &self,
        theta: &Parameters<E>,
        x: &Rows<E>,
        graph: &mut Graph<E>,
    ) -> Result<(Rows<E>, Column<E>), FlowError>;

    /// `log p(x)` of `x = S(z)` with `z ~ N(0, I)`: a map next to the base may know it without `z`.
    fn log_prob(&self, theta: &Parameters<E>, x: &Rows<E>, graph: &mut Graph<E>) -> Result<Column<E>, FlowError>
    where
        Cpu: Device<E>,
    {
        let (z, log_det) = self.inverse_and_log_det(theta, x, graph)?;
        let base = base_log_prob(&z, graph);
        Ok(graph.apply(&base, |base| base + log_det))
    }

    /// Takes rows `z` and the scores `∇_z log q(z)` of some density at them through the map: `x = S(z)` and
    /// `∇_x log q(x)`, where `q(x) = q(z)/|det dS/dz|`. It is `s·dT/dx + ∇_x log|det dT/dx|`, with `T = S⁻¹` at `x`.
    ///
    /// A map whose inverse is dear has a cheaper way: its own. The parameters are constants here.
    fn score(&self, theta: &Parameters<E>, z: &Rows<E>, score: Vec<E>) -> Result<(Rows<E>, Vec<E>), FlowError> {
        score_by_inverse(self, theta, z, score)
    }
}

/// [`Bijection::score`] by differentiation of the inverse.
pub(crate) fn score_by_inverse<E: Element>(
    bijection: &(impl Bijection<E> + ?Sized),
    theta: &Parameters<E>,
    z: &Rows<E>,
    score: Vec<E>,
) -> Result<(Rows<E>, Vec<E>), FlowError> {
    let theta = theta.constant();
    let (x, _) = bijection.forward_and_log_det(&theta, z, &mut Graph::new())?;
    let mut graph = Graph::new();
    let (z, log_det) = bijection.inverse_and_log_det(&theta, &x, &mut graph)?;
    let ones = vec![E::one(); log_det.as_vec().len()];
    graph.seed(&z, score);
    graph.seed(&log_det, ones);
    let score = graph.backward().take(&x);
    Ok((x, score))
}
