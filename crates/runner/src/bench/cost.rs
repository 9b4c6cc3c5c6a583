//! What an operation does, counted.

use super::{Models, Operation};
use flowstill_model::{FlowSpec, LayerSpec};

/// Floating-point operations, two for a multiply-add, and bytes of weights.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Cost {
    /// those of the matrix products as they are done, ragged edges of the staircase included
    pub done: f64,
    /// those of the same products without masks
    pub dense: f64,
    /// bytes of weights and biases that one row reads
    pub bytes: usize,
}

/// Multiply-adds of one row: forward, with transposed weights, gradient of the weights.
struct Passes {
    done: [usize; 3],
    dense: usize,
    numbers: usize,
}

impl Passes {
    fn of(spec: &FlowSpec) -> Self {
        let mut passes = Self { done: [0; 3], dense: 0, numbers: 0 };
        for layer in &spec.layers {
            if let LayerSpec::Autoregressive(a) = layer {
                let made = a.made();
                for linear in made.linears() {
                    passes.done.iter_mut().zip(linear.multiply_adds()).for_each(|(sum, m)| *sum += m);
                    passes.dense += linear.inputs * linear.outputs();
                    passes.numbers += linear.filled() + linear.outputs();
                }
            }
        }
        passes
    }
}

impl Models {
    pub(super) fn cost(&self, operation: Operation, batch: usize) -> Cost {
        let none = || Passes { done: [0; 3], dense: 0, numbers: 0 };
        let passes = |model: Option<&FlowSpec>| model.map_or_else(none, Passes::of);
        let (teacher, student) = (passes(self.teacher_spec()), passes(self.student_spec()));
        let all = |p: &Passes| p.done.iter().sum::<usize>();
        let (done, dense, numbers) = match operation {
            Operation::Train => (all(&teacher), 3 * teacher.dense, teacher.numbers),
            Operation::LogProb | Operation::MafSample => (teacher.done[0], teacher.dense, teacher.numbers),
            Operation::IafSample => (student.done[0], student.dense, student.numbers),
            Operation::Distill => (
                all(&student) + teacher.done[0] + teacher.done[1],
                3 * student.dense + 2 * teacher.dense,
                student.numbers + teacher.numbers,
            ),
            Operation::InputGradient | Operation::Adjoint => {
                (student.done[0] + student.done[1], 2 * student.dense, student.numbers)
            }
            Operation::Noise => (0, 0, 0),
        };
        let flops = |multiply_adds: usize| 2.0 * multiply_adds as f64 * batch as f64;
        Cost { done: flops(done), dense: flops(dense), bytes: numbers * size_of::<f32>() }
    }
}
