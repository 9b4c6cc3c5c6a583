//! The exact incremental inverse of an autoregressive map: outputs and inputs of the network are found together,
//! position by position, and every unit is computed once.
//!
//! Position `i` of the output reads hidden units of lower degree only. A caller's closure turns it into the
//! input `v_i`; that completes the hidden units of degree `i`, which the next position may read. Degrees are
//! sorted, so "known so far" is a prefix of every layer. In multiply-adds this is one pass, not `dim` of them.
//!
//! Two arrangements of the same sums: chunks of 16 rows, feature-major, *pull* each unit from its inputs;
//! single rows *push* each new unit into all its readers, along the rows of the weight matrix. Both start from
//! the bias and add the inputs in ascending order with the same operations, so a row has the same bits in either.

use crate::activation::specialised;
use crate::{Activation, Made, Real};
use std::ops::Range;

/// Rows of a chunk: two AVX2 registers of `f32`.
const LANES: usize = 16;
/// Most units computed side by side: 6 × 2 accumulators fill 12 of AVX2's 16 registers.
const UNITS: usize = 6;
/// At most this many rows left over are computed one by one rather than as a padded chunk.
const SINGLES: usize = 4;

/// A network with its weights arranged for [`Incremental::sweep`].
#[derive(Debug, Clone)]
pub struct Incremental<R> {
    made: Made,
    theta: Vec<R>,
    linears: Vec<Packed<R>>,
}

/// One masked map, cut into blocks of units that become computable at the same position.
#[derive(Debug, Clone)]
struct Packed<R> {
    /// per block, its inputs one after the other, each as the weights into the block's units
    weights: Vec<R>,
    blocks: Vec<Block>,
    /// per position, the blocks that it completes (for the output map: that it reads)
    steps: Vec<Range<usize>>,
}

/// Units `units` of a map, all reading the same inputs; their weights start at `offset`.
#[derive(Debug, Clone)]
struct Block {
    units: Range<usize>,
    offset: usize,
}

/// Buffers reused from call to call.
#[derive(Debug, Clone, Default)]
pub struct Sweep<R> {
    /// per layer, inputs first: unit × lane
    lanes: Vec<Vec<[R; LANES]>>,
    /// outputs of one position × lane
    outputs: Vec<[R; LANES]>,
    /// outputs of one position of one row
    parameters: Vec<R>,
    /// per map, the sums so far of one row
    sums: Vec<Vec<R>>,
}

/// Runs the body with the constant `N` equal to a block's length.
macro_rules! by_length {
    ($length:expr, $n:ident => $body:block) => {
        by_length!($length, $n => $body, 1 2 3 4 5 6)
    };
    ($length:expr, $n:ident => $body:block, $($value:literal)*) => {
        match $length {
            $($value => { const $n: usize = $value; $body })*
            other => unreachable!("blocks have 1 to {UNITS} units, not {other}"),
        }
    };
}

impl<R: Real> Incremental<R> {
    /// Arranges the parameters `theta` of `made`; masked entries are taken as zero.
    pub fn new(made: Made, mut theta: Vec<R>) -> Self {
        assert_eq!(theta.len(), made.parameters(), "parameters of another network");
        made.mask(&mut theta);
        let linears = (0..made.linears().len()).map(|l| Packed::new(&made, l, &theta)).collect();
        Self { made, theta, linears }
    }

    /// The network's shape.
    pub fn made(&self) -> &Made {
        &self.made
    }

    /// The network's parameters, laid out as [`Made`] says, masked entries zero.
    pub fn theta(&self) -> &[R] {
        &self.theta
    }

