//! The affine autoregressive layer, MAF (Papamakarios, Pavlakou & Murray 2017) and IAF (Kingma et al. 2016) alike:
//! `x_i = μ_i(v_<i) + e^{α_i(v_<i)}·z_i` with `v = x` for MAF and `v = z` for IAF.
//!
//! `forward` (base → data): 1 pass for IAF, dim passes for MAF; `inverse`: the other way round.
//! `log|det dx/dz| = Σ_i α_i`.

use crate::bijection::Bijection;
use crate::error::FlowError;
use crate::graph::{Adjoints, Column, Element, Graph, Parameters, Rows, check_width, column, rows};
use flowstill_kernel::affine::{soft_clip, soft_clip_slope};
use flowstill_kernel::{Activations, Made};
use flowstill_model::{Autoregressive, Orientation};
use std::ops::Range;
use std::sync::Arc;

/// The layer with its network and its place in the parameter vector.
pub struct AutoregressiveLayer {
    shared: Arc<Shared>,
    orientation: Orientation,
}

struct Shared {
    made: Made,
    order: Vec<usize>,
    clip: f64,
    range: Range<usize>,
}

/// Which way the element map is applied.
#[derive(Clone, Copy, PartialEq)]
enum Direction {
    /// `y = μ(v) + e^{α(v)}·u`, log-det `Σ α`
    Forward,
    /// `y = (u − μ(v))·e^{−α(v)}`, log-det `−Σ α`
    Inverse,
}

impl AutoregressiveLayer {
    pub fn new(spec: &Autoregressive, range: Range<usize>) -> Self {
        let shared = Shared { made: spec.made(), order: spec.order.clone(), clip: spec.log_scale_clip, range };
        Self { shared: Arc::new(shared), orientation: spec.orientation }
    }

    /// The direction whose result the conditioner reads: coordinate after coordinate. On the tape this is the fixed
    /// point after dim passes, each exact in one more coordinate; the kernel's incremental inverse is the fast way.
    fn sequential<E: Element>(
        &self,
        theta: &Parameters<E>,
        u: &Rows<E>,
        direction: Direction,
        graph: &mut Graph<E>,
    ) -> Result<(Rows<E>, Column<E>), FlowError> {
        let dim = self.shared.order.len();
        let batch = check_width(u, dim)?;
        let mut v = rows(vec![E::zero(); batch * dim], dim);
        let mut log_det = column(vec![E::zero(); batch]);
        for _ in 0..dim {
            (v, log_det) = self.shared.clone().element_map(theta, &v, u, direction, graph);
        }
        Ok((v, log_det))
    }
}

impl<E: Element> Bijection<E> for AutoregressiveLayer {
    fn forward_and_log_det(
        &self,
        theta: &Parameters<E>,
        z: &Rows<E>,
        graph: &mut Graph<E>,
    ) -> Result<(Rows<E>, Column<E>), FlowError> {
        check_width(z, self.shared.order.len())?;
        match self.orientation {
            Orientation::Iaf => Ok(self.shared.clone().element_map(theta, z, z, Direction::Forward, graph)),
            Orientation::Maf => self.sequential(theta, z, Direction::Forward, graph),
        }
    }

    fn inverse_and_log_det(
        &self,
        theta: &Parameters<E>,
        x: &Rows<E>,
        graph: &mut Graph<E>,
    ) -> Result<(Rows<E>, Column<E>), FlowError> {
        check_width(x, self.shared.order.len())?;
        match self.orientation {
            Orientation::Maf => Ok(self.shared.clone().element_map(theta, x, x, Direction::Inverse, graph)),
            Orientation::Iaf => self.sequential(theta, x, Direction::Inverse, graph),
        }
    }
}

