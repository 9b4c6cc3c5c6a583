//! Maximum likelihood: minimise the negative log-likelihood `−E_data[log p_θ(x)]`, nats per row. It is the
//! forward Kullback–Leibler divergence from the data's distribution, up to a constant.

use flowstill_data::batches::{Batches, gather};
use flowstill_data::{DataError, FreshNoise, Rows, Stream};
use flowstill_flow::calibrate::{Calibrate, calibrate, finite_pass};
use flowstill_flow::graph::{Graph, Parameters, rows};
use flowstill_flow::shards::{self, Accumulator};
use flowstill_flow::{Engine, Flow, FlowError};
use flowstill_kernel::Dropout;
use flowstill_model::fold::fold_batch_norm;
use flowstill_model::{FlowSpec, Orientation};
use flowstill_trainer::{Objective, Validation};
use std::error::Error;
use std::sync::Arc;

/// The negative log-likelihood of a training set, with a validation set beside it. Both in standardised space.
pub struct Nll<'a> {
    spec: FlowSpec,
    flow: Flow<f32>,
    engine: Engine,
    train: &'a Rows,
    validation: &'a Rows,
    batches: Batches,
    fresh: Option<FreshNoise<'a>>,
    stream: Option<&'a Stream>,
    /// probability and seed
    dropout: Option<(f64, u64)>,
    batch: Vec<f32>,
    shards: Accumulator,
    /// memory of the transposed weights, from step to step
    spare: Vec<f32>,
}

impl<'a> Nll<'a> {
    /// Names of the terms.
    pub const TERMS: &'static [&'static str] = &["nll"];

    pub fn new(
        spec: &FlowSpec,
        train: &'a Rows,
        validation: &'a Rows,
        batch: usize,
        seed: u64,
        engine: Engine,
    ) -> Result<Self, FlowError> {
        Ok(Self {
            spec: spec.clone(),
            flow: Flow::on(spec, engine)?,
            engine,
            train,
            validation,
            batches: Batches::new(train.len(), batch, seed),
            fresh: None,
            stream: None,
            dropout: None,
            batch: Vec::new(),
            shards: Accumulator::default(),
            spare: Vec::new(),
        })
    }

    /// Takes the training rows with noise that is drawn anew in every epoch.
    pub fn with_fresh_noise(mut self, fresh: FreshNoise<'a>) -> Self {
        self.fresh = Some(fresh);
        self
    }

    /// Takes the training rows from their file; `train` is then some of them.
    pub fn with_stream(mut self, stream: &'a Stream, batch: usize, seed: u64) -> Self {
        self.batches = Batches::new(stream.len(), batch, seed);
        self.stream = Some(stream);
        self
    }

    /// Drops hidden units of the conditioners with this probability, if it is above 0, as long as it trains.
    pub fn with_dropout(mut self, rate: f64, seed: u64) -> Self {
        self.dropout = (rate > 0.0).then_some((rate, seed));
        self
    }

    /// Fills the batch of a step.
    fn gather(&mut self, step: u64) -> Result<(), DataError> {
        let epoch = step / self.batches.batches_per_epoch();
        let indices = self.batches.indices(step);
        match (&self.fresh, self.stream) {
            (Some(fresh), _) => fresh.gather(epoch, indices, &mut self.batch),
            (None, Some(stream)) => stream.gather(indices, &mut self.batch)?,
            (None, None) => gather(self.train, indices, &mut self.batch),
        }
        Ok(())
    }
}

impl Objective for Nll<'_> {
    fn loss_and_gradient(
        &mut self,
        theta: &Arc<Vec<f32>>,
        step: u64,
        gradient: &mut Vec<f32>,
    ) -> Result<Vec<f64>, Box<dyn Error + Send + Sync>> {
        self.gather(step)?;
        let dim = self.spec.dim;
        let count = self.batch.len() / dim;
        let ranges = shards::ranges(count, self.spec.couples_rows());
        let theta = Parameters::frozen(theta.clone());
        self.flow.prepare(&theta, std::mem::take(&mut self.spare))?;
        let (flow, batch, dropout) = (&self.flow, &self.batch, self.dropout);
        let sums = self.shards.map(&ranges, &theta, gradient, |range, theta| {
            let x = rows(batch[range.start * dim..range.end * dim].to_vec(), dim);
            let first_row = range.start as u64;
            let mut graph = Graph::with_dropout(dropout.map(|(rate, seed)| Dropout { rate, seed, step, first_row }));
            let log_prob = flow.log_prob(theta, &x, &mut graph)?;
            let sum: f64 = log_prob.as_vec().iter().map(|&v| f64::from(v)).sum();
            graph.backward_sum(&log_prob, -1.0 / count as f64);
            Ok::<_, FlowError>(sum)
        })?;
        self.spare = theta.into_spare().unwrap_or_default();
        Ok(vec![-sums.iter().sum::<f64>() / count as f64])
    }

    /// Mean negative log-likelihood of the validation set, with batch statistics of the whole training set.
    fn validate(&mut self, theta: &mut Vec<f32>) -> Result<Validation, Box<dyn Error + Send + Sync>> {
        if self.spec.couples_rows() {
            calibrate(&self.spec, theta, &self.train.values, Orientation::Maf, Calibrate::BatchNorm)?;
        }
        let log_prob = log_prob(&self.spec, theta, self.validation, self.engine)?;
        Ok((-log_prob.iter().sum::<f64>() / log_prob.len() as f64).into())
    }

    fn locate_non_finite(&mut self, theta: &Arc<Vec<f32>>, step: u64) -> Option<String> {
        self.gather(step).ok()?;
        let mut theta = theta.to_vec();
        calibrate(&self.spec, &mut theta, &self.batch, Orientation::Maf, Calibrate::BatchNorm).ok()?;
        finite_pass(&self.spec, &theta, &self.batch, Orientation::Maf).err().map(|e| e.to_string())
    }
}

/// Standardised log-density of every row; 1 conditioner pass per layer.
pub fn log_prob(spec: &FlowSpec, theta: &[f32], data: &Rows, engine: Engine) -> Result<Vec<f64>, FlowError> {
    let (spec, theta) = fold_batch_norm(spec, theta);
    let flow = Flow::<f32>::on(&spec, engine)?;
    let theta = Arc::new(theta);
    let parts = shards::map(&shards::ranges(data.len(), false), |range| {
        let theta = Parameters::frozen(theta.clone());
        let x = rows(data.values[range.start * spec.dim..range.end * spec.dim].to_vec(), spec.dim);
        Ok::<_, FlowError>(flow.log_prob(&theta, &x, &mut Graph::new())?.as_vec())
    })?;
    Ok(parts.concat().into_iter().map(f64::from).collect())
}
