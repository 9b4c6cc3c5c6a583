//! What this machine can do: the yardsticks that speeds are divided by.

use crate::isa::{Instructions, dispatch};
use crate::panels::Panels;
use crate::product::{self, Finish};
use crate::{Linear, Real};

/// A dense matrix product by the kernels' own tile, with nothing masked and everything in the L2 cache: the fastest
/// matrix product that this crate knows on the machine.
#[derive(Debug, Clone)]
pub struct DenseProduct {
    linear: Linear,
    theta: Vec<f32>,
    x: Panels<f32>,
    y: Panels<f32>,
}

const ROWS: usize = 96;
const WIDTH: usize = 256;

impl Default for DenseProduct {
    fn default() -> Self {
        let linear = Linear::new(0, WIDTH, (0..WIDTH).map(Some).collect(), vec![WIDTH; WIDTH]);
        let theta = (0..linear.bias.end).map(|i| 0.01 * (i as f32).sin()).collect();
        let (mut x, mut y) = (Panels::default(), Panels::default());
        x.reshape(ROWS, WIDTH);
        x.data_mut().iter_mut().enumerate().for_each(|(i, x)| *x = (i as f32).cos());
        y.reshape(ROWS, WIDTH);
        Self { linear, theta, x, y }
    }
}

impl DenseProduct {
    /// Floating-point operations of one [`DenseProduct::run`], two for a multiply-add.
    pub const FLOPS: f64 = (2 * ROWS * WIDTH * WIDTH) as f64;

    /// One product.
    pub fn run(&mut self) {
        let finish = Finish { skip: None, activation: None };
        product::forward(&self.linear, &self.theta, &self.x, finish, None, &mut self.y);
        std::hint::black_box(&self.y);
    }
}

/// Reads all of `values` once, and adds them so that the reading cannot be left out.
pub fn read_all(values: &[f32]) -> f32 {
    let mut sum = [0.0];
    sum_all(values, &mut sum);
    sum[0]
}

dispatch! {
    fn sum_all(values: &[R], sum: &mut [R; 1]) = sum_all_body
}

#[inline(always)]
fn sum_all_body<R: Real, I: Instructions>(values: &[R], sum: &mut [R; 1]) {
    let mut sums = [R::zero(); 64];
    let mut parts = values.chunks_exact(64);
    for part in &mut parts {
        for i in 0..64 {
            sums[i] += part[i];
        }
    }
    sum[0] = sums.iter().chain(parts.remainder()).copied().sum();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_product_is_a_product_and_the_reading_reads() {
        let mut dense = DenseProduct::default();
        dense.run();
        let weight = dense.linear.unpack_weight(&dense.theta);
        let bias = dense.linear.unpack_bias(&dense.theta);
        let x: Vec<f32> = (0..WIDTH).map(|k| dense.x.panel(k / 16)[7 * 16 + k % 16]).collect();
        let plain: f64 = (0..WIDTH).map(|k| f64::from(x[k]) * f64::from(weight[k * WIDTH + 33])).sum();
        let y = dense.y.panel(2)[7 * 16 + 1];
        assert!((f64::from(y) - plain - f64::from(bias[33])).abs() < 1e-3 * plain.abs().max(1.0), "{y} {plain}");
        assert_eq!(read_all(&vec![0.5; 650]), 325.0);
    }
}
