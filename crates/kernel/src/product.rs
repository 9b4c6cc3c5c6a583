//! The three products of a masked linear map with panels: forward, with the transposed weights, and the gradient of
//! the weights. Each computes the filled part of the staircase only: about half of the dense work.
//!
//! Every sum runs in ascending order from zero, with the bias added last, so that a row has the same bits in any
//! batch and in the incremental inverse.

use crate::activation::specialised;
use crate::isa::{Instructions, dispatch};
use crate::linear::computed;
use crate::panels::{COLUMNS, Panels};
use crate::row::row_product;
use crate::tile::{WIDE_ROWS, accumulate, by_tiles, rows_by_panel};
use crate::{Activation, Linear, Real};

/// `y += x`.
pub(crate) fn add_panels<R: Real>(x: &Panels<R>, y: &mut Panels<R>) {
    for p in 0..y.count() {
        add(x.panel(p), y.panel_mut(p));
    }
}

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
            product(0, panel.depth, x, b, width, if fused { Last::BiasRelu(bias) } else { Last::Bias(bias) }, y);
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

/// `dW += xᵀ·dy` inside the staircase and `db += Σ_rows dy`, into the map's place in `d_theta`. The columns of `dy` that
/// belong to nobody must be zero.
pub(crate) fn backward_parameters<R: Real>(linear: &Linear, x: &Panels<R>, dy: &Panels<R>, d_theta: &mut [R]) {
    assert_eq!(x.rows(), dy.rows());
    for (p, panel) in linear.panels().iter().enumerate() {
        let at = linear.weight.start + panel.offset;
        let d_weight = &mut d_theta[at..at + panel.depth * COLUMNS];
        let width = computed(linear.columns - p * COLUMNS);
        weight_gradient(x, dy.panel(p), d_weight, width);
        // afterwards: a choice within the product's tile costs it 7 %
        mask(&panel.ragged, &mut d_weight[panel.full * COLUMNS..]);
        let at = linear.bias.start + p * COLUMNS;
        add_rows(dy.panel(p), &mut d_theta[at..at + COLUMNS]);
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
            // columns that belong to nobody must be finite, for the products that read whole panels
            let mut row = [R::zero(); COLUMNS];
            row[..N].copy_from_slice(&sum[m]);
            if SLOPE {
                let h: &[R; COLUMNS] = h[at..at + COLUMNS].try_into().expect("16 numbers");
                for n in 0..COLUMNS {
                    row[n] = if h[n] > R::zero() { row[n] } else { R::zero() };
                }
            } else {
                for n in 0..COLUMNS {
                    row[n] += bias[n];
                    if RELU {
                        row[n] = row[n].max(R::zero());
                    }
                }
            }
            out[at..at + COLUMNS].copy_from_slice(&row);
        }
    }
}

dispatch! {
    /// Adds `xᵀ·dy` to a panel of weight gradients.
    fn weight_gradient(
        x: &Panels<R>,
        dy: &[R],
        d_weight: &mut [R],
        width: usize,
    ) = weight_gradient_body
}

#[inline(always)]
fn weight_gradient_body<R: Real, I: Instructions>(x: &Panels<R>, dy: &[R], d_weight: &mut [R], width: usize) {
    if width == COLUMNS {
        weight_gradient_of_width::<R, I, COLUMNS>(x, dy, d_weight);
    } else {
        weight_gradient_of_width::<R, I, { COLUMNS / 2 }>(x, dy, d_weight);
    }
}

#[inline(always)]
fn weight_gradient_of_width<R: Real, I: Instructions, const N: usize>(x: &Panels<R>, dy: &[R], d_weight: &mut [R]) {
    assert!(dy.len() == x.rows() * COLUMNS && d_weight.len() <= x.count() * COLUMNS * COLUMNS);
    for (q, d_weight) in d_weight.chunks_mut(COLUMNS * COLUMNS).enumerate() {
        let x = x.panel(q);
        let inputs = d_weight.len() / COLUMNS;
        let mut k = 0;
        if inputs == COLUMNS && I::WIDE {
            block::<R, I, COLUMNS, N>(x, dy, k, d_weight);
        } else {
            by_tiles!(k, inputs, M => block::<R, I, M, N>(x, dy, k, d_weight));
        }
    }
}

/// Inputs `k..k + M` of the panel `x`.
#[inline(always)]
fn block<R: Real, I: Instructions, const M: usize, const N: usize>(x: &[R], dy: &[R], k: usize, d_weight: &mut [R]) {
    assert!(k + M <= COLUMNS && x.len() == dy.len());
    let rows = &mut d_weight[k * COLUMNS..(k + M) * COLUMNS];
    let mut sum = [[R::zero(); N]; M];
    // SAFETY: both panels have len/16 rows, and columns k..k + M exist in a panel.
    unsafe {
        accumulate::<R, I, M, N>(&mut sum, dy.len() / COLUMNS, x.as_ptr().add(k), 1, COLUMNS, dy.as_ptr());
    }
    for m in 0..M {
        let row = &mut rows[m * COLUMNS..][..N];
        for n in 0..N {
            row[n] += sum[m][n];
        }
    }
}

dispatch! {
    /// `y = f(y)`.
    pub(crate) fn activate(activation: Activation, y: &mut [R]) = activate_body
}

#[inline(always)]
fn activate_body<R: Real, I: Instructions>(activation: Activation, y: &mut [R]) {
    specialised!(activation, F => {
        for y in y.iter_mut() {
            *y = F.apply(*y);
        }
    });
}

dispatch! {
    /// `dx *= f'`, given the output `x` of `f`.
    fn multiply_slope(activation: Activation, x: &[R], dx: &mut [R]) = multiply_slope_body
}

#[inline(always)]
fn multiply_slope_body<R: Real, I: Instructions>(activation: Activation, x: &[R], dx: &mut [R]) {
    specialised!(activation, F => {
        for (dx, &x) in dx.iter_mut().zip(x) {
            *dx *= F.slope_at_output(x);
        }
    });
}

dispatch! {
    /// `y += x`.
    fn add(x: &[R], y: &mut [R]) = add_body
}

#[inline(always)]
fn add_body<R: Real, I: Instructions>(x: &[R], y: &mut [R]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y += x;
    }
}

dispatch! {
    /// Sets the entries of the rows that `keep` does not allow to zero.
    fn mask(keep: &[[bool; COLUMNS]], rows: &mut [R]) = mask_body
}

#[inline(always)]
fn mask_body<R: Real, I: Instructions>(keep: &[[bool; COLUMNS]], rows: &mut [R]) {
    for (keep, row) in keep.iter().zip(rows.chunks_exact_mut(COLUMNS)) {
        for n in 0..COLUMNS {
            row[n] = if keep[n] { row[n] } else { R::zero() };
        }
    }
}

dispatch! {
    /// Adds the sum of all rows of the panel `dy`.
    fn add_rows(dy: &[R], out: &mut [R]) = add_rows_body
}

#[inline(always)]
fn add_rows_body<R: Real, I: Instructions>(dy: &[R], out: &mut [R]) {
    let mut sum = [R::zero(); COLUMNS];
    for row in dy.chunks_exact(COLUMNS) {
        for n in 0..COLUMNS {
            sum[n] += row[n];
        }
    }
    out.iter_mut().zip(sum).for_each(|(out, sum)| *out += sum);
}
