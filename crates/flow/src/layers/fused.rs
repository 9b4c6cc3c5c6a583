//! The parallel direction of a run as one operation on the tape, and the transposed weights that its backward pass
//! reads.

use crate::graph::{Column, Element, Graph, Parameters, Rows, column, rows};
use crate::parameters::lock;
use flowstill_kernel::{Parallel, Workspace};
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock};

/// A chain of layers in their parallel direction, with the buffers of evaluations that are over.
pub(crate) struct Fused<E: Element> {
    pub parallel: Parallel,
    /// the same for densities alone, where that is another
    densities: Option<Parallel>,
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
        Self { densities: parallel.densities(), parallel, place: OnceLock::new(), workspaces: Mutex::default() }
    }

    /// A workspace that is free, or a new one.
    pub fn workspace(&self) -> Workspace<E> {
        lock(&self.workspaces).pop().unwrap_or_default()
    }

    /// Gives a workspace back, for the next evaluation.
    pub fn give_back(&self, workspace: Workspace<E>) {
        lock(&self.workspaces).push(workspace);
    }

    /// The whole chain, recorded on the graph.
    pub fn apply(self: Arc<Self>, theta: &Parameters<E>, x: &Rows<E>, graph: &mut Graph<E>) -> (Rows<E>, Column<E>) {
        self.apply_as(|fused| &fused.parallel, theta, x, graph)
    }

    /// The same, only that the base's log-density of what comes out plus the log-det is right, not the two by themselves.
    pub fn apply_for_density(
        self: Arc<Self>,
        theta: &Parameters<E>,
        x: &Rows<E>,
        graph: &mut Graph<E>,
    ) -> (Rows<E>, Column<E>) {
        self.apply_as(|fused| fused.densities.as_ref().unwrap_or(&fused.parallel), theta, x, graph)
    }

    fn apply_as(
        self: Arc<Self>,
        chain: fn(&Self) -> &Parallel,
        theta: &Parameters<E>,
        x: &Rows<E>,
        graph: &mut Graph<E>,
    ) -> (Rows<E>, Column<E>) {
        let dim = self.parallel.dim();
        let values = x.as_vec();
        let mut workspace = self.workspace();
        workspace.drop_out(graph.dropout());
        let mut mapped = vec![E::zero(); values.len()];
        let mut log_det = vec![0.0; values.len() / dim];
        chain(&self).forward(&theta.values, &values, &mut workspace, &mut mapped, &mut log_det);
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
            chain(fused).backward(theta, transposed, workspace, &dy, &d_log_det, d_theta, &mut values);
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
