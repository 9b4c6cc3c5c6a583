//! A conditioner that is taught the conditionals of another: the loss by which a layer learns from a layer.
//!
//! At given inputs another layer says `x_i ~ N(μ_i, e^{2α_i})`; the conditioner's outputs say `N(m_i, e^{2a_i})`, with
//! `a` the soft clip of the raw log-scale. The loss of a row is the divergence of the second from the first in closed
//! form, which is zero only where they agree:
//!
//! ```text
//! KL = Σ_i a_i − α_i + ½·(e^{2(α_i − a_i)} + (μ_i − m_i)²·e^{−2a_i}) − ½
//! ```

use crate::affine::{slope_at_clipped, soft_clip};
use crate::isa::{Instructions, dispatch};
use crate::made::GROUP;
use crate::panels::COLUMNS;
use crate::{Activations, Gradients, Made, Panels, Real};

/// The conditioner of an affine layer; `order[i]` is the coordinate that comes i-th.
#[derive(Debug, Clone)]
pub struct Regression {
    made: Made,
    order: Vec<usize>,
    clip: f64,
}

/// Buffers reused from call to call.
#[derive(Debug, Clone, Default)]
pub struct RegressionBuffers<R> {
    activations: Activations<R>,
    gradients: Gradients<R>,
    shift: Panels<R>,
    log_scale: Panels<R>,
}

impl Regression {
    /// # Panics
    /// If the network has not two outputs per coordinate of `order`.
    pub fn new(made: Made, order: Vec<usize>, clip: f64) -> Self {
        assert_eq!((made.dim(), made.params_per_dim()), (order.len(), 2), "a shift and a log-scale per coordinate");
        Self { made, order, clip }
    }

    /// The sum of the rows' losses, nats. Adds `weight` times its gradient to `d_theta`, if there is one; `transposed` is
    /// then what [`Made::transpose`] made of `theta`. `inputs`, `shift` (μ) and `log_scale` (α) are rows × dim,
    /// coordinates in their own order. A pass, and two more for the gradient.
    pub fn loss<R: Real>(
        &self,
        theta: &[R],
        inputs: &[R],
        (shift, log_scale): (&[R], &[R]),
        buffers: &mut RegressionBuffers<R>,
        gradient: Option<(&[R], &mut [R], R)>,
    ) -> f64 {
        let (made, dim) = (&self.made, self.order.len());
        let rows = inputs.len() / dim;
        assert!([inputs, shift, log_scale].iter().all(|values| values.len() == rows * dim), "all are rows × dim");
        let RegressionBuffers { activations, gradients, shift: m, log_scale: a } = buffers;
        activations.input_mut(made, rows).gather(inputs, &self.order);
        made.forward(theta, activations);
        for (panels, values) in [(&mut *m, shift), (&mut *a, log_scale)] {
            panels.reshape(rows, dim);
            panels.gather(values, &self.order);
        }
        let weight = gradient.as_ref().map_or(R::zero(), |gradient| gradient.2);
        let mut losses = vec![0.0; rows];
        let d_outputs = gradients.outputs_mut(made, rows);
        divergence(R::of(self.clip), weight, dim, activations.outputs(), m, a, d_outputs, &mut losses);
        if let Some((transposed, d_theta, _)) = gradient {
            made.backward(transposed, activations, gradients, Some(d_theta));
        }
        losses.iter().sum()
    }
}

dispatch! {
    /// Adds each row's divergence to `losses`, writes `weight` times its gradient by the outputs.
    fn divergence(
        clip: R,
        weight: R,
        dim: usize,
        outputs: &Panels<R>,
        shift: &Panels<R>,
        log_scale: &Panels<R>,
        d_outputs: &mut Panels<R>,
        losses: &mut [f64],
    ) = divergence_body
}

