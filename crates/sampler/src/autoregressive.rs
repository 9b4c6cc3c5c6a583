//! The sequential direction of an autoregressive layer, such as `x_i = μ_i(v_<i) + e^{α_i(v_<i)}·z_i`, with `v = x` (MAF)
//! or `v = z` (IAF): `v` is what is sought, the coordinates depend on one another, and [`Method`] says how to find them.

use crate::{Method, Rounds};
use flowstill_kernel::affine::Direction;
use flowstill_kernel::incremental::{Solve, Sweep};
use flowstill_kernel::{Activations, ElementMap, Incremental, Made, Real};
use flowstill_model::Autoregressive;
use std::ops::Range;
use std::sync::OnceLock;

#[derive(Debug, Clone)]
pub(crate) struct Sequential<R> {
    made: Made,
    /// position → coordinate
    order: Vec<usize>,
    /// position → position
    in_order: Vec<usize>,
    map: ElementMap,
    direction: Direction,
    theta: Range<usize>,
    /// arranged when it is first wanted: a student that only samples never solves
    network: OnceLock<Incremental<R>>,
}

/// Buffers of one shard; reuse them from shard to shard.
#[derive(Debug, Default)]
pub(crate) struct Buffers<R> {
    sweep: Sweep<R>,
    activations: Activations<R>,
    /// rows × dim in degree order, what the network reads
    v: Vec<R>,
    /// rows × dim in degree order, rows that are done
    solution: Vec<R>,
    /// indices of rows that are not
    active: Vec<usize>,
}

impl<R: Real> Sequential<R> {
    /// The layer with parameters at `theta` in the direction that is sequential for it.
    pub fn new(spec: &Autoregressive, direction: Direction, theta: Range<usize>) -> Self {
        let (made, order, map) = (spec.made(), spec.order.clone(), spec.map());
        let in_order = (0..order.len()).collect();
        Self { made, order, in_order, map, direction, theta, network: OnceLock::new() }
    }

    /// Maps whole rows in place and adds each row's log-det of the map.
    pub fn apply(
        &self,
        theta: &[R],
        method: Method,
        values: &mut [R],
        log_det: &mut [f64],
        buffers: &mut Buffers<R>,
    ) -> Rounds {
        let theta = &theta[self.theta.clone()];
        match method {
            Method::Incremental => {
                let network = self.network.get_or_init(|| Incremental::new(self.made.clone(), theta));
                let (rows, order) = (log_det.len(), &self.order);
                let (direction, map) = (self.direction, &self.map);
                let mut solve = Solve { direction, map, order, values, log_det, given: false };
                network.sweep(rows, &mut buffers.sweep, &mut solve);
            }
            Method::Naive => self.naive(theta, values, log_det, buffers),
            Method::Jacobi { tolerance } => return self.jacobi(theta, tolerance, values, log_det, buffers),
        }
        Rounds::default()
    }

    /// (value, log-derivative) of one coordinate, from the outputs of the last pass and the known side `u`.
    fn element(&self, activations: &Activations<R>, row: usize, position: usize, u: R) -> (R, f64) {
        let output = |parameter| activations.output(&self.made, row, position, parameter);
        let (value, log) = match &self.map {
            // the baseline that others are compared with is not slowed down by a list for two numbers
            ElementMap::Affine { .. } => self.map.apply(self.direction, &[output(0), output(1)], u),
            ElementMap::Univariate(map) => {
                let p: Vec<R> = (0..map.parameters()).map(output).collect();
                map.apply(self.direction, &p, u)
            }
        };
        (value, log.f64())
    }

    /// One pass at the rows of `v`, in degree order.
    fn pass(&self, theta: &[R], v: &[R], activations: &mut Activations<R>) {
        activations.input_mut(&self.made, v.len() / self.order.len()).gather(v, &self.in_order);
        self.made.forward(theta, activations);
    }

    /// `dim` passes, each of which settles one more coordinate; in a coupling layer two, one for either side.
    fn naive(&self, theta: &[R], values: &mut [R], log_det: &mut [f64], buffers: &mut Buffers<R>) {
        let dim = self.order.len();
        let Buffers { activations, v, .. } = buffers;
        v.clear();
        v.resize(values.len(), R::zero());
        for step in self.made.steps() {
            self.pass(theta, v, activations);
            for (row, log_det) in log_det.iter_mut().enumerate() {
                for position in step.clone() {
                    let value = &mut values[row * dim + self.order[position]];
                    let (mapped, slope) = self.element(activations, row, position, *value);
                    *value = mapped;
                    v[row * dim + position] = mapped;
                    *log_det += slope;
                }
            }
        }
    }

    /// All coordinates again and again until they stay, the log-det at what is returned. Rows that are settled take
    /// no part in the rounds that follow.
    fn jacobi(
        &self,
        theta: &[R],
        tolerance: f64,
        values: &mut [R],
        log_det: &mut [f64],
        buffers: &mut Buffers<R>,
    ) -> Rounds {
        let (dim, rows) = (self.order.len(), log_det.len());
        // each round settles the positions of one more step for certain
        let most = self.made.steps().len();
        let tolerance = R::of(tolerance);
        let mut rounds = Rounds::default();
        let Buffers { activations, v, solution, active, .. } = buffers;
        v.clear();
        v.extend(values.chunks_exact(dim).flat_map(|row| self.order.iter().map(|&i| row[i])));
        solution.resize(values.len(), R::zero());
        active.clear();
        active.extend(0..rows);
        for round in 1..=most {
            self.pass(theta, v, activations);
            let mut kept = 0;
            for slot in 0..active.len() {
                let row = active[slot];
                let mut settled = true;
                for (position, &coordinate) in self.order.iter().enumerate() {
                    let (new, _) = self.element(activations, slot, position, values[row * dim + coordinate]);
                    settled &= (new - v[slot * dim + position]).abs() <= tolerance * (R::one() + new.abs());
                    solution[row * dim + position] = new;
                }
                if settled || round == most {
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
        self.pass(theta, &solution[..rows * dim], activations);
        for (row, log_det) in log_det.iter_mut().enumerate() {
            for (position, &coordinate) in self.order.iter().enumerate() {
                let value = &mut values[row * dim + coordinate];
                *log_det += self.element(activations, row, position, *value).1;
                *value = solution[row * dim + position];
            }
        }
        rounds
    }
}
