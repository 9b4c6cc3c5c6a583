//! Invertible residual maps (Behrmann et al. 2019) and residual flows (Chen et al. 2019).

mod fixed_point;
mod log_det;
mod prepared;
mod spectral;
#[cfg(test)]
mod tests;

pub use log_det::LogDet;

use super::arithmetic::dot;
use super::network::{self, Pass, Smooth, Tangents};
use super::probe::Probes;
use super::{RowMap, gather, rows, rows_mut};
use crate::Real;
use fixed_point::Search;
use log_det::{Terms, factors};
use prepared::Prepared;
use rand::Rng;

/// `y = u + g(u)` with a dense network `g` whose Lipschitz constant is at most `lipschitz < 1`.
///
/// `θ` are the weights and biases of the network. Each weight `W` enters as `W/max(1, σ(W)/c)` with its largest singular
/// value `σ` and `c = lipschitz^(1/weights)`; activations have slopes of at most 1, so the product of the bounds is that of
/// `g`. `J` is the Jacobian of `g`, and `ℓ = log|det(I + J)|`, exact or estimated as [`LogDet`] says.
///
/// `u → y` is closed: one pass, and for `ℓ` `dim` tangents and an elimination, or one product `v·J` per term. Back,
/// `u = y − g(u)` is iterated to rounding (Anderson 1965), one pass each, rows that are done leave: tens of passes where a network uses
/// much of its constant. For transposed solutions up to 64 dimensions `I + J` is made, beyond it `w ← g − w·J` is
/// iterated to rounding.
#[derive(Debug, Clone, PartialEq)]
pub struct Residual {
    pub dim: usize,
    pub hidden: Vec<usize>,
    pub activation: Smooth,
    /// in (0, 1)
    pub lipschitz: f64,
    pub log_det: LogDet,
}

/// Rows that pass the network together, tangents counted: what they leave for the way back stays in the cache.
const TOGETHER: usize = 512;

/// Largest dimension for which transposed solutions are found from `I + J`.
const MOST_ELIMINATED: usize = 64;

/// Steps after which a transposed solution is what it is; 0.99ⁿ is 1e-17 by then.
const MOST_STEPS: usize = 4000;

/// What the last weights start from: a map next to the identity.
const START: f32 = 0.05;

impl Residual {
    /// Names and shapes of the parts of `θ`, in their order.
    pub fn parts(&self) -> Vec<(String, Vec<usize>)> {
        network::parts(self.dim, &self.hidden, self.dim)
    }

    /// Random weights, the last ones small: near the identity.
    pub fn initial(dim: usize, hidden: &[usize], rng: &mut impl Rng) -> Vec<f32> {
        network::initial(dim, hidden, dim, START, rng)
    }

    /// Largest singular value of each weight.
    fn bound(&self) -> f64 {
        self.lipschitz.powf(1.0 / (self.hidden.len() + 1) as f64)
    }

    /// Numbers of the rows that pass together, with so many tangents each.
    fn chunk(&self, tangents: usize) -> usize {
        (TOGETHER / (1 + tangents)).max(1) * self.dim
    }

    /// [`RowMap::map_rows`] with exact log-dets.
    fn map_exact<R: Real>(&self, theta: &[R], u: &[R], y: &mut [R], log_det: &mut [f64]) {
        let (prepared, mut pass, mut columns) = (Prepared::new(self, theta), Pass::default(), vec![]);
        let (dim, len) = (self.dim, self.chunk(self.dim));
        for ((u, y), log_det) in u.chunks(len).zip(y.chunks_mut(len)).zip(log_det.chunks_mut(len / dim)) {
            pass.forward(&prepared.network, &prepared.packed, u, y);
            y.iter_mut().zip(u).for_each(|(y, &u)| *y += u);
            columns.resize(dim * u.len(), R::zero());
            pass.push(&prepared.network, &prepared.packed, Tangents::Axes(dim), &mut columns);
            let rows = log_det.len();
            for (row, log_det) in log_det.iter_mut().enumerate() {
                *log_det = factors(&columns, dim, row, rows).log_abs_determinant();
            }
        }
    }

