//! The few choices from which a MAF or an IAF is built.

use crate::order::OrderRule;
use crate::spec::{Autoregressive, FlowSpec, LayerSpec, Orientation};
use flowstill_kernel::rows::{Form, RowSpec};
use flowstill_kernel::{Activation, Univariate};
use serde::{Deserialize, Serialize};

/// Choices that make a chain of autoregressive layers once the dimension and the orientation are known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Architecture {
    /// number of autoregressive layers, at least 1
    pub layers: usize,
    /// widths of the hidden layers of each conditioner
    pub hidden: Vec<usize>,
    pub activation: Activation,
    pub order: OrderRule,
    pub normalisation: Normalisation,
    /// soft bound on the log-scales
    pub log_scale_clip: f64,
    /// whether the hidden layers after the first are residual blocks of two
    pub residual: bool,
    /// whether the layers are couplings, in which one half of the coordinates (the larger) determines the other
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub coupling: bool,
    /// what is done to each coordinate; the affine map if absent
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<Univariate>,
}

/// The layer between autoregressive layers.
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
            layers: 5,
            hidden: vec![128, 128],
            activation: Activation::Relu,
            order: OrderRule::Reverse,
            normalisation: Normalisation::None,
            log_scale_clip: 5.0,
            residual: false,
            coupling: false,
            map: None,
        }
    }
}

impl Architecture {
    /// The specification, from base to data. A normalising layer follows each autoregressive layer except the one
    /// next to the base, on its base side in density direction.
    pub fn spec(&self, dim: usize, orientation: Orientation, seed: u64) -> FlowSpec {
        let mut layers = Vec::new();
        if self.map == Some(Univariate::Additive) {
            // layers that preserve volumes need one that does not (NICE, Dinh et al. 2014, §3.3)
            layers.push(LayerSpec::Rowwise { map: RowSpec::Linear(Form::Diagonal), orientation });
        }
        for (k, order) in self.order.orders(dim, self.layers, seed).into_iter().enumerate() {
            if k > 0 {
                match self.normalisation {
                    Normalisation::None => {}
                    Normalisation::ActNorm => layers.push(LayerSpec::ActNorm { orientation }),
                    Normalisation::BatchNorm => layers.push(LayerSpec::BatchNorm { orientation }),
                }
            }
            layers.push(LayerSpec::Autoregressive(Autoregressive {
                orientation,
                order,
                hidden: self.hidden.clone(),
                activation: self.activation,
                log_scale_clip: self.log_scale_clip,
                residual: self.residual,
                identity: self.coupling.then(|| dim.div_ceil(2)),
                univariate: self.map.clone(),
            }));
        }
        FlowSpec { dim, layers }
    }
}
