//! Up to 64 rows at once, feature-major: each unit is pulled from its inputs, 16 rows in a register pair.

use super::blocks::{Map, Pulled, UNITS};
use super::{LANES, Lanes};
use crate::activation::specialised;
use crate::isa::{Instructions, dispatch, multiply_add};
use crate::{Activation, Made, Real};
use std::ops::Range;

/// Per layer, inputs first: group of rows × unit × lane.
#[derive(Debug, Clone, Default)]
pub(super) struct Buffers<R> {
    pub layers: Vec<Vec<[R; LANES]>>,
    /// sums of the hidden layers, where residual connections start from them
    pub sums: Vec<Vec<[R; LANES]>>,
}

impl<R: Real> Map<R> {
    /// Writes the sums of the units of `position`, without biases, to the same units of `out`, for all groups.
    #[inline(always)]
    pub fn pull<I: Instructions>(
        &self,
        position: usize,
        groups: usize,
        inputs: &[[R; LANES]],
        out: &mut [[R; LANES]],
    ) -> Range<usize> {
        let (input_stride, out_stride) = (inputs.len() / groups, out.len() / groups);
        let blocks = &self.blocks[self.steps[position].clone()];
        for block in blocks {
            let weights = &self.weights[block.offset..][..block.inputs.len() * block.units.len()];
            let tile = Tile { weights, inputs, first: block.inputs.clone(), input_stride, unit: block.units.start };
            // as many groups of rows side by side as the registers hold accumulators for
            match block.units.len() {
                1 => tile.run::<I, 1, 4>(groups, out_stride, out),
                2 => tile.run::<I, 2, 2>(groups, out_stride, out),
                3 => tile.run::<I, 3, 2>(groups, out_stride, out),
                4 => tile.run::<I, 4, 1>(groups, out_stride, out),
                5 => tile.run::<I, 5, 1>(groups, out_stride, out),
                6 => tile.run::<I, 6, 1>(groups, out_stride, out),
                other => unreachable!("blocks have 1 to {UNITS} units, not {other}"),
            }
        }
        match (blocks.first(), blocks.last()) {
            (Some(first), Some(last)) => first.units.start..last.units.end,
            _ => 0..0,
        }
    }
}

struct Tile<'a, R> {
    weights: &'a [R],
    inputs: &'a [[R; LANES]],
    first: Range<usize>,
    input_stride: usize,
    unit: usize,
}

impl<R: Real> Tile<'_, R> {
    #[inline(always)]
    fn run<I: Instructions, const N: usize, const G: usize>(
        &self,
        groups: usize,
        out_stride: usize,
        out: &mut [[R; LANES]],
    ) {
        let mut group = 0;
        while group + G <= groups {
            self.sums::<I, N, G>(group, out_stride, out);
            group += G;
        }
        while group < groups {
            self.sums::<I, N, 1>(group, out_stride, out);
            group += 1;
        }
    }

    #[inline(always)]
    fn sums<I: Instructions, const N: usize, const G: usize>(
        &self,
        group: usize,
        out_stride: usize,
        out: &mut [[R; LANES]],
    ) {
        let from = |g: usize| (group + g) * self.input_stride + self.first.start;
        assert!(self.weights.len() == self.first.len() * N && from(G - 1) + self.first.len() <= self.inputs.len());
        let mut sums = [[[R::zero(); LANES]; G]; N];
        let inputs: [*const [R; LANES]; G] = std::array::from_fn(|g| self.inputs[from(g)..].as_ptr());
        let mut weights = self.weights.as_ptr();
        for l in 0..self.first.len() {
            // SAFETY: `weights` has N numbers and each group an input for every l below the length, as asserted.
            unsafe {
                // a loop over groups the compiler does not unroll, and keeps the sums in memory
                add_group::<R, I, N, G, 0>(&mut sums, &inputs, l, weights);
                add_group::<R, I, N, G, 1>(&mut sums, &inputs, l, weights);
                add_group::<R, I, N, G, 2>(&mut sums, &inputs, l, weights);
                add_group::<R, I, N, G, 3>(&mut sums, &inputs, l, weights);
                weights = weights.add(N);
            }
        }
        for g in 0..G {
            for n in 0..N {
                out[(group + g) * out_stride + self.unit + n] = sums[n][g];
            }
        }
    }
}

