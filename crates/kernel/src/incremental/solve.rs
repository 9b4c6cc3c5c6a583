//! The affine element map as a step of a sweep: solves for the side that the conditioner reads, or, if that side is
//! the given one, maps it.

use super::{LANES, Lanes, Step};
use crate::Real;
use crate::affine::{Direction, element};

/// Rows of an affine autoregressive layer, mapped in place.
pub struct Solve<'a, R> {
    pub direction: Direction,
    pub clip: R,
    /// position → coordinate
    pub order: &'a [usize],
    /// rows × dim: what is given, then what is mapped
    pub values: &'a mut [R],
    /// one per row; the log-det of the map is added
    pub log_det: &'a mut [f64],
    /// whether the conditioner reads the given side (one pass) or the mapped side (an inverse)
    pub given: bool,
}

impl<R: Real> Lanes<R> for Solve<'_, R> {
    #[inline(always)]
    fn lanes(&mut self, first: usize, live: usize, position: usize, outputs: &[[R; LANES]]) -> [R; LANES] {
        let (dim, coordinate) = (self.order.len(), self.order[position]);
        let (shift, raw) = (outputs[0], outputs[1]);
        let mut given = [R::zero(); LANES];
        for lane in 0..live {
            given[lane] = self.values[(first + lane) * dim + coordinate];
        }
        let (mut mapped, mut alpha) = ([R::zero(); LANES], [R::zero(); LANES]);
        // each direction is a loop of its own, so that nothing is decided within it
        match self.direction {
            Direction::Forward => {
                for i in 0..LANES {
                    (mapped[i], alpha[i], _) = element(Direction::Forward, shift[i], raw[i], self.clip, given[i]);
                }
            }
            Direction::Inverse => {
                for i in 0..LANES {
                    (mapped[i], alpha[i], _) = element(Direction::Inverse, shift[i], raw[i], self.clip, given[i]);
                }
            }
        }
        for lane in 0..live {
            self.values[(first + lane) * dim + coordinate] = mapped[lane];
            self.add(first + lane, alpha[lane]);
        }
        if self.given { given } else { mapped }
    }
}

impl<R: Real> Step<R> for Solve<'_, R> {
    #[inline(always)]
    fn one(&mut self, row: usize, position: usize, outputs: &[R]) -> R {
        let value = &mut self.values[row * self.order.len() + self.order[position]];
        let given = *value;
        let (mapped, alpha, _) = element(self.direction, outputs[0], outputs[1], self.clip, given);
        *value = mapped;
        self.add(row, alpha);
        if self.given { given } else { mapped }
    }
}

impl<R: Real> Solve<'_, R> {
    #[inline(always)]
    fn add(&mut self, row: usize, alpha: R) {
        match self.direction {
            Direction::Forward => self.log_det[row] += alpha.f64(),
            Direction::Inverse => self.log_det[row] -= alpha.f64(),
        }
    }
}
