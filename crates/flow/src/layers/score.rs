//! Scores `∇ log q` through a run of layers whose forward direction takes one pass, without inverting anything.
//!
//! Through `y = f(h)` the score passes as `v·J_f = s − ∇_h log|det J_f|`, a triangular system that back-substitution
//! solves exactly; cut short, the same system as a fixed point can blow up. A forward and a backward pass per layer.

use crate::graph::{Element, Parameters, Rows, rows};
use crate::layers::sequential::adjoint;
use flowstill_kernel::affine::Direction;
use flowstill_kernel::incremental::AdjointBuffers;
use flowstill_kernel::{ElementMap, Made};
use flowstill_model::LayerSpec;
use std::ops::Range;

/// A layer whose forward direction is parallel, and the place of its parameters.
pub(crate) enum Scored {
    Autoregressive { made: Made, order: Vec<usize>, map: ElementMap, range: Range<usize> },
    Diagonal { range: Range<usize> },
}

impl Scored {
    pub fn new(layer: &LayerSpec, range: Range<usize>) -> Self {
        match layer {
            LayerSpec::Autoregressive(a) => {
                Self::Autoregressive { made: a.made(), order: a.order.clone(), map: a.map(), range }
            }
            LayerSpec::ActNorm { .. } | LayerSpec::BatchNorm { .. } => Self::Diagonal { range },
            LayerSpec::Rowwise { .. } => unreachable!("a rowwise layer is no part of a run"),
        }
    }
}

/// The mapped rows of `z` and the scores there.
pub(crate) fn through<E: Element>(
    layers: &[Scored],
    theta: &Parameters<E>,
    z: &Rows<E>,
    score: Vec<E>,
    dim: usize,
) -> (Rows<E>, Vec<E>) {
    let (mut values, mut score) = (z.as_vec(), score);
    let mut buffers = AdjointBuffers::default();
    for layer in layers {
        match layer {
            Scored::Autoregressive { made, order, map, range } => {
                let arranged = theta.arranged(range.start);
                adjoint(&arranged, made, theta, range, order, Direction::Forward, map).score(
                    &mut values,
                    &mut score,
                    &mut buffers,
                );
            }
            // y = e^a ⊙ h + b: the log-det is the same everywhere
            Scored::Diagonal { range } => {
                let (log_scale, shift) = theta.values[range.clone()].split_at(dim);
                for (values, score) in values.chunks_exact_mut(dim).zip(score.chunks_exact_mut(dim)) {
                    for i in 0..dim {
                        let scale = log_scale[i].exp();
                        values[i] = scale * values[i] + shift[i];
                        score[i] /= scale;
                    }
                }
            }
        }
    }
    (rows(values, dim), score)
}
