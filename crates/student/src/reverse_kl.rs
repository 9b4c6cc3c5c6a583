//! Reverse KL on the student's own cached samples (van den Oord et al. 2018, Parallel WaveNet, §3, without its
//! extra terms).
//!
//! `KL(q‖p) = E_z[log q(S(z)) − log p(S(z))]` with `z ~ N(0, I)`. One forward pass of the student gives `x = S(z)`
//! and, from the `z` at hand, `log q(x) = log p_Z(z) − log|det dS/dz|`: the student is never inverted. The target's
//! numbers are frozen, but the gradient passes *through* its density to `x` and on to the student.

use flowstill_flow::calibrate::{Calibrate, calibrate, first_non_finite};
use flowstill_flow::graph::{Column, Graph, Parameters, Rows, column, rows};
use flowstill_flow::shards::{self, Accumulator};
use flowstill_flow::{Engine, Flow, FlowError, Target};
use flowstill_kernel::noise::{Purpose, fill_gaussian};
use flowstill_model::fold::fold_batch_norm;
use flowstill_model::{FlowSpec, Orientation};
use flowstill_trainer::Objective;
use std::error::Error;
use std::sync::Arc;

/// Base draws on which a student is validated, the same at every validation.
pub const VALIDATION_DRAWS: usize = 4096;

/// The objective for one student and one target.
pub struct ReverseKl<'a> {
    spec: FlowSpec,
    flow: Flow<f32>,
    engine: Engine,
    target: &'a dyn Target,
    batch: usize,
    seed: u64,
    shards: Accumulator,
    /// memory of the transposed weights, from step to step
    spare: Vec<f32>,
}

/// Sums over a shard: `log q` and `log p`.
type Sums = (f64, f64);

impl<'a> ReverseKl<'a> {
    /// Names of the terms: `reverse_kl = cross_entropy − entropy`, nats per sample.
    pub const TERMS: &'static [&'static str] = &["reverse_kl", "entropy", "cross_entropy"];

    pub fn new(
        spec: &FlowSpec,
        target: &'a dyn Target,
        batch: usize,
        seed: u64,
        engine: Engine,
    ) -> Result<Self, FlowError> {
        if target.dim() != spec.dim {
            return Err(FlowError::Width { expected: target.dim(), got: spec.dim });
        }
        let (flow, shards) = (Flow::on(spec, engine)?, Accumulator::default());
        Ok(Self { spec: spec.clone(), flow, engine, target, batch, seed, shards, spare: Vec::new() })
    }

    fn draws(&self, purpose: Purpose, index: u64, count: usize) -> Vec<f32> {
        let mut z = vec![0.0; count * self.spec.dim];
        fill_gaussian(self.seed, purpose, index, 0, self.spec.dim, &mut z);
        z
    }
}

/// `log q − log p` per row, on the graph, and its two sums in double precision.
fn log_ratio(
    flow: &Flow<f32>,
    target: &dyn Target,
    theta: &Parameters<f32>,
    z: &[f32],
    graph: &mut Graph<f32>,
) -> Result<(Column<f32>, Sums), FlowError> {
    let (x, log_q) = flow.sample_and_log_prob(theta, &rows(z.to_vec(), target.dim()), graph)?;
    let (log_p, log_p_sum) = log_prob_on(graph, target, &x)?;
    let log_q_sum = log_q.as_vec().iter().map(|&v| f64::from(v)).sum();
    Ok((graph.apply(&log_q, |q| q - log_p), (log_q_sum, log_p_sum)))
}

/// `log p(x)` as an operation on the graph, and its sum: the target's own gradient carries the adjoint to `x`.
fn log_prob_on(graph: &mut Graph<f32>, target: &dyn Target, x: &Rows<f32>) -> Result<(Column<f32>, f64), FlowError> {
    let values = x.as_vec();
    let mut log_prob = vec![0.0f64; values.len() / target.dim()];
    let mut slope = vec![0.0f32; values.len()];
    target.log_prob_and_grad(&values, &mut log_prob, &mut slope)?;
    let out = column(log_prob.iter().map(|&v| v as f32).collect());
    let (source, sink) = (out.clone(), x.clone());
    let dim = target.dim();
    graph.record(move |adjoints| {
        let upstream = adjoints.take(&source);
        slope.iter_mut().enumerate().for_each(|(i, g)| *g *= upstream[i / dim]);
        adjoints.add_at(&sink, 0, &slope);
    });
    Ok((out, log_prob.iter().sum()))
}

