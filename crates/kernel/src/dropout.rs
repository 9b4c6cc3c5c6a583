//! Dropout (Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov 2014) of the hidden units of a MADE, in a training
//! alone.
//!
//! Each unit of each row is zero with probability `rate`, and `1/(1 − rate)` times itself otherwise, so that its mean stays
//! what it is without. A residual network drops what lies between the two maps of a pair, and never its trunk.

use crate::activation::specialised;
use crate::isa::{Instructions, dispatch};
use crate::noise::{Purpose, stream};
use crate::panels::{COLUMNS, Panels};
use crate::{Activation, Made, Real};
use rand::RngCore;

/// Values of 16 bits, which decide on one unit each.
const VALUES: f64 = 65536.0;
/// 32-bit words for the units of one row in a panel.
const WORDS: usize = COLUMNS / 2;

/// What is dropped in one evaluation: a pure function of (seed, step, row, unit).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    /// probability of being dropped, in (0, 1), to a multiple of 2⁻¹⁶
    pub rate: f64,
    pub seed: u64,
    /// of the training
    pub step: u64,
    /// the first row's place in the batch
    pub first_row: u64,
}

impl Dropout {
    /// Values of 16 bits below which a unit is dropped, and what the others are multiplied by.
    fn threshold_and_scale(&self) -> (u16, f64) {
        let threshold = (self.rate * VALUES).round().clamp(1.0, VALUES - 1.0);
        (threshold as u16, VALUES / (VALUES - threshold))
    }

    /// What multiplies the units of a hidden layer. `place` is where the parameters of its map start: each 16 units take a
    /// part of the stream of their own, told by it.
    pub(crate) fn draw<R: Real>(&self, place: usize, rows: usize, columns: usize, mask: &mut Panels<R>) {
        let (threshold, scale) = self.threshold_and_scale();
        let mut words = stream(self.seed, Purpose::Dropout, self.step);
        let mut bytes = vec![0u8; rows * 2 * COLUMNS];
        mask.reshape(rows, columns);
        for p in 0..mask.count() {
            words.set_word_pos((((place + p) as u128) << 36) + u128::from(self.first_row) * WORDS as u128);
            words.fill_bytes(&mut bytes);
            choose(threshold, R::of(scale), &bytes, mask.panel_mut(p));
        }
    }
}

/// Whether hidden layer `l` of a network is one that dropout is for.
pub(crate) fn drops(made: &Made, l: usize) -> bool {
    l + 1 < made.linears().len() && (!made.is_residual() || !l.is_multiple_of(2))
}

/// `y *= mask`.
pub(crate) fn forward<R: Real>(mask: &Panels<R>, y: &mut Panels<R>) {
    for p in 0..y.count() {
        multiply(mask.panel(p), y.panel_mut(p));
    }
}

/// `dx *= mask·f'`, given what [`forward`] made of the output of `f`.
pub(crate) fn backward<R: Real>(activation: Activation, mask: &Panels<R>, dropped: &Panels<R>, dx: &mut Panels<R>) {
    for p in 0..dx.count() {
        multiply_slope(activation, mask.panel(p), dropped.panel(p), dx.panel_mut(p));
    }
}

dispatch! {
    fn choose(threshold: u16, scale: R, bytes: &[u8], mask: &mut [R]) = choose_body
}

#[inline(always)]
fn choose_body<R: Real, I: Instructions>(threshold: u16, scale: R, bytes: &[u8], mask: &mut [R]) {
    for (mask, bytes) in mask.iter_mut().zip(bytes.as_chunks::<2>().0) {
        *mask = if u16::from_le_bytes(*bytes) < threshold { R::zero() } else { scale };
    }
}

dispatch! {
    fn multiply(mask: &[R], y: &mut [R]) = multiply_body
}

#[inline(always)]
fn multiply_body<R: Real, I: Instructions>(mask: &[R], y: &mut [R]) {
    for (y, &mask) in y.iter_mut().zip(mask) {
        *y *= mask;
    }
}

dispatch! {
    fn multiply_slope(activation: Activation, mask: &[R], dropped: &[R], dx: &mut [R]) = multiply_slope_body
}

