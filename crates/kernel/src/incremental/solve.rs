//! The element map of a layer as a step of a sweep: solves for the side that the conditioner reads, or, if that side is
//! the given one, maps it.

use super::{LANES, Lanes, Step};
use crate::affine::{Direction, element};
use crate::{ElementMap, Real};

/// Rows of an autoregressive layer, mapped in place.
pub struct Solve<'a, R> {
    pub direction: Direction,
    pub map: &'a ElementMap,
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
        let mut given = [R::zero(); LANES];
        for lane in 0..live {
            given[lane] = self.values[(first + lane) * dim + coordinate];
        }
        let (mut mapped, mut log) = ([R::zero(); LANES], [R::zero(); LANES]);
        match (self.map, self.direction) {
            // each direction is a loop of its own, so that nothing is decided within it
            (ElementMap::Affine { clip }, Direction::Forward) => {
                let (shift, raw, clip) = (outputs[0], outputs[1], R::of(*clip));
                for i in 0..LANES {
                    (mapped[i], log[i], _) = element(Direction::Forward, shift[i], raw[i], clip, given[i]);
                }
            }
            (ElementMap::Affine { clip }, Direction::Inverse) => {
                let (shift, raw, clip) = (outputs[0], outputs[1], R::of(*clip));
                for i in 0..LANES {
                    let alpha;
                    (mapped[i], alpha, _) = element(Direction::Inverse, shift[i], raw[i], clip, given[i]);
                    log[i] = -alpha;
                }
            }
            (ElementMap::Univariate(univariate), direction) => {
                for lane in 0..live {
                    of_lane(outputs, lane, |p| (mapped[lane], log[lane]) = univariate.apply(direction, p, given[lane]));
                }
            }
        }
        for lane in 0..live {
            self.values[(first + lane) * dim + coordinate] = mapped[lane];
            self.log_det[first + lane] += log[lane].f64();
        }
        if self.given { given } else { mapped }
    }
}

impl<R: Real> Step<R> for Solve<'_, R> {
    #[inline(always)]
    fn one(&mut self, row: usize, position: usize, outputs: &[R]) -> R {
        let value = &mut self.values[row * self.order.len() + self.order[position]];
        let given = *value;
        let (mapped, log) = self.map.apply(self.direction, outputs, given);
        *value = mapped;
        self.log_det[row] += log.f64();
        if self.given { given } else { mapped }
    }
}

/// Numbers of one lane that fit on the stack; a map with more of them takes them from the heap.
const ON_STACK: usize = 64;

/// Hands the outputs of one lane to `then`, side by side.
#[inline(always)]
pub(super) fn of_lane<R: Real>(outputs: &[[R; LANES]], lane: usize, then: impl FnOnce(&[R])) {
    if outputs.len() <= ON_STACK {
        let mut p = [R::zero(); ON_STACK];
        p.iter_mut().zip(outputs).for_each(|(p, output)| *p = output[lane]);
        then(&p[..outputs.len()]);
    } else {
        then(&outputs.iter().map(|output| output[lane]).collect::<Vec<_>>());
    }
}
