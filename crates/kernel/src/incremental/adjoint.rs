//! Solves `w·J = g` for the triangular Jacobian `J = dy/dv` of an autoregressive layer, exactly.
//!
//! With the layer's element map applied to `u = v` (the side that its conditioner reads), `J` is the diagonal of the
//! map's slopes `f'_i` plus what goes through the network, from `v_i` to outputs after `i` only. So `w` follows from the last position to
//! the first, `w_i = (g_i − Σ_{j>i} w_j·∂y_j/∂v_i)/f'_i`: a backward pass in which the gradient of each hidden unit
//! is pulled from its readers as soon as all of them are known. Cost: a forward and a backward pass, without the
//! gradient of the weights.
//!
//! The gradient `∇_v ℓ` of the layer's log-det `ℓ = log|det J|` comes out of the same backward pass: it only adds to the
//! gradients of the network's outputs and, where the slope is not the same everywhere, to that of `v_i` itself. So `w·J = g − ∇_v ℓ` costs no more, and that is the step by which the score
//! `∇ log q` of a flow passes from one side of a layer to the other: see [`Adjoint::score`].

use super::blocks::{Pulled, units_at};
use super::pull::{self, Buffers};
use super::solve::of_lane;
use super::{CHUNK, LANES, Lanes};
use crate::activation::specialised;
use crate::affine::{Direction, element, slope_at_clipped};
use crate::isa::{Instructions, dispatch};
use crate::{ElementMap, Made, Real};

/// An autoregressive layer with its weights arranged for the solution of `w·J = g`.
#[derive(Debug, Clone)]
pub struct Adjoint<R> {
    made: Made,
    direction: Direction,
    map: ElementMap,
    order: Vec<usize>,
    pulled: Pulled<R>,
    reversed: Pulled<R>,
}

/// Buffers reused from call to call.
#[derive(Debug, Clone, Default)]
pub struct AdjointBuffers<R> {
    forward: Buffers<R>,
    /// gradients of the sums of each layer, of the input in the first
    gradients: Buffers<R>,
    /// position × group: the diagonal of the Jacobian
    scale: Vec<[R; LANES]>,
    /// position × group × output of the network: the derivatives by it of `y` and of `ℓ`
    by_output: Vec<[R; LANES]>,
    log_det_by_output: Vec<[R; LANES]>,
    /// position × group: the derivative of `ℓ` by `v` there
    log_det_by_v: Vec<[R; LANES]>,
    /// the mapped rows of a chunk
    mapped: Vec<R>,
}

impl<R: Real> Adjoint<R> {
    /// A layer with parameters `theta`, laid out as [`Made`] says; `order[i]` is the
    /// coordinate that comes i-th.
    pub fn new(made: Made, theta: &[R], order: Vec<usize>, direction: Direction, map: ElementMap) -> Self {
        assert_eq!(made.params_per_dim(), map.outputs(), "what the map takes");
        let (pulled, reversed) = (Pulled::new(&made, theta), Pulled::reversed(&made, theta));
        Self { made, direction, map, order, pulled, reversed }
    }

    /// Replaces each row of `g` (rows × dim) by the `w` with `w·J = g − c·∇_v ℓ`, where `J` is the Jacobian and `∇_v ℓ`
    /// the gradient of its log-det at that row of `v`, and `c` that row's element of `weights`.
    pub fn solve(&self, v: &[R], weights: &[R], g: &mut [R], buffers: &mut AdjointBuffers<R>) {
        let dim = self.made.dim();
        assert!(v.len() == g.len() && v.len() == weights.len() * dim, "v and g must be rows × dim, a weight per row");
        let chunks = v.chunks(CHUNK * dim).zip(weights.chunks(CHUNK)).zip(g.chunks_mut(CHUNK * dim));
        chunks.for_each(|((v, weights), g)| self.solve_chunk(v, weights, g, buffers));
    }