#[inline(always)]
fn multiply_slope_body<R: Real, I: Instructions>(activation: Activation, mask: &[R], dropped: &[R], dx: &mut [R]) {
    specialised!(activation, F => {
        for ((dx, &dropped), &mask) in dx.iter_mut().zip(dropped).zip(mask) {
            // a dropped unit's output is lost, and not needed: its slope is multiplied by zero
            let output = dropped / if mask > R::zero() { mask } else { R::one() };
            *dx *= mask * F.slope_at_output(output);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activations, Gradients};

    const DROPOUT: Dropout = Dropout { rate: 0.3, seed: 5, step: 7, first_row: 0 };

    fn wave(count: usize, size: f64, phase: f64) -> Vec<f64> {
        (0..count).map(|i| size * (1.7 * i as f64 + phase).sin()).collect()
    }

    fn networks(activation: Activation) -> [Made; 3] {
        let plain = Made::new(9, &[20, 33], 3, activation);
        let residual = Made::new(9, &[20, 20, 20, 20, 20], 3, activation).residual().unwrap();
        [plain, residual, Made::coupling(9, 4, &[20, 7], 3, activation)]
    }

    fn mask(dropout: Dropout, place: usize, rows: usize, columns: usize) -> Panels<f64> {
        let mut mask = Panels::default();
        dropout.draw(place, rows, columns, &mut mask);
        mask
    }

    #[test]
    fn as_many_units_are_dropped_as_the_rate_says_and_the_mean_stays() {
        for rate in [0.05, 0.3, 0.5, 0.9] {
            let mask = mask(Dropout { rate, ..DROPOUT }, 0, 2000, 64);
            let values: Vec<f64> = (0..mask.count()).flat_map(|p| mask.panel(p).to_vec()).collect();
            let dropped = values.iter().filter(|v| **v == 0.0).count() as f64 / values.len() as f64;
            let error = (rate * (1.0 - rate) / values.len() as f64).sqrt();
            assert!((dropped - rate).abs() < 4.0 * error, "{rate}: {dropped}");
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            assert!((mean - 1.0).abs() < 5.0 * error / (1.0 - rate), "{rate}: {mean}");
        }
    }

    #[test]
    fn a_row_does_not_depend_on_the_rows_beside_it_and_layers_and_steps_differ() {
        let whole = mask(DROPOUT, 100, 50, 40);
        let tail = mask(Dropout { first_row: 37, ..DROPOUT }, 100, 13, 40);
        for p in 0..3 {
            assert_eq!(whole.panel(p)[37 * COLUMNS..], *tail.panel(p));
        }
        for other in [mask(DROPOUT, 200, 50, 40), mask(Dropout { step: 8, ..DROPOUT }, 100, 50, 40)] {
            assert!((0..3).all(|p| other.panel(p) != whole.panel(p)));
        }
    }

    /// The sum of the outputs times `weights`.
    fn loss(made: &Made, theta: &[f64], input: &[f64], weights: &[f64], activations: &mut Activations<f64>) -> f64 {
        let order: Vec<usize> = (0..made.dim()).collect();
        activations.input_mut(made, input.len() / made.dim()).gather(input, &order);
        made.forward(theta, activations);
        activations.outputs_by_row(made).iter().zip(weights).map(|(o, w)| o * w).sum()
    }

    #[test]
    fn gradients_are_slopes_of_what_is_left() {
        for made in Activation::ALL.into_iter().flat_map(networks) {
            let theta = made.pack(&wave(made.dense_parameters(), 0.5, 0.1));
            let (rows, order) = (5, (0..made.dim()).collect::<Vec<_>>());
            let input = wave(rows * made.dim(), 1.0, 0.3);
            let weights = wave(rows * made.dim() * made.params_per_dim(), 1.0, 0.9);
            let mut activations = Activations::default();
            let without = loss(&made, &theta, &input, &weights, &mut activations);
            activations.drop_out(Some((DROPOUT, 0)));
            let with = loss(&made, &theta, &input, &weights, &mut activations);
            assert!((with - without).abs() > 1e-3, "something is dropped");

            let mut transposed = vec![0.0; made.transposed_len()];
            made.transpose(&theta, &mut transposed);
            let mut gradients = Gradients::default();
            let d_outputs = gradients.outputs_mut(&made, rows);
            d_outputs.clear();
            let per_dim = made.params_per_dim();
            for (at, weight) in weights.iter().enumerate() {
                let (row, output) = (at / (made.dim() * per_dim), at % (made.dim() * per_dim));
                let (coordinate, parameter) = (output / per_dim, output % per_dim);
                let column = coordinate / 8 * 8 * per_dim + parameter * 8 + coordinate % 8;
                let offset = crate::panels::column_offset(column, d_outputs.stride()) + row * COLUMNS;
                d_outputs.data_mut()[offset] = *weight;
            }
            let mut d_theta = vec![0.0; theta.len()];
            made.backward(&transposed, &activations, &mut gradients, Some(&mut d_theta));
            let mut d_input = vec![0.0; input.len()];
            gradients.input().scatter(&mut d_input, &order);

            let mut at = |theta: &[f64], input: &[f64]| loss(&made, theta, input, &weights, &mut activations);
            let slope = |values: &[f64], k: usize, f: &mut dyn FnMut(&[f64]) -> f64| {
                let moved = |h: f64| values.iter().enumerate().map(|(i, v)| if i == k { v + h } else { *v }).collect();
                let (up, down): (Vec<f64>, Vec<f64>) = (moved(1e-6), moved(-1e-6));
                (f(&up) - f(&down)) / 2e-6
            };
            let check = |slope: f64, gradient: f64| {
                assert!((slope - gradient).abs() < 1e-6 * (1.0 + slope.abs()), "{made:?}: {slope} {gradient}");
            };
            let mut free = vec![1.0; theta.len()];
            made.mask(&mut free);
            for k in (0..theta.len()).filter(|&k| free[k] > 0.0).step_by(7) {
                check(slope(&theta, k, &mut |theta| at(theta, &input)), d_theta[k]);
            }
            for k in 0..input.len() {
                check(slope(&input, k, &mut |input| at(&theta, input)), d_input[k]);
            }
        }
    }

    #[test]
    fn the_trunk_of_a_residual_network_is_never_dropped() {
        let made = Made::new(3, &[8; 5], 2, Activation::Relu).residual().unwrap();
        assert_eq!((0..6).map(|l| drops(&made, l)).collect::<Vec<_>>(), [false, true, false, true, false, false]);
        let made = Made::new(3, &[8; 2], 2, Activation::Relu);
        assert_eq!((0..3).map(|l| drops(&made, l)).collect::<Vec<_>>(), [true, true, false]);
    }
}
