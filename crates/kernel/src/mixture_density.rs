//! Densities of mixtures of whole panels, 16 at a time: what a layer of mixtures next to the base needs, and no more.
//!
//! Beneath such a layer, which maps `x` to the standard normal `z` by `z = Φ⁻¹(F(x))`, `log φ(z) + log|dz/dx| = log f(x)`:
//! neither the distribution function nor its quantile is wanted for the density of a flow. So the layer is replaced by one that
//! takes every `x` to 0 with the log-det `log f(x) − log φ(0)`. That is no bijection, but has the same density and the same
//! gradients of it, for the price of its exponentials.

use crate::Real;
use crate::affine::{slope_at_clipped, soft_clip};
use crate::isa::{Instructions, dispatch};
use crate::lane::{Lane, pair_of, put, take};
use crate::made::GROUP;
use crate::panels::{COLUMNS, Panels, column_offset};
use crate::univariate::{Kernel, Mixture};

/// `−log φ(0)`
const LOG_SQRT_TAU: f64 = 0.918_938_533_204_672_8;

/// Mixtures with room to work.
pub(crate) struct Densities<R> {
    kernel: Kernel,
    clip: R,
    /// means and common log-scale at the start
    centres: Vec<R>,
    log_scale: R,
    p: Vec<Lane<R>>,
    dp: Vec<Lane<R>>,
    parts: Vec<Part<R>>,
}

/// A component of 16 mixtures at some `x`.
#[derive(Clone, Copy)]
struct Part<R> {
    alpha: Lane<R>,
    inverse_scale: Lane<R>,
    /// `(x − m)/s`
    t: Lane<R>,
    /// logarithms of the unnormalised weight and of weight times density, then these over their sums
    weight: Lane<R>,
    density: Lane<R>,
}

impl<R: Real> Densities<R> {
    pub fn new(mixture: &Mixture) -> Self {
        let count = mixture.components;
        let (centre, log_scale) = mixture.start();
        let zeros = [R::zero(); COLUMNS];
        let part = Part { alpha: zeros, inverse_scale: zeros, t: zeros, weight: zeros, density: zeros };
        Self {
            kernel: mixture.kernel,
            clip: R::of(Mixture::CLIP),
            centres: (0..count).map(|k| R::of(centre(k))).collect(),
            log_scale: R::of(log_scale),
            p: vec![zeros; 3 * count],
            dp: vec![zeros; 3 * count],
            parts: vec![part; count],
        }
    }
}

dispatch! {
    /// Takes the columns of `u` to zeros in `y`, and adds each row's log-densities, given the network's outputs, less those
    /// of the base at zero.
    pub(crate) fn forward(
        densities: &mut Densities<R>,
        dim: usize,
        u: &Panels<R>,
        outputs: &Panels<R>,
        y: &mut Panels<R>,
        log_det: &mut [f64],
    ) = forward_body
}

#[inline(always)]
fn forward_body<R: Real, I: Instructions>(
    densities: &mut Densities<R>,
    dim: usize,
    u: &Panels<R>,
    outputs: &Panels<R>,
    y: &mut Panels<R>,
    log_det: &mut [f64],
) {
    let rows = log_det.len();
    y.clear();
    for first in (0..dim).step_by(GROUP) {
        let from = column_offset(first, u.stride());
        let live = (dim - first).min(GROUP);
        for row in (0..rows).step_by(2) {
            let pair = (rows - row).min(2);
            take(&mut densities.p, outputs, first, row, pair);
            let log = apply(densities, &pair_of(u.data(), from + row * COLUMNS, pair));
            for (r, log_det) in log_det[row..row + pair].iter_mut().enumerate() {
                *log_det += log[r * GROUP..][..live].iter().map(|log| log.f64() + LOG_SQRT_TAU).sum::<f64>();
            }
        }
    }
}

dispatch! {
    /// The gradients of [`forward`]: from those of the log-dets to those of the network's outputs, in `d_outputs`, and of `u`,
    /// in `d`.
    pub(crate) fn backward(
        densities: &mut Densities<R>,
        dim: usize,
        outputs: &Panels<R>,
        u: &Panels<R>,
        d_log_det: &[R],
        d: &mut Panels<R>,
        d_outputs: &mut Panels<R>,
    ) = backward_body
}

#[inline(always)]
fn backward_body<R: Real, I: Instructions>(
    densities: &mut Densities<R>,
    dim: usize,
    outputs: &Panels<R>,
    u: &Panels<R>,
    d_log_det: &[R],
    d: &mut Panels<R>,
    d_outputs: &mut Panels<R>,
) {
    let rows = d_log_det.len();
    let (u_stride, d_stride) = (u.stride(), d.stride());
    // columns that belong to nobody stay so
    d_outputs.clear();
    for first in (0..dim).step_by(GROUP) {
        let live = (dim - first).min(GROUP);
        for row in (0..rows).step_by(2) {
            let pair = (rows - row).min(2);
            take(&mut densities.p, outputs, first, row, pair);
            let mut d_log = [R::zero(); COLUMNS];
            for r in 0..pair {
                d_log[r * GROUP..][..live].fill(d_log_det[row + r]);
            }
            apply(densities, &pair_of(u.data(), column_offset(first, u_stride) + row * COLUMNS, pair));
            let by_u = gradient(densities, &d_log);
            for r in 0..pair {
                let at = column_offset(first, d_stride) + (row + r) * COLUMNS;
                d.data_mut()[at..at + GROUP].copy_from_slice(&by_u[r * GROUP..][..GROUP]);
            }
            put(&densities.dp, d_outputs, first, row, pair);
        }
    }
}

