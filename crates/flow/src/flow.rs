//! A flow: a base density and a chain of bijections.

use crate::bijection::Bijection;
use crate::error::FlowError;
use crate::graph::{Column, Element, Graph, Parameters, Rows, check_width, column};
use crate::layers::batch_norm::BatchNorm;
use crate::layers::fused::{self, Transposition};
use crate::layers::rowwise::Rowwise;
use crate::layers::run::Run;
use crate::reference::{act_norm::ActNorm, autoregressive::PlainAutoregressive};
use dfdx::prelude::*;
use flowstill_kernel::affine::Direction;
use flowstill_model::{FlowSpec, LayerSpec, Layout, Orientation};
use std::ops::Range;
use std::sync::Arc;

/// What computes the layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Engine {
    /// runs of layers as single operations on the kernel
    #[default]
    Fused,
    /// plain dfdx operations, for tests and comparisons
    Reference,
}

impl Engine {
    pub const ALL: [Self; 2] = [Self::Fused, Self::Reference];

    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fused => "fused",
            Self::Reference => "reference",
        }
    }
}

/// The distribution of `x = S(z)`, `z ~ N(0, I)`, where `S` applies the layers first to last.
///
/// `log p(x) = log p_Z(T(x)) + log|det dT/dx|` with `T = S⁻¹`, in nats.
pub struct Flow<E: Element> {
    spec: FlowSpec,
    layout: Layout,
    layers: Vec<Box<dyn Bijection<E>>>,
    transposition: Arc<Transposition>,
    one_pass: bool,
}

