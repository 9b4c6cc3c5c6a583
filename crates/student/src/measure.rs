//! How far the student has come, on draws that stay the same from validation to validation.

use crate::source::Source;
use crate::step::log_base;
use flowstill_eval::{Estimate, LogWeights, Side, psis};
use flowstill_flow::graph::{Graph, Parameters, rows};
use flowstill_flow::{Draws, Flow, FlowError, shards};
use flowstill_kernel::noise::{Purpose, fill_gaussian};

/// Draws of each side.
pub const DRAWS: usize = 4096;

/// Names of the measures, in the order of [`Measures::values`]. Divergences in nats with their standard errors, shares
/// between 0 and 1.
pub const MEASURES: &[&str] = &[
    "kl_reverse",
    "kl_reverse_se",
    "entropy",
    "cross_entropy",
    "ess_reverse",
    "mean_weight",
    "total_variation",
    "psis_k",
    "score_residual",
    "kl_forward",
    "kl_forward_se",
    "ess_forward",
];

/// How many of them ask for draws from the target.
const OF_TARGET: usize = 3;

/// Base draws at which the score is checked.
const SCORES: usize = 96;

/// What is known of the student.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measures {
    pub kl_reverse: Estimate,
    pub entropy: f64,
    pub cross_entropy: f64,
    pub ess_reverse: f64,
    pub mean_weight: f64,
    pub total_variation: f64,
    /// shape of the tail of the weights, see [`flowstill_eval::psis`]
    pub psis_k: f64,
    /// how far the score `s` of the student is from solving `s·J + ∇_z log|det J| = −z`, relative to `1 + |z|`; the
    /// largest of a few draws, 0 where scores come from elsewhere
    pub score_residual: f64,
    /// absent if the target cannot be sampled
    pub at_target: Option<AtTarget>,
}

/// What is known from draws of the target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AtTarget {
    pub kl_forward: Estimate,
    pub ess_forward: f64,
}

impl Measures {
    /// In the order of [`MEASURES`].
    pub fn values(&self) -> Vec<f64> {
        let mut values = vec![
            self.kl_reverse.mean,
            self.kl_reverse.standard_error,
            self.entropy,
            self.cross_entropy,
            self.ess_reverse,
            self.mean_weight,
            self.total_variation,
            self.psis_k,
            self.score_residual,
        ];
        if let Some(AtTarget { kl_forward, ess_forward }) = self.at_target {
            values.extend([kl_forward.mean, kl_forward.standard_error, ess_forward]);
        }
        // a record is JSON, which has no infinity
        values.into_iter().map(|value| if value.is_finite() { value } else { f64::MAX }).collect()
    }

    /// What distillation is judged by: Jeffreys' divergence `KL(p‖q) + KL(q‖p)`, which forgives neither lost modes nor
    /// spurious mass; the reverse KL alone where the target cannot be sampled.
    pub fn value(&self) -> f64 {
        self.at_target.map_or(0.0, |at| at.kl_forward.mean) + self.kl_reverse.mean
    }
}

/// The draws.
pub struct Probe {
    seed: u64,
    /// rows of the target with their log-densities; empty if it cannot be sampled
    target_rows: Vec<f32>,
    target_log_prob: Vec<f64>,
}

impl Probe {
    /// Draws from the target, if it can be sampled, and its densities there.
    pub fn new(source: &Source, seed: u64) -> Result<Self, FlowError> {
        let dim = source.dim();
        let draws = Draws { seed, purpose: Purpose::Validation, index: 1 };
        let parts = shards::map(&shards::ranges(DRAWS, false), |range| {
            let mut x = vec![0.0; range.len() * dim];
            if !source.target.sample(draws, range.start as u64, &mut x)? {
                return Ok((Vec::new(), Vec::new()));
            }
            let (mut log_prob, mut score) = (vec![0.0; range.len()], vec![0.0; x.len()]);
            source.target.log_prob_and_grad(&x, &mut log_prob, &mut score)?;
            Ok::<_, FlowError>((x, log_prob))
        })?;
        let (rows, log_probs): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        let (rows, log_prob) = (rows.concat(), log_probs.concat());
        // a row whose density is beyond all numbers can be compared with nothing
        let good = |(_, log_prob): &(&[f32], f64)| log_prob.is_finite();
        let (target_rows, target_log_prob): (Vec<&[f32]>, Vec<f64>) =
            rows.chunks_exact(dim).zip(log_prob).filter(good).unzip();
        // a mean has an error from two rows on
        let enough = target_log_prob.len() >= 2;
        Ok(Self {
            seed,
            target_rows: if enough { target_rows.concat() } else { Vec::new() },
            target_log_prob: if enough { target_log_prob } else { Vec::new() },
        })
    }