    /// For each of `rows` rows and each position in ascending order, calls `step(row, position, outputs)` with the
    /// network's outputs at that position (`params_per_dim` of them) and takes its result as the input there.
    ///
    /// Afterwards outputs and inputs fit together as if [`Made::forward`] had been given the inputs. Bits of a row
    /// do not depend on `rows`. Cost: the multiply-adds of one pass, in `dim` sequential steps.
    pub fn sweep(&self, rows: usize, buffers: &mut Sweep<R>, step: impl FnMut(usize, usize, &[R]) -> R) {
        #[cfg(target_arch = "x86_64")]
        if std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma") {
            // SAFETY: the two features that the function is compiled for were just detected.
            return unsafe { self.sweep_avx2(rows, buffers, step) };
        }
        self.sweep_generic::<{ cfg!(target_arch = "aarch64") }>(rows, buffers, step);
    }

    /// Outputs for `rows` rows of `v` (rows × dim, in degree order), rows × dim × params_per_dim: what
    /// [`Made::forward`] computes, up to rounding, and what a [`Incremental::sweep`] that found `v` saw, to the last
    /// bit. Faster than the former for a network whose parameters stay, which is arranged once and not per call.
    pub fn pass(&self, v: &[R], rows: usize, buffers: &mut Sweep<R>, out: &mut [R]) {
        let (dim, per_dim) = (self.made.dim(), self.made.params_per_dim());
        assert_eq!(v.len(), rows * dim, "v must be rows × dim");
        assert_eq!(out.len(), rows * dim * per_dim, "out must be rows × dim × params_per_dim");
        self.sweep(rows, buffers, |row, position, outputs| {
            let at = row * dim + position;
            out[at * per_dim..][..per_dim].copy_from_slice(outputs);
            v[at]
        });
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn sweep_avx2(&self, rows: usize, buffers: &mut Sweep<R>, step: impl FnMut(usize, usize, &[R]) -> R) {
        self.sweep_generic::<true>(rows, buffers, step);
    }

    #[inline(always)]
    fn sweep_generic<const FUSED: bool>(
        &self,
        rows: usize,
        buffers: &mut Sweep<R>,
        mut step: impl FnMut(usize, usize, &[R]) -> R,
    ) {
        let singles = if rows % LANES <= SINGLES { rows % LANES } else { 0 };
        for first in (0..rows - singles).step_by(LANES) {
            let live = LANES.min(rows - first);
            self.chunk::<FUSED>(live, buffers, |lane, position, outputs| step(first + lane, position, outputs));
        }
        for row in rows - singles..rows {
            self.single::<FUSED>(buffers, |position, outputs| step(row, position, outputs));
        }
    }

    /// Up to [`LANES`] rows; the lanes from `live` on are padding.
    #[inline(always)]
    fn chunk<const FUSED: bool>(
        &self,
        live: usize,
        buffers: &mut Sweep<R>,
        mut step: impl FnMut(usize, usize, &[R]) -> R,
    ) {
        let Sweep { lanes, outputs, parameters, .. } = buffers;
        let (dim, per_dim, activation) = (self.made.dim(), self.made.params_per_dim(), self.made.activation());
        let last = self.linears.len() - 1;
        lanes.resize(last + 1, Vec::new());
        for (lanes, linear) in lanes.iter_mut().zip(self.made.linears()) {
            lanes.resize(linear.inputs, [R::zero(); LANES]);
        }
        outputs.resize(per_dim, [R::zero(); LANES]);
        parameters.resize(per_dim, R::zero());
        for position in 0..dim {
            let base = position * per_dim;
            self.pull::<FUSED>(last, position, &lanes[last], None, base, outputs);
            for lane in 0..live {
                parameters.iter_mut().zip(outputs.iter()).for_each(|(p, o)| *p = o[lane]);
                lanes[0][position][lane] = step(lane, position, parameters);
            }
            for l in 0..last {
                let (before, after) = lanes.split_at_mut(l + 1);
                self.pull::<FUSED>(l, position, &before[l], Some(activation), 0, &mut after[0]);
            }
        }
    }

    /// Writes the units that map `l` computes at `position`, unit `first` to the beginning of `out`. (Not through a
    /// closure: one that is not inlined is compiled without the wider instructions.)
    #[inline(always)]
    fn pull<const FUSED: bool>(
        &self,
        l: usize,
        position: usize,
        inputs: &[[R; LANES]],
        activation: Option<Activation>,
        first: usize,
        out: &mut [[R; LANES]],
    ) {
        let (packed, linear) = (&self.linears[l], self.made.linear(l));
        let biases = &self.theta[linear.bias.clone()];
        for Block { units, offset } in &packed.blocks[packed.steps[position].clone()] {
            let inputs = &inputs[..linear.fill(units.start)];
            let weights = &packed.weights[*offset..][..inputs.len() * units.len()];
            let bias = &biases[units.clone()];
            let out = &mut out[units.start - first..units.end - first];
            by_length!(units.len(), N => {
                for (out, sums) in out.iter_mut().zip(block::<R, N, FUSED>(weights, bias, inputs)) {
                    *out = match activation {
                        Some(activation) => apply(activation, sums),
                        None => sums,
                    };
                }
            });
        }
    }

    /// One row.
    #[inline(always)]
    fn single<const FUSED: bool>(&self, buffers: &mut Sweep<R>, mut step: impl FnMut(usize, &[R]) -> R) {
        let sums = &mut buffers.sums;
        let (per_dim, activation) = (self.made.params_per_dim(), self.made.activation());
        let last = self.linears.len() - 1;
        sums.resize(last + 1, Vec::new());
        for (sums, linear) in sums.iter_mut().zip(self.made.linears()) {
            sums.clear();
            sums.extend_from_slice(&self.theta[linear.bias.clone()]);
        }
        for position in 0..self.made.dim() {
            let value = step(position, &sums[last][position * per_dim..][..per_dim]);
            self.push::<1, FUSED>(0, position, [value], &mut sums[0]);
            for l in 0..last {
                let (before, after) = sums.split_at_mut(l + 1);
                let packed = &self.linears[l];
                for Block { units, .. } in &packed.blocks[packed.steps[position].clone()] {
                    let (sums, first) = (&before[l][units.clone()], units.start);
                    by_length!(units.len(), N => {
                        let values: [R; N] = std::array::from_fn(|n| activation.apply(sums[n]));
                        self.push::<N, FUSED>(l + 1, first, values, &mut after[0]);
                    });
                }
            }
        }
    }

    /// Adds the contributions of `N` inputs of map `l`, of one degree, to the sums of all that read them.
    #[inline(always)]
    fn push<const N: usize, const FUSED: bool>(&self, l: usize, first: usize, values: [R; N], sums: &mut [R]) {
        let linear = self.made.linear(l);
        let (outputs, start) = (linear.outputs, linear.first_reader(first));
        let weight = &self.theta[linear.weight.clone()];
        let sums = &mut sums[start..outputs];
        let rows: [&[R]; N] = std::array::from_fn(|n| &weight[(first + n) * outputs + start..][..sums.len()]);
        for (j, sum) in sums.iter_mut().enumerate() {
            for n in 0..N {
                *sum = multiply_add::<R, FUSED>(rows[n][j], values[n], *sum);
            }
        }
    }
}

