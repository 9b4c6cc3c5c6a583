//! What an operation does, counted.

use super::{Models, Operation};
use flowstill_flow::Engine;
use flowstill_model::{FlowSpec, LayerSpec};

/// Floating-point operations, two for a multiply-add, and bytes of weights.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Cost {
    /// those of the matrix products as they are done, ragged edges of the staircase and padding of its panels included;
    /// the dense ones on the reference engine
    pub done: f64,
    /// those of the same products without masks and padding: in a network much narrower than a panel fewer than `done`
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
        let done = if self.engine == Engine::Reference && operation.uses_engine() { dense } else { done };
        let flops = |multiply_adds: usize| 2.0 * multiply_adds as f64 * batch as f64;
        Cost { done: flops(done), dense: flops(dense), bytes: numbers * size_of::<f32>() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Shape;

    #[test]
    fn counts_are_those_done_by_hand() {
        // 2 coordinates, 16 hidden units of degree 1: they read input 1; the outputs of coordinate 1 read nothing, those
        // of coordinate 2 all units. Outputs lie in one panel of 16 columns
        let shape = Shape { dim: 2, hidden: vec![16], layers: 3 };
        let models = Models::of(&shape, Engine::Fused).unwrap();
        let (forward, transposed, gradient) = (16 + 16 * 16, 16 * 8 + 16 * 15, 16 + 16 * 16);
        let dense = 2 * 16 + 16 * 4;
        let train = models.cost(Operation::Train, 10);
        assert_eq!(train.done, 2.0 * 10.0 * 3.0 * f64::from(forward + transposed + gradient));
        assert_eq!(train.dense, 2.0 * 10.0 * 3.0 * f64::from(3 * dense));
        assert_eq!(train.bytes, 4 * 3 * ((16 + 2 * 16) + 16 + 4));
        assert_eq!(models.cost(Operation::LogProb, 1).done, 2.0 * 3.0 * f64::from(forward));
        let distill = models.cost(Operation::Distill, 1).dense;
        assert_eq!(distill, 2.0 * 3.0 * f64::from(5 * dense));
        let reference = Models::of(&shape, Engine::Reference).unwrap();
        assert_eq!(reference.cost(Operation::Train, 10).done, train.dense);
        assert_eq!(reference.cost(Operation::LogProb, 1).done, models.cost(Operation::LogProb, 1).done);
    }
}
