//! Rejection sampling (von Neumann 1951), with a bound that is known or the empirical supremum (Caffo, Booth & Davison
//! 2002).

use super::uniforms::Uniforms;
use super::weights::WeightSums;
use super::{Corrected, Emit, Exact, How};
use crate::{Purpose, SamplerError, Stream, blocks};

/// Fewer than one accepted row in so many proposals is hopeless.
const HOPELESS: f64 = 1e-3;

/// A proposal is accepted with probability `w/M`. Rows are independent, and the teacher's own if `w ≤ M` everywhere;
/// they come in the order of their proposals, row `i` whatever the number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rejection {
    /// `log M`; if absent the largest weight met so far, in a pilot at first. A proposal above a given bound is an
    /// error, one above an estimated bound raises it and is counted.
    pub log_bound: Option<f64>,
}

impl Rejection {
    /// Proposals that are thrown away after the bound and the acceptance have been measured on them.
    pub const PILOT_ROWS: u64 = 10_000;

    pub(super) fn draw<E: From<SamplerError>>(
        self,
        exact: &Exact,
        seed: u64,
        rows: u64,
        emit: &mut Emit<E>,
    ) -> Result<Corrected, E> {
        if let Some(bound) = self.log_bound.filter(|bound| !bound.is_finite()) {
            return Err(SamplerError::Bound(bound).into());
        }
        let mut sums = WeightSums::default();
        for (first_row, count) in blocks(0..Self::PILOT_ROWS, exact.block_rows()) {
            let stream = Stream { seed, purpose: Purpose::Exact };
            sums.add(&exact.propose(stream, first_row, count)?.log_weight);
            emit(&[])?;
        }
        let mut gate = Gate::new(self.log_bound, sums.largest())?;
        let mut uniforms = Uniforms::new(seed);
        let mut ready = Vec::new();
        let (mut accepted, mut proposed) = (0, 0);
        while accepted < rows {
            let rate = (sums.log_mean() - gate.log_bound).exp();
            if rate < HOPELESS {
                return Err(SamplerError::Hopeless { rate, log_bound: gate.log_bound }.into());
            }
            // as many as will be needed, and some more against chance
            let needed = 1.1 * (rows - accepted) as f64 / rate + 32.0;
            let proposals = exact.propose(seed, proposed, (needed as usize).min(exact.block_rows()))?;
            sums.add(&proposals.log_weight);
            ready.clear();
            for (row, &log_weight) in proposals.log_weight.iter().enumerate() {
                proposed += 1;
                if gate.lets_through(log_weight, &mut uniforms)? {
                    ready.extend_from_slice(proposals.row(row));
                    accepted += 1;
                    if accepted == rows {
                        break;
                    }
                }
            }
            emit(&ready)?;
        }
        let how = gate.account(accepted as f64 / proposed as f64);
        let (proposals, effective) = (Self::PILOT_ROWS + proposed, rows as f64);
        Ok(Corrected { rows, proposals, effective, mean_weight: sums.mean(), how })
    }
}

/// The bound and what came of it.
#[derive(Debug)]
struct Gate {
    log_bound: f64,
    estimated: bool,
    violations: u64,
    raised: f64,
}

impl Gate {
    /// The bound that was given, else the largest weight of the pilot.
    fn new(given: Option<f64>, largest: f64) -> Result<Self, SamplerError> {
        match given {
            Some(log_bound) if largest > log_bound => Err(SamplerError::Exceeded { log_bound, log_weight: largest }),
            None if largest == f64::NEG_INFINITY => Err(SamplerError::NothingPossible),
            _ => {
                let log_bound = given.unwrap_or(largest);
                Ok(Self { log_bound, estimated: given.is_none(), violations: 0, raised: 0.0 })
            }
        }
    }

    /// Accepts with probability `w/M`. Errors: a weight above a bound that was given.
    fn lets_through(&mut self, log_weight: f64, uniforms: &mut Uniforms) -> Result<bool, SamplerError> {
        if log_weight > self.log_bound {
            if !self.estimated {
                return Err(SamplerError::Exceeded { log_bound: self.log_bound, log_weight });
            }
            self.violations += 1;
            self.raised += log_weight - self.log_bound;
            self.log_bound = log_weight;
        }
        Ok(uniforms.happens(log_weight - self.log_bound))
    }

    fn account(self, acceptance: f64) -> How {
        let Self { log_bound, estimated, violations, raised } = self;
        How::Rejection { acceptance, log_bound, estimated, violations, raised }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_passes_above_a_given_bound() {
        let mut gate = Gate::new(Some(1.0), 0.5).unwrap();
        let mut uniforms = Uniforms::new(0);
        assert!(gate.lets_through(1.0, &mut uniforms).unwrap());
        let refused = gate.lets_through(1.25, &mut uniforms);
        assert!(matches!(refused, Err(SamplerError::Exceeded { log_bound: 1.0, log_weight: 1.25 })));
        assert!(matches!(Gate::new(Some(1.0), 1.5), Err(SamplerError::Exceeded { .. })));
    }

    #[test]
    fn an_estimated_bound_rises_and_every_violation_is_counted() {
        let mut gate = Gate::new(None, 0.0).unwrap();
        let mut uniforms = Uniforms::new(0);
        for log_weight in [-1.0, 0.5, 0.25, 2.0, f64::NEG_INFINITY] {
            gate.lets_through(log_weight, &mut uniforms).unwrap();
        }
        assert_eq!((gate.log_bound, gate.violations, gate.raised), (2.0, 2, 2.0));
        // under the old bound this row would pass surely
        let passed = (0..10_000).filter(|_| gate.lets_through(0.5, &mut uniforms).unwrap()).count() as f64 / 1e4;
        assert!((passed - (-1.5f64).exp()).abs() < 0.017, "{passed}");
        assert!((0..100).all(|_| !gate.lets_through(f64::NEG_INFINITY, &mut uniforms).unwrap()));
        assert!(matches!(Gate::new(None, f64::NEG_INFINITY), Err(SamplerError::NothingPossible)));
    }
}