    fn gradient_exact<R: Real>(
        &self,
        theta: &[R],
        u: &[R],
        dy: &[R],
        d_log_det: &[R],
        du: &mut [R],
        d_theta: &mut [R],
    ) {
        let (prepared, mut pass) = (Prepared::new(self, theta), Pass::default());
        let (network, packed) = (&prepared.network, &prepared.packed);
        let (dim, len) = (self.dim, self.chunk(self.dim));
        let (mut gradient, mut y, mut columns) = (network.gradient(), vec![], vec![]);
        let each = u.chunks(len).zip(dy.chunks(len)).zip(d_log_det.chunks(len / dim)).zip(du.chunks_mut(len));
        for (((u, dy), d_log_det), du) in each {
            y.resize(u.len(), R::zero());
            columns.resize(dim * u.len(), R::zero());
            pass.forward(network, packed, u, &mut y);
            pass.push(network, packed, Tangents::Axes(dim), &mut columns);
            let rows = d_log_det.len();
            for (row, d_log_det) in d_log_det.iter().enumerate() {
                // ∂ log|det A| = tr(A⁻¹·∂A): entry (i, k) of J gets entry (k, i) of the inverse
                let inverse = factors(&columns, dim, row, rows).inverse();
                for (k, entries) in inverse.chunks_exact(dim).enumerate() {
                    let column = &mut columns[(k * rows + row) * dim..][..dim];
                    column.iter_mut().zip(entries).for_each(|(g, &v)| *g = R::of(v) * *d_log_det);
                }
            }
            pass.backward(network, packed, dy, &columns, Some(&mut gradient), du);
            du.iter_mut().zip(dy).for_each(|(du, &dy)| *du += dy);
        }
        prepared.add_gradient(theta, &gradient, d_theta);
    }

    /// Draws of every row, and the rows by falling numbers of terms: as those with fewer are done, the others are the
    /// first.
    fn drawn<R: Real>(&self, theta: &[R], u: &[R], terms: usize, probability: f64, seed: u64) -> Drawn<R> {
        let probes = Probes::new(seed, theta);
        let (mut signs, mut counts) = (vec![R::zero(); u.len()], Vec::with_capacity(u.len() / self.dim));
        for (u, signs) in rows(u, self.dim).zip(rows_mut(&mut signs, self.dim)) {
            let mut stream = probes.row(u);
            stream.signs(signs);
            counts.push(Terms::draw(&mut stream, terms, probability));
        }
        let mut order: Vec<usize> = (0..counts.len()).collect();
        order.sort_by_key(|&row| std::cmp::Reverse(counts[row].count));
        Drawn { signs, terms: counts, order }
    }

    /// [`RowMap::map_rows`] with estimated log-dets.
    fn map_estimated<R: Real>(&self, theta: &[R], u: &[R], drawn: &Drawn<R>, y: &mut [R], log_det: &mut [f64]) {
        let (prepared, mut pass) = (Prepared::new(self, theta), Pass::default());
        let (dim, mut out) = (self.dim, vec![]);
        for order in drawn.order.chunks(TOGETHER) {
            let chunk = gather(u, order, dim);
            out.resize(chunk.len(), R::zero());
            pass.forward(&prepared.network, &prepared.packed, &chunk, &mut out);
            for ((out, u), &row) in rows(&out, dim).zip(rows(&chunk, dim)).zip(order) {
                (0..dim).for_each(|i| y[row * dim + i] = u[i] + out[i]);
                log_det[row] = 0.0;
            }
            self.powers(&prepared, &mut pass, drawn, order, |row, k, product| {
                let v = &drawn.signs[row * dim..][..dim];
                let sign = if k % 2 == 1 { 1.0 } else { -1.0 };
                log_det[row] += sign * drawn.terms[row].weight(k) / k as f64 * dot(product, v);
            });
        }
    }

