//! How far the student has come, on draws that stay the same from validation to validation.

use crate::source::Source;
use crate::step::log_base;
use flowstill_eval::{LogWeights, Side};
use flowstill_flow::graph::{Graph, Parameters, rows};
use flowstill_flow::{Draws, Flow, FlowError, shards};
use flowstill_kernel::noise::{Purpose, fill_gaussian};

/// Draws of each side.
pub const DRAWS: usize = 4096;

/// Names of the measures, in the order of [`Measures::values`]. Nats, shares between 0 and 1.
pub const MEASURES: &[&str] = &[
    "kl_reverse",
    "entropy",
    "cross_entropy",
    "ess_reverse",
    "mean_weight",
    "score_residual",
    "kl_forward",
    "ess_forward",
];

/// Base draws at which the score is checked.
const SCORES: usize = 96;

/// What is known of the student; the last two only if the target can be sampled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measures {
    pub kl_reverse: f64,
    pub entropy: f64,
    pub cross_entropy: f64,
    pub ess_reverse: f64,
    pub mean_weight: f64,
    /// how far the score `s` of the student is from solving `s·J + ∇_z log|det J| = −z`, relative to `1 + |z|`; the
    /// largest of a few draws, 0 where scores come from elsewhere
    pub score_residual: f64,
    pub kl_forward: Option<f64>,
    pub ess_forward: Option<f64>,
}

impl Measures {
    /// In the order of [`MEASURES`].
    pub fn values(&self) -> Vec<f64> {
        let Self { kl_reverse, entropy, cross_entropy, ess_reverse, mean_weight, score_residual, .. } = *self;
        let always = [kl_reverse, entropy, cross_entropy, ess_reverse, mean_weight, score_residual];
        always.into_iter().chain(self.kl_forward).chain(self.ess_forward).collect()
    }

    /// What distillation is judged by: Jeffreys' divergence `KL(p‖q) + KL(q‖p)`, which forgives neither lost modes nor
    /// spurious mass; the reverse KL alone where the target cannot be sampled.
    pub fn value(&self) -> f64 {
        self.kl_forward.unwrap_or(0.0) + self.kl_reverse
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
        Ok(Self { seed, target_rows: rows.concat(), target_log_prob: log_probs.concat() })
    }

    /// Whether the target could be sampled.
    pub fn has_target_rows(&self) -> bool {
        !self.target_rows.is_empty()
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
        let (log_p, log_q) = (bounded(log_p.concat()), bounded(log_q.concat()));
        let at_student = LogWeights::new(Side::Student, &log_p, &log_q).expect("bounded, and as many of both");
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let mut measures = Measures {
            kl_reverse: -at_student.mean_log().mean,
            entropy: -mean(&log_q),
            cross_entropy: -mean(&log_p),
            ess_reverse: at_student.ess_at_student().mean,
            mean_weight: at_student.mean().mean,
            score_residual: self.score_residual(flow, theta, dim)?,
            kl_forward: None,
            ess_forward: None,
        };
        if !self.target_rows.is_empty() {
            let log_q = shards::map(&shards::ranges(DRAWS, false), |range| {
                let x = rows(self.target_rows[range.start * dim..range.end * dim].to_vec(), dim);
                let log_q = flow.log_prob(theta, &x, &mut Graph::new())?;
                Ok::<Vec<f64>, FlowError>(log_q.as_vec().into_iter().map(f64::from).collect())
            })?;
            let log_q = bounded(log_q.concat());
            let at_teacher =
                LogWeights::new(Side::Teacher, &self.target_log_prob, &log_q).expect("bounded, and as many of both");
            measures.kl_forward = Some(at_teacher.mean_log().mean);
            measures.ess_forward = Some(at_teacher.ess_at_teacher().mean);
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
        Ok(off.fold(0.0, |most, off| if off.is_nan() { f64::MAX } else { f64::max(most, off) }))
    }
}

/// A density that is not a number or beyond all numbers is one of a place without any mass.
fn bounded(mut log_densities: Vec<f64>) -> Vec<f64> {
    const NOTHING: f64 = -1e30;
    for value in &mut log_densities {
        if !value.is_finite() {
            *value = NOTHING;
        }
    }
    log_densities
}