/// `log f(x)` of 16 mixtures; leaves shares of weights and densities.
#[inline(always)]
fn apply<R: Real>(densities: &mut Densities<R>, x: &Lane<R>) -> Lane<R> {
    let Densities { kernel, clip, centres, log_scale, p, parts, .. } = densities;
    let (logits, rest) = p.split_at(centres.len());
    let (means, raw) = rest.split_at(centres.len());
    let (x, two, half) = (*x, R::of(2.0), R::of(0.5));
    let lowest = [R::neg_infinity(); COLUMNS];
    let (mut most_weight, mut most_density) = (lowest, lowest);
    for (k, part) in parts.iter_mut().enumerate() {
        let (centre, logit, mean, raw) = (centres[k], logits[k], means[k], raw[k]);
        for n in 0..COLUMNS {
            let alpha = soft_clip(raw[n], *clip);
            let scale = *log_scale + alpha;
            let inverse = (-scale).fast_exp();
            let t = (x[n] - centre - mean[n]) * inverse;
            let log = match kernel {
                Kernel::Gaussian => -half * t * t - R::of(LOG_SQRT_TAU),
                Kernel::Logistic => -t.abs() - two * (-t.abs()).fast_exp().fast_ln_1p(),
            };
            let density = logit[n] + log - scale;
            part.alpha[n] = alpha;
            part.inverse_scale[n] = inverse;
            part.t[n] = t;
            part.weight[n] = logit[n];
            part.density[n] = density;
            most_weight[n] = if logit[n] > most_weight[n] { logit[n] } else { most_weight[n] };
            most_density[n] = if density > most_density[n] { density } else { most_density[n] };
        }
    }
    let (mut weights, mut sum) = ([R::zero(); COLUMNS], [R::zero(); COLUMNS]);
    for part in parts.iter_mut() {
        for n in 0..COLUMNS {
            part.weight[n] = (part.weight[n] - most_weight[n]).fast_exp();
            part.density[n] = (part.density[n] - most_density[n]).fast_exp();
            weights[n] += part.weight[n];
            sum[n] += part.density[n];
        }
    }
    for part in parts {
        for n in 0..COLUMNS {
            part.weight[n] /= weights[n];
            part.density[n] /= sum[n];
        }
    }
    let mut log = [R::zero(); COLUMNS];
    for n in 0..COLUMNS {
        log[n] = most_density[n] - most_weight[n] + (sum[n] / weights[n]).fast_ln();
    }
    log
}

