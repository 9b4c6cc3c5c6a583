//! The affine autoregressive layer `x_i = μ_i(v_<i) + e^{α_i(v_<i)}·z_i`, with `v = x` (MAF) or `v = z` (IAF).
//!
//! Where `v` is what is given, one pass of the conditioner gives every μ and α. Where `v` is what is sought, the
//! coordinates depend on one another and [`Method`] says how to find them.

use crate::layer::{Buffers, Direction};
use crate::{Method, Rounds};
use flowstill_kernel::affine::soft_clip;
use flowstill_kernel::{Incremental, Real};
use flowstill_model::{Autoregressive, Orientation};

#[derive(Debug, Clone)]
pub(crate) struct AutoregressiveLayer<R> {
    orientation: Orientation,
    /// position → coordinate
    order: Vec<usize>,
    clip: R,
    conditioner: Incremental<R>,
}

impl<R: Real> AutoregressiveLayer<R> {
    pub fn new(spec: &Autoregressive, theta: Vec<R>) -> Self {
        Self {
            orientation: spec.orientation,
            order: spec.order.clone(),
            clip: R::of(spec.log_scale_clip),
            conditioner: Incremental::new(spec.made(), theta),
        }
    }

    pub fn apply(
        &self,
        direction: Direction,
        method: Method,
        values: &mut [R],
        log_det: &mut [f64],
        buffers: &mut Buffers<R>,
    ) -> Rounds {
        let given = match direction {
            Direction::Forward => Orientation::Iaf,
            Direction::Inverse => Orientation::Maf,
        };
        match method {
            _ if self.orientation == given => self.sweep::<true>(direction, values, log_det, buffers),
            Method::Incremental => self.sweep::<false>(direction, values, log_det, buffers),
            Method::Naive => self.naive(direction, values, log_det, buffers),
            Method::Jacobi { tolerance } => return self.jacobi(direction, tolerance, values, log_det, buffers),
        }
        Rounds::default()
    }

    /// (value, log-derivative) of one coordinate, given the conditioner's outputs there and the known side `u`.
    #[inline(always)]
    fn element(&self, direction: Direction, outputs: &[R], u: R) -> (R, R) {
        let (shift, alpha) = (outputs[0], soft_clip(outputs[1], self.clip));
        match direction {
            Direction::Forward => (shift + alpha.exp() * u, alpha),
            Direction::Inverse => ((u - shift) * (-alpha).exp(), -alpha),
        }
    }

    fn pass(&self, v: &[R], rows: usize, buffers: &mut Buffers<R>) {
        buffers.outputs.resize(2 * v.len(), R::zero());
        self.conditioner.pass(v, rows, &mut buffers.sweep, &mut buffers.outputs);
    }

    /// One pass if the given side conditions (`GIVEN`), one incremental inverse if the sought side does.
    fn sweep<const GIVEN: bool>(
        &self,
        direction: Direction,
        values: &mut [R],
        log_det: &mut [f64],
        buffers: &mut Buffers<R>,
    ) {
        let dim = self.order.len();
        self.conditioner.sweep(log_det.len(), &mut buffers.sweep, |row, position, outputs| {
            let value = &mut values[row * dim + self.order[position]];
            let given = *value;
            let (sought, slope) = self.element(direction, outputs, given);
            *value = sought;
            log_det[row] += slope.f64();
            if GIVEN { given } else { sought }
        });
    }

    /// The sought side conditions: `dim` passes, each of which settles one more coordinate.
    fn naive(&self, direction: Direction, values: &mut [R], log_det: &mut [f64], buffers: &mut Buffers<R>) {
        let (dim, rows) = (self.order.len(), log_det.len());
        let mut v = std::mem::take(&mut buffers.v);
        v.clear();
        v.resize(values.len(), R::zero());
        for (position, &coordinate) in self.order.iter().enumerate() {
            self.pass(&v, rows, buffers);
            for (row, log_det) in log_det.iter_mut().enumerate() {
                let value = &mut values[row * dim + coordinate];
                let outputs = &buffers.outputs[2 * (row * dim + position)..][..2];
                let (mapped, slope) = self.element(direction, outputs, *value);
                *value = mapped;
                v[row * dim + position] = mapped;
                *log_det += slope.f64();
            }
        }
        buffers.v = v;
    }

    /// The sought side conditions: all coordinates again and again until they stay, the log-det at what is
    /// returned.
    fn jacobi(
        &self,
        direction: Direction,
        tolerance: f64,
        values: &mut [R],
        log_det: &mut [f64],
        buffers: &mut Buffers<R>,
    ) -> Rounds {
        let (dim, rows) = (self.order.len(), log_det.len());
        let tolerance = R::of(tolerance);
        let mut rounds = Rounds::default();
        let mut v = std::mem::take(&mut buffers.v);
        let mut solution = std::mem::take(&mut buffers.solution);
        let mut active = std::mem::take(&mut buffers.active);
        v.clear();
        v.extend(values.chunks_exact(dim).flat_map(|row| self.order.iter().map(|&i| row[i])));
        solution.resize(values.len(), R::zero());
        active.clear();
        active.extend(0..rows);
        for round in 1..=dim {
            self.pass(&v, active.len(), buffers);
            let mut kept = 0;
            for slot in 0..active.len() {
                let row = active[slot];
                let mut settled = true;
                for (position, &coordinate) in self.order.iter().enumerate() {
                    let outputs = &buffers.outputs[2 * (slot * dim + position)..][..2];
                    let (new, _) = self.element(direction, outputs, values[row * dim + coordinate]);
                    settled &= (new - v[slot * dim + position]).abs() <= tolerance * (R::one() + new.abs());
                    solution[row * dim + position] = new;
                }
                if settled || round == dim {
                    rounds.add(round);
                } else {
                    v[kept * dim..][..dim].copy_from_slice(&solution[row * dim..][..dim]);
                    active[kept] = row;
                    kept += 1;
                }
            }
            active.truncate(kept);
            v.truncate(kept * dim);
            if active.is_empty() {
                break;
            }
        }
        self.pass(&solution, rows, buffers);
        for (row, log_det) in log_det.iter_mut().enumerate() {
            for (position, &coordinate) in self.order.iter().enumerate() {
                let outputs = &buffers.outputs[2 * (row * dim + position)..][..2];
                *log_det += self.element(direction, outputs, R::zero()).1.f64();
                values[row * dim + coordinate] = solution[row * dim + position];
            }
        }
        (buffers.v, buffers.solution, buffers.active) = (v, solution, active);
        rounds
    }
}