    /// Calls `f` with a row, `k` and `vᵀJᵏ`, for the terms of each of the rows in `order`, which the pass has seen last.
    fn powers<R: Real>(
        &self,
        prepared: &Prepared<R>,
        pass: &mut Pass<R>,
        drawn: &Drawn<R>,
        order: &[usize],
        mut f: impl FnMut(usize, usize, &[R]),
    ) {
        let dim = self.dim;
        let mut w = gather(&drawn.signs, order, dim);
        let mut next = w.clone();
        let most = drawn.terms[order[0]].count;
        for k in 1..=most {
            let active = order.partition_point(|&row| drawn.terms[row].count >= k) * dim;
            pass.pull(&prepared.network, &prepared.packed, &w[..active], &mut next[..active]);
            std::mem::swap(&mut w, &mut next);
            for (product, &row) in rows(&w[..active], dim).zip(order) {
                f(row, k, product);
            }
        }
    }

    fn gradient_estimated<R: Real>(
        &self,
        theta: &[R],
        u: &[R],
        drawn: &Drawn<R>,
        [dy, d_log_det]: [&[R]; 2],
        du: &mut [R],
        d_theta: &mut [R],
    ) {
        let (prepared, mut pass) = (Prepared::new(self, theta), Pass::default());
        let (network, packed, dim) = (&prepared.network, &prepared.packed, self.dim);
        let (mut gradient, mut out) = (network.gradient(), vec![]);
        // the term of k = 0 is v itself; in double precision, as the weights may grow
        let mut sum: Vec<f64> = drawn.signs.iter().map(|v| v.f64()).collect();
        for order in drawn.order.chunks(TOGETHER / 2) {
            let (chunk, v, dy) = (gather(u, order, dim), gather(&drawn.signs, order, dim), gather(dy, order, dim));
            out.resize(chunk.len(), R::zero());
            pass.forward(network, packed, &chunk, &mut out);
            self.powers(&prepared, &mut pass, drawn, order, |row, k, product| {
                if k < drawn.terms[row].count {
                    let sign = if k % 2 == 1 { -1.0 } else { 1.0 };
                    let by = sign * drawn.terms[row].weight(k + 1);
                    (0..dim).for_each(|i| sum[row * dim + i] += by * product[i].f64());
                }
            });
            let along = |&row: &usize| {
                let d_log_det = d_log_det[row].f64();
                sum[row * dim..][..dim].iter().map(move |w| R::of(w * d_log_det))
            };
            let w: Vec<R> = order.iter().flat_map(along).collect();
            pass.push(network, packed, Tangents::Each(&v), &mut out);
            pass.backward(network, packed, &dy, &w, Some(&mut gradient), &mut out);
            for ((out, dy), &row) in rows(&out, dim).zip(rows(&dy, dim)).zip(order) {
                (0..dim).for_each(|i| du[row * dim + i] = out[i] + dy[i]);
            }
        }
        prepared.add_gradient(theta, &gradient, d_theta);
    }

    /// `w ← g − w·J` until it stands still; for the rows of one pass.
    fn iterate_transposed<R: Real>(&self, prepared: &Prepared<R>, pass: &mut Pass<R>, g: &mut [R]) {
        let dim = self.dim;
        let (mut w, mut product) = (g.to_vec(), vec![R::zero(); g.len()]);
        let mut done = vec![false; g.len() / dim];
        for _ in 0..MOST_STEPS {
            if done.iter().all(|&done| done) {
                break;
            }
            pass.pull(&prepared.network, &prepared.packed, &w, &mut product);
            for (row, done) in done.iter_mut().enumerate().filter(|(_, done)| !**done) {
                let here = row * dim..(row + 1) * dim;
                let (mut change, mut size) = (0.0, 0.0);
                for i in here {
                    let next = g[i] - product[i];
                    change += (next - w[i]).f64().powi(2);
                    size += next.f64().powi(2);
                    w[i] = next;
                }
                *done = change.sqrt() <= 2.0 * R::epsilon().f64() * size.sqrt();
            }
        }
        g.copy_from_slice(&w);
    }
}

