//! Systems with the triangular Jacobian of a map that finds its coordinates step by step.

use crate::Real;
use std::ops::Range;

/// Replaces the rows of `g` by those of the `w` with `w·J = g`. `J` is triangular in the order of `order` (position `i` is
/// coordinate `order[i]`): `∂y_i/∂u_j` is zero where `j` comes in a later step than `i`, and within one of `steps` unless
/// `i = j`; its diagonal are the `slopes` (rows × dim).
///
/// The last step comes first. `product(step, w, out)` writes to `out`, which is zero there, the numbers of `w·J` at the
/// coordinates of `step` with the `w` found so far, zero where it is not. A product of a vector with a whole Jacobian will
/// do: as many backward passes as there are steps but one, as the first product is zero.
pub(super) fn solve_triangular<R: Real>(
    order: &[usize],
    steps: &[Range<usize>],
    slopes: &[R],
    g: &mut [R],
    mut product: impl FnMut(Range<usize>, &[R], &mut [R]),
) {
    let dim = order.len();
    let (mut w, mut known) = (vec![R::zero(); g.len()], vec![R::zero(); g.len()]);
    for step in steps.iter().rev() {
        known.fill(R::zero());
        product(step.clone(), &w, &mut known);
        for &coordinate in &order[step.clone()] {
            for at in (coordinate..g.len()).step_by(dim) {
                w[at] = (g[at] - known[at]) / slopes[at];
            }
        }
    }
    g.copy_from_slice(&w);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::laws::noise;

    #[test]
    fn the_product_with_the_jacobian_is_what_was_given() {
        let (dim, rows) = (6, 3);
        let order = [4, 1, 5, 0, 2, 3];
        for steps in [(0..6).map(|i| i..i + 1).collect::<Vec<_>>(), vec![0..2, 2..3, 3..6]] {
            let step_of = |position: usize| steps.iter().position(|step| step.contains(&position));
            let entries = noise(1, rows * dim * dim, 1.0);
            let entry = |row: usize, i: usize, j: usize| {
                let at = |c: usize| order.iter().position(|&o| o == c).expect("a coordinate");
                let entry = entries[(row * dim + i) * dim + j];
                if i == j {
                    entry.abs() + 0.5
                } else if step_of(at(j)) < step_of(at(i)) {
                    entry
                } else {
                    0.0
                }
            };
            let multiply = |w: &[f64], out: &mut [f64]| {
                for (k, out) in out.iter_mut().enumerate() {
                    *out = (0..dim).map(|i| w[k / dim * dim + i] * entry(k / dim, i, k % dim)).sum();
                }
            };
            let slopes: Vec<f64> = (0..rows * dim).map(|k| entry(k / dim, k % dim, k % dim)).collect();
            let g = noise(2, rows * dim, 1.0);
            let (mut w, mut back) = (g.clone(), vec![0.0; g.len()]);
            let mut products = 0;
            solve_triangular(&order, &steps, &slopes, &mut w, |_, w, out| {
                products += 1;
                multiply(w, out);
            });
            assert_eq!(products, steps.len());
            multiply(&w, &mut back);
            assert!(g.iter().zip(&back).all(|(g, back)| (g - back).abs() < 1e-12), "{g:?} {back:?}");
        }
    }
}