    /// Names of what [`Probe::measure`] measures.
    pub fn measures(&self) -> &'static [&'static str] {
        let without = if self.target_rows.is_empty() { OF_TARGET } else { 0 };
        &MEASURES[..MEASURES.len() - without]
    }

    /// Measures the student with parameters `theta`, batch normalisation folded. 1 student pass and 1 target density per
    /// base draw, an inverse per row of the target. Values beyond all numbers are given as the largest one.
    pub fn measure(&self, flow: &Flow<f32>, theta: &Parameters<f32>, source: &Source) -> Result<Measures, FlowError> {
        let dim = source.dim();
        let own = shards::map(&shards::ranges(DRAWS, false), |range| {
            let mut z = vec![0.0; range.len() * dim];
            fill_gaussian(self.seed, Purpose::Validation, 0, range.start as u64, dim, &mut z);
            let (x, log_det) = flow.forward_and_log_det(theta, &rows(z.clone(), dim), &mut Graph::new())?;
            let (mut log_p, mut score) = (vec![0.0; range.len()], vec![0.0; z.len()]);
            source.target.log_prob_and_grad(&x.as_vec(), &mut log_p, &mut score)?;
            let log_q: Vec<f64> =
                log_base(&z, dim).zip(log_det.as_vec()).map(|(base, l)| base - f64::from(l)).collect();
            Ok::<_, FlowError>((log_p, log_q))
        })?;
        let (log_p, log_q): (Vec<_>, Vec<_>) = own.into_iter().unzip();
        // where its own draws are not numbers a student is as bad as can be, whatever the target says
        let (log_p, log_q) = (bounded(log_p.concat(), -BEYOND), bounded(log_q.concat(), BEYOND));
        let at_student = LogWeights::new(Side::Student, &log_p, &log_q).expect("bounded, and as many of both");
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let mut measures = Measures {
            kl_reverse: at_student.mean_log().scaled(-1.0),
            entropy: -mean(&log_q),
            cross_entropy: -mean(&log_p),
            ess_reverse: at_student.ess_at_student().mean,
            mean_weight: at_student.mean().mean,
            total_variation: at_student.total_variation().mean,
            psis_k: psis::smooth(&at_student).map_or(0.0, |smoothed| smoothed.k),
            score_residual: self.score_residual(flow, theta, dim)?,
            at_target: None,
        };
        if !self.target_rows.is_empty() {
            let log_q = shards::map(&shards::ranges(self.target_log_prob.len(), false), |range| {
                let x = rows(self.target_rows[range.start * dim..range.end * dim].to_vec(), dim);
                let log_q = flow.log_prob(theta, &x, &mut Graph::new())?;
                Ok::<Vec<f64>, FlowError>(log_q.as_vec().into_iter().map(f64::from).collect())
            })?;
            let log_q = bounded(log_q.concat(), -BEYOND);
            let at_teacher =
                LogWeights::new(Side::Teacher, &self.target_log_prob, &log_q).expect("bounded, and as many of both");
            measures.at_target =
                Some(AtTarget { kl_forward: at_teacher.mean_log(), ess_forward: at_teacher.ess_at_teacher().mean });
        }
        Ok(measures)
    }
}

impl Probe {
    /// The triangular systems behind the scores are solved by one routine; another one multiplies the solution back.
    fn score_residual(&self, flow: &Flow<f32>, theta: &Parameters<f32>, dim: usize) -> Result<f64, FlowError> {
        if !flow.samples_in_one_pass() {
            return Ok(0.0);
        }
        let mut z = vec![0.0; SCORES * dim];
        fill_gaussian(self.seed, Purpose::Validation, 0, 0, dim, &mut z);
        let base = rows(z.clone(), dim);
        let (_, score) = flow.sample_and_score(theta, &base)?;
        let mut graph = Graph::new();
        let (x, log_det) = flow.forward_and_log_det(theta, &base, &mut graph)?;
        graph.seed(&x, score);
        graph.seed(&log_det, vec![1.0; SCORES]);
        let back = graph.backward().take(&base);
        let off = back.iter().zip(&z).map(|(back, z)| f64::from((back + z).abs() / (1.0 + z.abs())));
        Ok(off.fold(0.0, |most, off| if off.is_finite() { f64::max(most, off) } else { f64::MAX }))
    }
}

/// Stands for a log-density that is not a number, or beyond all numbers.
const BEYOND: f64 = 1e30;

fn bounded(mut log_densities: Vec<f64>, beyond: f64) -> Vec<f64> {
    for value in &mut log_densities {
        if !value.is_finite() {
            *value = beyond;
        }
    }
    log_densities
}
