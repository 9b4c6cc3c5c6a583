//! The parameters of a flow as its operations read them, and where their gradients go.

use crate::graph::{Column, Element, Graph, Rows, column, rows};
use flowstill_kernel::Incremental;
use flowstill_kernel::incremental::Adjoint;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// The flat parameter vector, as the operations of a flow read it.
///
/// Gradients of parameters do not go through the tape, which would allocate and clear a vector for every evaluation:
/// operations add them to the [`Sink`].
#[derive(Clone)]
pub struct Parameters<E: Element> {
    pub values: Arc<Vec<E>>,
    /// the weights as backward passes read them, made once for all that share these parameters
    transposed: Arc<OnceLock<Vec<E>>>,
    /// the weights as walks from coordinate to coordinate read them, by where a layer's parameters start
    arranged: Arc<Mutex<HashMap<usize, Arc<Arranged<E>>>>>,
    /// absent if no gradients of the parameters are wanted
    sink: Option<Sink<E>>,
}

/// The weights of one autoregressive layer, arranged when they are first wanted.
pub(crate) struct Arranged<E> {
    pub incremental: OnceLock<Incremental<E>>,
    pub adjoint: OnceLock<Adjoint<E>>,
}

/// Where gradients of the parameters are added up. One evaluation at a time writes to it.
pub type Sink<E> = Arc<Mutex<Vec<E>>>;

impl<E: Element> Parameters<E> {
    /// Parameters that a gradient is wanted for.
    pub fn trainable(values: Arc<Vec<E>>) -> Self {
        let sink = Arc::new(Mutex::new(vec![E::zero(); values.len()]));
        Self::frozen(values).with_sink(sink)
    }

    /// Parameters that are constants: gradients pass *through* the flow to its input, none are made for these.
    pub fn frozen(values: Arc<Vec<E>>) -> Self {
        Self { values, transposed: Arc::default(), arranged: Arc::default(), sink: None }
    }

    /// The same parameters with their gradients added to `sink`, which is as long as they are.
    pub fn with_sink(self, sink: Sink<E>) -> Self {
        Self { sink: Some(sink), ..self }
    }

    /// The same parameters as constants.
    pub fn constant(&self) -> Self {
        Self { sink: None, ..self.clone() }
    }

    /// The elements of `range` as a tensor.
    pub fn view(&self, range: Range<usize>, graph: &mut Graph<E>) -> Column<E> {
        let out = column(self.values[range.clone()].to_vec());
        if let Some(sink) = self.sink.clone() {
            let source = out.clone();
            graph.record(move |gradients| {
                let gradient = gradients.take(&source);
                let mut sink = lock(&sink);
                sink[range].iter_mut().zip(&gradient).for_each(|(sum, &g)| *sum += g);
            });
        }
        out
    }

    /// A matrix whose element `at` is parameter `index` for every (index, at) of `entries`, zero elsewhere.
    pub fn dense(&self, entries: Vec<(usize, usize)>, height: usize, width: usize, graph: &mut Graph<E>) -> Rows<E> {
        let mut values = vec![E::zero(); height * width];
        entries.iter().for_each(|&(index, at)| values[at] = self.values[index]);
        let out = rows(values, width);
        if let Some(sink) = self.sink.clone() {
            let source = out.clone();
            graph.record(move |gradients| {
                let gradient = gradients.take(&source);
                let mut sink = lock(&sink);
                entries.iter().for_each(|&(index, at)| sink[index] += gradient[at]);
            });
        }
        out
    }

    /// The transposed weights, made by `make` if nobody did before.
    pub(crate) fn transposed(&self, make: impl FnOnce() -> Vec<E>) -> &[E] {
        self.transposed.get_or_init(make)
    }

    /// Takes the transposed weights, unless there are any.
    pub(crate) fn prepare(&self, transposed: Vec<E>) {
        let _ = self.transposed.set(transposed);
    }

    /// The arranged weights of the layer whose parameters start at `start`.
    pub(crate) fn arranged(&self, start: usize) -> Arc<Arranged<E>> {
        let empty = || Arc::new(Arranged { incremental: OnceLock::new(), adjoint: OnceLock::new() });
        lock(&self.arranged).entry(start).or_insert_with(empty).clone()
    }

    /// Gives the memory of the transposed weights back, unless somebody still shares it.
    pub fn into_spare(self) -> Option<Vec<E>> {
        Arc::into_inner(self.transposed).and_then(OnceLock::into_inner)
    }

    /// Whether gradients are wanted.
    pub(crate) fn wants_gradient(&self) -> bool {
        self.sink.is_some()
    }

    /// The gradients so far, if they are wanted, to add to.
    pub fn sink(&self) -> Option<MutexGuard<'_, Vec<E>>> {
        self.sink.as_ref().map(|sink| lock(sink))
    }
}

/// A sink after a panic elsewhere is as good as before.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
