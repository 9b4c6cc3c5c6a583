//! A run of layers as one operation: affine autoregressive layers of one orientation, MAF (Papamakarios, Pavlakou &
//! Murray 2017) or IAF (Kingma et al. 2016), and the diagonal maps between them.
//!
//! An autoregressive layer is `x_i = μ_i(v_<i) + e^{α_i(v_<i)}·z_i` with `v = x` for MAF and `v = z` for IAF. The
//! direction that gives the side which the conditioner reads takes 1 pass per layer and is one operation from the
//! first layer to the last. The other one goes layer by layer: see [`mod@super::sequential`].

use crate::bijection::Bijection;
use crate::error::FlowError;
use crate::graph::{Column, Element, Graph, Parameters, Rows, check_width, column, lock, rows};
use crate::layers::sequential::Sequential;
use flowstill_kernel::affine::Direction;
use flowstill_kernel::{Layer, Parallel, Workspace};
use flowstill_model::{LayerSpec, Orientation};
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock};

/// The layers and their places in the parameter vector, base to data.
pub struct Run<E: Element> {
    dim: usize,
    forward: Way<E>,
    inverse: Way<E>,
}

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

/// A chain of layers in their parallel direction, with the buffers of evaluations that are over.
pub(crate) struct Fused<E: Element> {
    pub parallel: Parallel,
    /// the transposed weights' place among those of the whole flow, once the flow has told
    place: OnceLock<Place>,
    workspaces: Mutex<Vec<Workspace<E>>>,
}

struct Place {
    range: Range<usize>,
    all: Arc<Transposition>,
}

/// The parallel chains of a flow, one after the other in the vector of transposed weights.
#[derive(Default)]
pub(crate) struct Transposition {
    parts: Vec<(Parallel, Range<usize>)>,
}

impl Transposition {
    /// Length of the vector.
    fn len(&self) -> usize {
        self.parts.last().map_or(0, |(_, range)| range.end)
    }

    /// Fills a vector with the transposed weights of `theta`.
    pub fn fill<E: Element>(&self, theta: &[E], out: &mut Vec<E>) {
        out.resize(self.len(), E::zero());
        for (parallel, range) in &self.parts {
            parallel.transpose(theta, &mut out[range.clone()]);
        }
    }
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
        Self { dim, forward, inverse }
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
        LayerSpec::Autoregressive(a) => {
            Layer::Autoregressive { made: a.made(), order: a.order.clone(), clip: a.log_scale_clip }
        }
        LayerSpec::ActNorm { .. } => Layer::Diagonal,
        LayerSpec::BatchNorm { .. } => unreachable!("a batch normalisation ends a run"),
    }
}

/// Gives each chain its place among the transposed weights of the flow.
pub(crate) fn place<'a, E: Element>(chains: impl Iterator<Item = &'a Arc<Fused<E>>>) -> Arc<Transposition> {
    let chains: Vec<_> = chains.collect();
    let mut transposition = Transposition::default();
    for fused in &chains {
        let start = transposition.len();
        let range = start..start + fused.parallel.transposed_len();
        transposition.parts.push((fused.parallel.clone(), range));
    }
    let all = Arc::new(transposition);
    for (fused, (_, range)) in chains.into_iter().zip(&all.parts) {
        // a chain is placed once, by the flow that made it
        let _ = fused.place.set(Place { range: range.clone(), all: all.clone() });
    }
    all
}

impl<E: Element> Fused<E> {
    pub fn new(parallel: Parallel) -> Self {
        Self { parallel, place: OnceLock::new(), workspaces: Mutex::default() }
    }

    /// A workspace that is free, or a new one.
    pub fn workspace(&self) -> Workspace<E> {
        lock(&self.workspaces).pop().unwrap_or_default()
    }

    /// Gives a workspace back, for the next evaluation.
    pub fn give_back(&self, workspace: Workspace<E>) {
        lock(&self.workspaces).push(workspace);
    }

    fn apply(self: Arc<Self>, theta: &Parameters<E>, x: &Rows<E>, graph: &mut Graph<E>) -> (Rows<E>, Column<E>) {
        let dim = self.parallel.dim();
        let values = x.as_vec();
        let mut workspace = self.workspace();
        let mut mapped = vec![E::zero(); values.len()];
        let mut log_det = vec![0.0; values.len() / dim];
        self.parallel.forward(&theta.values, &values, &mut workspace, &mut mapped, &mut log_det);
        let (y, log_det) = (rows(mapped, dim), column(log_det.into_iter().map(E::of).collect()));
        let (theta, x, y_key, log_det_key) = (theta.clone(), x.clone(), y.clone(), log_det.clone());
        let mut values = values;
        let kept = Kept { fused: self, workspace: Some(workspace) };
        graph.record(move |adjoints| {
            let mut kept = kept;
            let (dy, d_log_det) = (adjoints.take(&y_key), adjoints.take(&log_det_key));
            let Kept { fused, workspace } = &mut kept;
            let workspace = workspace.as_mut().expect("taken only when dropped");
            let transposed = fused.transposed(&theta);
            let mut sink = theta.sink();
            let d_theta = sink.as_deref_mut().map(Vec::as_mut_slice);
            let theta = &theta.values;
            fused.parallel.backward(theta, transposed, workspace, &dy, &d_log_det, d_theta, &mut values);
            adjoints.add_at(&x, 0, &values);
        });
        (y, log_det)
    }

    fn transposed<'a>(&self, theta: &'a Parameters<E>) -> &'a [E] {
        match self.place.get() {
            Some(Place { range, all }) => {
                let make = || {
                    let mut out = Vec::new();
                    all.fill(&theta.values, &mut out);
                    out
                };
                &theta.transposed(make)[range.clone()]
            }
            // a diagonal map alone has no weights to transpose
            None => &[],
        }
    }
}

/// A workspace that goes back when its evaluation is over, with a backward pass or without.
struct Kept<E: Element> {
    fused: Arc<Fused<E>>,
    workspace: Option<Workspace<E>>,
}

impl<E: Element> Drop for Kept<E> {
    fn drop(&mut self) {
        self.fused.give_back(self.workspace.take().unwrap_or_default());
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
}