    /// Takes rows `v` with their scores `s = ∇_v log q(v)` through the layer: replaces `v` by the mapped rows `y` and `s`
    /// by `∇_y log q(y)`, where `q(y) = q(v)/|det J|`, the `w` with `w·J = s − ∇_v ℓ` (Roeder, Wu & Duvenaud 2017 need
    /// it for their path gradient).
    pub fn score(&self, v: &mut [R], s: &mut [R], buffers: &mut AdjointBuffers<R>) {
        let dim = self.made.dim();
        assert!(v.len() == s.len() && v.len().is_multiple_of(dim), "v and s must be rows × dim");
        for (v, s) in v.chunks_mut(CHUNK * dim).zip(s.chunks_mut(CHUNK * dim)) {
            self.solve_chunk(v, &[R::one(); CHUNK][..v.len() / dim], s, buffers);
            v.copy_from_slice(&buffers.mapped[..v.len()]);
        }
    }

    fn solve_chunk(&self, v: &[R], weights: &[R], g: &mut [R], buffers: &mut AdjointBuffers<R>) {
        let dim = self.made.dim();
        let rows = weights.len();
        let groups = rows.div_ceil(LANES);
        let outputs = self.map.outputs();
        for (derivatives, each) in [
            (&mut buffers.scale, 1),
            (&mut buffers.log_det_by_v, 1),
            (&mut buffers.by_output, outputs),
            (&mut buffers.log_det_by_output, outputs),
        ] {
            derivatives.resize(dim * groups * each, [R::zero(); LANES]);
        }
        buffers.mapped.resize(CHUNK * dim, R::zero());
        let AdjointBuffers { forward, scale, by_output, log_det_by_output, log_det_by_v, mapped, .. } = buffers;
        let mut step = Given { layer: self, v, groups, scale, by_output, log_det_by_output, log_det_by_v, mapped };
        pull::sweep(&self.made, &self.pulled, 0, rows, forward, &mut step);
        descend(self, weights, g, buffers);
    }
}

/// The forward sweep at given `v`, which notes the mapped rows and the derivatives.
struct Given<'a, R> {
    layer: &'a Adjoint<R>,
    v: &'a [R],
    groups: usize,
    scale: &'a mut [[R; LANES]],
    by_output: &'a mut [[R; LANES]],
    log_det_by_output: &'a mut [[R; LANES]],
    log_det_by_v: &'a mut [[R; LANES]],
    mapped: &'a mut [R],
}

impl<R: Real> Lanes<R> for Given<'_, R> {
    #[inline(always)]
    fn lanes(&mut self, first: usize, live: usize, position: usize, outputs: &[[R; LANES]]) -> [R; LANES] {
        let (dim, coordinate) = (self.layer.order.len(), self.layer.order[position]);
        let at = position * self.groups + first / LANES;
        let mut v = [R::zero(); LANES];
        for lane in 0..live {
            v[lane] = self.v[(first + lane) * dim + coordinate];
        }
        let mut mapped = [R::zero(); LANES];
        let count = outputs.len();
        let by_output = &mut self.by_output[at * count..][..count];
        let log_det_by_output = &mut self.log_det_by_output[at * count..][..count];
        match &self.layer.map {
            ElementMap::Affine { clip } => {
                let clip = R::of(*clip);
                for i in 0..LANES {
                    let (y, alpha, scale) = element(self.layer.direction, outputs[0][i], outputs[1][i], clip, v[i]);
                    let slope = slope_at_clipped(alpha, clip);
                    mapped[i] = y;
                    self.scale[at][i] = scale;
                    (by_output[0][i], by_output[1][i], log_det_by_output[1][i]) = match self.layer.direction {
                        Direction::Forward => (R::one(), scale * v[i] * slope, slope),
                        Direction::Inverse => (-scale, -y * slope, -slope),
                    };
                    log_det_by_output[0][i] = R::zero();
                }
            }
            ElementMap::Univariate(univariate) => {
                let direction = self.layer.direction;
                let (one, zero) = (R::one(), R::zero());
                let (mut by, mut log_by) = (vec![zero; count], vec![zero; count]);
                for lane in 0..live {
                    of_lane(outputs, lane, |p| {
                        let y = univariate.apply(direction, p, v[lane]).0;
                        mapped[lane] = y;
                        self.scale[at][lane] = univariate.gradient(direction, p, v[lane], y, one, zero, &mut by);
                        self.log_det_by_v[at][lane] =
                            univariate.gradient(direction, p, v[lane], y, zero, one, &mut log_by);
                    });
                    for k in 0..count {
                        (by_output[k][lane], log_det_by_output[k][lane]) = (by[k], log_by[k]);
                    }
                }
            }
        }
        for lane in 0..live {
            self.mapped[(first + lane) * dim + coordinate] = mapped[lane];
        }
        v
    }
}

