//! What the numbers say, in sentences. Every statement is computed; none is written beforehand.

use super::Report;
use super::numbers::{estimate, samples_rate, significant, times, with_thousands};
use super::speed_table::{Ratios, ratios};
use crate::figure::{SAMPLERS, speed_points};

/// An estimate closer to zero than this many standard errors is not told apart from zero.
const ERRORS: f64 = 2.0;
/// A KL known better than this, in nats per dimension, is known well.
const SETTLED_PER_DIM: f64 = 0.05;

/// The first paragraph of the report.
pub fn verdict(report: &Report) -> String {
    let sentences = [likelihoods(report), divergence(report), coverage(report), speed(report)];
    sentences.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The numbers worth seeing at once, each with its name.
pub fn headline(report: &Report) -> Vec<(String, String)> {
    let mut cards = Vec::new();
    let mut card = |name: String, value: String| cards.push((name, value));
    for (model, likelihood) in
        [(report.teacher_name(), report.teacher_likelihood), ("student", report.student_likelihood)]
    {
        if let Some(likelihood) = likelihood {
            match likelihood.bits_per_dimension {
                Some(bits) => card(format!("{model}, bits per dimension"), estimate(bits)),
                None => card(format!("{model}, test log-likelihood (nats)"), estimate(likelihood.data_space)),
            }
        }
    }
    if let Some(quality) = &report.quality {
        card("KL(teacher‖student) per dimension (nats)".into(), estimate(quality.kl_forward_per_dim));
        card("effective sample size of the student".into(), estimate(quality.ess_reverse));
    }
    let threads = report.speed.iter().map(|row| row.threads).max().unwrap_or(0);
    for (op, name) in [("teacher_naive", "naive"), ("teacher_incremental", "incremental")] {
        if let Some((batch, ratio)) = ratios(&report.speed, op, threads).last() {
            card(format!("student ÷ {name} teacher, batch {}", with_thousands(*batch)), times(*ratio));
        }
    }
    cards
}

/// How the student's gain depends on the teacher's sampler that it is compared with.
pub fn gains(report: &Report) -> Option<String> {
    let threads = report.speed.iter().map(|row| row.threads).max()?;
    let naive = span(&ratios(&report.speed, "teacher_naive", threads))?;
    let incremental = span(&ratios(&report.speed, "teacher_incremental", threads))?;
    Some(format!(
        "The student's gain depends on what it is compared with: over these batch sizes it draws {naive} as many samples \
         per second as the teacher's naive sampler, which runs the whole network once per coordinate, and {incremental} \
         as many as the incremental sampler, which returns the same samples and computes each hidden unit only once."
    ))
}

fn likelihoods(report: &Report) -> Option<String> {
    let teacher = report.teacher_likelihood.map(|likelihood| likelihood.data_space);
    let student = report.student_likelihood.map(|likelihood| likelihood.data_space);
    let who = report.teacher_name();
    Some(match (teacher, student) {
        (Some(teacher), Some(student)) => {
            let loss = teacher.mean - student.mean;
            let change = if loss >= 0.0 { "less" } else { "more" };
            format!(
                "On test rows the {who} reaches {} nats, the student {}: {} nats {change}.",
                estimate(teacher),
                estimate(student),
                significant(loss.abs(), 2)
            )
        }
        (Some(teacher), None) => format!("On test rows the {who} reaches {} nats.", estimate(teacher)),
        (None, Some(student)) => format!("On test rows the student reaches {} nats.", estimate(student)),
        (None, None) => return None,
    })
}

fn divergence(report: &Report) -> Option<String> {
    let quality = report.quality.as_ref()?;
    let (total, per_dim) = (quality.kl_forward, quality.kl_forward_per_dim);
    let samples = with_thousands(quality.samples);
    let settled = total.mean.abs() >= ERRORS * total.standard_error;
    Some(if settled {
        format!(
            "The student loses {} nats per dimension to its teacher (KL(teacher‖student) = {} nats, from {samples} samples).",
            estimate(per_dim),
            estimate(total)
        )
    } else if per_dim.standard_error < SETTLED_PER_DIM {
        format!("KL(teacher‖student) is {} nats: {samples} samples do not tell it apart from zero.", estimate(total))
    } else {
        format!(
            "KL(teacher‖student) is {} nats, which rests on a few of {samples} samples where the student's density is far \
             too low; on its own samples the student is {} nats from the teacher.",
            estimate(total),
            estimate(quality.kl_reverse)
        )
    })
}

/// By modes where they are known, by cells elsewhere.
fn coverage(report: &Report) -> Option<String> {
    let quality = report.quality.as_ref()?;
    if let Some(coverage) = &quality.modes {
        return Some(format!(
            "Of the {} modes, the one that it draws most rarely keeps {} of the teacher's share.",
            coverage.modes.len(),
            estimate(coverage.least_ratio)
        ));
    }
    let coverage = quality.cell_coverage.as_ref()?;
    let (least, [low, high]) = (coverage.least_ratio, coverage.null_least_ratio);
    let [ratio, low_text, high_text] = [least, low, high].map(|ratio| significant(ratio, 2));
    let cells = coverage.cells;
    Some(if least < low {
        format!(
            "In the one of {cells} regions that it draws most rarely it keeps {ratio} of the teacher's share, below the \
             {low_text} to {high_text} that chance explains."
        )
    } else {
        format!(
            "It keeps at least {ratio} of the teacher's share in each of {cells} regions, as far as chance lets one see \
             ({low_text} to {high_text})."
        )
    })
}

fn speed(report: &Report) -> Option<String> {
    let threads = report.speed.iter().map(|row| row.threads).max()?;
    let student = SAMPLERS.into_iter().find(|sampler| sampler.op == "student")?;
    let point = speed_points(&report.speed, student, threads).pop()?;
    let against = |op: &str, name: &str| {
        let all = ratios(&report.speed, op, threads);
        let (_, ratio) = all.iter().find(|(batch, _)| *batch == point.batch)?;
        Some(format!("{} the rate of the teacher's {name} sampler", times(*ratio)))
    };
    let compared: Vec<String> = [against("teacher_naive", "naive"), against("teacher_incremental", "incremental")]
        .into_iter()
        .flatten()
        .collect();
    let batch = with_thousands(point.batch);
    let plural = if threads == 1 { "" } else { "s" };
    let first = format!(
        "In batches of {batch}, on {threads} thread{plural}, the student draws {}",
        samples_rate(point.rate.median)
    );
    Some(match compared.is_empty() {
        true => format!("{first}."),
        false => format!("{first}: {}.", compared.join(" and ")),
    })
}

/// `between 0.61× and 1.1×`, or one number where both are the same.
fn span(ratios: &Ratios) -> Option<String> {
    let values = || ratios.iter().map(|(_, ratio)| *ratio);
    let (least, most) = (values().min_by(f64::total_cmp)?, values().max_by(f64::total_cmp)?);
    let (least, most) = (times(least), times(most));
    Some(if least == most { least } else { format!("between {least} and {most}") })
}
