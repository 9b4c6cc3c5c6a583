//! The distribution function of a mixture, then the quantile function of the base: data → base in closed form. Its
//! density is that of the mixture, so an autoregressive layer of it is a mixture density network per coordinate (MADE
//! MoG and MAF MoG, Papamakarios, Pavlakou & Murray 2017) and a coupling layer one of Flow++ (Ho et al. 2019,
//! §3.2).

use super::bracketed;
use super::distribution::Distribution;
use super::double::{Double, MOST_TERMS};
use super::scalar::log_sum_exp;
use super::settings::{SettingError, Settings};
use super::start::Spread;
use crate::affine::{slope_at_clipped, soft_clip};
use serde::{Deserialize, Serialize};

/// `z = Q(F(x))` with `F(x) = Σ π_k G((x − m_k)/s_k)`, where `G` is the distribution function of `kernel` and `Q` the
/// quantile function of `onto`; from the real numbers onto the support of `onto`. With the densities `f = F'` and `φ`
/// of `onto`, `ℓ = log f(x) − log φ(z)`: the density of `x` is `f(x)`, whatever it is mapped onto. `F` and `1 − F` are
/// both known by their logarithms, so that `z` is finite and accurate where `F` is 1 to the last digit.
///
/// `p` are the `components` logits (`π` is their softmax), then as many means and as many raw log-scales. Means are
/// added to quantiles and log-scales, soft-clipped to ±7, to a common one, so that components differ at zero and the
/// map is near the identity, which it is for one component of the distribution that it is mapped onto. The other
/// direction is bracketed Newton between the quantiles of the components.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mixture {
    /// from 1 to 64
    pub components: usize,
    #[serde(default)]
    pub kernel: Kernel,
    #[serde(default)]
    pub onto: Distribution,
}

/// What a mixture is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kernel {
    #[default]
    Gaussian,
    Logistic,
}

impl Kernel {
    fn distribution(self) -> Distribution {
        match self {
            Self::Gaussian => Distribution::Normal,
            Self::Logistic => Distribution::Logistic,
        }
    }
}

/// A component at some `x`.
#[derive(Clone, Copy, Default)]
struct Component {
    log_weight: f64,
    alpha: f64,
    scale: f64,
    /// `(x − m)/s`
    t: f64,
    /// Logarithms of its parts of `F`, of `1 − F` and of the density.
    tails: [f64; 2],
    log_density: f64,
}

/// The mixture at some `x`.
struct At {
    components: [Component; MOST_TERMS],
    /// `log F` and `log(1 − F)`
    tails: [f64; 2],
    log_density: f64,
}

impl Mixture {
    /// Bound of the logarithm of a component's scale, relative to that of its start.
    pub(crate) const CLIP: f64 = 7.0;

    /// Means and log-scale of the components at the start: together as wide as the base, or, where that is no measure,
    /// as one component.
    pub(crate) fn start(&self) -> (impl Fn(usize) -> f64 + use<>, f64) {
        let kernel = self.kernel.distribution().standard_deviation();
        let width = match self.onto {
            Distribution::Uniform => kernel,
            onto => onto.standard_deviation(),
        };
        let spread = Spread::of(self.components);
        (move |k| width * spread.centres[k], (width / kernel * spread.rest).ln())
    }

    /// Means, soft-clipped changes of the log-scales, and log-scales.
    fn places(&self, p: &[f64]) -> impl Iterator<Item = (f64, f64, f64)> {
        let (centre, log_scale) = self.start();
        let (means, raw) = p[self.components..].split_at(self.components);
        means.iter().zip(raw).enumerate().map(move |(k, (mean, &raw))| {
            let alpha = soft_clip(raw, Self::CLIP);
            (centre(k) + mean, alpha, log_scale + alpha)
        })
    }