impl<R: Real> Buffers<R> {
    /// Makes room for the layers of `made` for `groups` groups; inputs first, outputs last.
    pub fn reshape(&mut self, made: &Made, groups: usize) {
        let hidden = made.hidden_degrees().iter().map(Vec::len);
        let sizes = std::iter::once(made.dim()).chain(hidden).chain([made.dim() * made.params_per_dim()]);
        self.layers.resize_with(made.linears().len() + 1, Vec::new);
        self.sums.resize_with(if made.is_residual() { made.linears().len() } else { 0 }, Vec::new);
        for (l, size) in sizes.enumerate() {
            self.layers[l].resize(size * groups, [R::zero(); LANES]);
            if let Some(sums) = l.checked_sub(1).and_then(|l| self.sums.get_mut(l)) {
                sums.resize(size * groups, [R::zero(); LANES]);
            }
        }
    }
}

/// Adds input `l` of group `GROUP`, if there is one, times its `N` weights.
///
/// # Safety
/// The group's inputs must be readable at `l`, and `weights` for `N` numbers.
#[inline(always)]
unsafe fn add_group<R: Real, I: Instructions, const N: usize, const G: usize, const GROUP: usize>(
    sums: &mut [[[R; LANES]; G]; N],
    inputs: &[*const [R; LANES]; G],
    l: usize,
    weights: *const R,
) {
    if GROUP < G {
        // SAFETY: the caller's promise.
        let (input, weights) = unsafe { (&*inputs[GROUP].add(l), &*weights.cast::<[R; N]>()) };
        for n in 0..N {
            for lane in 0..LANES {
                sums[n][GROUP][lane] = multiply_add::<R, I>(weights[n], input[lane], sums[n][GROUP][lane]);
            }
        }
    }
}

dispatch! {
    /// Rows `first..first + live` of a sweep.
    pub(super) fn sweep[S: Lanes<R>](
        made: &Made,
        pulled: &Pulled<R>,
        first: usize,
        live: usize,
        buffers: &mut Buffers<R>,
        step: &mut S,
    ) = sweep_body
}

#[inline(always)]
fn sweep_body<R: Real, I: Instructions, S: Lanes<R>>(
    made: &Made,
    pulled: &Pulled<R>,
    first: usize,
    live: usize,
    buffers: &mut Buffers<R>,
    step: &mut S,
) {
    let groups = live.div_ceil(LANES);
    buffers.reshape(made, groups);
    let Buffers { layers, sums } = buffers;
    let last = pulled.maps.len() - 1;
    for position in 0..made.dim() {
        let (hidden, outputs) = layers.split_at_mut(last + 1);
        let outputs = &mut outputs[0];
        let units = pulled.maps[last].pull::<I>(position, groups, &hidden[last], outputs);
        let stride = outputs.len() / groups;
        for group in 0..groups {
            let outputs = &mut outputs[group * stride..][units.clone()];
            for (output, &bias) in outputs.iter_mut().zip(&pulled.maps[last].bias[units.clone()]) {
                for lane in 0..LANES {
                    output[lane] += bias;
                }
            }
            let row = group * LANES;
            hidden[0][group * made.dim() + position] =
                step.lanes(first + row, LANES.min(live - row), position, outputs);
        }
        for l in 0..last {
            let (before, after) = layers.split_at_mut(l + 1);
            let units = pulled.maps[l].pull::<I>(position, groups, &before[l], &mut after[0]);
            let reached = l.min(sums.len());
            let (sums_before, sums) = sums.split_at_mut(reached);
            let skip = made.skip_source(l).map(|source| sums_before[source].as_slice());
            let kept = sums.first_mut().map(Vec::as_mut_slice);
            finish(made.activation(), &pulled.maps[l].bias, groups, units, skip, kept, &mut after[0]);
        }
    }
}

/// Bias, residual connection and activation of the units of all groups.
#[inline(always)]
fn finish<R: Real>(
    activation: Activation,
    bias: &[R],
    groups: usize,
    units: Range<usize>,
    skip: Option<&[[R; LANES]]>,
    mut kept: Option<&mut [[R; LANES]]>,
    out: &mut [[R; LANES]],
) {
    let stride = out.len() / groups;
    for group in 0..groups {
        for unit in units.clone() {
            let at = group * stride + unit;
            let mut sums = out[at];
            for lane in 0..LANES {
                sums[lane] += bias[unit];
            }
            if let Some(skip) = skip {
                for lane in 0..LANES {
                    sums[lane] += skip[at][lane];
                }
            }
            if let Some(kept) = kept.as_deref_mut() {
                kept[at] = sums;
            }
            specialised!(activation, F => {
                for lane in 0..LANES {
                    sums[lane] = F.apply(sums[lane]);
                }
            });
            out[at] = sums;
        }
    }
}
