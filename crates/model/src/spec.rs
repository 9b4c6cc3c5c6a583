//! The specification of a flow: everything about it except its numbers.

use crate::domain;
use flowstill_kernel::affine::Direction;
use flowstill_kernel::rows::{RowError, RowSpec};
use flowstill_kernel::univariate::SettingError;
use flowstill_kernel::{Activation, ElementMap, Made, Univariate};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A flow: a standard-normal base of `dim` coordinates and a chain of bijections.
///
/// `layers` are listed from the base to the data: `forward` (sampling) applies them first to last, `inverse`
/// (density) last to first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowSpec {
    pub dim: usize,
    pub layers: Vec<LayerSpec>,
}

/// One bijection of the chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerSpec {
    /// `x_i = μ_i(v_<i) + e^{α_i(v_<i)}·z_i`, see [`Autoregressive`].
    Autoregressive(Autoregressive),
    /// `x = e^{log_scale} ⊙ z + shift`, one scale and shift per coordinate (Glow, Kingma & Dhariwal 2018, §3.1).
    /// `orientation` says which side the data-dependent start normalises: the base side for [`Orientation::Maf`],
    /// the data side for [`Orientation::Iaf`].
    ActNorm { orientation: Orientation },
    /// Batch normalisation as a bijection (MAF, Papamakarios et al. 2017, §3.1). With minibatch statistics in
    /// training; [`crate::fold::fold_batch_norm`] turns it into the diagonal affine map it is afterwards.
    BatchNorm { orientation: Orientation },
    /// A map of rows with parameters of its own: planar, radial, linear, elementwise and others ([`RowSpec`]).
    /// `orientation` says which direction is computed outright, the density for [`Orientation::Maf`], sampling for
    /// [`Orientation::Iaf`]; elementwise maps ([`Univariate::closed`]) and those with a Transformer (their `direction`)
    /// know that themselves, and of mixtures it always is the density.
    Rowwise { map: RowSpec, orientation: Orientation },
}

/// Which variable the conditioner reads, and so which direction takes one pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Orientation {
    /// Reads the data side `x_<i`: density in 1 pass, sampling in `dim` sequential steps.
    Maf,
    /// Reads the base side `z_<i`: sampling (with its density) in 1 pass, density of foreign points in `dim` steps.
    Iaf,
}

/// An autoregressive layer whose conditioner is a MADE (Germain et al. 2015).
///
/// With `v = x` ([`Orientation::Maf`]) or `v = z` ([`Orientation::Iaf`]): `x_i = μ_i(v_<i) + e^{α_i(v_<i)}·z_i`,
/// where "before" is in the sense of `order`, and `α = a / (1 + |a|/clip)` is the soft-clipped output `a`. With
/// `univariate` it is that map, with parameters that the network gives, in place of the affine one.
///
/// With `identity` the layer is a coupling (RealNVP, Dinh, Sohl-Dickstein & Bengio 2017, §3.2): the first
/// `identity` coordinates of the order have constant parameters, and those of the others read them. Either
/// direction then takes one pass; `orientation` says on which side the conditioner reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Autoregressive {
    pub orientation: Orientation,
    /// `order[i]` is the coordinate that comes i-th.
    pub order: Vec<usize>,
    /// Widths of the hidden layers; empty for a linear conditioner.
    pub hidden: Vec<usize>,
    pub activation: Activation,
    /// Bound `c` of the soft clip: `|α| < c`.
    pub log_scale_clip: f64,
    /// Whether the hidden layers after the first are residual blocks of two (He et al. 2016).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub residual: bool,
    /// In a coupling layer, the number of coordinates that determine the others: from 1 to all but one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<usize>,
    /// What is done to each coordinate; the affine map if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub univariate: Option<Univariate>,
}

impl Autoregressive {
    /// What is done to each coordinate.
    pub fn map(&self) -> ElementMap {
        match &self.univariate {
            None => ElementMap::Affine { clip: self.log_scale_clip },
            Some(univariate) => ElementMap::Univariate(univariate.clone()),
        }
    }

    /// Whether the layer is affine in the coordinates that it maps.
    pub fn is_affine(&self) -> bool {
        self.univariate.is_none()
    }

    /// The conditioner's network, with as many outputs per coordinate as the map takes: for the affine map two, shift and
    /// raw log-scale.
    pub fn made(&self) -> Made {
        let (dim, outputs) = (self.order.len(), self.map().outputs());
        let made = match self.identity {
            None => Made::new(dim, &self.hidden, outputs, self.activation),
            Some(identity) => Made::coupling(dim, identity, &self.hidden, outputs, self.activation),
        };
        if self.residual { made.residual().expect("a checked specification has blocks of equal widths") } else { made }
    }
}