    fn at(&self, p: &[f64], x: f64) -> At {
        let (kernel, logits) = (self.kernel.distribution(), &p[..self.components]);
        let total = log_sum_exp(logits.iter().copied());
        let mut components = [Component::default(); MOST_TERMS];
        for ((component, logit), (mean, alpha, log_scale)) in components.iter_mut().zip(logits).zip(self.places(p)) {
            let (log_weight, scale) = (logit - total, log_scale.exp());
            let t = (x - mean) / scale;
            let tails = kernel.log_tails(t).map(|tail| log_weight + tail);
            let log_density = log_weight + kernel.log_density(t) - log_scale;
            *component = Component { log_weight, alpha, scale, t, tails, log_density };
        }
        let used = &components[..self.components];
        let sum = |part: fn(&Component) -> f64| log_sum_exp(used.iter().map(part));
        let (tails, log_density) = ([sum(|c| c.tails[0]), sum(|c| c.tails[1])], sum(|c| c.log_density));
        At { components, tails, log_density }
    }

    /// `log f(x)`, in nats.
    pub fn log_density(&self, p: &[f64], x: f64) -> f64 {
        self.at(p, x).log_density
    }
}

impl Settings for Mixture {
    fn name(&self) -> &'static str {
        "mixture"
    }

    fn range(&self) -> [f64; 2] {
        self.onto.support()
    }

    fn check(&self) -> Result<(), SettingError> {
        self.check_count("components", self.components, [1, MOST_TERMS])
    }
}

impl Double for Mixture {
    fn parameters(&self) -> usize {
        3 * self.components
    }

    fn map(&self, p: &[f64], x: f64) -> (f64, f64) {
        let at = self.at(p, x);
        let z = self.onto.quantile(at.tails);
        (z, at.log_density - self.onto.log_density(z))
    }

