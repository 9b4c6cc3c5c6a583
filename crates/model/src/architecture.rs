//! The few choices from which a flow is built.

use crate::family::{self, Base, Conditioner, Factors, Family};
use crate::order::OrderRule;
use crate::spec::{Autoregressive, FlowSpec, LayerSpec, Orientation};
use flowstill_kernel::affine::Direction;
use flowstill_kernel::noise::{Purpose, stream};
use flowstill_kernel::rows::{Form, RowSpec, Transformer};
use flowstill_kernel::univariate::Affine;
use flowstill_kernel::{Activation, Univariate};
use serde::{Deserialize, Serialize};

/// Choices that make a chain of layers once the dimension and the orientation are known. What a family does not speak of
/// it does not read: a planar layer has no hidden units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Architecture {
    pub family: Family,
    /// number of layers of the family, at least 1
    pub layers: usize,
    /// widths of the hidden layers of each network
    pub hidden: Vec<usize>,
    pub activation: Activation,
    pub order: OrderRule,
    pub normalisation: Normalisation,
    /// a linear map between layers, on the base side of the normalisation
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mixing: Option<Factors>,
    /// soft bound on the log-scales
    pub log_scale_clip: f64,
    /// whether the hidden layers after the first are residual blocks of two
    pub residual: bool,
    #[serde(default)]
    pub conditioner: Conditioner,
    /// what is done to each coordinate; the affine map if absent
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<Univariate>,
    #[serde(default)]
    pub base: Base,
    /// In place of the layers above: these, from base to data. Their own bases and chains are not read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<Architecture>,
}

/// The layer between layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Normalisation {
    None,
    ActNorm,
    BatchNorm,
}

impl Default for Architecture {
    fn default() -> Self {
        Self {
            family: Family::Autoregressive,
            layers: 5,
            hidden: vec![128, 128],
            activation: Activation::Relu,
            order: OrderRule::Reverse,
            normalisation: Normalisation::None,
            mixing: None,
            log_scale_clip: 5.0,
            residual: false,
            conditioner: Conditioner::Mlp,
            map: None,
            base: Base::Normal,
            chain: Vec::new(),
        }
    }
}

impl Architecture {
    /// The specification, from base to data. A mixing and a normalising layer follow each layer except the one next to
    /// the base, on its base side.
    pub fn spec(&self, dim: usize, orientation: Orientation, seed: u64) -> FlowSpec {
        let mut layers: Vec<_> = self.base.layer(orientation).into_iter().collect();
        for (link, part) in self.links().enumerate() {
            // links that are alike have other orders
            part.append(dim, orientation, seed ^ (link as u64) << 48, &mut layers);
        }
        FlowSpec { dim, layers }
    }

    /// The links of its chain; itself, if there is none.
    pub fn links(&self) -> impl Iterator<Item = &Self> {
        let alone = self.chain.is_empty().then_some(self);
        alone.into_iter().chain(&self.chain)
    }

    fn append(&self, dim: usize, orientation: Orientation, seed: u64, layers: &mut Vec<LayerSpec>) {
        let rowwise = |map| LayerSpec::Rowwise { map, orientation };
        let conditioned = matches!(self.family, Family::Autoregressive | Family::Coupling);
        if conditioned && self.map == Some(Univariate::Additive) {
            // layers that preserve volumes need one that does not (NICE, Dinh et al. 2014, §3.3)
            layers.push(rowwise(RowSpec::Linear(Form::Diagonal)));
        }
        let orders = if conditioned { self.order.orders(dim, self.layers, seed) } else { Vec::new() };
        for k in 0..self.layers {
            let mut rng = stream(seed, Purpose::Mixing, k as u64);
            if k > 0 {
                layers.extend(self.mixing.map(|factors| rowwise(factors.map(dim, &mut rng))));
                match self.normalisation {
                    Normalisation::None => {}
                    Normalisation::ActNorm => layers.push(LayerSpec::ActNorm { orientation }),
                    Normalisation::BatchNorm => layers.push(LayerSpec::BatchNorm { orientation }),
                }
            }
            let layer = match &self.family {
                Family::Autoregressive | Family::Coupling => self.conditioned(k, orders[k].clone(), orientation),
                Family::Planar { function } => rowwise(RowSpec::Planar { function: *function }),
                Family::Radial => rowwise(RowSpec::Radial),
                Family::Linear { factors } => rowwise(factors.map(dim, &mut rng)),
                Family::Permutation { order } => rowwise(RowSpec::Permutation { order: order.clone() }),
                Family::Elementwise => rowwise(RowSpec::Elementwise { univariate: self.univariate() }),
                Family::Cdf => {
                    layers.extend(Base::Uniform.layer(orientation));
                    rowwise(RowSpec::Elementwise { univariate: self.univariate() })
                }
                Family::Residual { activation, lipschitz, log_det } => {
                    let log_det = family::log_det(*log_det, dim, seed_of(seed, k));
                    let (hidden, activation, lipschitz) = (self.hidden.clone(), *activation, *lipschitz);
                    rowwise(RowSpec::Residual { hidden, activation, lipschitz, log_det })
                }
                Family::Continuous { activation, solver, trace } => {
                    let trace = family::trace(*trace, dim, seed_of(seed, k));
                    let (hidden, activation, solver) = (self.hidden.clone(), *activation, *solver);
                    rowwise(RowSpec::Continuous { hidden, activation, solver, trace })
                }
                Family::GaussianMixture { components, covariance } => {
                    rowwise(RowSpec::GaussianMixture { components: *components, covariance: *covariance })
                }
            };
            layers.push(layer);
        }
    }

    /// What is done to each coordinate.
    fn univariate(&self) -> Univariate {
        let affine = || Univariate::Affine(Affine { log_scale_clip: self.log_scale_clip });
        self.map.clone().unwrap_or_else(affine)
    }

    /// A layer whose maps have a network's outputs as parameters.
    fn conditioned(&self, k: usize, order: Vec<usize>, orientation: Orientation) -> LayerSpec {
        // the larger half and the smaller one take turns: else an odd coordinate in the middle would determine others in
        // every layer and be mapped by none
        let half = if k.is_multiple_of(2) { order.len().div_ceil(2) } else { order.len() / 2 };
        let identity = (self.family == Family::Coupling).then_some(half);
        if let Conditioner::Transformer { blocks, width, heads } = self.conditioner {
            let direction = match orientation {
                Orientation::Maf => Direction::Inverse,
                Orientation::Iaf => Direction::Forward,
            };
            let map = self.univariate();
            let map = RowSpec::Transformer(Transformer { direction, order, identity, blocks, width, heads, map });
            return LayerSpec::Rowwise { map, orientation };
        }
        LayerSpec::Autoregressive(Autoregressive {
            orientation,
            order,
            hidden: self.hidden.clone(),
            activation: self.activation,
            log_scale_clip: self.log_scale_clip,
            residual: self.residual,
            identity,
            univariate: self.map.clone(),
        })
    }
}

/// The seed of the estimates of layer `k`.
fn seed_of(seed: u64, k: usize) -> u64 {
    seed.wrapping_mul(1 << 20).wrapping_add(k as u64)
}