/// Bounds of the log-scale clip: below, layers could hardly scale; above, `e^α` is beyond single precision.
pub const LEAST_CLIP: f64 = 1e-3;
/// See [`LEAST_CLIP`].
pub const MOST_CLIP: f64 = 80.0;

/// Most hidden layers.
const DEEPEST: usize = 1024;

/// Largest dimension, width and number of layers: products of them stay far from overflow.
const MOST: usize = 1 << 20;

/// What is wrong with a specification.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum SpecError {
    #[error("a flow needs at least one dimension")]
    NoDimension,
    #[error("a flow needs at least one layer")]
    NoLayer,
    #[error("layer {layer}: order must be a permutation of 0…{last}, got {order:?}")]
    BadOrder { layer: usize, last: usize, order: Vec<usize> },
    #[error("layer {layer}: {found} hidden layers, expected at most {DEEPEST}")]
    TooDeep { layer: usize, found: usize },
    #[error("layer {layer}: a hidden layer needs at least one unit")]
    EmptyHidden { layer: usize },
    #[error("{what} is {found}, expected at most {MOST}")]
    TooLarge { what: &'static str, found: usize },
    #[error(
        "layer {layer}: residual blocks need an odd number of hidden layers of one width (one, and two for each block), \
         got {hidden:?}"
    )]
    BadResidual { layer: usize, hidden: Vec<usize> },
    #[error(
        "layer {layer}: a coupling layer needs two dimensions or more, as some determine the others, got 1; use an \
         autoregressive layer"
    )]
    NothingToCouple { layer: usize },
    #[error("layer {layer}: in a coupling layer 1 to {most} of the coordinates determine the others, got {found}")]
    BadIdentity { layer: usize, most: usize, found: usize },
    #[error("layer {layer}: {error}")]
    BadRowwise { layer: usize, error: Box<RowError> },
    #[error("layer {layer}: {error}")]
    BadMap { layer: usize, error: Box<SettingError> },
    #[error(
        "layer {layer}: a {kind} layer takes numbers in {takes} from the {side} side, and is given {given}; put a map onto \
         that interval beside it, or take a map of the whole line"
    )]
    OutOfDomain { layer: usize, kind: &'static str, side: &'static str, takes: String, given: String },
    #[error("layer {layer}: the log-scale clip must be a number from {LEAST_CLIP} to {MOST_CLIP}")]
    BadClip { layer: usize },
}

impl FlowSpec {
    /// Checks what the types cannot say: sizes, permutations, bounds.
    pub fn validate(&self) -> Result<(), SpecError> {
        if self.dim == 0 {
            return Err(SpecError::NoDimension);
        }
        if self.layers.is_empty() {
            return Err(SpecError::NoLayer);
        }
        let widths = self.layers.iter().filter_map(|layer| match layer {
            LayerSpec::Autoregressive(a) => a.hidden.iter().copied().max().map(|width| ("a hidden width", width)),
            _ => None,
        });
        let sizes = [("the dimension", self.dim), ("the number of layers", self.layers.len())];
        if let Some((what, found)) = widths.chain(sizes).find(|(_, size)| *size > MOST) {
            return Err(SpecError::TooLarge { what, found });
        }
        for (layer, spec) in self.layers.iter().enumerate() {
            if let LayerSpec::Rowwise { map, .. } = spec {
                map.check(self.dim).map_err(|error| SpecError::BadRowwise { layer, error: error.into() })?;
            }
            if let LayerSpec::Autoregressive(a) = spec {
                if a.hidden.len() > DEEPEST {
                    return Err(SpecError::TooDeep { layer, found: a.hidden.len() });
                }
                let mut sorted = a.order.clone();
                sorted.sort_unstable();
                if !sorted.iter().copied().eq(0..self.dim) {
                    return Err(SpecError::BadOrder { layer, last: self.dim - 1, order: a.order.clone() });
                }
                if a.hidden.contains(&0) {
                    return Err(SpecError::EmptyHidden { layer });
                }
                let blocks = a.hidden.len() % 2 == 1 && a.hidden.iter().all(|width| *width == a.hidden[0]);
                if a.residual && !blocks {
                    return Err(SpecError::BadResidual { layer, hidden: a.hidden.clone() });
                }
                match a.identity {
                    Some(_) if self.dim == 1 => return Err(SpecError::NothingToCouple { layer }),
                    Some(found) if !(1..self.dim).contains(&found) => {
                        return Err(SpecError::BadIdentity { layer, most: self.dim - 1, found });
                    }
                    _ => {}
                }
                if let Some(univariate) = &a.univariate {
                    univariate.check().map_err(|error| SpecError::BadMap { layer, error: error.into() })?;
                }
                if !(a.log_scale_clip >= LEAST_CLIP && a.log_scale_clip <= MOST_CLIP) {
                    return Err(SpecError::BadClip { layer });
                }
            }
        }
        domain::check(self)
    }

