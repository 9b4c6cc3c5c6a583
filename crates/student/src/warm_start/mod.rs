//! Warm start by trajectories: each layer of the student learns from one layer of the teacher, all of them at once.
//!
//! A row `x` of the target passes through the teacher's chain towards the base as `h_0 = x, h_1, …, h_K = z`, and every
//! layer on the way says `h_{k−1} = μ_k + e^{α_k}·h_k`, where it reads `h_{k−1}`. A layer of the student, which reads
//! `h_k`, is taught to say the same `(μ_k, α_k)`: regression on numbers that are known, with the divergence of the two
//! Gaussians as loss ([`flowstill_kernel::regression`]). Nothing sequential, no way back through the depth; the layers
//! do not depend on each other, and rows of the target cover all its modes. The loss is zero only where the student is
//! the teacher, which wide enough conditioners can be: a MAF layer read from its base side is an IAF layer.
//!
//! What the student is matched by is in [`pairing`], what it learns from in [`trajectory`] and [`cache`].

pub mod cache;
pub mod pairing;
pub mod trajectory;

use crate::step::{Estimator, Step};
use cache::Cache;
use flowstill_flow::shards::{self, Accumulator};
use flowstill_flow::{FlowError, Parameters};
use flowstill_kernel::regression::RegressionBuffers;
use pairing::Pairing;
use std::ops::Range;
use std::sync::Arc;

/// Rows at the beginning of the cache that no step learns from.
pub const HELD_OUT: usize = 2048;

/// 1 pass of every matched layer and its backward pass; no pass of the teacher.
pub struct WarmStart {
    pub pairing: Pairing,
    pub cache: Arc<Cache>,
}

impl Estimator for WarmStart {
    /// The sum over the layers.
    fn terms(&self) -> &'static [&'static str] {
        &["layer_kl"]
    }

    fn add_gradient(
        &self,
        step: &Step,
        weight: f64,
        shards: &mut Accumulator,
        gradient: &mut Vec<f32>,
    ) -> Result<Vec<f64>, FlowError> {
        let rows = self.batch(step.index, step.batch)?;
        let share = (weight / step.batch as f64) as f32;
        let transposed = self.pairing.transposed(&step.theta.values);
        let means = step
            .mean(shards, gradient, |range, theta| Ok([self.loss(theta, &rows, range, Some((&transposed, share)))]))?;
        Ok(means.to_vec())
    }

    /// The mean loss on the rows that are held out.
    fn validate(&self, theta: &Parameters<f32>) -> Result<Option<f64>, FlowError> {
        let mut rows = Vec::new();
        self.cache.read(0, HELD_OUT, &mut rows)?;
        let sums = shards::map(&shards::ranges(HELD_OUT, false), |range| {
            Ok::<_, FlowError>(self.loss(theta, &rows, range, None))
        })?;
        Ok(Some(sums.iter().sum::<f64>() / HELD_OUT as f64))
    }
}

impl WarmStart {
    /// The rows of step `index`: the cache is gone through from end to end, each time from another place on.
    fn batch(&self, index: u64, batch: usize) -> Result<Vec<f32>, FlowError> {
        let usable = self.cache.rows() - HELD_OUT;
        let per_round = (usable / batch).max(1) as u64;
        // an odd stride through the possible starts, so that rounds are cut into batches differently
        let shift = (index / per_round).wrapping_mul(0x9E37_79B9) as usize % usable;
        let start = (shift + (index % per_round) as usize * batch) % usable;
        let mut rows = Vec::new();
        let mut wanted = batch;
        let mut at = start;
        while wanted > 0 {
            let count = wanted.min(usable - at);
            self.cache.read(HELD_OUT + at, count, &mut rows)?;
            (wanted, at) = (wanted - count, 0);
        }
        Ok(rows)
    }

    /// The sum of the losses of rows `range`; adds its gradient to the sink of `theta` if transposed weights are given.
    fn loss(
        &self,
        theta: &Parameters<f32>,
        rows: &[f32],
        range: Range<usize>,
        gradient: Option<(&[Vec<f32>], f32)>,
    ) -> f64 {
        let (width, dim) = (self.cache.width(), self.pairing.dim());
        let rows = &rows[range.start * width..range.end * width];
        let mut buffers = RegressionBuffers::default();
        let mut sink = theta.sink();
        let mut total = 0.0;
        for (k, layer) in self.pairing.layers().iter().enumerate() {
            let part = |which: usize| -> Vec<f32> {
                let at = (3 * k + which) * dim;
                rows.chunks_exact(width).flat_map(|row| &row[at..at + dim]).copied().collect()
            };
            let (inputs, shift, log_scale) = (part(0), part(1), part(2));
            let wanted = match (gradient, sink.as_deref_mut()) {
                (Some((transposed, share)), Some(sink)) => {
                    Some((transposed[k].as_slice(), &mut sink[layer.range.clone()], share))
                }
                _ => None,
            };
            let values = &theta.values[layer.range.clone()];
            total += layer.regression.loss(values, &inputs, (&shift, &log_scale), &mut buffers, wanted);
        }
        total
    }
}
