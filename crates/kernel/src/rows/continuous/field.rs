//! The vector field of a continuous map, with its divergence, at many points and times at once.

use super::super::network::{Network, Packed, Pass, Tangents};
use super::super::probe::Probes;
use super::super::rows;
use super::{Continuous, Trace};
use crate::Real;

/// `f(u, t; θ)` with the parameters packed.
pub(super) struct Field<R> {
    pub dim: usize,
    network: Network,
    packed: Packed<R>,
}

/// How traces are found, with the signs of each row (rows × probes × dim) where they are estimated.
pub(super) enum Divergence<R> {
    Exact,
    Estimated { probes: usize, signs: Vec<R> },
}

impl<R: Real> Divergence<R> {
    pub fn new(map: &Continuous, theta: &[R], u: &[R]) -> Self {
        match map.trace {
            Trace::Exact => Self::Exact,
            Trace::Hutchinson { probes, seed } => {
                let source = Probes::new(seed, theta);
                let mut signs = vec![R::zero(); u.len() * probes];
                let each = rows(u, map.dim).zip(signs.chunks_exact_mut(map.dim * probes));
                each.for_each(|(u, signs)| source.row(u).signs(signs));
                Self::Estimated { probes, signs }
            }
        }
    }

    /// Tangents of one row.
    pub fn tangents(&self, dim: usize) -> usize {
        match self {
            Self::Exact => dim,
            Self::Estimated { probes, .. } => *probes,
        }
    }

    /// The probes of the rows `active` as tangents of the network, whose last input is the time.
    fn gather(&self, dim: usize, active: &[usize]) -> Vec<R> {
        let Self::Estimated { probes, signs } = self else { return vec![] };
        let mut gathered = Vec::with_capacity(probes * active.len() * (dim + 1));
        for p in 0..*probes {
            for &row in active {
                gathered.extend_from_slice(&signs[(row * probes + p) * dim..][..dim]);
                gathered.push(R::zero());
            }
        }
        gathered
    }

    /// Gradients by the derivatives along the tangents, for gradients `by` by the traces.
    pub fn cotangents(&self, dim: usize, active: &[usize], by: &[R]) -> Vec<R> {
        let count = self.tangents(dim);
        let mut out = vec![R::zero(); count * active.len() * dim];
        for (k, out) in out.chunks_exact_mut((active.len() * dim).max(1)).enumerate() {
            for ((out, &row), &by) in out.chunks_exact_mut(dim).zip(active).zip(by) {
                match self {
                    Self::Exact => out[k] = by,
                    Self::Estimated { probes, signs } => {
                        let by = by / R::of(*probes as f64);
                        let signs = &signs[(row * probes + k) * dim..][..dim];
                        out.iter_mut().zip(signs).for_each(|(out, &v)| *out = by * v);
                    }
                }
            }
        }
        out
    }
}

impl<R: Real> Field<R> {
    pub fn new(map: &Continuous, theta: &[R]) -> Self {
        let network = Network::new(map.dim + 1, &map.hidden, map.dim, map.activation);
        Self { dim: map.dim, packed: network.pack(theta), network }
    }

    pub fn network(&self) -> (&Network, &Packed<R>) {
        (&self.network, &self.packed)
    }

    /// Values at `points`, each with its time (rows × (dim + 1)).
    pub fn values(&self, pass: &mut Pass<R>, points: &[R], out: &mut [R]) {
        pass.forward(&self.network, &self.packed, points, out);
    }

    /// Traces of `∂f/∂u` at the points of the last [`Field::values`], which were those of the rows `active`.
    pub fn traces(&self, pass: &mut Pass<R>, divergence: &Divergence<R>, active: &[usize], out: &mut [f64]) {
        let dim = self.dim;
        let mut moved = vec![R::zero(); divergence.tangents(dim) * active.len() * dim];
        out.fill(0.0);
        match divergence {
            Divergence::Exact => {
                pass.push(&self.network, &self.packed, Tangents::Axes(dim), &mut moved);
                for (k, moved) in moved.chunks_exact(active.len() * dim).enumerate() {
                    out.iter_mut().zip(rows(moved, dim)).for_each(|(trace, moved)| *trace += moved[k].f64());
                }
            }
            Divergence::Estimated { probes, .. } => {
                let tangents = divergence.gather(dim, active);
                pass.push(&self.network, &self.packed, Tangents::Many(&tangents, *probes), &mut moved);
                let each = rows(&tangents, dim + 1).zip(rows(&moved, dim)).enumerate();
                for (i, (v, moved)) in each {
                    let product: f64 = v.iter().zip(moved).map(|(v, m)| v.f64() * m.f64()).sum();
                    out[i % active.len()] += product / *probes as f64;
                }
            }
        }
    }
}