    /// Whether a row's result depends on the other rows of its batch (batch normalisation in training).
    pub fn couples_rows(&self) -> bool {
        self.layers.iter().any(|l| matches!(l, LayerSpec::BatchNorm { .. }))
    }
}

impl LayerSpec {
    /// The kind of layer, as errors and descriptions name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Autoregressive(_) => "autoregressive",
            Self::ActNorm { .. } => "act_norm",
            Self::BatchNorm { .. } => "batch_norm",
            Self::Rowwise { map, .. } => map.kind(),
        }
    }

    /// The direction of a rowwise layer that is computed outright.
    pub fn closed(map: &RowSpec, orientation: Orientation) -> Direction {
        match (map, orientation) {
            (RowSpec::Elementwise { univariate }, _) => univariate.closed(),
            (RowSpec::GaussianMixture { .. }, _) => Direction::Inverse,
            (RowSpec::Transformer(transformer), _) => transformer.direction,
            (_, Orientation::Maf) => Direction::Inverse,
            (_, Orientation::Iaf) => Direction::Forward,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Architecture, Conditioner, Family, OrderRule};

    #[test]
    fn couplings_take_turns_and_leave_no_coordinate_out() {
        let coupling =
            Architecture { family: Family::Coupling, layers: 2, hidden: vec![6, 6], ..Architecture::default() };
        let transformer = Conditioner::Transformer { blocks: 1, width: 4, heads: 2 };
        for (order, conditioner) in [OrderRule::Reverse, OrderRule::Alternating]
            .into_iter()
            .flat_map(|order| [Conditioner::Mlp, transformer].map(|conditioner| (order, conditioner)))
        {
            let architecture = Architecture { order, conditioner, ..coupling.clone() };
            for dim in [2, 3, 5, 7, 8] {
                let spec = architecture.spec(dim, Orientation::Maf, 0);
                assert_eq!(spec.validate(), Ok(()));
                let mut mapped = vec![0; dim];
                for (layer, identity) in spec.layers.iter().zip([dim.div_ceil(2), dim / 2]) {
                    let (found, order) = match layer {
                        LayerSpec::Autoregressive(a) => (a.identity, &a.order),
                        LayerSpec::Rowwise { map: RowSpec::Transformer(t), .. } => (t.identity, &t.order),
                        other => panic!("{} in a chain of couplings", other.kind()),
                    };
                    assert_eq!(found, Some(identity));
                    order[identity..].iter().for_each(|&coordinate| mapped[coordinate] += 1);
                }
                assert!(mapped.iter().all(|&times| times == 1), "{order:?}, dim {dim}: {mapped:?}");
            }
        }
    }

    #[test]
    fn units_of_a_coupling_read_the_first_part_and_outputs_of_the_rest_read_them() {
        let architecture =
            Architecture { family: Family::Coupling, layers: 1, hidden: vec![6, 6], ..Architecture::default() };
        for (dim, half) in [(2, 1), (5, 3), (8, 4)] {
            let spec = architecture.spec(dim, Orientation::Maf, 0);
            let LayerSpec::Autoregressive(a) = &spec.layers[0] else { panic!("no coupling") };
            let filled = 6 * half + 6 * 6 + 2 * (dim - half) * 6;
            assert_eq!(a.made().linears().iter().map(|linear| linear.filled()).sum::<usize>(), filled);
        }
        let random = Architecture { order: OrderRule::Random, ..architecture }.spec(6, Orientation::Iaf, 3);
        assert_eq!(random.validate(), Ok(()));
    }

    #[test]
    fn couplings_without_two_sides_are_refused() {
        let architecture = Architecture { family: Family::Coupling, layers: 1, ..Architecture::default() };
        let message = |spec: FlowSpec| spec.validate().unwrap_err().to_string();
        let alone = message(architecture.spec(1, Orientation::Maf, 0));
        assert!(alone.contains("two dimensions or more") && alone.contains("autoregressive"), "{alone}");
        for identity in [0, 4, 9] {
            let mut spec = architecture.spec(4, Orientation::Maf, 0);
            if let LayerSpec::Autoregressive(a) = &mut spec.layers[0] {
                a.identity = Some(identity);
            }
            let wrong = message(spec);
            assert!(
                wrong.contains("1 to 3 of the coordinates") && wrong.contains(&format!("got {identity}")),
                "{wrong}"
            );
        }
    }
}
