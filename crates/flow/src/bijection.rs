//! The interface of a layer.

use crate::error::FlowError;
use crate::graph::{Column, Element, Graph, Parameters, Rows};

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
}