impl<E: Element> Flow<E>
where
    Cpu: Device<E>,
{
    /// Builds the layers of `spec`.
    pub fn new(spec: &FlowSpec) -> Result<Self, FlowError> {
        Self::on(spec, Engine::Fused)
    }

    /// [`Flow::new`] on another engine.
    pub fn on(spec: &FlowSpec, engine: Engine) -> Result<Self, FlowError> {
        spec.validate()?;
        let layout = Layout::new(spec);
        let placed: Vec<_> = spec.layers.iter().zip(layout.layers.iter().cloned()).collect();
        let (layers, transposition) = arranged(spec.dim, &placed, engine);
        let one_pass = engine == Engine::Fused
            && spec.layers.iter().all(|layer| match layer {
                LayerSpec::Autoregressive(a) => a.orientation == Orientation::Iaf,
                LayerSpec::ActNorm { .. } => true,
                LayerSpec::Rowwise { map, orientation } => LayerSpec::closed(map, *orientation) == Direction::Forward,
                LayerSpec::BatchNorm { .. } => false,
            });
        Ok(Self { spec: spec.clone(), layout, layers, transposition, one_pass })
    }

    /// Arranges the weights of `theta` for backward passes, once for all evaluations that share them, in the memory of
    /// `spare`. Without it the first backward pass does.
    ///
    /// # Errors
    /// Parameters of another flow.
    pub fn prepare(&self, theta: &Parameters<E>, mut spare: Vec<E>) -> Result<(), FlowError> {
        self.check(theta)?;
        self.transposition.fill(&theta.values, &mut spare);
        theta.prepare(spare);
        Ok(())
    }

    pub fn spec(&self) -> &FlowSpec {
        &self.spec
    }

    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Whether the fused engine samples this flow in one pass per layer: it is a chain of IAF layers and diagonal maps.
    pub fn samples_in_one_pass(&self) -> bool {
        self.one_pass
    }

    /// Base → data through the whole chain, with `log|det dS/dz|`.
    pub fn forward_and_log_det(
        &self,
        theta: &Parameters<E>,
        z: &Rows<E>,
        graph: &mut Graph<E>,
    ) -> Result<(Rows<E>, Column<E>), FlowError> {
        self.check(theta)?;
        let steps =
            self.layers.iter().map(|layer| |x: &Rows<E>, g: &mut Graph<E>| layer.forward_and_log_det(theta, x, g));
        compose(steps, z, graph)
    }

    /// Data → base through the whole chain, with `log|det dT/dx|`.
    pub fn inverse_and_log_det(
        &self,
        theta: &Parameters<E>,
        x: &Rows<E>,
        graph: &mut Graph<E>,
    ) -> Result<(Rows<E>, Column<E>), FlowError> {
        self.check(theta)?;
        let steps = self
            .layers
            .iter()
            .rev()
            .map(|layer| |x: &Rows<E>, g: &mut Graph<E>| layer.inverse_and_log_det(theta, x, g));
        compose(steps, x, graph)
    }

    /// `log p(x)`, one number per row in nats. 1 pass per MAF layer; per IAF layer the arithmetic of a pass in dim steps.
    pub fn log_prob(&self, theta: &Parameters<E>, x: &Rows<E>, graph: &mut Graph<E>) -> Result<Column<E>, FlowError> {
        self.check(theta)?;
        let (first, above) = self.layers.split_first().expect("a checked specification has a layer");
        if above.is_empty() {
            return first.log_prob(theta, x, graph);
        }
        let steps =
            above.iter().rev().map(|layer| |x: &Rows<E>, g: &mut Graph<E>| layer.inverse_and_log_det(theta, x, g));
        let (x, log_det) = compose(steps, x, graph)?;
        let log_prob = first.log_prob(theta, &x, graph)?;
        Ok(graph.apply(&log_prob, |log_prob| log_prob + log_det))
    }

    /// `x = S(z)` and its own log-density `log p_Z(z) − log|det dS/dz|`, from one evaluation and without any
    /// inverse. 1 pass per IAF layer, the arithmetic of a pass in dim steps per MAF layer.
    pub fn sample_and_log_prob(
        &self,
        theta: &Parameters<E>,
        z: &Rows<E>,
        graph: &mut Graph<E>,
    ) -> Result<(Rows<E>, Column<E>), FlowError> {
        let (x, log_det) = self.forward_and_log_det(theta, z, graph)?;
        let base = base_log_prob(z, graph);
        Ok((x, graph.apply(&base, |base| base - log_det)))
    }

    /// `x = S(z)` and the score `∇_x log q(x)` of the flow's own density there. The parameters are constants.
    ///
    /// From the base on, `∇_z log p_Z(z) = −z`, layer by layer through [`Bijection::score`]: an IAF is never inverted.
    /// A forward and a backward pass per IAF layer, beside the backward pass of the inverse for others.
    pub fn sample_and_score(&self, theta: &Parameters<E>, z: &Rows<E>) -> Result<(Rows<E>, Vec<E>), FlowError> {
        self.check(theta)?;
        check_width(z, self.spec.dim)?;
        let score = z.as_vec().into_iter().map(|z| -z).collect();
        self.layers.iter().try_fold((z.clone(), score), |(x, score), layer| layer.score(theta, &x, score))
    }

    fn check(&self, theta: &Parameters<E>) -> Result<(), FlowError> {
        let (expected, got) = (self.layout.len(), theta.values.len());
        if expected == got { Ok(()) } else { Err(FlowError::Parameters { expected, got }) }
    }
}

/// One layer in plain operations, if `engine` has it so.
fn plain<E: Element>(
    dim: usize,
    layer: &LayerSpec,
    range: Range<usize>,
    engine: Engine,
) -> Option<Box<dyn Bijection<E>>>
where
    Cpu: Device<E>,
{
    match (layer, engine) {
        (LayerSpec::Rowwise { map, orientation }, _) => {
            let closed = LayerSpec::closed(map, *orientation);
            Some(Box::new(Rowwise::new(map.build(dim).into(), range, closed)))
        }
        (LayerSpec::BatchNorm { orientation }, _) => Some(Box::new(BatchNorm::new(dim, range, *orientation))),
        (LayerSpec::ActNorm { .. }, Engine::Reference) => Some(Box::new(ActNorm::new(dim, range))),
        (LayerSpec::Autoregressive(a), Engine::Reference) if a.is_affine() => {
            Some(Box::new(PlainAutoregressive::new(a, range)))
        }
        // maps other than the affine one stand in the kernel alone, held to the laws of differences
        _ => None,
    }
}

