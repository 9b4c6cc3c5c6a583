//! Whether each layer is given numbers that it can map: some elementwise maps lead from or to an interval.

use crate::spec::{FlowSpec, LayerSpec, SpecError};
use flowstill_kernel::affine::Direction;
use flowstill_kernel::rows::RowSpec;

const REALS: [f64; 2] = [f64::NEG_INFINITY, f64::INFINITY];

/// Follows the real numbers through the chain, from the base and from the data: either side has all of them.
pub(crate) fn check(spec: &FlowSpec) -> Result<(), SpecError> {
    walk(spec.layers.iter().enumerate(), Direction::Forward)?;
    walk(spec.layers.iter().enumerate().rev(), Direction::Inverse)
}

fn walk<'a>(layers: impl Iterator<Item = (usize, &'a LayerSpec)>, direction: Direction) -> Result<(), SpecError> {
    let mut given = REALS;
    for (layer, spec) in layers {
        let univariate = match spec {
            LayerSpec::Rowwise { map: RowSpec::Elementwise { univariate }, .. } => Some(univariate),
            LayerSpec::Rowwise { map: RowSpec::Permutation { .. }, .. } => continue,
            _ => None,
        };
        let [least, most] = univariate.map_or(REALS, |map| map.domain(direction));
        if given[0] < least || given[1] > most {
            let kind = univariate.map_or(spec.kind(), |map| map.name());
            let side = if direction == Direction::Forward { "base" } else { "data" };
            return Err(SpecError::OutOfDomain {
                layer,
                kind,
                side,
                takes: interval([least, most]),
                given: interval(given),
            });
        }
        given = univariate.map_or(REALS, |map| map.domain(direction.opposite()));
    }
    Ok(())
}

fn interval([least, most]: [f64; 2]) -> String {
    let end = |value: f64| if value.is_infinite() { "∞".to_owned() } else { value.to_string() };
    let sign = if least == f64::NEG_INFINITY { "−" } else { "" };
    format!("({sign}{}, {})", end(least), end(most))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Orientation;
    use flowstill_kernel::Univariate;
    use flowstill_kernel::univariate::{Distribution, Kernel, Mixture};

    fn chain(maps: &[Univariate]) -> FlowSpec {
        let layer = |univariate: &Univariate| LayerSpec::Rowwise {
            map: RowSpec::Elementwise { univariate: univariate.clone() },
            orientation: Orientation::Maf,
        };
        FlowSpec { dim: 2, layers: maps.iter().map(layer).collect() }
    }

    #[test]
    fn intervals_must_fit_together_on_both_sides() {
        let onto_uniform = Mixture { components: 2, kernel: Kernel::Gaussian, onto: Distribution::Uniform };
        let cdf = Univariate::Mixture(onto_uniform);
        for fits in [
            vec![Univariate::SinhArcsinh],
            vec![Univariate::Sigmoid, cdf.clone()],
            vec![Univariate::Sigmoid, Univariate::Logit],
        ] {
            assert_eq!(chain(&fits).validate(), Ok(()), "{fits:?}");
        }
        let message = |maps: &[Univariate]| chain(maps).validate().unwrap_err().to_string();
        // a base of all numbers below a map from (0, 1), and data of all numbers above a map onto it
        let from = message(&[cdf]);
        assert!(
            from.contains("layer 0: a mixture layer takes numbers in (0, 1) from the base side, and is given (−∞, ∞)"),
            "{from}"
        );
        let onto = message(&[Univariate::SinhArcsinh, Univariate::Softplus]);
        assert!(onto.contains("layer 1: a softplus layer takes numbers in (0, ∞) from the data side"), "{onto}");
    }
}
