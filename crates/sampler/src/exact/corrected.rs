//! What a correction took, in numbers and in words.

use std::fmt;

/// Fewer effective rows than this share of the rows are few.
const FEW: f64 = 0.2;
/// Resampling from a pool whose weights amount to fewer rows than this is biased visibly.
const SMALL_POOL: f64 = 100.0;
/// A mean weight this far below 1, and so many standard errors besides, is mass that is missed.
const MISSED: f64 = 0.05;
const ERRORS: f64 = 4.0;

/// The account of one draw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Corrected {
    pub rows: u64,
    /// rows that the student drew for them, burn-in and pilot included
    pub proposals: u64,
    /// independent rows that tell as much: `rows²/Σc²` with the number of copies `c` of each distinct row (Kish).
    ///
    /// What a mean over the rows has as its variance for a quantity that does not depend on the weight; for rejection
    /// all rows count.
    pub effective: f64,
    /// over all proposals; where it is below 1 the student hardly ever reaches a part of the teacher's mass
    pub mean_weight: MeanWeight,
    pub how: How,
}

/// `E_q[w]`, which is 1 for a student that reaches all that its teacher does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanWeight {
    pub mean: f64,
    pub standard_error: f64,
}

/// What the method adds to the account.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum How {
    Imh {
        chains: usize,
        burn_in: u64,
        /// share of the proposals after the burn-in that were accepted
        acceptance: f64,
    },
    Sir {
        /// `(Σw)²/Σw²` of the weights of all proposals
        weight_effective: f64,
        /// rows that are not copies of another
        distinct: u64,
    },
    Rejection {
        /// share of the proposals after the pilot that were accepted
        acceptance: f64,
        /// the bound of `log p − log q` at the end
        log_bound: f64,
        /// whether the bound was found among the proposals
        estimated: bool,
        /// proposals that exceeded an estimated bound, each of which raised it
        violations: u64,
        /// by how much all of them together raised it, nats
        raised: f64,
    },
}

impl Corrected {
    /// Effective rows per row.
    pub fn share(&self) -> f64 {
        self.effective / self.rows as f64
    }

    /// Effective rows per proposal, burn-in and pilot included.
    pub fn efficiency(&self) -> f64 {
        self.effective / self.proposals as f64
    }

    /// Share of the proposals that were accepted; resampling accepts none and refuses none.
    pub fn acceptance(&self) -> Option<f64> {
        match self.how {
            How::Imh { acceptance, .. } | How::Rejection { acceptance, .. } => Some(acceptance),
            How::Sir { .. } => None,
        }
    }

    /// What a user of the rows must know, in one sentence; nothing if all is well.
    pub fn warning(&self) -> Option<String> {
        let MeanWeight { mean, standard_error } = self.mean_weight;
        if mean + ERRORS * standard_error < 1.0 - MISSED {
            return Some(format!(
                "the mean weight of the proposals is {mean:.3} and not 1: the student hardly ever reaches a part of what \
                 the teacher draws, and no correction brings that back; give the student a temperature above 1, or \
                 train it again"
            ));
        }
        let few = self.share() < FEW;
        match self.how {
            How::Imh { acceptance, .. } if few => Some(format!(
                "chains stay at some rows for long, so these repeat ({} of proposals accepted): take a longer burn-in and \
                 more rows, or a student closer to its teacher",
                percent(acceptance)
            )),
            How::Sir { weight_effective, .. } if few || weight_effective < SMALL_POOL => Some(format!(
                "the weights of all proposals amount to {weight_effective:.0} rows, too few to draw {} from: take a larger \
                 pool, or a student closer to its teacher",
                self.rows
            )),
            How::Rejection { violations, raised, .. } if violations > 0 => Some(format!(
                "the estimated bound was exceeded {} and raised by {raised:.2} nats in all: rows accepted before that are \
                 not quite the teacher's",
                times(violations)
            )),
            _ => None,
        }
    }
}

impl fmt::Display for Corrected {
    /// In words, e.g. `imh: 64 chains, 100 steps of burn-in, 83.1 % of proposals accepted; 10000 rows from 16448
    /// proposals count as 7034`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.how {
            How::Imh { chains, burn_in, acceptance } => {
                write!(
                    f,
                    "imh: {chains} chains, {burn_in} steps of burn-in, {} of proposals accepted",
                    percent(acceptance)
                )?;
            }
            How::Sir { weight_effective, distinct } => {
                let share = percent(weight_effective / self.proposals as f64);
                write!(f, "sir: weights worth {share} of the proposals, {distinct} distinct rows")?;
            }
            How::Rejection { acceptance, log_bound, estimated, violations, .. } => {
                let accepted = percent(acceptance);
                let kind = if estimated { "estimated" } else { "given" };
                write!(f, "rejection: {accepted} of proposals accepted under the {kind} log-bound {log_bound:.3}")?;
                if estimated {
                    write!(f, ", exceeded {}", times(violations))?;
                }
            }
        }
        write!(f, "; {} rows from {} proposals count as {:.0}", self.rows, self.proposals, self.effective)
    }
}

fn times(count: u64) -> String {
    match count {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        _ => format!("{count} times"),
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_poor_is_warned_of() {
        let mean_weight = MeanWeight { mean: 0.9, standard_error: 0.02 };
        let account = |effective, how| Corrected { rows: 1000, proposals: 4000, effective, mean_weight, how };
        let imh = How::Imh { chains: 64, burn_in: 100, acceptance: 0.07 };
        let sir = |weight_effective| How::Sir { weight_effective, distinct: 900 };
        let rejection =
            |violations| How::Rejection { acceptance: 0.4, log_bound: 1.0, estimated: true, violations, raised: 0.3 };
        for (account, words) in [
            (account(900.0, imh), None),
            (account(50.0, imh), Some("7.0 % of proposals")),
            (account(900.0, sir(2000.0)), None),
            (account(900.0, sir(40.0)), Some("amount to 40 rows")),
            (account(1000.0, rejection(0)), None),
            (account(1000.0, rejection(3)), Some("3 times and raised by 0.30 nats")),
        ] {
            let warning = account.warning();
            assert_eq!(warning.is_some(), words.is_some(), "{warning:?}");
            assert!(words.is_none_or(|words| warning.unwrap().contains(words)), "{account}");
            assert!(account.to_string().ends_with(&format!("4000 proposals count as {:.0}", account.effective)));
        }
        assert_eq!(account(500.0, imh).efficiency(), 0.125);
        let missed = MeanWeight { mean: 0.8, standard_error: 0.02 };
        let warning = Corrected { mean_weight: missed, ..account(900.0, imh) }.warning().unwrap();
        assert!(warning.starts_with("the mean weight of the proposals is 0.800"), "{warning}");
    }
}