impl<R: Real> Packed<R> {
    fn new(made: &Made, l: usize, theta: &[R]) -> Self {
        let linear = made.linear(l);
        let weight = &theta[linear.weight.clone()];
        let mut packed = Self { weights: Vec::new(), blocks: Vec::new(), steps: Vec::new() };
        for position in 0..made.dim() {
            let ready = match made.hidden_degrees().get(l) {
                Some(degrees) => {
                    degrees.partition_point(|&d| d <= position)..degrees.partition_point(|&d| d <= position + 1)
                }
                None => position * made.params_per_dim()..(position + 1) * made.params_per_dim(),
            };
            let first_block = packed.blocks.len();
            let parts = ready.len().div_ceil(UNITS);
            for part in 0..parts {
                let bound = |part: usize| ready.start + ready.len() * part / parts;
                let units = bound(part)..bound(part + 1);
                packed.blocks.push(Block { units: units.clone(), offset: packed.weights.len() });
                for input in 0..linear.fill(units.start) {
                    packed.weights.extend_from_slice(&weight[input * linear.outputs..][units.clone()]);
                }
            }
            packed.steps.push(first_block..packed.blocks.len());
        }
        packed
    }
}

/// Sums of `N` units over all their inputs, for every lane.
#[inline(always)]
fn block<R: Real, const N: usize, const FUSED: bool>(
    weights: &[R],
    bias: &[R],
    inputs: &[[R; LANES]],
) -> [[R; LANES]; N] {
    let mut sums: [[R; LANES]; N] = std::array::from_fn(|n| [bias[n]; LANES]);
    for (weights, input) in weights.chunks_exact(N).zip(inputs) {
        for n in 0..N {
            for lane in 0..LANES {
                sums[n][lane] = multiply_add::<R, FUSED>(weights[n], input[lane], sums[n][lane]);
            }
        }
    }
    sums
}

#[inline(always)]
fn apply<R: Real>(activation: Activation, mut sums: [R; LANES]) -> [R; LANES] {
    specialised!(activation, F => sums.iter_mut().for_each(|s| *s = F.apply(*s)));
    sums
}

/// `w·x + sum`, rounded once where the instruction exists.
#[inline(always)]
fn multiply_add<R: Real, const FUSED: bool>(w: R, x: R, sum: R) -> R {
    if FUSED { w.mul_add(x, sum) } else { sum + w * x }
}
