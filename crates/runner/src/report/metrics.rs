//! The table of quality: each metric with its value, the value of a perfect student, and what it says.

use super::Report;
use super::numbers::{estimate, significant};
use flowstill_eval::Quality;
use flowstill_eval::psis::reliable_below;
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
            "How much too likely the student finds its own samples, which reverse KL and its path gradient minimise. Does not notice lost modes.",
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
            "The same share estimated from the teacher's samples; it falls where the student lost modes, and for a single sample in a tail.",
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
    rows.extend(accuracy(quality));
    rows.extend(tail(quality));
    rows.extend(least_mode(quality));
    rows.extend(least_cell(quality));
    rows.extend(worst_marginal(report, quality));
    rows
}

fn accuracy(quality: &Quality) -> Option<Metric> {
    Some(Metric {
        name: "classifier accuracy",
        value: estimate(quality.classifier_accuracy?),
        unit: "share",
        perfect: "0.5",
        meaning: "Share of samples that the best possible classifier attributes to the right one of the two.".into(),
    })
}

fn tail(quality: &Quality) -> Option<Metric> {
    Some(Metric {
        name: "tail shape k̂",
        value: significant(quality.psis_k?, 2),
        unit: "",
        perfect: "< 0.5",
        meaning: format!(
            "Heaviness of the tail of the weights on the student's samples (Pareto). Above {}, nothing that rests on these \
             weights is reliable, standard errors included.",
            significant(reliable_below(quality.samples), 2)
        ),
    })
}

fn least_mode(quality: &Quality) -> Option<Metric> {
    let coverage = quality.modes.as_ref()?;
    Some(Metric {
        name: "least mode ratio",
        value: estimate(coverage.least_ratio),
        unit: "",
        perfect: "1",
        meaning: format!(
            "The student's share of samples over the teacher's, in the mode where it is least of {}; the largest is {}.",
            coverage.modes.len(),
            estimate(coverage.largest_ratio)
        ),
    })
}

fn least_cell(quality: &Quality) -> Option<Metric> {
    let coverage = quality.cell_coverage.as_ref()?;
    let [low, high] = coverage.null_least_ratio.map(|ratio| significant(ratio, 2));
    Some(Metric {
        name: "least cell ratio",
        value: significant(coverage.least_ratio, 2),
        unit: "",
        perfect: "1",
        meaning: format!(
            "The student's share of samples over the teacher's, in the cell where it is least of {} into which the \
             teacher's samples are cut. Chance alone gives {low} to {high}.",
            coverage.cells
        ),
    })
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
