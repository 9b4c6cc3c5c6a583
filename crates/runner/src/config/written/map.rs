//! What a user may write of the map that a layer applies to each coordinate: a name, or a section with one name and the
//! settings below it.

use flowstill_kernel::univariate::{BSpline, Distribution, Kernel, Mixture, PositiveSum, RationalQuadratic};
use flowstill_model::Univariate;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// The map of each coordinate.
#[derive(Debug, Clone, PartialEq)]
pub enum Map {
    /// With its usual settings.
    Named(Name),
    /// With settings of its own.
    Set(Box<Settings>),
}

/// The maps of the whole line onto itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Name {
    /// shift and scale
    Affine,
    /// shift alone: volumes are preserved (NICE, Dinh et al. 2014)
    Additive,
    /// rational-quadratic spline (Durkan et al. 2019)
    RationalQuadratic,
    /// cubic B-spline
    BSpline,
    /// distribution function of a mixture (MADE-MoG, Papamakarios et al. 2017)
    Mixture,
    /// positive sum of increasing functions (Huang et al. 2018)
    PositiveSum,
    /// skew and tail weight (Jones & Pewsey 2009)
    SinhArcsinh,
}

impl Name {
    pub const ALL: [Self; 7] = [
        Self::Affine,
        Self::Additive,
        Self::RationalQuadratic,
        Self::BSpline,
        Self::Mixture,
        Self::PositiveSum,
        Self::SinhArcsinh,
    ];

    /// The name in YAML.
    pub fn word(self) -> &'static str {
        match self {
            Self::Affine => "affine",
            Self::Additive => "additive",
            Self::RationalQuadratic => "rational_quadratic",
            Self::BSpline => "b_spline",
            Self::Mixture => "mixture",
            Self::PositiveSum => "positive_sum",
            Self::SinhArcsinh => "sinh_arcsinh",
        }
    }
}

/// The maps that have settings: exactly one of these.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `bins`, 2 to 64, default 8; `bound`, 0.001 to 1e6, default 4: beyond it the map is the identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rational_quadratic: Option<Spline>,
    /// `bins`, 4 to 64, default 12; `bound` as above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b_spline: Option<Spline>,
    /// `components`, 1 to 64, default 8; `kernel`, `gaussian` or `logistic`, default `gaussian`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mixture: Option<Components>,
    /// `terms`, 1 to 64, default 8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub positive_sum: Option<Terms>,
}

/// The keys of a spline.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spline {
    pub bins: Option<i64>,
    pub bound: Option<f64>,
}

/// The keys of a mixture.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Components {
    pub components: Option<i64>,
    pub kernel: Option<Kernel>,
}

/// The keys of a sum.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    pub terms: Option<i64>,
}

/// Bound of splines unless another is chosen: four standard deviations of standardised data.
const BOUND: f64 = 4.0;

impl Settings {
    /// The names that are given.
    pub fn given(&self) -> Vec<Name> {
        let each = [
            (Name::RationalQuadratic, self.rational_quadratic.is_some()),
            (Name::BSpline, self.b_spline.is_some()),
            (Name::Mixture, self.mixture.is_some()),
            (Name::PositiveSum, self.positive_sum.is_some()),
        ];
        each.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
    }
}

impl Map {
    /// Which map it is; of several the first.
    pub fn name(&self) -> Option<Name> {
        match self {
            Self::Named(name) => Some(*name),
            Self::Set(settings) => settings.given().first().copied(),
        }
    }

    /// The map with what was not written filled in; nothing for the affine map, which layers have by themselves.
    pub fn univariate(&self) -> Option<Univariate> {
        let none = Settings::default();
        let settings = if let Self::Set(settings) = self { settings.as_ref() } else { &none };
        let whole = |written: Option<i64>, default| written.map_or(default, |n| usize::try_from(n).unwrap_or(0));
        let spline = |written: Option<&Spline>, default| {
            (whole(written.and_then(|s| s.bins), default), written.and_then(|s| s.bound).unwrap_or(BOUND))
        };
        Some(match self.name()? {
            Name::Affine => return None,
            Name::Additive => Univariate::Additive,
            Name::RationalQuadratic => {
                let (bins, bound) = spline(settings.rational_quadratic.as_ref(), 8);
                Univariate::RationalQuadratic(RationalQuadratic { bins, bound })
            }
            Name::BSpline => {
                let (bins, bound) = spline(settings.b_spline.as_ref(), 12);
                Univariate::BSpline(BSpline { bins, bound })
            }
            Name::Mixture => {
                let written = settings.mixture.as_ref();
                Univariate::Mixture(Mixture {
                    components: whole(written.and_then(|m| m.components), 8),
                    kernel: written.and_then(|m| m.kernel).unwrap_or(Kernel::Gaussian),
                    onto: Distribution::Normal,
                })
            }
            Name::PositiveSum => {
                let terms = whole(settings.positive_sum.as_ref().and_then(|s| s.terms), 8);
                Univariate::PositiveSum(PositiveSum { terms })
            }
            Name::SinhArcsinh => Univariate::SinhArcsinh,
        })
    }
}

impl From<Option<&Univariate>> for Map {
    fn from(map: Option<&Univariate>) -> Self {
        let whole = |n: usize| Some(n as i64);
        let mut settings = Settings::default();
        match map {
            None | Some(Univariate::Affine(_)) => return Self::Named(Name::Affine),
            Some(Univariate::RationalQuadratic(s)) => {
                settings.rational_quadratic = Some(Spline { bins: whole(s.bins), bound: Some(s.bound) });
            }
            Some(Univariate::BSpline(s)) => {
                settings.b_spline = Some(Spline { bins: whole(s.bins), bound: Some(s.bound) });
            }
            Some(Univariate::Mixture(m)) => {
                settings.mixture = Some(Components { components: whole(m.components), kernel: Some(m.kernel) });
            }
            Some(Univariate::PositiveSum(s)) => settings.positive_sum = Some(Terms { terms: whole(s.terms) }),
            Some(Univariate::SinhArcsinh) => return Self::Named(Name::SinhArcsinh),
            Some(Univariate::Additive) => return Self::Named(Name::Additive),
            Some(other) => unreachable!("no configuration names {}", other.name()),
        }
        Self::Set(Box::new(settings))
    }
}

impl<'de> Deserialize<'de> for Map {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrSettings;

        impl<'de> Visitor<'de> for NameOrSettings {
            type Value = Map;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a map, as `affine`, `mixture` or `{rational_quadratic: {bins: 8}}`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Map, E> {
                let found = Name::ALL.into_iter().find(|name| name.word() == text);
                found.map(Map::Named).ok_or_else(|| {
                    let words = Name::ALL.map(Name::word);
                    E::custom(super::super::suggest::unknown_name(text, &words))
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Map, A::Error> {
                Settings::deserialize(MapAccessDeserializer::new(entries)).map(|settings| Map::Set(Box::new(settings)))
            }
        }

        deserializer.deserialize_any(NameOrSettings)
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Named(name) => name.serialize(serializer),
            Self::Set(settings) => settings.serialize(serializer),
        }
    }
}
