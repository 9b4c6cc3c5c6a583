//! A run of layers as one operation: affine autoregressive layers of one orientation, MAF (Papamakarios, Pavlakou &
//! Murray 2017) or IAF (Kingma et al. 2016), and the diagonal maps between them.
//!
//! An autoregressive layer is `x_i = μ_i(v_<i) + e^{α_i(v_<i)}·z_i` with `v = x` for MAF and `v = z` for IAF. The
//! direction that gives the side which the conditioner reads takes 1 pass per layer and is one operation from the
//! first layer to the last. The other one goes layer by layer: see [`mod@super::sequential`].

use crate::bijection::{Bijection, score_by_inverse};
use crate::error::FlowError;
use crate::flow::base_log_prob;
use crate::graph::{Column, Element, Graph, Parameters, Rows, check_width};
use crate::layers::fused::Fused;
use crate::layers::score::{self, Scored};
use crate::layers::sequential::Sequential;
use dfdx::prelude::Cpu;
use dfdx::tensor_ops::Device;
use flowstill_kernel::affine::Direction;
use flowstill_kernel::{Layer, Parallel};
use flowstill_model::{LayerSpec, Orientation};
use std::ops::Range;
use std::sync::Arc;

/// The layers and their places in the parameter vector, base to data.
pub struct Run<E: Element> {
    dim: usize,
    forward: Way<E>,
    inverse: Way<E>,
    /// the layers once more, if the forward direction is the parallel one
    scored: Option<Vec<Scored>>,
}

/// Why there is no such layer here.
const NO_PART: &str = "a rowwise layer is no part of a run";

/// How one direction is evaluated.
enum Way<E: Element> {
    Parallel(Arc<Fused<E>>),
    Sequential(Vec<Piece<E>>),
}

/// One layer of a sequential direction.
enum Piece<E: Element> {
    Autoregressive(Arc<Sequential<E>>),
    Diagonal(Arc<Fused<E>>),
}

impl<E: Element> Run<E> {
    /// `layers` must be autoregressive of orientation `orientation`, or diagonal.
    pub fn new(dim: usize, orientation: Orientation, layers: &[(&LayerSpec, Range<usize>)]) -> Self {
        let parallel = |direction| {
            let steps = layers.iter().map(|(layer, range)| (as_kernel(layer), range.clone()));
            let steps: Vec<_> = match direction {
                Direction::Forward => steps.collect(),
                Direction::Inverse => steps.rev().collect(),
            };
            Way::Parallel(Arc::new(Fused::new(Parallel::new(dim, direction, steps))))
        };
        let sequential = |direction| {
            let piece = |(layer, range): &(&LayerSpec, Range<usize>)| match layer {
                LayerSpec::Autoregressive(spec) => {
                    Piece::Autoregressive(Arc::new(Sequential::new(spec, range.clone(), direction)))
                }
                LayerSpec::ActNorm { .. } | LayerSpec::BatchNorm { .. } => {
                    let parallel = Parallel::new(dim, direction, vec![(Layer::Diagonal, range.clone())]);
                    Piece::Diagonal(Arc::new(Fused::new(parallel)))
                }
                LayerSpec::Rowwise { .. } => unreachable!("{NO_PART}"),
            };
            match direction {
                Direction::Forward => Way::Sequential(layers.iter().map(piece).collect()),
                Direction::Inverse => Way::Sequential(layers.iter().rev().map(piece).collect()),
            }
        };
        let diagonal = layers.iter().all(|(layer, _)| !matches!(layer, LayerSpec::Autoregressive(_)));
        let way = |direction, given| {
            if diagonal || orientation == given { parallel(direction) } else { sequential(direction) }
        };
        let forward = way(Direction::Forward, Orientation::Iaf);
        let inverse = way(Direction::Inverse, Orientation::Maf);
        let scored = matches!(forward, Way::Parallel(_))
            .then(|| layers.iter().map(|(layer, range)| Scored::new(layer, range.clone())).collect());
        Self { dim, forward, inverse, scored }
    }

    /// The chains whose weights are transposed for backward passes.
    pub(crate) fn fused(&self) -> impl Iterator<Item = &Arc<Fused<E>>> {
        [&self.forward, &self.inverse].into_iter().filter_map(|way| match way {
            Way::Parallel(fused) => Some(fused),
            Way::Sequential(_) => None,
        })
    }

    fn apply(
        &self,
        way: &Way<E>,
        theta: &Parameters<E>,
        x: &Rows<E>,
        graph: &mut Graph<E>,
    ) -> Result<(Rows<E>, Column<E>), FlowError> {
        check_width(x, self.dim)?;
        match way {
            Way::Parallel(fused) => Ok(fused.clone().apply(theta, x, graph)),
            Way::Sequential(pieces) => {
                let mut x = x.clone();
                let mut total: Option<Column<E>> = None;
                for piece in pieces {
                    let (y, log_det) = match piece {
                        Piece::Autoregressive(layer) => layer.clone().apply(theta, &x, graph),
                        Piece::Diagonal(fused) => fused.clone().apply(theta, &x, graph),
                    };
                    x = y;
                    total = Some(match total {
                        None => log_det,
                        Some(sum) => graph.apply(&sum, |sum| sum + log_det),
                    });
                }
                Ok((x, total.expect("a run has a layer")))
            }
        }
    }
}

/// The layer as the kernel knows it.
fn as_kernel(layer: &LayerSpec) -> Layer {
    match layer {
        LayerSpec::Autoregressive(a) => Layer::Autoregressive { made: a.made(), order: a.order.clone(), map: a.map() },
        LayerSpec::ActNorm { .. } => Layer::Diagonal,
        LayerSpec::Rowwise { .. } => unreachable!("{NO_PART}"),
        LayerSpec::BatchNorm { .. } => unreachable!("a batch normalisation ends a run"),
    }
}

impl<E: Element> Bijection<E> for Run<E> {
    fn forward_and_log_det(
        &self,
        theta: &Parameters<E>,
        z: &Rows<E>,
        graph: &mut Graph<E>,
    ) -> Result<(Rows<E>, Column<E>), FlowError> {
        self.apply(&self.forward, theta, z, graph)
    }

    fn inverse_and_log_det(
        &self,
        theta: &Parameters<E>,
        x: &Rows<E>,
        graph: &mut Graph<E>,
    ) -> Result<(Rows<E>, Column<E>), FlowError> {
        self.apply(&self.inverse, theta, x, graph)
    }

    fn log_prob(&self, theta: &Parameters<E>, x: &Rows<E>, graph: &mut Graph<E>) -> Result<Column<E>, FlowError>
    where
        Cpu: Device<E>,
    {
        check_width(x, self.dim)?;
        let (z, log_det) = match &self.inverse {
            Way::Parallel(fused) => fused.clone().apply_for_density(theta, x, graph),
            Way::Sequential(_) => self.inverse_and_log_det(theta, x, graph)?,
        };
        let base = base_log_prob(&z, graph);
        Ok(graph.apply(&base, |base| base + log_det))
    }

    fn score(&self, theta: &Parameters<E>, z: &Rows<E>, score: Vec<E>) -> Result<(Rows<E>, Vec<E>), FlowError> {
        check_width(z, self.dim)?;
        match &self.scored {
            Some(layers) => Ok(score::through(layers, theta, z, score, self.dim)),
            None => score_by_inverse(self, theta, z, score),
        }
    }
}