#[inline(always)]
fn divergence_body<R: Real, I: Instructions>(
    clip: R,
    weight: R,
    dim: usize,
    outputs: &Panels<R>,
    shift: &Panels<R>,
    log_scale: &Panels<R>,
    d_outputs: &mut Panels<R>,
    losses: &mut [f64],
) {
    let half = R::of(0.5);
    for group in 0..outputs.count() {
        let (first, live) = (group % 2 * GROUP, GROUP.min(dim - group * GROUP));
        let targets =
            shift.panel(group / 2).chunks_exact(COLUMNS).zip(log_scale.panel(group / 2).chunks_exact(COLUMNS));
        let rows = outputs.panel(group).chunks_exact(COLUMNS).zip(d_outputs.panel_mut(group).chunks_exact_mut(COLUMNS));
        for (((outputs, d_outputs), (mu, alpha)), loss) in rows.zip(targets).zip(losses.iter_mut()) {
            let mut divergence = [R::zero(); GROUP];
            for i in 0..GROUP {
                let (mu, alpha) = (mu[first + i], alpha[first + i]);
                let a = soft_clip(outputs[GROUP + i], clip);
                let ratio = (R::of(2.0) * (alpha - a)).fast_exp();
                let precision = (R::of(-2.0) * a).fast_exp();
                let off = mu - outputs[i];
                let scaled = off * precision;
                divergence[i] = a - alpha + half * (ratio + off * scaled) - half;
                d_outputs[i] = -(weight * scaled);
                d_outputs[GROUP + i] = weight * (R::one() - ratio - off * scaled) * slope_at_clipped(a, clip);
            }
            for i in live..GROUP {
                (divergence[i], d_outputs[i], d_outputs[GROUP + i]) = (R::zero(), R::zero(), R::zero());
            }
            *loss += divergence.iter().map(|d| d.f64()).sum::<f64>();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Activation;

    fn wave(count: usize, size: f64, phase: f64) -> Vec<f64> {
        (0..count).map(|i| size * (1.7 * i as f64 + phase).sin()).collect()
    }

    #[test]
    fn the_loss_is_the_divergence_and_its_gradient_the_slope() {
        for dim in [1, 3, 9, 17] {
            let made = Made::new(dim, &[10, 7], 2, Activation::Tanh);
            let theta = made.pack(&wave(made.dense_parameters(), 0.5, 0.1));
            let order: Vec<usize> = (0..dim).rev().collect();
            let rows = 5;
            let inputs = wave(rows * dim, 1.0, 0.3);
            let targets = (wave(rows * dim, 1.5, 0.5), wave(rows * dim, 0.8, 0.9));
            let regression = Regression::new(made.clone(), order.clone(), 2.0);
            let mut transposed = vec![0.0; made.transposed_len()];
            made.transpose(&theta, &mut transposed);
            let (mut d_theta, mut buffers) = (vec![0.0; theta.len()], RegressionBuffers::default());
            let targets = (targets.0.as_slice(), targets.1.as_slice());
            let gradient = Some((transposed.as_slice(), d_theta.as_mut_slice(), 1.0));
            let loss = regression.loss(&theta, &inputs, targets, &mut buffers, gradient);

            let mut activations = Activations::default();
            activations.input_mut(&made, rows).gather(&inputs, &order);
            made.forward(&theta, &mut activations);
            let outputs = activations.outputs_by_row(&made);
            let mut expected = 0.0;
            for (at, pair) in outputs.chunks_exact(2).enumerate() {
                let target = at / dim * dim + order[at % dim];
                let (s_p, s_q) = (targets.1[target].exp(), soft_clip(pair[1], 2.0).exp());
                let off = targets.0[target] - pair[0];
                expected += (s_q / s_p).ln() + (s_p * s_p + off * off) / (2.0 * s_q * s_q) - 0.5;
            }
            assert!((loss - expected).abs() < 1e-9 * expected, "{dim}: {loss} {expected}");

            let mut at = |theta: &[f64]| regression.loss(theta, &inputs, targets, &mut buffers, None);
            for k in 0..theta.len() {
                let moved = |h: f64| theta.iter().enumerate().map(|(i, t)| if i == k { t + h } else { *t }).collect();
                let (mut up, mut down): (Vec<f64>, Vec<f64>) = (moved(1e-6), moved(-1e-6));
                made.mask(&mut up);
                made.mask(&mut down);
                let slope = (at(&up) - at(&down)) / 2e-6;
                assert!((slope - d_theta[k]).abs() < 1e-6 * (1.0 + slope.abs()), "{dim}, {k}: {slope} {}", d_theta[k]);
            }
        }
    }
}
