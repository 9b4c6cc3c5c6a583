//! Values and the tape that records how they were made.
//!
//! dfdx hangs the tape on a tensor; with layers that return two tensors (value and log-det) that is easy to get
//! wrong: a loss made of the one without the tape has no gradients. Here tensors never carry a tape. A [`Graph`]
//! owns the one tape and is handed down, as a random stream is.

use crate::error::FlowError;
pub use crate::parameters::Parameters;
use dfdx::prelude::{BroadcastTo, Device, SumTo};
use dfdx::shapes::Shape;
use dfdx::tensor::{Cpu, Gradients, OwnedTape, PutTape, SplitTape, Tape, Tensor, TensorFrom};
use dfdx::tensor_ops::Backward;
use flowstill_kernel::{Dropout, Real};

/// `f32` or `f64`, as both the kernel and dfdx know them.
pub trait Element: Real + dfdx::dtypes::Dtype {}
impl Element for f32 {}
impl Element for f64 {}

/// batch × dim
pub type Rows<E> = Tensor<(usize, usize), E, Cpu>;
/// one number per row
pub type Column<E> = Tensor<(usize,), E, Cpu>;

/// The tape of one evaluation.
#[derive(Default)]
pub struct Graph<E: Element> {
    tape: OwnedTape<E, Cpu>,
    dropout: Option<Dropout>,
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
        Self { tape: OwnedTape::default(), dropout: None }
    }

    /// An evaluation that drops hidden units of the conditioners, in layers whose parallel direction it takes on the fused
    /// engine.
    pub fn with_dropout(dropout: Option<Dropout>) -> Self {
        Self { dropout, ..Self::new() }
    }

    /// What is dropped, if anything is.
    pub(crate) fn dropout(&self) -> Option<Dropout> {
        self.dropout
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

    /// Gives `of` the gradient `gradient`, beside what flows back to it from later operations.
    pub fn seed<S: Shape>(&mut self, of: &Tensor<S, E, Cpu>, gradient: Vec<E>) {
        let of = of.clone();
        self.record(move |adjoints| adjoints.add_at(&of, 0, &gradient));
    }

    /// Differentiates from the seeds; ends the graph.
    pub fn backward(self) -> Finished<E> {
        let start: Tensor<(), E, Cpu> = Cpu::default().tensor(E::zero());
        Finished(start.put_tape(self.tape).backward())
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

/// The sum of `values`, once for each of `batch` rows.
pub(crate) fn repeated_sum<E: Element>(values: &Column<E>, batch: usize, graph: &mut Graph<E>) -> Column<E>
where
    Cpu: Device<E>,
{
    let total = graph.apply(values, |t| t.sum::<(), _>());
    graph.apply(&total, |t| t.broadcast_like(&(batch,)))
}
