//! One direction of a chain, cut into what takes one pass and what is solved.

use crate::autoregressive::{Buffers as SolveBuffers, Sequential};
use crate::rowwise::Rowwise;
use crate::{Method, Rounds};
use flowstill_kernel::affine::Direction;
use flowstill_kernel::{Layer, Parallel, Real, Workspace};
use flowstill_model::{FlowSpec, LayerSpec, Layout, Orientation};

/// Consecutive layers of one direction, as they are applied.
#[derive(Debug, Clone)]
pub(crate) enum Segment<R> {
    /// layers that are given the side which their conditioners read, and diagonal maps
    Parallel(Parallel),
    Sequential(Box<Sequential<R>>),
    Rowwise(Rowwise<R>),
}

/// Buffers of one shard; reuse them from shard to shard.
#[derive(Debug)]
pub(crate) struct Buffers<R> {
    workspaces: Vec<Workspace<R>>,
    mapped: Vec<R>,
    solve: SolveBuffers<R>,
}

impl<R: Real> Default for Buffers<R> {
    fn default() -> Self {
        Self { workspaces: Vec::new(), mapped: Vec::new(), solve: SolveBuffers::default() }
    }
}

/// The segments of `spec`, batch normalisation folded, in the order in which they are applied.
pub(crate) fn segments<R: Real>(spec: &FlowSpec, direction: Direction) -> Vec<Segment<R>> {
    let given = match direction {
        Direction::Forward => Orientation::Iaf,
        Direction::Inverse => Orientation::Maf,
    };
    let mut layers: Vec<_> = spec.layers.iter().zip(Layout::new(spec).layers).collect();
    if direction == Direction::Inverse {
        layers.reverse();
    }
    let mut segments = Vec::new();
    let mut steps = Vec::new();
    for (layer, theta) in layers {
        let alone = match layer {
            LayerSpec::Autoregressive(a) if a.orientation == given => {
                let layer = Layer::Autoregressive { made: a.made(), order: a.order.clone(), map: a.map() };
                steps.push((layer, theta));
                continue;
            }
            LayerSpec::ActNorm { .. } | LayerSpec::BatchNorm { .. } => {
                steps.push((Layer::Diagonal, theta));
                continue;
            }
            LayerSpec::Autoregressive(a) => Segment::Sequential(Box::new(Sequential::new(a, direction, theta))),
            LayerSpec::Rowwise { map, orientation } => {
                let outright = LayerSpec::closed(map, *orientation) == direction;
                Segment::Rowwise(Rowwise::new(map, spec.dim, outright, theta))
            }
        };
        if !steps.is_empty() {
            segments.push(Segment::Parallel(Parallel::new(spec.dim, direction, std::mem::take(&mut steps))));
        }
        segments.push(alone);
    }
    if !steps.is_empty() {
        segments.push(Segment::Parallel(Parallel::new(spec.dim, direction, steps)));
    }
    segments
}

/// Maps whole rows in place through all segments and adds each row's log-det of the map.
pub(crate) fn apply<R: Real>(
    segments: &[Segment<R>],
    theta: &[R],
    method: Method,
    values: &mut [R],
    log_det: &mut [f64],
    buffers: &mut Buffers<R>,
) -> Rounds {
    let mut rounds = Rounds::default();
    buffers.workspaces.resize_with(segments.len().max(buffers.workspaces.len()), Workspace::default);
    for (segment, workspace) in segments.iter().zip(&mut buffers.workspaces) {
        match segment {
            Segment::Parallel(parallel) => {
                buffers.mapped.resize(values.len(), R::zero());
                parallel.forward(theta, values, workspace, &mut buffers.mapped, log_det);
                values.copy_from_slice(&buffers.mapped);
            }
            Segment::Sequential(layer) => {
                rounds = rounds.merge(layer.apply(theta, method, values, log_det, &mut buffers.solve));
            }
            Segment::Rowwise(layer) => layer.apply(theta, values, log_det, &mut buffers.mapped),
        }
    }
    rounds
}
