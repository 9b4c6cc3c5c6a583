//! The section `sweep.stop`: when cells end early.

use super::plan::{Cell, Stopping, StoppingRule};
use crate::config::check::Checker;
use crate::config::locate::Aim;
use crate::config::mistake::Mistake;
use crate::config::path::KeyPath;
use crate::config::suggest::unknown_name;
use crate::config::tree::shortened;
use crate::config::written::{Rule, Stop};
use flowstill_student::measure::MEASURES;

/// The value that validations lower.
const VALIDATION: &str = "validation";

/// Measures by which cells can be compared, with whether less is better. The others tell how sure or how broad, not how
/// good.
const COMPARABLE: [(&str, bool); 8] = [
    (VALIDATION, true),
    ("kl_forward", true),
    ("kl_reverse", true),
    ("total_variation", true),
    ("psis_k", true),
    ("ess_forward", false),
    ("ess_reverse", false),
    ("mean_weight", false),
];

/// Steps that a rule may wait for.
const MOST_STEPS: i64 = 1_000_000_000;

pub fn stopping(checker: &mut Checker, written: Option<&Stop>) -> Option<Stopping> {
    let written = written?;
    let at = KeyPath::from("sweep.stop");
    let metric = written.metric.as_deref().unwrap_or(VALIDATION);
    let known = COMPARABLE.iter().find(|(name, _)| *name == metric);
    if known.is_none() {
        let names = COMPARABLE.map(|(name, _)| name);
        let message = if MEASURES.contains(&metric) {
            format!("`{}` does not tell which cell is better; take one of `{}`", shortened(metric), names.join("`, `"))
        } else {
            unknown_name(metric, &names)
        };
        checker.wrong(at.key("metric"), message);
    }
    let Some(rule) = written.rule else {
        checker.wrong(at, "expected a rule, `rule: median` or `rule: halving`, got none".to_owned());
        return None;
    };
    let (name, others) = match rule {
        Rule::Median => ("median", [("first", written.first), ("factor", written.factor)]),
        Rule::Halving => ("halving", [("after", written.after), ("least", written.least)]),
    };
    for (key, _) in others.iter().filter(|(_, value)| value.is_some()) {
        checker.wrong(at.key(key), format!("is not a key of the rule `{name}`; remove it"));
    }
    let mut whole =
        |key: &str, value: Option<i64>, default, range| checker.whole(at.key(key), value.unwrap_or(default), range, "");
    let rule = match rule {
        Rule::Median => StoppingRule::Median {
            after: whole("after", written.after, 1000, (0, MOST_STEPS)) as u64,
            least: whole("least", written.least, 3, (1, 1_000_000)),
        },
        Rule::Halving => StoppingRule::Halving {
            first: whole("first", written.first, 1000, (1, MOST_STEPS)) as u64,
            factor: whole("factor", written.factor, 3, (2, 100)) as u32,
        },
    };
    let (metric, smaller_is_better) = *known?;
    Some(Stopping { rule, metric: metric.to_owned(), smaller_is_better })
}

/// What is wrong where no cell measures what is compared: without students validations have their value alone.
pub fn unmeasured(stopping: &Stopping, cells: &[Cell]) -> Option<Mistake> {
    let students = cells.iter().any(|cell| cell.experiment.distillation.is_some());
    (!students && stopping.metric != VALIDATION).then(|| {
        let message = format!(
            "`{}` is measured of students, and no cell has one; take `{VALIDATION}`, by which teachers are compared",
            stopping.metric
        );
        Mistake::new(KeyPath::from("sweep.stop.metric"), Aim::Value, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_compared_is_measured() {
        assert!(COMPARABLE.iter().all(|(name, _)| *name == VALIDATION || MEASURES.contains(name)));
    }
}
