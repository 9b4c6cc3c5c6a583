//! A weighted sum of estimators as the objective of a training run.

use crate::annealed::Annealed;
use crate::measure::Probe;
use crate::source::Source;
use crate::step::{Estimator, Step};
use flowstill_flow::calibrate::{Calibrate, calibrate, finite_pass};
use flowstill_flow::shards::Accumulator;
use flowstill_flow::{Engine, Flow, FlowError, Parameters};
use flowstill_kernel::noise::{Purpose, fill_gaussian};
use flowstill_model::fold::fold_batch_norm;
use flowstill_model::{FlowSpec, Orientation};
use flowstill_trainer::{Objective, Validation};
use std::error::Error;
use std::sync::Arc;

/// One part of the loss. The rows of a step are shared out evenly among its parts.
pub struct Part {
    pub weight: Annealed,
    pub estimator: Box<dyn Estimator>,
}

/// The loss of one phase.
pub struct Distillation<'a> {
    spec: FlowSpec,
    flow: Flow<f32>,
    engine: Engine,
    source: Source<'a>,
    probe: &'a Probe,
    parts: Vec<Part>,
    terms: Vec<&'static str>,
    batch: usize,
    steps: u64,
    seed: u64,
    shards: Accumulator,
    /// memory of the transposed weights, from step to step
    spare: Vec<f32>,
}

impl<'a> Distillation<'a> {
    /// The loss `Σ weight·estimator` for `steps` steps of `batch` rows.
    ///
    /// # Errors
    /// A student and a target of different dimensions, or a specification that is none.
    pub fn new(
        spec: &FlowSpec,
        source: Source<'a>,
        probe: &'a Probe,
        parts: Vec<Part>,
        (batch, steps): (usize, u64),
        seed: u64,
        engine: Engine,
    ) -> Result<Self, FlowError> {
        if source.dim() != spec.dim {
            return Err(FlowError::Width { expected: source.dim(), got: spec.dim });
        }
        let mut terms = Vec::new();
        if parts.len() > 1 {
            terms.push("loss");
        }
        for term in parts.iter().flat_map(|part| part.estimator.terms()) {
            // estimators that are mixed may give the same number twice
            if !terms.contains(term) {
                terms.push(term);
            }
        }
        Ok(Self {
            spec: spec.clone(),
            flow: Flow::on(spec, engine)?,
            engine,
            source,
            probe,
            parts,
            terms,
            batch,
            steps,
            seed,
            shards: Accumulator::default(),
            spare: Vec::new(),
        })
    }

    /// Names of the terms, the loss first.
    pub fn terms(&self) -> &[&'static str] {
        &self.terms
    }

    fn draws(&self, purpose: Purpose, index: u64, count: usize) -> Vec<f32> {
        let mut z = vec![0.0; count * self.spec.dim];
        fill_gaussian(self.seed, purpose, index, 0, self.spec.dim, &mut z);
        z
    }
}

impl Objective for Distillation<'_> {
    fn loss_and_gradient(
        &mut self,
        theta: &Arc<Vec<f32>>,
        step: u64,
        gradient: &mut Vec<f32>,
    ) -> Result<Vec<f64>, Box<dyn Error + Send + Sync>> {
        let theta = Parameters::frozen(theta.clone());
        self.flow.prepare(&theta, std::mem::take(&mut self.spare))?;
        let progress = step as f64 / self.steps.saturating_sub(1).max(1) as f64;
        let mut terms = vec![0.0; self.terms.len()];
        let mixed = self.parts.len() > 1;
        let rows = self.batch.div_ceil(self.parts.len());
        for part in &self.parts {
            let weight = part.weight.at(progress);
            let step = Step {
                index: step,
                batch: rows,
                progress,
                seed: self.seed,
                flow: &self.flow,
                theta: &theta,
                source: self.source,
            };
            let values = part.estimator.add_gradient(&step, weight, &mut self.shards, gradient)?;
            if mixed {
                terms[0] += weight * values[0];
            }
            for (name, value) in part.estimator.terms().iter().zip(values) {
                let at = self.terms.iter().position(|term| term == name).expect("every term has its place");
                terms[at] = value;
            }
        }
        self.spare = theta.into_spare().unwrap_or_default();
        Ok(terms)
    }

    fn measures(&self) -> &[&'static str] {
        self.probe.measures()
    }

    /// Jeffreys' divergence on draws that stay the same; see [`crate::Measures::value`].
    fn validate(&mut self, theta: &mut Vec<f32>) -> Result<Validation, Box<dyn Error + Send + Sync>> {
        if self.spec.couples_rows() {
            let z = self.draws(Purpose::Validation, 0, crate::measure::DRAWS);
            calibrate(&self.spec, theta, &z, Orientation::Iaf, Calibrate::BatchNorm)?;
        }
        let (spec, folded) = fold_batch_norm(&self.spec, theta);
        let flow = Flow::on(&spec, self.engine)?;
        let folded = Parameters::frozen(Arc::new(folded));
        let measures = self.probe.measure(&flow, &folded, &self.source)?;
        let mut value = measures.value();
        for part in &self.parts {
            if let Some(own) = part.estimator.validate(&folded)? {
                value = own;
            }
        }
        Ok(Validation { value, measures: measures.values() })
    }

    fn locate_non_finite(&mut self, theta: &Arc<Vec<f32>>, step: u64) -> Option<String> {
        let z = self.draws(Purpose::BaseDraws, step, self.batch);
        let mut theta = theta.to_vec();
        calibrate(&self.spec, &mut theta, &z, Orientation::Iaf, Calibrate::BatchNorm).ok()?;
        let x = match finite_pass(&self.spec, &theta, &z, Orientation::Iaf) {
            Ok(x) => x,
            Err(e) => return Some(format!("the student's {e}")),
        };
        let (mut log_prob, mut slope) = (vec![0.0; x.len() / self.spec.dim], vec![0.0; x.len()]);
        self.source.target.log_prob_and_grad(&x, &mut log_prob, &mut slope).ok()?;
        let finite = log_prob.iter().all(|v| v.is_finite()) && slope.iter().all(|v| v.is_finite());
        (!finite).then(|| "the target's log-density or its gradient at the student's samples is not finite".into())
    }
}
