//! Calls of the operations, ready to be timed.

use super::models::MOST_NUMBERS;
use super::{BenchError, Models, Operation};
use flowstill_data::Rows;
use flowstill_flow::graph::{Graph, Parameters, rows};
use flowstill_flow::{Flow, FlowError, shards};
use flowstill_kernel::affine::Direction;
use flowstill_kernel::incremental::{Adjoint, AdjointBuffers};
use flowstill_kernel::noise::{Purpose, fill_gaussian};
use flowstill_model::{Checkpoint, LayerSpec, Layout};
use flowstill_sampler::{Sampler, Stream};
use flowstill_student::objectives::reverse_kl::ReverseKl;
use flowstill_student::{Annealed, Distillation, FrozenFlow, Part, Probe, Source};
use flowstill_teacher::Nll;
use flowstill_trainer::{Objective, Schedule, Settings, State, advance};
use rayon::prelude::*;
use std::hint::black_box;
use std::sync::Arc;

/// A call of an operation, handed to whoever times it.
pub(super) type Measure<'a> = &'a mut dyn FnMut(&mut dyn FnMut() -> Result<(), BenchError>) -> Result<(), BenchError>;

impl Models {
    /// Makes everything that the operation needs, and hands a call of it to `measure`.
    pub(super) fn prepare(&self, operation: Operation, batch: usize, measure: Measure) -> Result<(), BenchError> {
        self.check(operation)?;
        let dim = self.dim();
        // a training step takes its batch from four times as many rows
        let wanted = (4 * batch).saturating_mul(dim);
        if wanted > MOST_NUMBERS {
            return Err(BenchError::TooLarge { what: "four batches", wanted });
        }
        let teacher = || self.teacher.as_ref().expect("checked above");
        let student = || self.student.as_ref().expect("checked above");
        match operation {
            Operation::Train => {
                let train = gaussian_rows((4 * batch).max(4000), dim);
                let model = teacher();
                let mut objective = Nll::new(&model.spec, &train, &train, batch, 0, self.engine)?;
                measure_steps(&mut objective, model, batch, measure)
            }
            Operation::Distill => {
                let target = FrozenFlow::on(&teacher().spec, &teacher().theta, self.engine)?;
                let source = Source { target: &target, data: &[] };
                let probe = Probe::new(&source, 0)?;
                let reverse = Box::new(ReverseKl { cross_entropy_weight: Annealed::constant(1.0) });
                let parts = vec![Part { weight: Annealed::constant(1.0), estimator: reverse }];
                let spec = &student().spec;
                let mut objective = Distillation::new(spec, source, &probe, parts, (batch, u64::MAX), 0, self.engine)?;
                measure_steps(&mut objective, student(), batch, measure)
            }
            Operation::LogProb => {
                let sampler = Sampler::from_checkpoint(teacher().clone())?;
                let x = gaussian_rows(batch, dim).values;
                measure(&mut || {
                    black_box(sampler.log_prob(&x)?);
                    Ok(())
                })
            }
            Operation::MafSample => {
                let sampler = Sampler::from_checkpoint(teacher().clone())?;
                let mut seed = 0u64;
                measure(&mut || {
                    seed += 1;
                    black_box(sampler.sample(seed, 0, batch)?);
                    Ok(())
                })
            }
            Operation::IafSample => {
                let sampler = Sampler::from_checkpoint(student().clone())?;
                let mut seed = 0u64;
                measure(&mut || {
                    seed += 1;
                    black_box(sampler.sample_and_log_prob(seed, 0, batch)?);
                    Ok(())
                })
            }
            Operation::InputGradient => {
                let flow = Flow::<f32>::on(&student().spec, self.engine)?;
                let theta = Parameters::frozen(Arc::new(student().theta.clone()));
                flow.prepare(&theta, Vec::new())?;
                let z = gaussian_rows(batch, dim).values;
                measure(&mut || {
                    shards::map(&shards::ranges(batch, false), |range| {
                        let z = rows(z[range.start * dim..range.end * dim].to_vec(), dim);
                        let mut graph = Graph::new();
                        let (_, log_prob) = flow.sample_and_log_prob(&theta, &z, &mut graph)?;
                        black_box(graph.backward_sum(&log_prob, 1.0).take(&z));
                        Ok::<_, FlowError>(())
                    })?;
                    Ok(())
                })
            }
            Operation::Adjoint => {
                let spec = &student().spec;
                let layers = spec.layers.iter().zip(Layout::new(spec).layers);
                let layers: Vec<_> = layers
                    .filter_map(|(layer, range)| match layer {
                        LayerSpec::Autoregressive(a) => Some(Adjoint::new(
                            a.made(),
                            &student().theta[range],
                            a.order.clone(),
                            Direction::Forward,
                            a.map(),
                        )),
                        _ => None,
                    })
                    .collect();
                let v = gaussian_rows(batch, dim).values;
                measure(&mut || {
                    shards::map(&shards::ranges(batch, false), |range| {
                        let v = &v[range.start * dim..range.end * dim];
                        let (mut g, mut buffers) = (v.to_vec(), AdjointBuffers::default());
                        let weights = vec![0.0; range.len()];
                        layers.iter().for_each(|layer| layer.solve(v, &weights, &mut g, &mut buffers));
                        black_box(g);
                        Ok::<_, BenchError>(())
                    })?;
                    Ok(())
                })
            }
            Operation::Noise => {
                let mut seed = 0u64;
                measure(&mut || {
                    seed += 1;
                    black_box(Stream::from(seed).rows(0, batch, dim)?);
                    Ok(())
                })
            }
        }
    }
}

/// Optimiser steps from a model's parameters on.
fn measure_steps(
    objective: &mut dyn Objective,
    model: &Checkpoint,
    batch: usize,
    measure: Measure,
) -> Result<(), BenchError> {
    let layout = Layout::new(&model.spec);
    let settings = Settings {
        steps: u64::MAX,
        batch,
        rate: 1e-4,
        schedule: Schedule::Constant,
        warmup: 0,
        weight_decay: 0.0,
        clip_norm: None,
        ema: None,
        average_last: None,
        validate_every: u64::MAX,
        patience: None,
        validate_start: false,
        until: Vec::new(),
        checkpoint_every: u64::MAX,
    };
    let mut state = State::new(model.theta.clone(), false, "");
    let mut gradient = vec![0.0; model.theta.len()];
    measure(&mut || Ok(advance(objective, &mut state, &mut gradient, &layout, &settings, &mut ())?))
}

/// Standard normal rows, the same every time.
fn gaussian_rows(count: usize, dim: usize) -> Rows {
    let mut values = vec![0.0; count * dim];
    let part = 1 << 12;
    values.par_chunks_mut(part * dim).enumerate().for_each(|(i, out)| {
        fill_gaussian(0, Purpose::Evaluation, 0, (i * part) as u64, dim, out);
    });
    Rows { dim, values }
}
