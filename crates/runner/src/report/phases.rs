//! The recipe that really ran: its phases in words and as a table.

use super::numbers::{significant, with_thousands};
use serde::Serialize;

/// One phase of a distillation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Phase {
    /// name of its objective in experiments, such as `path_gradient`
    pub objective: String,
    /// why this phase, where that was decided on the way
    pub reason: Option<String>,
    pub steps: usize,
    /// step whose parameters were kept, counted through all phases
    pub kept: usize,
    /// measured there, in nats
    pub kl_forward: Option<f64>,
    pub kl_reverse: Option<f64>,
    /// effective samples of the student, a share
    pub ess: Option<f64>,
    /// why it ended
    pub ended: String,
}

/// One row of the table.
#[derive(Debug, Serialize)]
pub struct Row {
    number: usize,
    name: String,
    reason: Option<String>,
    steps: String,
    kept: String,
    kl_forward: String,
    kl_reverse: String,
    ess: String,
    ended: String,
}

/// The table of phases.
pub fn rows(phases: &[Phase]) -> Vec<Row> {
    let measured = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| significant(value, 3));
    let row = |(i, phase): (usize, &Phase)| Row {
        number: i + 1,
        name: objective_in_words(&phase.objective),
        reason: phase.reason.clone(),
        steps: with_thousands(phase.steps),
        kept: with_thousands(phase.kept),
        kl_forward: measured(phase.kl_forward),
        kl_reverse: measured(phase.kl_reverse),
        ess: measured(phase.ess),
        ended: phase.ended.clone(),
    };
    phases.iter().enumerate().map(row).collect()
}

/// `warm start (4000 steps), then path gradient (8000 steps in 2 phases)`; a phase whose bound was reached before it began
/// did nothing.
pub fn recipe_in_words(phases: &[Phase]) -> String {
    let worked: Vec<&Phase> = phases.iter().filter(|phase| phase.steps > 0).collect();
    let each = |alike: &[&Phase]| {
        let steps: usize = alike.iter().map(|phase| phase.steps).sum();
        let plural = if steps == 1 { "" } else { "s" };
        let several = if alike.len() > 1 { format!(" in {} phases", alike.len()) } else { String::new() };
        format!("{} ({} step{plural}{several})", objective_in_words(&alike[0].objective), with_thousands(steps))
    };
    worked.chunk_by(|a, b| a.objective == b.objective).map(each).collect::<Vec<_>>().join(", then ")
}

/// `path gradient` for `path_gradient`.
pub fn objective_in_words(objective: &str) -> String {
    match objective {
        "mixed" => "mixed KL".to_owned(),
        "alpha" => "α-divergence".to_owned(),
        "closed_form" => "closed-form KL".to_owned(),
        name => name.replace("_kl", " KL").replace('_', " "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_reads_as_a_sentence() {
        let phase = |objective: &str, steps| Phase { objective: objective.into(), steps, ..Phase::default() };
        let recipe = [phase("warm_start", 4000), phase("mixed", 1), phase("path_gradient", 12_000)];
        let words = "warm start (4000 steps), then mixed KL (1 step), then path gradient (12\u{202f}000 steps)";
        assert_eq!(recipe_in_words(&recipe), words);
        let alike = [phase("mixed", 200), phase("mixed", 250), phase("warm_start", 3), phase("mixed", 2)];
        let words = "mixed KL (450 steps in 2 phases), then warm start (3 steps), then mixed KL (2 steps)";
        assert_eq!(recipe_in_words(&alike), words);
        assert_eq!(recipe_in_words(&[phase("mixed", 0), phase("warm_start", 4000)]), "warm start (4000 steps)");
        assert_eq!(["reverse_kl", "many_samples"].map(objective_in_words), ["reverse KL", "many samples"]);
    }

    #[test]
    fn what_was_not_measured_is_a_dash() {
        let phase = Phase { kl_reverse: Some(0.012_34), steps: 400, kept: 300, ..Phase::default() };
        let row = &rows(&[phase])[0];
        assert_eq!((row.number, row.kl_forward.as_str(), row.kl_reverse.as_str()), (1, "–", "0.0123"));
        assert_eq!((row.steps.as_str(), row.kept.as_str()), ("400", "300"));
    }
}
