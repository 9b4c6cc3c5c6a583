//! MADE written as the definition reads: explicit masks from the degrees, three plain loops, double precision.
//! Slow and obvious; the fast routines are tested against it.

use crate::{Activation, Made};

/// `mask[k][j]` for each masked map: whether output `j` reads input `k`, straight from the degrees.
pub fn masks(dim: usize, hidden: &[usize], params_per_dim: usize) -> Vec<Vec<Vec<bool>>> {
    let mut degrees: Vec<usize> = (1..=dim).collect();
    let mut masks = Vec::new();
    for &width in hidden {
        let next: Vec<usize> = (0..width).map(|k| 1 + k * dim.saturating_sub(1) / width).collect();
        masks.push(degrees.iter().map(|input| next.iter().map(|output| input <= output).collect()).collect());
        degrees = next;
    }
    let out: Vec<usize> = (1..=dim).flat_map(|d| std::iter::repeat_n(d, params_per_dim)).collect();
    masks.push(degrees.iter().map(|input| out.iter().map(|output| input < output).collect()).collect());
    masks
}

/// Outputs of the network for one row `v`.
pub fn forward(made: &Made, hidden: &[usize], activation: Activation, theta: &[f64], v: &[f64]) -> Vec<f64> {
    let masks = masks(made.dim(), hidden, made.params_per_dim());
    let mut x = v.to_vec();
    let mut offset = 0;
    for (l, mask) in masks.iter().enumerate() {
        let (inputs, outputs) = (mask.len(), mask[0].len());
        let bias = offset + inputs * outputs;
        let mut y = vec![0.0; outputs];
        for (j, y) in y.iter_mut().enumerate() {
            *y = theta[bias + j];
            for k in 0..inputs {
                if mask[k][j] {
                    *y += x[k] * theta[offset + k * outputs + j];
                }
            }
            if l + 1 < masks.len() {
                *y = activation.apply(*y);
            }
        }
        offset = bias + outputs;
        x = y;
    }
    x
}