struct Drawn<R> {
    signs: Vec<R>,
    terms: Vec<Terms>,
    order: Vec<usize>,
}

impl<R: Real> RowMap<R> for Residual {
    fn dim(&self) -> usize {
        self.dim
    }

    fn parameters(&self) -> usize {
        network::parameters(self.dim, &self.hidden, self.dim)
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
        match self.log_det {
            LogDet::Exact => self.map_exact(theta, u, y, log_det),
            LogDet::Roulette { terms, probability, seed } => {
                let drawn = self.drawn(theta, u, terms, probability, seed);
                self.map_estimated(theta, u, &drawn, y, log_det);
            }
        }
    }

    fn solve_rows(&self, theta: &[R], y: &[R], u: &mut [R]) {
        let (prepared, mut pass, dim) = (Prepared::new(self, theta), Pass::default(), self.dim);
        let (mut points, mut g) = (vec![], vec![]);
        for (y, u) in y.chunks(TOGETHER * dim).zip(u.chunks_mut(TOGETHER * dim)) {
            let mut searches: Vec<_> = rows(y, dim).map(Search::new).collect();
            let mut active: Vec<usize> = (0..searches.len()).collect();
            while !active.is_empty() {
                points.clear();
                active.iter().for_each(|&row| points.extend_from_slice(&searches[row].point));
                g.resize(points.len(), R::zero());
                pass.forward(&prepared.network, &prepared.packed, &points, &mut g);
                let mut values = rows(&g, dim);
                active.retain(|&row| {
                    let g = values.next().expect("a value for every point");
                    !searches[row].advance(&y[row * dim..][..dim], g)
                });
            }
            rows_mut(u, dim).zip(&searches).for_each(|(u, search)| u.copy_from_slice(search.solution()));
        }
    }

    fn gradient_rows(&self, theta: &[R], u: &[R], dy: &[R], d_log_det: &[R], du: &mut [R], d_theta: &mut [R]) {
        match self.log_det {
            LogDet::Exact => self.gradient_exact(theta, u, dy, d_log_det, du, d_theta),
            LogDet::Roulette { terms, probability, seed } => {
                let drawn = self.drawn(theta, u, terms, probability, seed);
                self.gradient_estimated(theta, u, &drawn, [dy, d_log_det], du, d_theta);
            }
        }
    }

    fn solve_transposed_rows(&self, theta: &[R], u: &[R], g: &mut [R]) {
        let (prepared, mut pass, dim) = (Prepared::new(self, theta), Pass::default(), self.dim);
        let eliminated = dim <= MOST_ELIMINATED;
        let len = self.chunk(if eliminated { dim } else { 0 });
        let (mut y, mut columns, mut wide, mut w) = (vec![], vec![], vec![0.0; dim], vec![0.0; dim]);
        for (u, g) in u.chunks(len).zip(g.chunks_mut(len)) {
            y.resize(u.len(), R::zero());
            pass.forward(&prepared.network, &prepared.packed, u, &mut y);
            if !eliminated {
                self.iterate_transposed(&prepared, &mut pass, g);
                continue;
            }
            columns.resize(dim * u.len(), R::zero());
            pass.push(&prepared.network, &prepared.packed, Tangents::Axes(dim), &mut columns);
            let rows = u.len() / dim;
            for (row, g) in rows_mut(g, dim).enumerate() {
                (0..dim).for_each(|i| wide[i] = g[i].f64());
                factors(&columns, dim, row, rows).solve_transposed(&wide, &mut w);
                (0..dim).for_each(|i| g[i] = R::of(w[i]));
            }
        }
    }
}
