//! Layers whose conditioner is a Transformer (Vaswani et al. 2017): autoregressive (as in transformer neural autoregressive
//! flows, Patacchiola, Shysheya, Hofmann & Turner 2024) or coupling.

mod attention;
mod backward;
mod dense;
mod forward;
mod gelu;
mod initial;
mod lanes;
mod layer_norm;
mod network;
#[cfg(test)]
mod tests;

use super::check::check_order;
use super::triangular::solve_triangular;
use super::{RowError, RowMap};
use crate::affine::Direction;
use crate::panels::COLUMNS;
use crate::univariate::Affine;
use crate::{Real, Univariate};
use attention::Sight;
use backward::Backward;
use forward::Forward;
use network::Network;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// `y_i = τ(u_i; p_i)`, `ℓ = Σ log τ'(u_i; p_i)`, with parameters `p_i` that a Transformer gives.
///
/// There is one token for each coordinate, in the order `order`; the one at position `i` gives `p_i`. Without `identity` it
/// starts from the coordinate *before* and attends to itself and to the tokens before it, so `p_i` reads `u_<i` alone. With
/// `identity` the layer is a coupling: the tokens at the first `identity` positions start from their own coordinates, which
/// stay what they are (`y = u`), the others from nothing but their position, and all of them attend to the first `identity`:
/// `p_i` reads these coordinates alone. (Where all tokens see a single one, queries and keys choose nothing and stay what they
/// are: in one dimension, and with an `identity` of 1.)
///
/// A token starts as `position_t + value_t·asinh(v)`, two learned vectors and the number `v` that it is given, if any (the
/// first autoregressive one has none). The inverse hyperbolic sine is the number itself near zero and grows as its logarithm
/// does, so that one far coordinate does not drown the rest of a token's vector. Then come `blocks` blocks, normalised before
/// each half (Xiong et al. 2020): `h ← h + Attention(N(h))`, `h ← h + W·gelu(V·N(h) + c) + b` with `4·width` units in the
/// middle, and at last `p_i = H·N(h) + b_i`. `N` is layer normalisation (Ba, Kiros & Hinton 2016), without gain and bias,
/// which the linear maps after it have; keys and values take no bias, as that of keys would cancel in the softmax and that of
/// values is one of the output.
///
/// `direction` is the direction of the flow that `u → y` is. `τ` is `map` applied in this direction, whichever has a closed
/// form: an affine density layer is `z = (x − μ)·e^{−α}`, as with other autoregressive layers.
///
/// `θ` are, one after another, the tensors that [`Transformer::parts`] names, row-major, matrices inputs × outputs.
///
/// With `T = dim` tokens `u → y` takes one pass: O(`T·width²`) for the products and O(`T²·width`) for the attention, per
/// block. Autoregressive layers solve coordinate by coordinate and keep all keys and values: `T` steps, the arithmetic of one
/// pass. The transposed solution is the same sweep backwards: about one backward pass. Couplings take one pass either way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transformer {
    pub direction: Direction,
    /// `order[i]` is the coordinate that comes i-th.
    pub order: Vec<usize>,
    /// In a coupling layer, the number of coordinates that determine the others: from 1 to all but one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<usize>,
    pub blocks: usize,
    /// Numbers of a token, a multiple of `heads`.
    pub width: usize,
    pub heads: usize,
    /// What is done to each coordinate.
    #[serde(default = "affine")]
    pub map: Univariate,
}

fn affine() -> Univariate {
    Univariate::Affine(Affine { log_scale_clip: 5.0 })
}

/// Bounds that keep sizes far from overflow.
const MOST_BLOCKS: usize = 64;
const MOST_WIDTH: usize = 4096;

/// Tokens that a pass has at a time, so that what it leaves stays in a core's cache.
const TOKENS: usize = 512;

/// Rows that are solved at a time: more use the weights oftener, fewer leave room for their keys and values in the cache.
const SOLVED_ROWS: usize = 64;

impl Transformer {
    /// Names and shapes of the parts of `θ`, in their order.
    pub fn parts(&self) -> Vec<(String, Vec<usize>)> {
        Network::new(self).parts
    }

