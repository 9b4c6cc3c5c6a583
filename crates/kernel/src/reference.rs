//! MADE written as the definition reads: explicit masks from the degrees, three plain loops, double precision.
//! Slow and obvious; the fast routines are tested against it.

use crate::Made;

/// `mask[k][j]` for each masked map: whether output `j` reads input `k`, straight from the degrees. A coupling layer
/// has two of them: 1 for the coordinates that determine the others and for all hidden units, and 2.
pub fn masks(dim: usize, hidden: &[usize], params_per_dim: usize, identity: Option<usize>) -> Vec<Vec<Vec<bool>>> {
    let coordinates: Vec<usize> = match identity {
        None => (1..=dim).collect(),
        Some(identity) => (0..dim).map(|i| if i < identity { 1 } else { 2 }).collect(),
    };
    let highest = coordinates[dim - 1].saturating_sub(1);
    let mut degrees = coordinates.clone();
    let mut masks = Vec::new();
    for &width in hidden {
        let next: Vec<usize> = (0..width).map(|k| 1 + k * highest / width).collect();
        masks.push(degrees.iter().map(|input| next.iter().map(|output| input <= output).collect()).collect());
        degrees = next;
    }
    let out: Vec<usize> = coordinates.into_iter().flat_map(|d| std::iter::repeat_n(d, params_per_dim)).collect();
    masks.push(degrees.iter().map(|input| out.iter().map(|output| input < output).collect()).collect());
    masks
}

/// Outputs of the network for one row `v`, coordinate by coordinate. `dense` is weight 0, bias 0, …, weight out, bias
/// out, each weight an inputs × outputs matrix, row-major.
pub fn forward(made: &Made, hidden: &[usize], dense: &[f64], v: &[f64]) -> Vec<f64> {
    let masks = masks(made.dim(), hidden, made.params_per_dim(), made.identity());
    let last = masks.len() - 1;
    let mut x = v.to_vec();
    let mut sums: Vec<Vec<f64>> = Vec::new();
    let mut offset = 0;
    for (l, mask) in masks.iter().enumerate() {
        let (inputs, outputs) = (mask.len(), mask[0].len());
        let bias = offset + inputs * outputs;
        let mut y = dense[bias..bias + outputs].to_vec();
        for (j, y) in y.iter_mut().enumerate() {
            for k in 0..inputs {
                if mask[k][j] {
                    *y += x[k] * dense[offset + k * outputs + j];
                }
            }
        }
        // the second hidden layer of each pair after the first
        if made.is_residual() && l >= 2 && l % 2 == 0 && l < last {
            y.iter_mut().zip(&sums[l - 2]).for_each(|(y, skip)| *y += skip);
        }
        sums.push(y.clone());
        if l < last {
            y.iter_mut().for_each(|y| *y = made.activation().apply(*y));
        }
        offset = bias + outputs;
        x = y;
    }
    x
}