impl Objective for ReverseKl<'_> {
    fn loss_and_gradient(
        &mut self,
        theta: &Arc<Vec<f32>>,
        step: u64,
        gradient: &mut Vec<f32>,
    ) -> Result<Vec<f64>, Box<dyn Error + Send + Sync>> {
        let (dim, count) = (self.spec.dim, self.batch);
        let z = self.draws(Purpose::BaseDraws, step, count);
        let theta = Parameters::frozen(theta.clone());
        self.flow.prepare(&theta, std::mem::take(&mut self.spare))?;
        let (flow, target) = (&self.flow, self.target);
        let ranges = shards::ranges(count, self.spec.couples_rows());
        let sums = self.shards.map(&ranges, &theta, gradient, |range, theta| {
            let mut graph = Graph::new();
            let z = &z[range.start * dim..range.end * dim];
            let (log_ratio, sums) = log_ratio(flow, target, theta, z, &mut graph)?;
            graph.backward_sum(&log_ratio, 1.0 / count as f64);
            Ok::<_, FlowError>(sums)
        })?;
        self.spare = theta.into_spare().unwrap_or_default();
        Ok(terms(sums.into_iter(), count))
    }

    /// The reverse KL on fixed base draws.
    fn validate(&mut self, theta: &mut Vec<f32>) -> Result<f64, Box<dyn Error + Send + Sync>> {
        let z = self.draws(Purpose::Validation, 0, VALIDATION_DRAWS);
        if self.spec.couples_rows() {
            calibrate(&self.spec, theta, &z, Orientation::Iaf, Calibrate::BatchNorm)?;
        }
        let (spec, folded) = fold_batch_norm(&self.spec, theta);
        let (flow, folded) = (Flow::on(&spec, self.engine)?, Arc::new(folded));
        let dim = spec.dim;
        let sums = shards::map(&shards::ranges(VALIDATION_DRAWS, false), |range| {
            let theta = Parameters::frozen(folded.clone());
            let z = &z[range.start * dim..range.end * dim];
            Ok::<_, FlowError>(log_ratio(&flow, self.target, &theta, z, &mut Graph::new())?.1)
        })?;
        Ok(terms(sums.into_iter(), VALIDATION_DRAWS)[0])
    }

    fn locate_non_finite(&mut self, theta: &Arc<Vec<f32>>, step: u64) -> Option<String> {
        let z = self.draws(Purpose::BaseDraws, step, self.batch);
        let mut theta = theta.to_vec();
        calibrate(&self.spec, &mut theta, &z, Orientation::Iaf, Calibrate::BatchNorm).ok()?;
        let x = match first_non_finite(&self.spec, &theta, &z, Orientation::Iaf) {
            Ok(x) => x,
            Err(e) => return Some(format!("the student's {e}")),
        };
        let (mut log_prob, mut slope) = (vec![0.0; x.len() / self.spec.dim], vec![0.0; x.len()]);
        self.target.log_prob_and_grad(&x, &mut log_prob, &mut slope).ok()?;
        let finite = log_prob.iter().all(|v| v.is_finite()) && slope.iter().all(|v| v.is_finite());
        (!finite).then(|| "the target's log-density or its gradient at the student's samples is not finite".into())
    }
}

fn terms(sums: impl Iterator<Item = Sums>, count: usize) -> Vec<f64> {
    let (log_q, log_p) = sums.fold((0.0, 0.0), |(q, p), sum| (q + sum.0, p + sum.1));
    let n = count as f64;
    vec![(log_q - log_p) / n, -log_q / n, -log_p / n]
}