    /// On the scale of the kernel's own quantiles `t`, on which the map is nearly straight in the tails. Every
    /// component has its `t` at `m_k + s_k t`, and the mixture between the least and the greatest of these.
    fn solve(&self, p: &[f64], z: f64) -> f64 {
        let kernel = self.kernel.distribution();
        let t = kernel.quantile(self.onto.log_tails(z));
        let bracket = self.places(p).fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], (mean, _, log_scale)| {
            let place = mean + log_scale.exp() * t;
            [low.min(place), high.max(place)]
        });
        let as_kernel = |x: f64| {
            let at = self.at(p, x);
            let t = kernel.quantile(at.tails);
            (t, (at.log_density - kernel.log_density(t)).exp())
        };
        bracketed::solve(as_kernel, t, bracket)
    }

    /// With the responsibilities `r_k`, `t_k = (x − m_k)/s_k` and `e^ℓ = f/φ`: `∂z/∂x = e^ℓ`, `∂z/∂m_k = −r_k e^ℓ`,
    /// `∂z/∂log s_k = −t_k s_k r_k e^ℓ`, `∂z/∂logit_k = π_k(G_k − F)/φ`, and `∂ℓ = ∂log f − (log φ)'·∂z`.
    fn gradient(&self, p: &[f64], x: f64, dz: f64, dl: f64, dp: &mut [f64]) -> f64 {
        let (at, kernel) = (self.at(p, x), self.kernel.distribution());
        let z = self.onto.quantile(at.tails);
        let log_base = self.onto.log_density(z);
        let slope = (at.log_density - log_base).exp();
        let dz = dz - dl * self.onto.score(z);
        // G_k − F from the smaller tail, which has the digits: its share of that tail against its weight
        let (tail, sign) = if at.tails[0] < at.tails[1] { (0, 1.0) } else { (1, -1.0) };
        let over_base = sign * (at.tails[tail] - log_base).exp();

        let (d_logits, rest) = dp.split_at_mut(self.components);
        let (d_means, d_raw) = rest.split_at_mut(self.components);
        let mut dx = 0.0;
        for (k, c) in at.components[..self.components].iter().enumerate() {
            let (weight, share) = (c.log_weight.exp(), (c.tails[tail] - at.tails[tail]).exp());
            let responsibility = (c.log_density - at.log_density).exp();
            let through = responsibility * (dz * slope + dl * kernel.score(c.t) / c.scale);
            dx += through;
            d_logits[k] = dz * over_base * (share - weight) + dl * (responsibility - weight);
            d_means[k] = -through;
            d_raw[k] = -(c.t * c.scale * through + dl * responsibility) * slope_at_clipped(c.alpha, Self::CLIP);
        }
        dx
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Distribution::{Logistic, Normal, Uniform};

    fn mixture(components: usize, kernel: Kernel, onto: Distribution) -> (Mixture, Vec<f64>) {
        let wave = |i: usize| 0.8 * (1.3 + 2.1 * i as f64).sin();
        (Mixture { components, kernel, onto }, (0..3 * components).map(wave).collect())
    }

    #[test]
    fn the_distribution_function_is_the_integral_of_the_density() {
        for (components, kernel) in [(1, Kernel::Logistic), (3, Kernel::Gaussian), (5, Kernel::Logistic)] {
            let (map, p) = mixture(components, kernel, Uniform);
            // the midpoint rule from where nothing is left
            let (from, step) = (-60.0, 1e-3);
            let mut sum = 0.0;
            for i in 0..120_000 {
                let x = from + f64::from(i) * step;
                if i % 4000 == 0 {
                    assert!((map.map(&p, x).0 - sum).abs() < 1e-6, "{components} {kernel:?} at {x}: {sum}");
                }
                sum += step * map.log_density(&p, x + 0.5 * step).exp();
            }
            assert!((sum - 1.0).abs() < 1e-6, "{components} {kernel:?}: {sum}");
        }
    }

    #[test]
    fn the_density_of_the_data_does_not_depend_on_the_base() {
        for onto in [Normal, Logistic, Uniform] {
            let (map, p) = mixture(4, Kernel::Gaussian, onto);
            for x in [-7.0, -0.4, 1.1, 9.0] {
                let (z, log) = map.map(&p, x);
                let density = onto.log_density(z) + log;
                assert!((density - map.log_density(&p, x)).abs() < 1e-12, "{onto:?} at {x}");
            }
        }
    }

    #[test]
    fn one_component_of_the_base_itself_is_the_identity_at_zero() {
        for (kernel, onto) in [(Kernel::Gaussian, Normal), (Kernel::Logistic, Logistic)] {
            let map = Mixture { components: 1, kernel, onto };
            for x in [-1e4, -9.0, 0.1, 30.0] {
                let (z, log) = map.map(&[0.0; 3], x);
                assert!((z / x - 1.0).abs() < 1e-12 && log.abs() < 1e-7, "{kernel:?} at {x}: {z} {log}");
            }
        }
    }

    #[test]
    fn zeros_are_near_the_identity_with_components_that_differ() {
        for components in [2, 5, 10, 64] {
            let map = Mixture { components, kernel: Kernel::Gaussian, onto: Normal };
            let p = vec![0.0; 3 * components];
            for i in -20..=20 {
                let x = 0.1 * f64::from(i);
                assert!((map.map(&p, x).0 - x).abs() < 0.03, "{components} at {x}: {:?}", map.map(&p, x));
            }
            let mut dp = vec![0.0; 3 * components];
            map.gradient(&p, 0.7, 1.0, 1.0, &mut dp);
            let means = &dp[components..2 * components];
            assert!(means.windows(2).all(|pair| (pair[0] - pair[1]).abs() > 1e-6), "{means:?}");
        }
    }

    #[test]
    fn tails_are_accurate_where_the_distribution_function_is_one() {
        // from x = 8.3 on a quantile of F itself would be infinite
        let (map, p) = mixture(3, Kernel::Gaussian, Normal);
        for x in [-300.0, -40.0, 12.0, 40.0, 300.0] {
            let (z, log) = map.map(&p, x);
            // the widest component is left alone there
            let at = map.at(&p, x);
            let widest = at.components[..3].iter().max_by(|a, b| a.scale.total_cmp(&b.scale)).unwrap();
            assert!(z.is_finite() && (z / widest.t - 1.0).abs() < 0.2, "{x}: {z} {}", widest.t);
            assert!((log + widest.scale.ln()).abs() < 0.3, "{x}: {log}");
            assert!((map.solve(&p, z) / x - 1.0).abs() < 1e-12, "{x}");
        }
    }

    #[test]
    fn wrong_numbers_of_components_are_refused() {
        let (map, _) = mixture(65, Kernel::Gaussian, Normal);
        let message = map.check().unwrap_err().to_string();
        assert_eq!(message, "mixture: components must be a whole number from 1 to 64, got 65");
    }
}
