//! Networks and numbers that the tests share.
#![allow(dead_code, reason = "each test file uses a part")]

use flowstill_kernel::{Activation, Activations, Gradients, Made, Real};

/// dim, hidden widths, outputs per coordinate, residual, coordinates that determine the others in a coupling layer
pub type Shape = (usize, &'static [usize], usize, bool, Option<usize>);

pub const SHAPES: [Shape; 24] = [
    (1, &[], 2, false, None),
    (1, &[4], 2, false, None),
    (2, &[], 2, false, None),
    (2, &[1], 2, false, None),
    (3, &[7], 2, false, None),
    (5, &[16, 3], 1, false, None),
    (6, &[2], 2, false, None),
    (8, &[33, 20, 17], 2, false, None),
    (9, &[128, 128], 2, false, None),
    (17, &[], 2, false, None),
    (21, &[10, 40], 3, false, None),
    (63, &[50], 2, false, None),
    (40, &[100, 100], 2, false, None),
    (1, &[5, 5, 5], 2, true, None),
    (7, &[20], 2, true, None),
    (19, &[37, 37, 37, 37, 37], 3, true, None),
    (9, &[24, 24, 24, 24, 24], 2, true, None),
    (2, &[5], 2, false, Some(1)),
    (5, &[], 2, false, Some(2)),
    (6, &[16, 3], 1, false, Some(5)),
    (8, &[33, 20, 17], 2, false, Some(4)),
    (20, &[10, 40], 3, false, Some(1)),
    (37, &[50], 2, false, Some(19)),
    (9, &[24, 24, 24], 2, true, Some(5)),
];

pub fn wave<R: Real>(n: usize, scale: f64, phase: f64) -> Vec<R> {
    (0..n).map(|i| R::of(scale * ((i as f64 * 12.9898 + phase).sin() * 43758.5453).fract())).collect()
}

pub fn made((dim, hidden, per_dim, residual, identity): Shape, activation: Activation) -> Made {
    let made = match identity {
        None => Made::new(dim, hidden, per_dim, activation),
        Some(identity) => Made::coupling(dim, identity, hidden, per_dim, activation),
    };
    if residual { made.residual().expect("widths are equal and odd in number") } else { made }
}

/// Outputs of each row, and what the pass left.
pub fn forward<R: Real>(made: &Made, theta: &[R], v: &[R]) -> (Vec<R>, Activations<R>) {
    let mut cache = Activations::default();
    let order: Vec<usize> = (0..made.dim()).collect();
    cache.input_mut(made, v.len() / made.dim()).gather(v, &order);
    made.forward(theta, &mut cache);
    (cache.outputs_by_row(made), cache)
}

/// Gradients of the parameters (unless frozen) and of the rows, for that of the outputs by row.
pub fn backward<R: Real>(
    made: &Made,
    theta: &[R],
    cache: &Activations<R>,
    d_out: &[R],
    frozen: bool,
) -> (Vec<R>, Vec<R>) {
    let mut transposed = vec![R::nan(); made.transposed_len()];
    made.transpose(theta, &mut transposed);
    let rows = cache.input().rows();
    let linear = &made.linears()[made.linears().len() - 1];
    let mut gradients = Gradients::default();
    let panels = gradients.outputs_mut(made, rows);
    panels.clear();
    let stride = panels.stride();
    for column in 0..linear.columns {
        if let Some(output) = linear.output(column) {
            for row in 0..rows {
                let at = column / 16 * stride + row * 16 + column % 16;
                panels.data_mut()[at] = d_out[row * linear.outputs() + output];
            }
        }
    }
    let mut d_theta = vec![R::zero(); theta.len()];
    made.backward(&transposed, cache, &mut gradients, (!frozen).then_some(&mut d_theta[..]));
    let mut d_v = vec![R::zero(); rows * made.dim()];
    gradients.input().scatter(&mut d_v, &(0..made.dim()).collect::<Vec<_>>());
    (d_theta, d_v)
}
