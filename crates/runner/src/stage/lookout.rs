//! Someone who looks out for lost modes while a student is still in training.

use flowstill_eval::{DuringTraining, lost_modes};
use flowstill_student::PhaseStart;
use flowstill_student::measure::DRAWS;
use flowstill_trainer::Record;

/// Looks at the validations of one phase. It speaks once, and not before the first half of the phase is over: a young
/// student has always lost modes.
pub struct Lookout {
    measures: Vec<&'static str>,
    half: u64,
    said: bool,
}

impl Lookout {
    pub fn new(phase: &PhaseStart) -> Self {
        Self { measures: phase.measures.to_vec(), half: phase.first_step + phase.steps.div_ceil(2), said: false }
    }

    /// What there is to say after this validation.
    pub fn look(&mut self, record: &Record) -> Option<String> {
        if self.said || record.step < self.half {
            return None;
        }
        let measured = |name: &str| {
            let at = self.measures.iter().position(|measure| *measure == name);
            at.and_then(|at| record.measures.get(at)).copied().unwrap_or(f64::NAN)
        };
        let now = DuringTraining {
            kl_forward: measured("kl_forward"),
            kl_reverse: measured("kl_reverse"),
            mean_weight: measured("mean_weight"),
            ess: measured("ess_reverse"),
            samples: DRAWS,
        };
        let sentence = lost_modes(&now)?;
        self.said = true;
        Some(format!("after step {}, {sentence}", record.step))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEASURES: &[&str] = &["kl_reverse", "ess_reverse", "mean_weight", "kl_forward"];

    fn lookout() -> Lookout {
        let (objective, terms, reason) = ("reverse_kl", &["reverse_kl"][..], None);
        Lookout::new(&PhaseStart { objective, terms, measures: MEASURES, reason, first_step: 1000, steps: 401 })
    }

    /// A validation that measured `[kl_reverse, ess_reverse, mean_weight, kl_forward]`.
    fn record(step: u64, measures: &[f64]) -> Record {
        let measures = measures.to_vec();
        Record { step, terms: Vec::new(), validation: 0.0, measures, rate: 0.0, gradient_norm: 0.0, best: true }
    }

    const GOOD: [f64; 4] = [0.1, 0.9, 0.99, 0.12];
    const LOST: [f64; 4] = [0.7, 0.9, 0.5, 68.0];

    #[test]
    fn it_speaks_once_and_only_in_the_second_half() {
        let mut lookout = lookout();
        assert_eq!(lookout.look(&record(1000, &LOST)), None);
        assert_eq!(lookout.look(&record(1200, &LOST)), None, "one step before the half of 401 is over");
        let said = lookout.look(&record(1201, &LOST)).expect("modes are lost");
        assert!(said.starts_with("after step 1201, the student leaves out part of the teacher"), "{said}");
        assert!(said.contains("E_q[w] is 0.50") && said.contains("68.00 nats against 0.70"), "{said}");
        assert_eq!(lookout.look(&record(1300, &LOST)), None, "it was said");
    }

    #[test]
    fn it_goes_on_looking_while_all_is_well() {
        let mut lookout = lookout();
        assert_eq!(lookout.look(&record(1300, &GOOD)), None);
        assert!(lookout.look(&record(1401, &LOST)).is_some());
    }

    #[test]
    fn what_was_not_measured_says_nothing() {
        let (mut without_forward, mut without_all) = (lookout(), lookout());
        // a target without draws: no forward divergence, and the mean weight alone may tell
        assert!(without_forward.look(&record(1300, &LOST[..3])).is_some_and(|said| !said.contains("KL(")));
        assert_eq!(without_all.look(&record(1300, &[])), None);
    }
}