impl Shared {
    /// One conditioner pass at `v` and the element map of `u`, with gradients to both (they may be one tensor).
    fn element_map<E: Element>(
        self: Arc<Self>,
        theta: &Parameters<E>,
        v: &Rows<E>,
        u: &Rows<E>,
        direction: Direction,
        graph: &mut Graph<E>,
    ) -> (Rows<E>, Column<E>) {
        let dim = self.order.len();
        let (v_values, u_values) = (self.gather(&v.as_vec()), self.gather(&u.as_vec()));
        let batch = u_values.len() / dim;
        let mut activations = Activations::default();
        let mut outputs = vec![E::zero(); batch * dim * 2];
        self.made.forward(&theta.values[self.range.clone()], &v_values, batch, &mut activations, &mut outputs);

        let clip = E::of(self.clip);
        let mut y = vec![E::zero(); batch * dim];
        let mut log_det = vec![E::zero(); batch];
        for (((y, log_det), u), outputs) in
            y.chunks_exact_mut(dim).zip(&mut log_det).zip(u_values.chunks_exact(dim)).zip(outputs.chunks_exact(2 * dim))
        {
            for ((y, &u), output) in y.iter_mut().zip(u).zip(outputs.chunks_exact(2)) {
                let (shift, log_scale) = (output[0], soft_clip(output[1], clip));
                match direction {
                    Direction::Forward => {
                        *y = shift + log_scale.exp() * u;
                        *log_det += log_scale;
                    }
                    Direction::Inverse => {
                        *y = (u - shift) * (-log_scale).exp();
                        *log_det -= log_scale;
                    }
                }
            }
        }
        let (y_out, log_det_out) = (rows(self.scatter(&y), dim), column(log_det));
        let record =
            Record { theta: theta.clone(), v: v.clone(), u: u.clone(), direction, outputs, u_values, y, activations };
        let (y_key, log_det_key) = (y_out.clone(), log_det_out.clone());
        graph.record(move |adjoints| {
            let (dy, d_log_det) = (adjoints.take(&y_key), adjoints.take(&log_det_key));
            self.backward(record, &self.gather(&dy), &d_log_det, adjoints);
        });
        (y_out, log_det_out)
    }

    fn backward<E: Element>(&self, mut record: Record<E>, dy: &[E], d_log_det: &[E], adjoints: &mut Adjoints<E>) {
        let dim = self.order.len();
        let clip = E::of(self.clip);
        let mut du = vec![E::zero(); dy.len()];
        let mut d_outputs = vec![E::zero(); record.outputs.len()];
        for i in 0..dy.len() {
            let (raw, g, g_log_det) = (record.outputs[2 * i + 1], dy[i], d_log_det[i / dim]);
            let log_scale = soft_clip(raw, clip);
            let (d_shift, d_log_scale) = match record.direction {
                Direction::Forward => {
                    let scaled = g * log_scale.exp();
                    du[i] = scaled;
                    (g, scaled * record.u_values[i] + g_log_det)
                }
                Direction::Inverse => {
                    let scaled = g * (-log_scale).exp();
                    du[i] = scaled;
                    (-scaled, -g * record.y[i] - g_log_det)
                }
            };
            d_outputs[2 * i] = d_shift;
            d_outputs[2 * i + 1] = d_log_scale * soft_clip_slope(raw, clip);
        }
        let mut dv = vec![E::zero(); dy.len()];
        let theta = &record.theta.values[self.range.clone()];
        let leaf = record.theta.leaf();
        let d_theta = leaf.as_ref().map(|leaf| &mut adjoints.slot(leaf)[self.range.clone()]);
        self.made.backward(theta, &mut record.activations, &d_outputs, d_theta, &mut dv);
        adjoints.add_at(&record.u, 0, &self.scatter(&du));
        adjoints.add_at(&record.v, 0, &self.scatter(&dv));
    }

    /// Coordinates → degree order.
    fn gather<E: Element>(&self, x: &[E]) -> Vec<E> {
        x.chunks_exact(self.order.len()).flat_map(|row| self.order.iter().map(|&i| row[i])).collect()
    }

    /// Degree order → coordinates.
    fn scatter<E: Element>(&self, x: &[E]) -> Vec<E> {
        let dim = self.order.len();
        let mut out = vec![E::zero(); x.len()];
        for (out, row) in out.chunks_exact_mut(dim).zip(x.chunks_exact(dim)) {
            self.order.iter().zip(row).for_each(|(&i, &value)| out[i] = value);
        }
        out
    }
}

/// What the backward pass needs to remember.
struct Record<E: Element> {
    theta: Parameters<E>,
    v: Rows<E>,
    u: Rows<E>,
    direction: Direction,
    outputs: Vec<E>,
    u_values: Vec<E>,
    y: Vec<E>,
    activations: Activations<E>,
}
