//! A flow: a base density and a chain of bijections.

use crate::bijection::Bijection;
use crate::error::FlowError;
use crate::graph::{Column, Element, Graph, Parameters, Rows};
use crate::layers::{act_norm::ActNorm, autoregressive::AutoregressiveLayer, batch_norm::BatchNorm};
use dfdx::prelude::*;
use flowstill_model::{FlowSpec, LayerSpec, Layout};

/// The distribution of `x = S(z)`, `z ~ N(0, I)`, where `S` applies the layers first to last.
///
/// `log p(x) = log p_Z(T(x)) + log|det dT/dx|` with `T = S⁻¹`, in nats.
pub struct Flow<E: Element> {
    spec: FlowSpec,
    layout: Layout,
    layers: Vec<Box<dyn Bijection<E>>>,
}

impl<E: Element> Flow<E>
where
    Cpu: Device<E>,
{
    /// Builds the layers of `spec`.
    pub fn new(spec: &FlowSpec) -> Result<Self, FlowError> {
        spec.validate()?;
        let layout = Layout::new(spec);
        let layers = spec
            .layers
            .iter()
            .zip(&layout.layers)
            .map(|(layer, range)| -> Box<dyn Bijection<E>> {
                match layer {
                    LayerSpec::Autoregressive(a) => Box::new(AutoregressiveLayer::new(a, range.clone())),
                    LayerSpec::ActNorm { .. } => Box::new(ActNorm::new(spec.dim, range.clone())),
                    LayerSpec::BatchNorm { orientation } => {
                        Box::new(BatchNorm::new(spec.dim, range.clone(), *orientation))
                    }
                }
            })
            .collect();
        Ok(Self { spec: spec.clone(), layout, layers })
    }

    pub fn spec(&self) -> &FlowSpec {
        &self.spec
    }

    pub fn layout(&self) -> &Layout {
        &self.layout
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

    /// `log p(x)`, one number per row in nats. 1 pass per MAF layer, dim passes per IAF layer.
    pub fn log_prob(&self, theta: &Parameters<E>, x: &Rows<E>, graph: &mut Graph<E>) -> Result<Column<E>, FlowError> {
        let (z, log_det) = self.inverse_and_log_det(theta, x, graph)?;
        let base = base_log_prob(&z, graph);
        Ok(graph.apply(&base, |base| base + log_det))
    }

    /// `x = S(z)` and its own log-density `log p_Z(z) − log|det dS/dz|`, from one evaluation and without any
    /// inverse. 1 pass per IAF layer, dim passes per MAF layer.
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

    fn check(&self, theta: &Parameters<E>) -> Result<(), FlowError> {
        let (expected, got) = (self.layout.len(), theta.values.len());
        if expected == got { Ok(()) } else { Err(FlowError::Parameters { expected, got }) }
    }
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

/// `log p_Z(z) = −½|z|² − (dim/2)·log 2π`.
pub fn base_log_prob<E: Element>(z: &Rows<E>, graph: &mut Graph<E>) -> Column<E>
where
    Cpu: Device<E>,
{
    let (_, dim) = *z.shape();
    let constant = 0.5 * dim as f64 * (2.0 * std::f64::consts::PI).ln();
    graph.apply(z, |z| z.square().sum::<(usize,), Axis<1>>() * E::of(-0.5) - E::of(constant))
}
