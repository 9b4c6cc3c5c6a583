//! From the standard normal distribution to another one: a first map that makes the base what one wants.

use super::distribution::Distribution;
use super::settings::Settings;
use super::{Monotone, normal};
use crate::Real;
use crate::affine::Direction;
use serde::{Deserialize, Serialize};

/// `x = Q(Φ(z))` with the quantile function `Q` of `distribution`, base → data; from the real numbers onto its support. With
/// its density `f`, `ℓ = log φ(z) − log f(x)`: of standard normal `z` the `x` have the distribution exactly. Without
/// parameters; either direction is a closed form, by the logarithms of the tails.
///
/// Near 1 numbers of the uniform distribution lie apart by the last digit, so that in single precision no `z` beyond 5.4
/// comes back. There 0 and 1 stand for all that is rounded to them and are mapped to the last finite `z`, and draws are
/// the numbers next to them. What comes before
/// such a base then still has its density: that of `z` and the log-det cancel. Where samples or `z` so far out matter,
/// maps onto the normal distribution are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Base {
    pub distribution: Distribution,
}

impl Settings for Base {
    fn name(&self) -> &'static str {
        "base"
    }

    fn range(&self) -> [f64; 2] {
        self.distribution.support()
    }
}

impl Base {
    fn at(self, z: f64) -> (f64, f64) {
        let x = self.distribution.quantile(normal::log_tails(z));
        (x, normal::log_density(z) - self.distribution.log_density(x))
    }
}

impl<R: Real> Monotone<R> for Base {
    fn parameters(&self) -> usize {
        0
    }

    fn closed(&self) -> Direction {
        Direction::Forward
    }

    fn map(&self, _: &[R], u: R) -> (R, R) {
        let (x, log) = self.at(u.f64());
        let x = R::of(x);
        if self.distribution != Distribution::Uniform || x.is_nan() {
            return (x, R::of(log));
        }
        // an end itself is where what comes next is infinite
        (x.max(R::min_positive_value()).min(R::one() - R::epsilon() * R::of(0.5)), R::of(log))
    }

    fn solve(&self, _: &[R], y: R) -> R {
        let tails = self.distribution.log_tails(y.f64());
        if self.distribution != Distribution::Uniform {
            return R::of(normal::quantile(tails));
        }
        let [below, above] = tails;
        // comparisons, as the greater of NaN and a number would be the number
        let at_least = |log: f64, least: R| if log < least.f64().ln() { least.f64().ln() } else { log };
        let least = [R::min_positive_value(), R::epsilon() * R::of(0.25)];
        R::of(normal::quantile([at_least(below, least[0]), at_least(above, least[1])]))
    }

    fn gradient(&self, _: &[R], u: R, dy: R, dl: R, _: &mut [R]) -> R {
        let (x, log) = self.at(u.f64());
        let dx = dy.f64() - dl.f64() * self.distribution.score(x);
        R::of(dx * log.exp() - dl.f64() * u.f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Distribution::{Logistic, Normal, Uniform};

    #[test]
    fn values_are_quantiles_at_normal_probabilities() {
        // Φ(1) = 0.8413447460685429, log(Φ(1)/Φ(−1)) = 1.6683…
        let at = |distribution, z: f64| Base { distribution }.map(&[], z);
        assert!((at(Uniform, 1.0).0 - 0.841_344_746_068_542_9).abs() < 1e-15);
        assert!((at(Logistic, 1.0).0 - (0.841_344_746_068_542_9f64 / 0.158_655_253_931_457_1).ln()).abs() < 1e-14);
        let (x, log) = at(Normal, -3.3);
        assert!((x + 3.3).abs() < 1e-14 && log.abs() < 1e-13);
    }

    #[test]
    fn ends_are_finite_and_beyond_them_is_nothing() {
        let uniform = |x: f32| Base { distribution: Uniform }.solve(&[], x);
        assert!((uniform(0.0) + 12.95).abs() < 0.05 && (uniform(1.0) - 5.42).abs() < 0.05);
        assert!(uniform(0.0) <= uniform(1e-42) && uniform(1e-42) < uniform(1e-30) && uniform(0.999_999) < uniform(1.0));
        assert!([-0.1, 1.1, f32::NAN].into_iter().all(|x| uniform(x).is_nan()));
        let [(low, _), (high, _)] = [-40.0f32, 40.0].map(|z| Base { distribution: Uniform }.map(&[], z));
        assert!(low > 0.0 && high < 1.0, "{low} {high}");
        // logistic tails go on beyond what a uniform number can say
        let far = Base { distribution: Logistic }.solve(&[], -1e4f64);
        assert!((Base { distribution: Logistic }.map(&[], far).0 / -1e4 - 1.0).abs() < 1e-12, "{far}");
    }

    #[test]
    fn the_density_is_that_of_the_distribution() {
        for distribution in [Logistic, Uniform] {
            for z in [-5.0, 0.2, 3.0] {
                let (x, log) = Base { distribution }.map(&[], z);
                assert!((normal::log_density(z) - log - distribution.log_density(x)).abs() < 1e-12, "{z}");
            }
        }
    }
}
