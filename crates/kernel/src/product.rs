//! The products of a masked linear map with panels, forward and with the transposed weights. Each computes the filled
//! part of the staircase only: about half of the dense work.
//!
//! Every sum runs in ascending order from zero, with the bias added last, so that a row has the same bits in any
//! batch and in the incremental inverse.

use crate::elementwise::{activate, add, multiply_slope};
use crate::isa::{Instructions, dispatch};
use crate::linear::computed;
use crate::panels::{COLUMNS, Panels};
use crate::row::row_product;
use crate::tile::{WIDE_ROWS, by_tiles, rows_by_panel};
use crate::{Activation, Linear, Real};

/// What happens to the sums of a forward product.
#[derive(Clone, Copy)]
pub(crate) struct Finish<'a, R> {
    /// added before the activation, for a residual connection
    pub skip: Option<&'a Panels<R>>,
    pub activation: Option<Activation>,
}

/// `y = f(x·W + b + skip)`; `before` takes what `f` is applied to, if it is wanted.
pub(crate) fn forward<R: Real>(
    linear: &Linear,
    theta: &[R],
    x: &Panels<R>,
    finish: Finish<R>,
    mut before: Option<&mut Panels<R>>,
    y: &mut Panels<R>,
) {
    let weight = &theta[linear.weight.clone()];
    let bias = &theta[linear.bias.clone()];
    // what most networks want happens in the registers of the product
    let single = x.rows() == 1;
    let relu = finish.activation == Some(Activation::Relu);
    let fused = !single && finish.skip.is_none() && before.is_none() && relu;
    if single {
        row_product(linear, theta, x.data(), y.data_mut());
    }
    for (p, panel) in linear.panels().iter().enumerate() {
        let width = computed(linear.columns - p * COLUMNS);
        let b = &weight[panel.offset..][..panel.depth * COLUMNS];
        let bias = &bias[p * COLUMNS..][..COLUMNS];
        let y = y.panel_mut(p);
        if !single {
            let last = if fused { Last::BiasRelu(bias) } else { Last::Bias(bias) };
            product(0, panel.depth, x, b, width, last, y);
        }
        if fused {
            continue;
        }
        if let Some(skip) = finish.skip {
            add(skip.panel(p), y);
        }
        if let Some(before) = before.as_deref_mut() {
            before.panel_mut(p).copy_from_slice(y);
        }
        if let Some(activation) = finish.activation {
            activate(activation, y);
        }
    }
}

/// `dx = dy·Wᵀ`, times the slope of the activation whose output is `x` if there is one, plus `skip`. `transposed` is
/// what [`Linear::transpose`] made.
pub(crate) fn backward_input<R: Real>(
    linear: &Linear,
    transposed: &[R],
    dy: &Panels<R>,
    made_by: Option<(Activation, &Panels<R>)>,
    skip: Option<&Panels<R>>,
    dx: &mut Panels<R>,
) {
    for (q, readers) in linear.readers().iter().enumerate() {
        let width = computed(linear.inputs - q * COLUMNS);
        let b = &transposed[readers.offset..][..(linear.columns - readers.start) * COLUMNS];
        let last = match made_by {
            Some((Activation::Relu, x)) => Last::ReluSlope(x.panel(q)),
            _ => Last::Nothing,
        };
        product(readers.start, linear.columns, dy, b, width, last, dx.panel_mut(q));
        if let Some((activation, x)) = made_by.filter(|(activation, _)| *activation != Activation::Relu) {
            multiply_slope(activation, x.panel(q), dx.panel_mut(q));
        }
        if let Some(skip) = skip {
            add(skip.panel(q), dx.panel_mut(q));
        }
    }
}

