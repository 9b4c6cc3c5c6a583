//! What a user may write of the map that a layer applies to each coordinate.

use super::choice::{self, Choice};
use flowstill_kernel::univariate::{BSpline, Distribution, Kernel, LeakyRelu, Mixture, PositiveSum, RationalQuadratic};
use flowstill_model::Univariate;
use serde::{Deserialize, Serialize};

/// The map of each coordinate.
pub type Map = Choice<Settings>;

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
    /// `components`, 1 to 64, default 8; `kernel`, `gaussian` or `logistic`, default `gaussian`; `onto`, the distribution
    /// on the base side: `normal`, `logistic` or `uniform`, default `normal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mixture: Option<Components>,
    /// `terms`, 1 to 64, default 8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub positive_sum: Option<Terms>,
    /// `slope` of the negative half, 0.001 to 1000; learned where it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaky_relu: Option<Slope>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub onto: Option<Distribution>,
}

/// The keys of a sum.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    pub terms: Option<i64>,
}

/// The keys of a leaky rectifier.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slope {
    pub slope: Option<f64>,
}

/// Bound of splines unless another is chosen: four standard deviations of standardised data.
const BOUND: f64 = 4.0;

impl choice::Settings for Settings {
    const NAMES: &'static [&'static str] = &[
        "affine",
        "additive",
        "rational_quadratic",
        "b_spline",
        "mixture",
        "positive_sum",
        "sinh_arcsinh",
        "leaky_relu",
        "sigmoid",
        "logit",
        "tanh",
        "softplus",
        "artanh",
        "softplus_inverse",
        "student_t",
    ];
    const EXPECTED: &'static str = "one map, as `affine`, `mixture` or `{rational_quadratic: {bins: 8}}`";

    fn given(&self) -> Vec<&'static str> {
        choice::given([
            ("rational_quadratic", self.rational_quadratic.is_some()),
            ("b_spline", self.b_spline.is_some()),
            ("mixture", self.mixture.is_some()),
            ("positive_sum", self.positive_sum.is_some()),
            ("leaky_relu", self.leaky_relu.is_some()),
        ])
    }
}

impl Map {
    /// The map with what was not written filled in; nothing for the affine map, which layers have by themselves.
    pub fn univariate(&self) -> Option<Univariate> {
        let none = Settings::default();
        let settings = self.settings().unwrap_or(&none);
        let whole = |written: Option<i64>, default| written.map_or(default, |n| usize::try_from(n).unwrap_or(0));
        let spline = |written: Option<&Spline>, default| {
            (whole(written.and_then(|s| s.bins), default), written.and_then(|s| s.bound).unwrap_or(BOUND))
        };
        Some(match self.name()? {
            "affine" => return None,
            "additive" => Univariate::Additive,
            "rational_quadratic" => {
                let (bins, bound) = spline(settings.rational_quadratic.as_ref(), 8);
                Univariate::RationalQuadratic(RationalQuadratic { bins, bound })
            }
            "b_spline" => {
                let (bins, bound) = spline(settings.b_spline.as_ref(), 12);
                Univariate::BSpline(BSpline { bins, bound })
            }
            "mixture" => {
                let written = settings.mixture.as_ref();
                Univariate::Mixture(Mixture {
                    components: whole(written.and_then(|m| m.components), 8),
                    kernel: written.and_then(|m| m.kernel).unwrap_or(Kernel::Gaussian),
                    onto: written.and_then(|m| m.onto).unwrap_or(Distribution::Normal),
                })
            }
            "positive_sum" => {
                let terms = whole(settings.positive_sum.as_ref().and_then(|s| s.terms), 8);
                Univariate::PositiveSum(PositiveSum { terms })
            }
            "sinh_arcsinh" => Univariate::SinhArcsinh,
            "leaky_relu" => {
                Univariate::LeakyRelu(LeakyRelu { slope: settings.leaky_relu.as_ref().and_then(|s| s.slope) })
            }
            "sigmoid" => Univariate::Sigmoid,
            "logit" => Univariate::Logit,
            "tanh" => Univariate::Tanh,
            "softplus" => Univariate::Softplus,
            "artanh" => Univariate::Artanh,
            "softplus_inverse" => Univariate::SoftplusInverse,
            "student_t" => Univariate::StudentT,
            other => unreachable!("{other} is no name of a map"),
        })
    }
}

impl From<Option<&Univariate>> for Map {
    fn from(map: Option<&Univariate>) -> Self {
        let whole = |n: usize| Some(n as i64);
        let mut settings = Settings::default();
        match map {
            None => return Self::Named("affine"),
            Some(Univariate::RationalQuadratic(s)) => {
                settings.rational_quadratic = Some(Spline { bins: whole(s.bins), bound: Some(s.bound) });
            }
            Some(Univariate::BSpline(s)) => {
                settings.b_spline = Some(Spline { bins: whole(s.bins), bound: Some(s.bound) });
            }
            Some(Univariate::Mixture(m)) => {
                let onto = (m.onto != Distribution::Normal).then_some(m.onto);
                settings.mixture = Some(Components { components: whole(m.components), kernel: Some(m.kernel), onto });
            }
            Some(Univariate::PositiveSum(s)) => settings.positive_sum = Some(Terms { terms: whole(s.terms) }),
            Some(Univariate::LeakyRelu(LeakyRelu { slope: Some(slope) })) => {
                settings.leaky_relu = Some(Slope { slope: Some(*slope) });
            }
            Some(plain) => return Self::Named(plain.name()),
        }
        Self::Set(Box::new(settings))
    }
}
