//! Maps whose data and base have changed places.

use super::Monotone;
use super::settings::{SettingError, Settings};
use crate::Real;
use crate::affine::Direction;

/// The map `M` with its directions exchanged: where `M` leads from the base to data in an interval, this one leads from a
/// base in that interval to data of all numbers. What is computed is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reversed<M> {
    pub map: M,
    pub name: &'static str,
}

impl<M: Settings> Settings for Reversed<M> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn range(&self) -> [f64; 2] {
        self.map.range()
    }

    fn check(&self) -> Result<(), SettingError> {
        self.map.check()
    }
}

impl<R: Real, M: Monotone<R>> Monotone<R> for Reversed<M> {
    fn parameters(&self) -> usize {
        self.map.parameters()
    }

    fn closed(&self) -> Direction {
        self.map.closed().opposite()
    }

    fn map(&self, p: &[R], u: R) -> (R, R) {
        self.map.map(p, u)
    }

    fn solve(&self, p: &[R], y: R) -> R {
        self.map.solve(p, y)
    }

    fn gradient(&self, p: &[R], u: R, dy: R, dl: R, dp: &mut [R]) -> R {
        self.map.gradient(p, u, dy, dl, dp)
    }
}
