//! Permutations of the coordinates, between layers that treat them differently.

use super::RowMap;
use super::arithmetic::with_scratch;
use crate::Real;
use rand::Rng;
use rand::seq::SliceRandom;

/// `y_i = u_{order[i]}`, `ℓ = 0` (the determinant is 1 or −1). No parameters; either direction is closed and costs
/// O(`dim`).
#[derive(Debug, Clone, PartialEq)]
pub struct Permutation {
    pub order: Vec<usize>,
}

impl Permutation {
    /// Names and shapes of the parts of `θ`: none.
    pub fn parts(&self) -> Vec<(&'static str, Vec<usize>)> {
        vec![]
    }

    /// The last coordinate becomes the first.
    pub fn reverse(dim: usize) -> Self {
        Self { order: (0..dim).rev().collect() }
    }

    /// Any order, all equally likely.
    pub fn random(dim: usize, rng: &mut impl Rng) -> Self {
        let mut order: Vec<usize> = (0..dim).collect();
        order.shuffle(rng);
        Self { order }
    }
}

/// `x_i ← x_{order[i]}`.
pub(super) fn permute<R: Real>(order: &[usize], x: &mut [R]) {
    with_scratch(x.len(), |old| {
        old.copy_from_slice(x);
        x.iter_mut().zip(order).for_each(|(x, &from)| *x = old[from]);
    });
}

impl<R: Real> RowMap<R> for Permutation {
    fn dim(&self) -> usize {
        self.order.len()
    }

    fn parameters(&self) -> usize {
        0
    }

    fn map(&self, _: &[R], u: &[R], y: &mut [R]) -> f64 {
        y.iter_mut().zip(&self.order).for_each(|(y, &from)| *y = u[from]);
        0.0
    }

    fn solve(&self, _: &[R], y: &[R], u: &mut [R]) {
        y.iter().zip(&self.order).for_each(|(&y, &to)| u[to] = y);
    }

    fn gradient(&self, theta: &[R], _: &[R], dy: &[R], _: R, du: &mut [R], _: &mut [R]) {
        self.solve(theta, dy, du);
    }

    fn solve_transposed(&self, _: &[R], _: &[R], g: &mut [R]) {
        permute(&self.order, g);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Purpose, stream};

    fn mapped(map: &Permutation, u: &[f64]) -> Vec<f64> {
        let mut y = vec![0.0; u.len()];
        assert_eq!(map.map(&[], u, &mut y), 0.0);
        y
    }

    #[test]
    fn coordinates_are_taken_in_the_order_given() {
        // a cycle of three, which is not its own inverse
        let map = Permutation { order: vec![1, 2, 0] };
        assert_eq!(mapped(&map, &[10.0, 20.0, 30.0]), [20.0, 30.0, 10.0]);
        assert_eq!(mapped(&Permutation::reverse(3), &[10.0, 20.0, 30.0]), [30.0, 20.0, 10.0]);
    }

    #[test]
    fn random_orders_hold_every_coordinate_once_and_follow_the_generator() {
        let draw = |seed| Permutation::random(20, &mut stream(seed, Purpose::Order, 0)).order;
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        let mut sorted = draw(1);
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..20));
    }
}