/// Layers in plain operations, and runs of the others as long as they can be: a change of orientation ends one.
fn arranged<E: Element>(
    dim: usize,
    layers: &[(&LayerSpec, Range<usize>)],
    engine: Engine,
) -> (Vec<Box<dyn Bijection<E>>>, Arc<Transposition>)
where
    Cpu: Device<E>,
{
    enum Part<E: Element> {
        Run(Run<E>),
        Single(Box<dyn Bijection<E>>),
    }
    let mut parts = Vec::new();
    let mut start = 0;
    while start < layers.len() {
        if let Some(layer) = plain(dim, layers[start].0, layers[start].1.clone(), engine) {
            parts.push(Part::Single(layer));
            start += 1;
            continue;
        }
        let mut orientation = None;
        let fits = layers[start..].iter().take_while(|(layer, range)| match layer {
            LayerSpec::Autoregressive(a) => *orientation.get_or_insert(a.orientation) == a.orientation,
            _ => plain::<E>(dim, layer, range.clone(), engine).is_none(),
        });
        let end = start + fits.count();
        // diagonal maps alone have no conditioner: either orientation will do
        let orientation = orientation.unwrap_or(Orientation::Maf);
        parts.push(Part::Run(Run::new(dim, orientation, &layers[start..end])));
        start = end;
    }
    let runs = parts.iter().filter_map(|part| if let Part::Run(run) = part { Some(run) } else { None });
    let transposition = fused::place(runs.flat_map(Run::fused));
    let boxed = parts.into_iter().map(|part| -> Box<dyn Bijection<E>> {
        match part {
            Part::Run(run) => Box::new(run),
            Part::Single(layer) => layer,
        }
    });
    (boxed.collect(), transposition)
}

/// Applies maps one after the other and adds their log-dets.
fn compose<E: Element>(
    steps: impl Iterator<Item = impl Fn(&Rows<E>, &mut Graph<E>) -> Result<(Rows<E>, Column<E>), FlowError>>,
    start: &Rows<E>,
    graph: &mut Graph<E>,
) -> Result<(Rows<E>, Column<E>), FlowError>
where
    Cpu: Device<E>,
{
    let mut x = start.clone();
    let mut total: Option<Column<E>> = None;
    for step in steps {
        let (y, log_det) = step(&x, graph)?;
        x = y;
        total = Some(match total {
            None => log_det,
            Some(sum) => graph.apply(&sum, |sum| sum + log_det),
        });
    }
    Ok((x, total.expect("a checked specification has a layer")))
}

/// `log p_Z(z) = −½|z|² − (dim/2)·log 2π`, summed in double precision.
pub fn base_log_prob<E: Element>(z: &Rows<E>, graph: &mut Graph<E>) -> Column<E>
where
    Cpu: Device<E>,
{
    let (_, dim) = *z.shape();
    let constant = 0.5 * dim as f64 * std::f64::consts::TAU.ln();
    let values = z.as_vec();
    let log_prob = |row: &[E]| E::of(-0.5 * row.iter().map(|z| z.f64() * z.f64()).sum::<f64>() - constant);
    let out = column(values.chunks_exact(dim).map(log_prob).collect());
    let (source, sink) = (out.clone(), z.clone());
    graph.record(move |adjoints| {
        let upstream = adjoints.take(&source);
        let gradient: Vec<E> =
            values.chunks_exact(dim).zip(upstream).flat_map(|(z, g)| z.iter().map(move |&z| -z * g)).collect();
        adjoints.add_at(&sink, 0, &gradient);
    });
    out
}
