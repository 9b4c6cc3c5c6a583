//! The exact incremental inverse of an autoregressive map: outputs and inputs of the network are found together,
//! position by position, and every unit is computed once.
//!
//! Position `i` of the output reads hidden units of lower degree only. A [`Step`] turns it into the input `v_i`; that
//! completes the hidden units of degree `i`, which the next position may read. Degrees are sorted, so "known so far"
//! is a prefix of every layer. In multiply-adds this is one pass, not `dim` of them.
//!
//! Two arrangements of the same sums: chunks of up to 64 rows *pull* each unit from its inputs (`pull.rs`); single
//! rows *push* each new unit into all its readers, along one stream through the weights (`push.rs`). Both add the
//! inputs in ascending order and the bias last, as the network's own forward pass does, so a row has the same bits in
//! all three.

mod adjoint;
mod blocks;
mod pull;
mod push;
mod solve;

pub use adjoint::{Adjoint, AdjointBuffers};
pub use solve::Solve;

use crate::{Made, Real};
use blocks::Pulled;
use push::Pushed;

/// Rows that are computed side by side: two AVX2 registers of `f32`.
pub const LANES: usize = 16;
/// Rows of a chunk: more of them share a walk through the weights, fewer leave their units in the L2 cache.
const CHUNK: usize = 4 * LANES;
/// At most this many rows left over are computed one by one rather than as padded lanes.
const SINGLES: usize = 4;

/// How the network's outputs at a position become its input there, many rows at once. Implementations are
/// `#[inline(always)]`: they are compiled into the sweep, for its instructions.
pub trait Lanes<R> {
    /// Rows `first..first + live` at `position`, given `params_per_dim` outputs of each; lanes from `live` on are
    /// padding, in and out.
    fn lanes(&mut self, first: usize, live: usize, position: usize, outputs: &[[R; LANES]]) -> [R; LANES];
}

/// The same for single rows, with the same bits.
pub trait Step<R>: Lanes<R> {
    fn one(&mut self, row: usize, position: usize, outputs: &[R]) -> R;
}

/// A network with its weights arranged for sweeps.
#[derive(Debug, Clone)]
pub struct Incremental<R> {
    made: Made,
    pulled: Pulled<R>,
    pushed: Pushed<R>,
}

/// Buffers reused from call to call.
#[derive(Debug, Clone, Default)]
pub struct Sweep<R> {
    lanes: pull::Buffers<R>,
    single: push::Buffers<R>,
}

impl<R: Real> Incremental<R> {
    /// Arranges the parameters `theta` of `made`, laid out as [`Made`] says.
    pub fn new(made: Made, theta: &[R]) -> Self {
        assert_eq!(theta.len(), made.parameters(), "parameters of another network");
        let (pulled, pushed) = (Pulled::new(&made, theta), Pushed::new(&made, theta));
        Self { made, pulled, pushed }
    }

    /// The network's shape.
    pub fn made(&self) -> &Made {
        &self.made
    }

    /// For each of `rows` rows and each position in ascending order, takes the step's answer to the network's outputs
    /// at that position as the input there.
    ///
    /// Afterwards outputs and inputs fit together as if [`Made::forward`] had been given the inputs. Bits of a row
    /// do not depend on `rows`. Cost: the multiply-adds of one pass, in `dim` sequential steps.
    pub fn sweep<S: Step<R>>(&self, rows: usize, buffers: &mut Sweep<R>, step: &mut S) {
        let singles = if rows % LANES <= SINGLES { rows % LANES } else { 0 };
        for first in (0..rows - singles).step_by(CHUNK) {
            let live = CHUNK.min(rows - singles - first);
            pull::sweep(&self.made, &self.pulled, first, live, &mut buffers.lanes, step);
        }
        for row in rows - singles..rows {
            push::sweep(&self.made, &self.pushed, row, &mut buffers.single, step);
        }
    }
}