dispatch! {
    /// From the last position to the first.
    fn descend(layer: &Adjoint<R>, weights: &[R], g: &mut [R], buffers: &mut AdjointBuffers<R>) = descend_body
}

#[inline(always)]
fn descend_body<R: Real, I: Instructions>(
    layer: &Adjoint<R>,
    weights: &[R],
    g: &mut [R],
    buffers: &mut AdjointBuffers<R>,
) {
    let AdjointBuffers { forward, gradients, scale, by_output, log_det_by_output, log_det_by_v, .. } = buffers;
    let count = layer.map.outputs();
    let bent = matches!(layer.map, ElementMap::Univariate(_));
    let (made, maps) = (&layer.made, &layer.reversed.maps);
    let rows = weights.len();
    let (dim, last, groups) = (made.dim(), maps.len() - 1, rows.div_ceil(LANES));
    gradients.reshape(made, groups);
    for position in (0..dim).rev() {
        // hidden layers from the last to the first: units of this position's degree, from readers of higher degree
        for l in (1..=last).rev() {
            let (before, after) = gradients.layers.split_at_mut(l + 1);
            maps[l].pull::<I>(position, groups, &after[0], &mut before[l]);
            let units = units_at(made, l - 1, position);
            let (stride, values) = (before[l].len() / groups, &forward.layers[l]);
            // the sums that a residual connection starts from take part in those of two layers on
            let skip = made.skip_source(l + 1).map(|_| &after[1]);
            for at in (0..groups).flat_map(|group| units.clone().map(move |unit| group * stride + unit)) {
                let (values, mut gradient) = (values[at], before[l][at]);
                specialised!(made.activation(), F => {
                    for lane in 0..LANES {
                        gradient[lane] *= F.slope_at_output(values[lane]);
                    }
                });
                if let Some(skip) = skip {
                    for lane in 0..LANES {
                        gradient[lane] += skip[at][lane];
                    }
                }
                before[l][at] = gradient;
            }
        }
        let (before, after) = gradients.layers.split_at_mut(1);
        maps[0].pull::<I>(position, groups, &after[0], &mut before[0]);
        let outputs = &mut after[last];
        let stride = outputs.len() / groups;
        for group in 0..groups {
            let (at, live) = (position * groups + group, LANES.min(rows - group * LANES));
            let coordinate = |lane: usize| (group * LANES + lane) * dim + layer.order[position];
            let through_network = before[0][group * dim + position];
            let (mut w, mut weight) = ([R::zero(); LANES], [R::zero(); LANES]);
            weight[..live].copy_from_slice(&weights[group * LANES..][..live]);
            for lane in 0..live {
                w[lane] = g[coordinate(lane)];
            }
            if bent {
                for lane in 0..LANES {
                    w[lane] -= weight[lane] * log_det_by_v[at][lane];
                }
            }
            for lane in 0..LANES {
                w[lane] = (w[lane] - through_network[lane]) / scale[at][lane];
            }
            let by_output = by_output[at * count..][..count].iter().zip(&log_det_by_output[at * count..]);
            for (output, (by, log_det_by)) in outputs[group * stride + count * position..].iter_mut().zip(by_output) {
                for lane in 0..LANES {
                    output[lane] = w[lane] * by[lane] + weight[lane] * log_det_by[lane];
                }
            }
            for lane in 0..live {
                g[coordinate(lane)] = w[lane];
            }
        }
    }
}