    /// Checks what the types cannot say, for rows of `dim` numbers.
    pub(super) fn check(&self, dim: usize) -> Result<(), RowError> {
        check_order(dim, &self.order)?;
        let wrong = |what, expected: String, found| Err(RowError::BadTransformer { what, expected, found });
        let from = |least: usize, most: usize| format!("from {least} to {most}");
        match self.identity {
            Some(_) if dim == 1 => return Err(RowError::NothingToCouple),
            Some(identity) if !(1..dim).contains(&identity) => return wrong("identity", from(1, dim - 1), identity),
            _ => {}
        }
        if !(1..=MOST_BLOCKS).contains(&self.blocks) {
            return wrong("blocks", from(1, MOST_BLOCKS), self.blocks);
        }
        if !(1..=MOST_WIDTH).contains(&self.heads) {
            return wrong("heads", from(1, MOST_WIDTH), self.heads);
        }
        if !(2..=MOST_WIDTH).contains(&self.width) || !self.width.is_multiple_of(self.heads) {
            let expected = format!("a multiple of its {} heads {}", self.heads, from(2, MOST_WIDTH));
            return wrong("width", expected, self.width);
        }
        self.map.check()?;
        match self.map.parameters() {
            0 => wrong("parameters of its map", "from 1 on".to_owned(), 0),
            _ => Ok(()),
        }
    }

    fn dim(&self) -> usize {
        self.order.len()
    }

    /// Positions whose coordinates are mapped.
    fn mapped(&self) -> Range<usize> {
        self.identity.unwrap_or(0)..self.dim()
    }

    /// The position whose coordinate a token starts from.
    fn given(&self, token: usize) -> Option<usize> {
        match self.identity {
            None => token.checked_sub(1),
            Some(identity) => (token < identity).then_some(token),
        }
    }

    /// Tokens that start from a coordinate.
    fn given_tokens(&self) -> Range<usize> {
        match self.identity {
            None => 1..self.dim(),
            Some(identity) => 0..identity,
        }
    }

    fn sight(&self) -> Sight {
        self.identity.map_or(Sight::Before, Sight::First)
    }

    /// Positions in the steps in which the solution finds them.
    fn steps(&self) -> Vec<Range<usize>> {
        match self.identity {
            None => (0..self.dim()).map(|position| position..position + 1).collect(),
            Some(identity) => vec![0..identity, identity..self.dim()],
        }
    }

    /// Rows of a pass.
    fn pass_rows(&self) -> usize {
        (TOKENS / self.dim() / COLUMNS * COLUMNS).max(COLUMNS)
    }

    /// `τ(u; p)` and its log-derivative.
    fn apply<R: Real>(&self, p: &[R], u: R) -> (R, R) {
        self.map.apply(self.direction, p, u)
    }

    /// From the gradients by `y` and `ℓ` of a coordinate to that by `u`, and that by `p`, written to `dp`.
    fn differentiate<R: Real>(&self, p: &[R], u: R, dy: R, d_log_det: R, dp: &mut [R]) -> R {
        // the closed direction does not read what it has mapped to
        let mapped = if self.direction == self.map.closed() { R::nan() } else { self.apply(p, u).0 };
        self.map.gradient(self.direction, p, u, mapped, dy, d_log_det, dp)
    }

    /// Fills in what the token at each of `positions` gives to the backward pass: the gradient of its parameters. Calls
    /// `each` with the row, the coordinate, and the parameters of the coordinate's map, and takes what it writes.
    fn weigh<R: Real>(
        &self,
        forward: &Forward<R>,
        positions: Range<usize>,
        backward: &mut Backward<R>,
        tokens: Range<usize>,
        mut each: impl FnMut(usize, usize, &[R], &mut [R]),
    ) {
        let count = self.map.parameters();
        let (mut p, mut dp) = (vec![R::zero(); count], vec![R::zero(); count]);
        backward.start(forward.rows, tokens.clone());
        for position in positions {
            for row in 0..forward.rows {
                forward.parameters(position, row, &mut p);
                each(row, self.order[position], &p, &mut dp);
                backward.put(position - tokens.start, row, &dp);
            }
        }
    }
}

impl<R: Real> RowMap<R> for Transformer {
    fn dim(&self) -> usize {
        self.dim()
    }

    fn parameters(&self) -> usize {
        network::parameters(self)
    }

    fn map(&self, theta: &[R], u: &[R], y: &mut [R]) -> f64 {
        let mut log_det = [0.0];
        self.map_rows(theta, u, y, &mut log_det);
        log_det[0]
    }

    fn solve(&self, theta: &[R], y: &[R], u: &mut [R]) {
        self.solve_rows(theta, y, u);
    }

    fn gradient(&self, theta: &[R], u: &[R], dy: &[R], d_log_det: R, du: &mut [R], d_theta: &mut [R]) {
        self.gradient_rows(theta, u, dy, &[d_log_det], du, d_theta);
    }

    fn solve_transposed(&self, theta: &[R], u: &[R], g: &mut [R]) {
        self.solve_transposed_rows(theta, u, g);
    }