/// What happens to a panel of sums on the way from the registers to memory.
#[derive(Clone, Copy)]
enum Last<'a, R> {
    Nothing,
    /// plus 16 biases
    Bias(&'a [R]),
    /// plus 16 biases, then `max(0, ·)`
    BiasRelu(&'a [R]),
    /// zero where the given panel, an output of `max(0, ·)`, is
    ReluSlope(&'a [R]),
}

dispatch! {
    /// `out[r][n] = last(Σ_l x[r][l]·b[l − from][n])` for `l` in `from..to`, for the first `width` columns of the panel
    /// `out`.
    fn product(from: usize, to: usize, x: &Panels<R>, b: &[R], width: usize, last: Last<R>, out: &mut [R]) =
        product_body
}

#[inline(always)]
fn product_body<R: Real, I: Instructions>(
    from: usize,
    to: usize,
    x: &Panels<R>,
    b: &[R],
    width: usize,
    last: Last<R>,
    out: &mut [R],
) {
    let args = Product { from, to, x, b };
    let bias = match last {
        Last::Bias(bias) | Last::BiasRelu(bias) => std::array::from_fn(|n| bias[n]),
        _ => [R::zero(); COLUMNS],
    };
    let x = if let Last::ReluSlope(x) = last { x } else { &[] };
    // each is a loop of its own, so that nothing is decided within it
    match (last, width == COLUMNS) {
        (Last::Nothing | Last::Bias(_), true) => args.run::<I, COLUMNS, false, false>(&bias, x, out),
        (Last::Nothing | Last::Bias(_), false) => args.run::<I, HALF, false, false>(&bias, x, out),
        (Last::BiasRelu(_), true) => args.run::<I, COLUMNS, true, false>(&bias, x, out),
        (Last::BiasRelu(_), false) => args.run::<I, HALF, true, false>(&bias, x, out),
        (Last::ReluSlope(_), true) => args.run::<I, COLUMNS, false, true>(&bias, x, out),
        (Last::ReluSlope(_), false) => args.run::<I, HALF, false, true>(&bias, x, out),
    }
}

/// Columns computed where half a panel is enough.
const HALF: usize = COLUMNS / 2;

struct Product<'a, R> {
    from: usize,
    to: usize,
    x: &'a Panels<R>,
    b: &'a [R],
}

impl<R: Real> Product<'_, R> {
    #[inline(always)]
    fn run<I: Instructions, const N: usize, const RELU: bool, const SLOPE: bool>(
        &self,
        bias: &[R; COLUMNS],
        h: &[R],
        out: &mut [R],
    ) {
        let rows = self.x.rows();
        assert!(self.to <= self.x.count() * COLUMNS && self.b.len() == self.to.saturating_sub(self.from) * COLUMNS);
        assert!(out.len() == rows * COLUMNS && (!SLOPE || h.len() == out.len()));
        let mut row = 0;
        if I::WIDE {
            while row + WIDE_ROWS <= rows {
                self.tile::<I, WIDE_ROWS, N, RELU, SLOPE>(row, bias, h, out);
                row += WIDE_ROWS;
            }
        }
        by_tiles!(row, rows, M => self.tile::<I, M, N, RELU, SLOPE>(row, bias, h, out));
    }

    #[inline(always)]
    fn tile<I: Instructions, const M: usize, const N: usize, const RELU: bool, const SLOPE: bool>(
        &self,
        first: usize,
        bias: &[R; COLUMNS],
        h: &[R],
        out: &mut [R],
    ) {
        let Self { from, to, x, b } = *self;
        // SAFETY: `run` checked that columns `from..to` exist and that `b` has a row for each; it asks for rows that do.
        let sum = unsafe {
            rows_by_panel::<R, I, M, N>(from, to, x.data().as_ptr().add(first * COLUMNS), x.stride(), b.as_ptr())
        };
        for m in 0..M {
            let at = (first + m) * COLUMNS;
            // a panel's width from the start to the end: padded in between, the halves fall apart into single numbers
            let mut kept = sum[m];
            if SLOPE {
                let h: &[R; COLUMNS] = h[at..at + COLUMNS].try_into().expect("16 numbers");
                for n in 0..N {
                    kept[n] = if h[n] > R::zero() { kept[n] } else { R::zero() };
                }
            } else {
                for n in 0..N {
                    kept[n] += bias[n];
                    if RELU {
                        kept[n] = kept[n].max(R::zero());
                    }
                }
            }
            let row = &mut out[at..at + COLUMNS];
            row[..N].copy_from_slice(&kept);
            // columns that belong to nobody must be finite, for the products that read whole panels
            row[N..].fill(R::zero());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::Plain;

    /// The tile of 12 rows runs on AVX-512 only; its code is the same on any processor.
    #[cfg(target_arch = "x86_64")]
    #[test]
    fn wide_tiles_do_what_narrow_ones_do() {
        use crate::isa::Wide;
        let numbers = |n: usize, phase: f64| (0..n).map(|i| (i as f64 * 0.7 + phase).sin()).collect::<Vec<f64>>();
        for rows in 1..=40 {
            for (from, to) in [(0, 0), (0, 5), (3, 40), (16, 48)] {
                let mut x = Panels::default();
                x.reshape(rows, 48);
                let values = numbers(x.data().len(), 0.1);
                x.data_mut().copy_from_slice(&values);
                let (b, bias) = (numbers((to - from) * COLUMNS, 0.2), numbers(COLUMNS, 0.3));
                let h = numbers(rows * COLUMNS, 0.4);
                for width in [COLUMNS / 2, COLUMNS] {
                    for last in [Last::Nothing, Last::Bias(&bias), Last::BiasRelu(&bias), Last::ReluSlope(&h)] {
                        let (mut wide, mut narrow) = (vec![f64::NAN; h.len()], vec![f64::NAN; h.len()]);
                        product_body::<f64, Wide>(from, to, &x, &b, width, last, &mut wide);
                        product_body::<f64, Plain>(from, to, &x, &b, width, last, &mut narrow);
                        let same = wide.iter().zip(&narrow).all(|(a, b)| (a - b).abs() < 1e-13);
                        assert!(same, "{rows} rows, columns {from}..{to}, width {width}");
                    }
                }
            }
        }
    }
}