/// With the responsibilities `r_k`, the weights `π_k` and the score `σ_k` of the kernel at `t_k`: `∂/∂x = Σ r_k σ_k/s_k`,
/// `∂/∂m_k = −r_k σ_k/s_k`, `∂/∂log s_k = −r_k (1 + t_k σ_k)`, `∂/∂logit_k = r_k − π_k`.
#[inline(always)]
fn gradient<R: Real>(densities: &mut Densities<R>, d_log: &Lane<R>) -> Lane<R> {
    let Densities { kernel, clip, parts, dp, .. } = densities;
    let (d_logits, rest) = dp.split_at_mut(parts.len());
    let (d_means, d_raw) = rest.split_at_mut(parts.len());
    let (d_log, one, mut dx) = (*d_log, R::one(), [R::zero(); COLUMNS]);
    for (k, part) in parts.iter().enumerate() {
        let (mut by_logit, mut by_mean, mut by_raw) = (dx, dx, dx);
        for n in 0..COLUMNS {
            let t = part.t[n];
            let score = match kernel {
                Kernel::Gaussian => -t,
                Kernel::Logistic => {
                    let e = (-t.abs()).fast_exp();
                    let size = (one - e) / (one + e);
                    if t > R::zero() { -size } else { size }
                }
            };
            let responsible = d_log[n] * part.density[n];
            let through = responsible * score * part.inverse_scale[n];
            by_logit[n] = responsible - d_log[n] * part.weight[n];
            by_mean[n] = -through;
            by_raw[n] = -responsible * (one + t * score) * slope_at_clipped(part.alpha[n], *clip);
            dx[n] += through;
        }
        (d_logits[k], d_means[k], d_raw[k]) = (by_logit, by_mean, by_raw);
    }
    dx
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::affine::Direction;
    use crate::element_map;
    use crate::rows::laws::noise;
    use crate::univariate::{Distribution, Univariate};

    fn panels<R: Real>(rows: usize, columns: usize, values: &[f64]) -> Panels<R> {
        let mut panels = Panels::default();
        panels.reshape(rows, columns);
        panels.data_mut().iter_mut().zip(values.iter().cycle()).for_each(|(to, &v)| *to = R::of(v));
        panels
    }

    fn flat<R: Real>(panels: &Panels<R>, rows: usize, dim: usize) -> Vec<f64> {
        let mut values = vec![R::zero(); rows * dim];
        panels.scatter(&mut values, &(0..dim).collect::<Vec<_>>());
        values.into_iter().map(R::f64).collect()
    }

    /// Log-densities and gradients against those of the bijection with its normal base, one mixture after another.
    fn check<R: Real>(tolerance: f64) {
        let kernels = [Kernel::Gaussian, Kernel::Logistic];
        for (components, dim, rows, kernel) in
            [(1, 1usize, 1, kernels[0]), (5, 7, 3, kernels[0]), (10, 9, 4, kernels[1]), (3, 17, 33, kernels[1])]
        {
            let mixture = Mixture { components, kernel, onto: Distribution::Normal };
            let columns = dim.div_ceil(GROUP) * GROUP * 3 * components;
            let outputs = panels::<R>(rows, columns, &noise(1, 4093, 1.0));
            let u = panels::<R>(rows, dim, &noise(2, 1021, 1.5));
            let d_log: Vec<R> = noise(4, rows, 1.0).into_iter().map(R::of).collect();
            let close = |a: f64, b: f64, what: &str| {
                assert!((a - b).abs() < tolerance * (1.0 + b.abs()), "{what}, {components} {kernel:?}: {a} {b}");
            };

            let (mut y, mut log) = (panels::<R>(rows, dim, &[3.0]), vec![1.0; rows]);
            forward(&mut Densities::new(&mixture), dim, &u, &outputs, &mut y, &mut log);
            assert!(flat(&y, rows, dim).iter().all(|&y| y == 0.0));
            let (univariate, inverse) = (Univariate::Mixture(mixture), Direction::Inverse);
            let (mut z, mut log_det) = (panels::<R>(rows, dim, &[0.0]), vec![1.0; rows]);
            element_map::forward_one_by_one(&univariate, inverse, dim, &u, &outputs, &mut z, &mut log_det);
            let z_rows = flat(&z, rows, dim);
            for ((log, log_det), z) in log.iter().zip(&log_det).zip(z_rows.chunks_exact(dim)) {
                // the base at z in place of the base at zero
                close(*log, log_det - 0.5 * z.iter().map(|z| z * z).sum::<f64>(), "log-density");
            }

            let (mut d, mut by_outputs) = (panels::<R>(rows, dim, &[0.0]), panels::<R>(rows, columns, &[9.0]));
            backward(&mut Densities::new(&mixture), dim, &outputs, &u, &d_log, &mut d, &mut by_outputs);
            let through_base: Vec<f64> = z_rows.iter().enumerate().map(|(i, z)| -z * d_log[i / dim].f64()).collect();
            let (mut dz, mut expected) = (panels::<R>(rows, dim, &[0.0]), panels::<R>(rows, columns, &[0.0]));
            let narrow: Vec<R> = through_base.iter().map(|&d| R::of(d)).collect();
            dz.gather(&narrow, &(0..dim).collect::<Vec<_>>());
            element_map::backward_one_by_one(
                &univariate,
                inverse,
                dim,
                &outputs,
                &u,
                &z,
                &d_log,
                &mut dz,
                &mut expected,
            );
            flat(&d, rows, dim).iter().zip(flat(&dz, rows, dim)).for_each(|(a, b)| close(*a, b, "gradient"));
            for p in 0..expected.count() {
                for (a, b) in by_outputs.panel(p).iter().zip(expected.panel(p)) {
                    close(a.f64(), b.f64(), "gradient by parameters");
                }
            }
        }
    }

    #[test]
    fn the_density_and_its_gradients_are_those_of_the_bijection_with_its_base() {
        check::<f64>(1e-11);
        check::<f32>(5e-4);
    }

    #[test]
    fn far_from_all_components_densities_are_finite_and_nan_stays_nan() {
        for kernel in [Kernel::Gaussian, Kernel::Logistic] {
            let mixture = Mixture { components: 4, kernel, onto: Distribution::Normal };
            let outputs = panels::<f32>(2, 12 * GROUP, &noise(1, 4093, 1.0));
            let u = panels::<f32>(2, 8, &[1e4, -1e4, 0.0, 3.0]);
            let (mut y, mut log) = (panels::<f32>(2, 8, &[0.0]), vec![0.0; 2]);
            forward(&mut Densities::new(&mixture), 8, &u, &outputs, &mut y, &mut log);
            assert!(log.iter().all(|log| log.is_finite() && *log < -1e4), "{kernel:?}: {log:?}");
            let u = panels::<f32>(1, 1, &[f64::NAN]);
            let (mut y, mut log) = (panels::<f32>(1, 1, &[0.0]), vec![0.0]);
            forward(&mut Densities::new(&mixture), 1, &u, &outputs, &mut y, &mut log);
            assert!(log[0].is_nan(), "{kernel:?}");
        }
    }
}
