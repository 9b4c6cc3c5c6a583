//! The table of quality: each metric with its value, the value of a perfect student, and what it says.

use super::Report;
use super::numbers::{estimate, significant};
use flowstill_eval::Quality;
use serde::Serialize;

/// One row of the table.
#[derive(Debug, Serialize)]
pub struct Metric {
    name: &'static str,
    value: String,
    unit: &'static str,
    perfect: &'static str,
    meaning: String,
}

/// All rows, or none when student and teacher were not compared.
pub fn metrics(report: &Report) -> Vec<Metric> {
    let Some(quality) = &report.quality else { return Vec::new() };
    let row =
        |name, value, unit, perfect, meaning: &str| Metric { name, value, unit, perfect, meaning: meaning.into() };
    let mut rows = vec![
        row(
            "KL(teacher‖student)",
            estimate(quality.kl_forward),
            "nats",
            "0",
            "What the student misses of the teacher: log-density lost on the teacher's own samples. Large when modes are lost.",
        ),
        row(
            "KL(teacher‖student) / dim",
            estimate(quality.kl_forward_per_dim),
            "nats/dim",
            "0",
            "The same, spread over the coordinates, to compare data of different width.",
        ),
        row(
            "KL(student‖teacher)",
            estimate(quality.kl_reverse),
            "nats",
            "0",
            "What training minimises: how much too likely the student finds its own samples. Does not notice lost modes.",
        ),
        row(
            "ESS, student samples",
            estimate(quality.ess_reverse),
            "share",
            "1",
            "Share of the student's samples that is left after weighting them to the teacher's density.",
        ),
        row(
            "ESS, teacher samples",
            estimate(quality.ess_forward),
            "share",
            "1",
            "The same share estimated from the teacher's samples; it falls where the student lost modes.",
        ),
        row(
            "mean weight",
            estimate(quality.mean_weight),
            "",
            "1",
            "Mean of teacher density over student density on the student's samples; below 1 when the student misses mass.",
        ),
        row(
            "total variation",
            estimate(quality.total_variation),
            "",
            "0",
            "Largest difference between the probabilities that the two give to any one event.",
        ),
        row(
            "correlation error",
            significant(quality.correlation_error, 2),
            "",
            "0",
            "Largest absolute difference between the two correlation matrices of samples.",
        ),
    ];
    rows.extend(worst_marginal(report, quality));
    rows
}

fn worst_marginal(report: &Report, quality: &Quality) -> Option<Metric> {
    let distances = quality.marginal_ks.iter().enumerate();
    let (column, distance) = distances.max_by(|a, b| a.1.total_cmp(b.1))?;
    let name = report.samples.columns.get(column).cloned().unwrap_or_else(|| format!("coordinate {column}"));
    Some(Metric {
        name: "largest marginal distance",
        value: significant(*distance, 2),
        unit: "",
        perfect: "0",
        meaning: format!("Kolmogorov–Smirnov distance of the worst single coordinate, which is {name}."),
    })
}
