//! Which trainings end early: those that others of the same sweep have left behind.

use crate::plan::{Stopping, StoppingRule};

/// `(step, value)` of one training's validations, by growing step.
pub type Curve = Vec<(u64, f64)>;

impl Stopping {
    /// Why the training with the curve `own` ends now, if it does. `others` gives the curves of the other trainings
    /// up to a step, and is asked only where something hangs on them.
    ///
    /// Both rules compare the best value up to a step with what others had reached by the same step: the median rule
    /// (Golovin et al. 2017) at every validation, successive halving (Li et al. 2020, the variant that stops) when a rung
    /// is passed.
    pub fn verdict<'a, Others: IntoIterator<Item = &'a Curve>>(
        &self,
        own: &[(u64, f64)],
        others: impl FnOnce(u64) -> Others,
    ) -> Option<String> {
        let &(step, _) = own.last()?;
        match self.rule {
            StoppingRule::Median { after, least } => {
                if step < after {
                    return None;
                }
                let mine = self.best(own, step)?;
                let mut rivals = self.at(others(step), step);
                if rivals.len() < least.max(1) {
                    return None;
                }
                let median = median(&mut rivals);
                self.worse(mine, median).then(|| {
                    format!(
                        "{} {mine:.4} at step {step} is worse than the median of {} others, {median:.4}",
                        self.metric,
                        rivals.len()
                    )
                })
            }
            StoppingRule::Halving { first, factor } => {
                let before = own.len().checked_sub(2).map_or(0, |place| own[place].0);
                let rung = highest_rung(first, factor, step).filter(|&rung| rung > before)?;
                let mine = self.best(own, step)?;
                let rivals = self.at(others(rung), rung);
                let better = rivals.iter().filter(|&&rival| self.worse(mine, rival)).count();
                let go_on = (rivals.len() + 1).div_ceil(factor.max(2) as usize);
                (better >= go_on).then(|| {
                    format!(
                        "{} {mine:.4} is not among the best {go_on} of {} at the rung of {rung} steps",
                        self.metric,
                        rivals.len() + 1
                    )
                })
            }
        }
    }

    /// Where `other` is better; a value that is no number is worse than any.
    fn worse(&self, own: f64, other: f64) -> bool {
        if own.is_nan() || other.is_nan() {
            return own.is_nan() && !other.is_nan();
        }
        if self.smaller_is_better { own > other } else { own < other }
    }

    /// The best value up to `step`.
    fn best(&self, curve: &[(u64, f64)], step: u64) -> Option<f64> {
        let reached = curve.iter().filter(|(at, _)| *at <= step).map(|(_, value)| *value);
        reached.reduce(|a, b| if self.worse(a, b) { b } else { a })
    }

    /// The best values up to `step` of those that got there.
    fn at<'a>(&self, curves: impl IntoIterator<Item = &'a Curve>, step: u64) -> Vec<f64> {
        let there = curves.into_iter().filter(|curve| curve.last().is_some_and(|(last, _)| *last >= step));
        there.filter_map(|curve| self.best(curve, step)).collect()
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { 0.5 * (values[middle - 1] + values[middle]) }
}

/// The highest of `first · factor^k` that is not above `step`.
fn highest_rung(first: u64, factor: u32, step: u64) -> Option<u64> {
    let rungs = std::iter::successors(Some(first.max(1)), |rung| rung.checked_mul(u64::from(factor.max(2))));
    rungs.take_while(|rung| *rung <= step).last()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(rule: StoppingRule, smaller_is_better: bool) -> Stopping {
        Stopping { metric: "kl_forward".to_owned(), smaller_is_better, rule }
    }

    fn flat(value: f64, steps: &[u64]) -> Curve {
        steps.iter().map(|&step| (step, value)).collect()
    }

    #[test]
    fn the_median_rule_ends_the_worse_half_and_waits_for_enough_others() {
        let median = rule(StoppingRule::Median { after: 20, least: 3 }, true);
        let others: Vec<Curve> = [1.0, 2.0, 3.0].map(|v| flat(v, &[10, 20, 30])).into();
        assert!(median.verdict(&flat(2.5, &[10, 20]), |_| &others).is_some());
        assert_eq!(median.verdict(&flat(1.5, &[10, 20]), |_| &others), None);
        assert_eq!(median.verdict(&flat(2.5, &[10]), |_| &others), None, "too early");
        assert_eq!(median.verdict(&flat(2.5, &[10, 20]), |_| &others[..2]), None, "too few");
        let largest = rule(StoppingRule::Median { after: 20, least: 3 }, false);
        assert!(largest.verdict(&flat(1.5, &[10, 20]), |_| &others).is_some());
    }

    #[test]
    fn what_others_reached_later_does_not_count() {
        let median = rule(StoppingRule::Median { after: 10, least: 1 }, true);
        let late = vec![vec![(10, 5.0), (20, 0.0)]];
        assert_eq!(median.verdict(&flat(3.0, &[10]), |_| &late), None);
        assert!(median.verdict(&flat(3.0, &[10, 20]), |_| &late).is_some());
        // one that has not come so far yet has nothing to compare
        assert_eq!(median.verdict(&flat(3.0, &[10, 20, 30]), |_| &late), None);
    }

    #[test]
    fn own_best_counts_and_no_number_is_worst() {
        let median = rule(StoppingRule::Median { after: 10, least: 1 }, true);
        let others = vec![flat(2.0, &[10, 20])];
        assert_eq!(median.verdict(&[(10, 1.0), (20, 9.0)], |_| &others), None);
        assert!(median.verdict(&[(10, f64::NAN)], |_| &others).is_some());
    }

    #[test]
    fn halving_looks_only_at_rungs_and_keeps_one_in_factor() {
        let halving = rule(StoppingRule::Halving { first: 10, factor: 2 }, true);
        let others: Vec<Curve> = [1.0, 2.0, 3.0].map(|v| flat(v, &[10, 20, 40])).into();
        // of four, two go on
        assert!(halving.verdict(&flat(2.5, &[10]), |_| &others).is_some());
        assert_eq!(halving.verdict(&flat(1.5, &[10]), |_| &others), None);
        // between the rungs of 10 and 20 nothing is decided
        assert_eq!(halving.verdict(&flat(2.5, &[10, 15]), |_| &others), None);
        assert_eq!(halving.verdict(&flat(2.5, &[10, 15]), |_| -> [&Curve; 0] { panic!("nor is anything read") }), None);
        // a validation that comes after the rung decides for it
        assert!(halving.verdict(&flat(2.5, &[15, 25]), |_| &others).is_some());
        // the first to come always goes on
        assert_eq!(halving.verdict(&flat(9.0, &[10]), |_| &[]), None);
    }
}
