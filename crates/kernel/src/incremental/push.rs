//! One row: each new unit is pushed into all its readers, and the weights are one stream from the first position to
//! the last. What limits it is the time to read them once.

use super::Step;
use super::blocks::{dense, first_reader, inputs_at};
use crate::isa::{Instructions, dispatch, multiply_add};
use crate::{Made, Real};
use std::ops::Range;

/// Units pushed together, so that the readers' sums are loaded and stored once for all of them.
const UNITS: usize = 8;
/// Readers side by side in the stream.
const READERS: usize = 16;
/// How far ahead of its use the stream is asked for, in numbers.
#[cfg(target_arch = "x86_64")]
const AHEAD: usize = 1024;

/// The weights of all maps in the order in which one row reads them.
#[derive(Debug, Clone)]
pub(super) struct Pushed<R> {
    stream: Vec<R>,
    /// per map, per unit
    bias: Vec<Vec<R>>,
    pushes: Vec<Push>,
    /// per position, its pushes
    steps: Vec<Range<usize>>,
}

/// `units` of layer `layer` (0: the input) into its readers from `start` on, a multiple of 16.
#[derive(Debug, Clone)]
struct Push {
    layer: usize,
    units: Range<usize>,
    start: usize,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Buffers<R> {
    /// per map, the sums so far
    sums: Vec<Vec<R>>,
    outputs: Vec<R>,
}

impl<R: Real> Pushed<R> {
    pub fn new(made: &Made, theta: &[R]) -> Self {
        let count = made.linears().len();
        let (weights, bias): (Vec<_>, Vec<_>) = (0..count).map(|l| dense(made, l, theta)).unzip();
        let mut pushed = Self { stream: Vec::new(), bias, pushes: Vec::new(), steps: Vec::new() };
        for position in 0..made.dim() {
            let first = pushed.pushes.len();
            for layer in 0..count {
                let units = inputs_at(made, layer, position);
                let readers = pushed.bias[layer].len();
                let start = first_reader(made, layer, position);
                let parts = if start < readers { units.len().div_ceil(UNITS) } else { 0 };
                for part in 0..parts {
                    let bound = |part: usize| units.start + units.len() * part / parts;
                    let start = start / READERS * READERS;
                    let push = Push { layer, units: bound(part)..bound(part + 1), start };
                    for reader in (start..readers).step_by(READERS) {
                        for unit in push.units.clone() {
                            let row = &weights[layer][unit * readers..][..readers];
                            let masked = std::iter::repeat(R::zero());
                            pushed.stream.extend(row[reader..].iter().copied().chain(masked).take(READERS));
                        }
                    }
                    pushed.pushes.push(push);
                }
            }
            pushed.steps.push(first..pushed.pushes.len());
        }
        pushed
    }
}

/// Runs the body with the constant `N` equal to the number of units.
macro_rules! by_units {
    ($units:expr, $n:ident => $body:expr) => {
        by_units!($units, $n => $body, 1 2 3 4 5 6 7 8)
    };
    ($units:expr, $n:ident => $body:expr, $($value:literal)*) => {
        match $units {
            $($value => { const $n: usize = $value; $body })*
            other => unreachable!("1 to {UNITS} units are pushed together, not {other}"),
        }
    };
}

dispatch! {
    /// Row `row` of a sweep.
    pub(super) fn sweep[S: Step<R>](
        made: &Made,
        pushed: &Pushed<R>,
        row: usize,
        buffers: &mut Buffers<R>,
        step: &mut S,
    ) = sweep_body
}

#[inline(always)]
fn sweep_body<R: Real, I: Instructions, S: Step<R>>(
    made: &Made,
    pushed: &Pushed<R>,
    row: usize,
    buffers: &mut Buffers<R>,
    step: &mut S,
) {
    let Buffers { sums, outputs } = buffers;
    let (per_dim, activation, last) = (made.params_per_dim(), made.activation(), pushed.bias.len() - 1);
    sums.resize_with(last + 1, Vec::new);
    for (sums, bias) in sums.iter_mut().zip(&pushed.bias) {
        sums.clear();
        sums.resize(bias.len().next_multiple_of(READERS), R::zero());
    }
    let mut stream = pushed.stream.as_slice();
    for (position, pushes) in pushed.steps.iter().enumerate() {
        let at = position * per_dim..(position + 1) * per_dim;
        outputs.clear();
        outputs.extend(sums[last][at.clone()].iter().zip(&pushed.bias[last][at]).map(|(&sum, &bias)| sum + bias));
        let value = step.one(row, position, outputs);
        for push in &pushed.pushes[pushes.clone()] {
            let (before, after) = sums.split_at_mut(push.layer);
            let readers = &mut after[0][push.start..];
            let (weights, rest) = stream.split_at(push.units.len() * readers.len());
            stream = rest;
            by_units!(push.units.len(), N => {
                let mut values = [value; N];
                if let Some(layer) = push.layer.checked_sub(1) {
                    for (value, unit) in values.iter_mut().zip(push.units.clone()) {
                        let mut sum = before[layer][unit] + pushed.bias[layer][unit];
                        if let Some(source) = made.skip_source(layer) {
                            sum += before[source][unit];
                        }
                        before[layer][unit] = sum;
                        *value = activation.apply(sum);
                    }
                }
                push_into::<R, I, N>(weights, values, readers);
            });
        }
    }
}

/// `readers[j] += Σ_n w_n[j]·values[n]`.
#[inline(always)]
fn push_into<R: Real, I: Instructions, const N: usize>(weights: &[R], values: [R; N], readers: &mut [R]) {
    for (weights, readers) in weights.chunks_exact(N * READERS).zip(readers.chunks_exact_mut(READERS)) {
        ask_ahead(weights);
        let mut sums: [R; READERS] = std::array::from_fn(|j| readers[j]);
        for n in 0..N {
            for j in 0..READERS {
                sums[j] = multiply_add::<R, I>(weights[n * READERS + j], values[n], sums[j]);
            }
        }
        readers.copy_from_slice(&sums);
    }
}

/// Asks for the part of the stream `AHEAD` of `weights`, line by line.
#[inline(always)]
fn ask_ahead<R>(weights: &[R]) {
    #[cfg(target_arch = "x86_64")]
    for line in weights.chunks(64 / size_of::<R>()) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint; it reads nothing, wherever it points.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().wrapping_add(AHEAD).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = weights;
}