    fn map_rows(&self, theta: &[R], u: &[R], y: &mut [R], log_det: &mut [f64]) {
        let (dim, network) = (self.dim(), Network::new(self));
        let weights = network.pack(theta);
        let (at_once, mut p) = (self.pass_rows(), vec![R::zero(); self.map.parameters()]);
        let mut forward = Forward::new(self, &network);
        y.copy_from_slice(u);
        let each = u.chunks(at_once * dim).zip(y.chunks_mut(at_once * dim)).zip(log_det.chunks_mut(at_once));
        for ((u, y), log_det) in each {
            forward.begin(log_det.len());
            forward.run(theta, &weights, u, 0..dim);
            log_det.fill(0.0);
            for position in self.mapped() {
                let coordinate = self.order[position];
                for (row, log_det) in log_det.iter_mut().enumerate() {
                    forward.parameters(position, row, &mut p);
                    let (mapped, log) = self.apply(&p, u[row * dim + coordinate]);
                    y[row * dim + coordinate] = mapped;
                    *log_det += log.f64();
                }
            }
        }
    }

    fn solve_rows(&self, theta: &[R], y: &[R], u: &mut [R]) {
        let (dim, network) = (self.dim(), Network::new(self));
        let weights = network.pack(theta);
        let (direction, mut p) = (self.direction.opposite(), vec![R::zero(); self.map.parameters()]);
        let mut forward = Forward::new(self, &network);
        u.copy_from_slice(y);
        for (y, u) in y.chunks(SOLVED_ROWS * dim).zip(u.chunks_mut(SOLVED_ROWS * dim)) {
            forward.begin(y.len() / dim);
            // the coordinates that a step's tokens start from stay what they are or are found before it
            for step in self.steps() {
                forward.run(theta, &weights, u, step.clone());
                for position in step.filter(|position| self.mapped().contains(position)) {
                    let coordinate = self.order[position];
                    for row in 0..forward.rows {
                        forward.parameters(position, row, &mut p);
                        u[row * dim + coordinate] = self.map.apply(direction, &p, y[row * dim + coordinate]).0;
                    }
                }
            }
        }
    }

    fn gradient_rows(&self, theta: &[R], u: &[R], dy: &[R], d_log_det: &[R], du: &mut [R], d_theta: &mut [R]) {
        let (dim, network) = (self.dim(), Network::new(self));
        let weights = network.pack_both(theta);
        let (mut forward, mut backward) = (Forward::new(self, &network), Backward::new(self, &network));
        let mut d_weights = vec![R::zero(); weights.len()];
        let at_once = self.pass_rows();
        du.copy_from_slice(dy);
        let each = u.chunks(at_once * dim).zip(dy.chunks(at_once * dim)).zip(d_log_det.chunks(at_once));
        for (((u, dy), d_log_det), du) in each.zip(du.chunks_mut(at_once * dim)) {
            forward.begin(d_log_det.len());
            forward.run(theta, &weights, u, 0..dim);
            self.weigh(&forward, self.mapped(), &mut backward, 0..dim, |row, coordinate, p, dp| {
                let at = row * dim + coordinate;
                du[at] = self.differentiate(p, u[at], dy[at], d_log_det[row], dp);
            });
            backward.run(&weights, &forward, 0..dim, Some(&mut d_weights));
            backward.embedding(theta, u, 0..dim, du, Some(&mut *d_theta));
        }
        network.unpack_onto(&d_weights, d_theta);
    }

    fn solve_transposed_rows(&self, theta: &[R], u: &[R], g: &mut [R]) {
        let (dim, network) = (self.dim(), Network::new(self));
        let weights = network.pack_both(theta);
        let (mut forward, mut backward) = (Forward::new(self, &network), Backward::new(self, &network));
        let (at_once, steps, mut p) = (self.pass_rows(), self.steps(), vec![R::zero(); self.map.parameters()]);
        for (u, g) in u.chunks(at_once * dim).zip(g.chunks_mut(at_once * dim)) {
            forward.begin(u.len() / dim);
            forward.run(theta, &weights, u, 0..dim);
            let mut slopes = vec![R::one(); u.len()];
            for position in self.mapped() {
                for row in 0..forward.rows {
                    let at = row * dim + self.order[position];
                    forward.parameters(position, row, &mut p);
                    slopes[at] = self.apply(&p, u[at]).1.exp();
                }
            }
            // a step needs the tokens that give the parameters of the step found just before it
            let mut found = dim..dim;
            solve_triangular(&self.order, &steps, &slopes, g, |step, w, product| {
                let positions = std::mem::replace(&mut found, step);
                if positions.is_empty() {
                    return;
                }
                let tokens = if self.identity.is_none() { positions.clone() } else { 0..dim };
                self.weigh(&forward, positions, &mut backward, tokens.clone(), |row, coordinate, p, dp| {
                    let at = row * dim + coordinate;
                    self.differentiate(p, u[at], w[at], R::zero(), dp);
                });
                backward.run(&weights, &forward, tokens.clone(), None);
                backward.embedding(theta, u, tokens, product, None);
            });
        }
    }
}
