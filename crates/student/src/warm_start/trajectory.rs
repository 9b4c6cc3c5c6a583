//! Rows on their way through a teacher, with what each layer says of them.

use flowstill_flow::FlowError;
use flowstill_kernel::Incremental;
use flowstill_kernel::affine::{Direction, element};
use flowstill_kernel::incremental::{LANES, Lanes, Step, Sweep};
use flowstill_model::{FlowSpec, LayerSpec, Layout};

/// A MAF that is asked for trajectories.
///
/// Normalising layers `x' = e^d ⊙ x + b` are part of the autoregressive layer on their base side, or, before the first of
/// these, on their data side: `x' = (e^d·μ + b) + e^{d + α}·h` is affine in `h` as well.
pub struct Teacher {
    dim: usize,
    /// base to data
    layers: Vec<Part>,
}

enum Part {
    Autoregressive { network: Box<Incremental<f32>>, order: Vec<usize>, clip: f32 },
    Diagonal { log_scale: Vec<f32>, shift: Vec<f32> },
}

impl Teacher {
    /// `spec` has no batch normalisation left.
    pub fn new(spec: &FlowSpec, theta: &[f32]) -> Self {
        let part = |(layer, range): (&LayerSpec, std::ops::Range<usize>)| match layer {
            LayerSpec::Autoregressive(a) => Part::Autoregressive {
                network: Box::new(Incremental::new(a.made(), &theta[range])),
                order: a.order.clone(),
                clip: a.log_scale_clip as f32,
            },
            LayerSpec::ActNorm { .. } | LayerSpec::BatchNorm { .. } => {
                let (log_scale, shift) = theta[range.start..range.start + 2 * spec.dim].split_at(spec.dim);
                Part::Diagonal { log_scale: log_scale.to_vec(), shift: shift.to_vec() }
            }
            LayerSpec::Rowwise { .. } => unreachable!("a pairing refuses such a teacher"),
        };
        let layers = spec.layers.iter().zip(Layout::new(spec).layers).map(part).collect();
        Self { dim: spec.dim, layers }
    }

    /// Numbers of one trajectory: for each autoregressive layer from base to data its base side, shift and log-scale.
    pub fn width(&self) -> usize {
        let count = self.layers.iter().filter(|part| matches!(part, Part::Autoregressive { .. })).count();
        3 * count * self.dim
    }

    /// The trajectories of the rows `x` (rows × dim), rows × [`Teacher::width`]. 1 pass of the teacher.
    ///
    /// # Errors
    /// A trajectory that is not finite.
    pub fn trajectories(&self, x: &[f32], out: &mut [f32]) -> Result<(), FlowError> {
        let (dim, width) = (self.dim, self.width());
        let rows = x.len() / dim;
        let mut h = x.to_vec();
        let mut left = width / (3 * dim);
        // of the normalising layers since the last autoregressive one
        let (mut outer, mut offset) = (vec![0.0f32; dim], vec![0.0f32; dim]);
        let (mut shift, mut log_scale) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        for part in self.layers.iter().rev() {
            match part {
                Part::Autoregressive { network, order, clip } => {
                    let mut record =
                        Record { order, clip: *clip, h: &mut h, shift: &mut shift, log_scale: &mut log_scale };
                    network.sweep(rows, &mut Sweep::default(), &mut record);
                    left -= 1;
                    for (r, out) in out.chunks_exact_mut(width).enumerate() {
                        for i in 0..dim {
                            let (at, place) = (r * dim + i, 3 * left * dim + i);
                            out[place] = h[at];
                            out[place + dim] = outer[i].exp() * shift[at] + offset[i];
                            out[place + 2 * dim] = outer[i] + log_scale[at];
                        }
                    }
                    outer.fill(0.0);
                    offset.fill(0.0);
                }
                // x' = e^o·x + c of before and x = e^d·h + b now make x' = e^{o + d}·h + (e^o·b + c)
                Part::Diagonal { log_scale, shift } => {
                    for i in 0..dim {
                        offset[i] += outer[i].exp() * shift[i];
                        outer[i] += log_scale[i];
                    }
                    for row in h.chunks_exact_mut(dim) {
                        (0..dim).for_each(|i| row[i] = (row[i] - shift[i]) * (-log_scale[i]).exp());
                    }
                }
            }
        }
        // normalising layers next to the base: x = m + e^a·h with h = e^d·z + b
        for (r, out) in out.chunks_exact_mut(width).enumerate() {
            for i in 0..dim {
                let scale = out[2 * dim + i].exp();
                out[i] = h[r * dim + i];
                out[dim + i] += scale * offset[i];
                out[2 * dim + i] += outer[i];
            }
        }
        match out.chunks_exact(width).position(|row| row.iter().any(|v| !v.is_finite())) {
            Some(_) => Err(FlowError::NonFinite { layer: 0, kind: "a trajectory through the teacher" }),
            None => Ok(()),
        }
    }
}

/// A density sweep that notes what the layer says: `h ← (h − μ)·e^{−α}`.
struct Record<'a> {
    order: &'a [usize],
    clip: f32,
    h: &'a mut [f32],
    shift: &'a mut [f32],
    log_scale: &'a mut [f32],
}

impl Lanes<f32> for Record<'_> {
    fn lanes(&mut self, first: usize, live: usize, position: usize, outputs: &[[f32; LANES]]) -> [f32; LANES] {
        let mut given = [0.0; LANES];
        for lane in 0..live {
            given[lane] = self.one(first + lane, position, &[outputs[0][lane], outputs[1][lane]]);
        }
        given
    }
}

impl Step<f32> for Record<'_> {
    fn one(&mut self, row: usize, position: usize, outputs: &[f32]) -> f32 {
        let at = row * self.order.len() + self.order[position];
        let given = self.h[at];
        let (mapped, alpha, _) = element(Direction::Inverse, outputs[0], outputs[1], self.clip, given);
        (self.h[at], self.shift[at], self.log_scale[at]) = (mapped, outputs[0], alpha);
        given
    }
}
