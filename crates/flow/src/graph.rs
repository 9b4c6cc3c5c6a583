//! Values and the tape that records how they were made.
//!
//! dfdx hangs the tape on a tensor; with layers that return two tensors (value and log-det) that is easy to get
//! wrong: a loss made of the one without the tape has no gradients. Here tensors never carry a tape. A [`Graph`]
//! owns the one tape and is handed down, as a random stream is.

use crate::error::FlowError;
use dfdx::shapes::Shape;
use dfdx::tensor::{Cpu, Gradients, OwnedTape, PutTape, SplitTape, Tape, Tensor, TensorFrom};
use dfdx::tensor_ops::Backward;
use flowstill_kernel::Real;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// `f32` or `f64`, as both the kernel and dfdx know them.
pub trait Element: Real + dfdx::dtypes::Dtype {}
impl Element for f32 {}
impl Element for f64 {}

/// batch × dim
pub type Rows<E> = Tensor<(usize, usize), E, Cpu>;
/// one number per row
pub type Column<E> = Tensor<(usize,), E, Cpu>;

/// The flat parameter vector, as the operations of a flow read it.
///
/// Gradients of parameters do not go through the tape, which would allocate and clear a vector for every evaluation:
/// operations add them to the [`Sink`].
#[derive(Clone)]
pub struct Parameters<E: Element> {
    pub values: Arc<Vec<E>>,
    /// the weights as backward passes read them, made once for all that share these parameters
    transposed: Arc<OnceLock<Vec<E>>>,
    /// absent if no gradients of the parameters are wanted
    sink: Option<Sink<E>>,
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
        Self { values, transposed: Arc::default(), sink: None }
    }

    /// The same parameters with their gradients added to `sink`, which is as long as they are.
    pub fn with_sink(self, sink: Sink<E>) -> Self {
        Self { sink: Some(sink), ..self }
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

    /// Gives the memory of the transposed weights back, unless somebody still shares it.
    pub fn into_spare(self) -> Option<Vec<E>> {
        Arc::into_inner(self.transposed).and_then(OnceLock::into_inner)
    }

    /// The gradients so far, if they are wanted, to add to.
    pub(crate) fn sink(&self) -> Option<MutexGuard<'_, Vec<E>>> {
        self.sink.as_ref().map(|sink| lock(sink))
    }
}

/// A sink after a panic elsewhere is as good as before.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The tape of one evaluation.
#[derive(Default)]
pub struct Graph<E: Element> {
    tape: OwnedTape<E, Cpu>,
}

/// The gradients a recorded operation reads and adds to.
pub struct Adjoints<'a, E: Element>(&'a mut Gradients<E, Cpu>);

impl<E: Element> Adjoints<'_, E> {
    /// Takes the gradient of a value whose consumers have all run; zeros if nothing used it.
    pub fn take<S: Shape>(&mut self, of: &Tensor<S, E, Cpu>) -> Vec<E> {
        std::mem::take(self.slot(of))
    }

    /// Adds `gradient` to that of `to`, from element `start` on.
    pub fn add_at<S: Shape>(&mut self, to: &Tensor<S, E, Cpu>, start: usize, gradient: &[E]) {
        for (sum, &g) in self.slot(to)[start..].iter_mut().zip(gradient) {
            *sum += g;
        }
    }

    /// The gradient of `of`, to add to in place.
    pub fn slot<S: Shape>(&mut self, of: &Tensor<S, E, Cpu>) -> &mut Vec<E> {
        self.0.get_or_alloc_mut(of).expect("the processor's memory is never refused by dfdx")
    }
}

impl<E: Element> Graph<E> {
    pub fn new() -> Self {
        Self { tape: OwnedTape::default() }
    }

    /// Applies dfdx operations to `x`, recording them.
    pub fn apply<S: Shape, Out: Shape>(
        &mut self,
        x: &Tensor<S, E, Cpu>,
        operation: impl FnOnce(Tensor<S, E, Cpu, OwnedTape<E, Cpu>>) -> Tensor<Out, E, Cpu, OwnedTape<E, Cpu>>,
    ) -> Tensor<Out, E, Cpu> {
        let (out, tape) = operation(x.clone().put_tape(std::mem::take(&mut self.tape))).split_tape();
        self.tape = tape;
        out
    }

    /// Records the backward half of an operation of our own.
    pub fn record(&mut self, backward: impl FnOnce(&mut Adjoints<E>) + 'static) {
        self.tape.add_backward_op(move |gradients| {
            backward(&mut Adjoints(gradients));
            Ok(())
        });
    }

    /// `Σ_r weight·x_r`, summed in double precision, as the scalar to differentiate; ends the graph.
    pub fn backward_sum(mut self, x: &Column<E>, weight: f64) -> Finished<E> {
        let total: f64 = weight * x.as_vec().iter().map(|v| v.f64()).sum::<f64>();
        let scalar: Tensor<(), E, Cpu> = Cpu::default().tensor(E::of(total));
        let (source, out) = (x.clone(), scalar.clone());
        self.record(move |gradients| {
            let gradient = gradients.take(&out)[0] * E::of(weight);
            gradients.slot(&source).iter_mut().for_each(|g| *g += gradient);
        });
        Finished(scalar.put_tape(self.tape).backward())
    }
}

/// The gradients of a finished graph.
pub struct Finished<E: Element>(Gradients<E, Cpu>);

impl<E: Element> Finished<E> {
    /// The gradient of a leaf, zeros if the result did not depend on it.
    pub fn take<S: Shape>(&mut self, of: &Tensor<S, E, Cpu>) -> Vec<E> {
        Adjoints(&mut self.0).take(of)
    }

    /// The gradient of the parameters, taken out of their sink; empty if they are frozen.
    pub fn parameters(&mut self, parameters: &Parameters<E>) -> Vec<E> {
        parameters.sink().map(|mut sink| std::mem::take(&mut *sink)).unwrap_or_default()
    }
}

/// A batch × dim tensor from row-major values.
pub fn rows<E: Element>(values: Vec<E>, dim: usize) -> Rows<E> {
    let batch = values.len() / dim;
    Cpu::default().tensor((values, (batch, dim)))
}

/// A tensor of one number per row.
pub fn column<E: Element>(values: Vec<E>) -> Column<E> {
    let len = values.len();
    Cpu::default().tensor((values, (len,)))
}

/// Checks that `x` has rows of `dim` coordinates and returns their number.
pub fn check_width<E: Element>(x: &Rows<E>, dim: usize) -> Result<usize, FlowError> {
    let (batch, width) = *dfdx::shapes::HasShape::shape(x);
    if width == dim { Ok(batch) } else { Err(FlowError::Width { expected: dim, got: width }) }
}
