//! What the sweep says, in sentences. Every statement is computed; none is written beforehand.

use super::best::{ranked, settings, ties};
use crate::results::{Influence, State, Table, Value, influences, metric};
use flowstill_runner::report::{significant, with_thousands};

/// A key that explains less than this share of the ranks does not matter.
const LEAST_SHARE: f64 = 0.05;

/// The first paragraph.
pub fn verdict(table: &Table, judged_by: Option<&str>) -> String {
    let mut sentences = vec![progress(table)];
    if let Some(name) = judged_by {
        sentences.extend(best(table, name));
        sentences.extend(matters(&influences(table, name), name));
    }
    sentences.join(" ")
}

/// How many cells are how far.
fn progress(table: &Table) -> String {
    let cells = table.all_cells();
    let count = |state: State| cells.iter().filter(|cell| cell.state() == state).count();
    let [done, stopped, failed, running, pending] = State::ALL.map(count);
    let mut others = Vec::new();
    for (count, what) in
        [(stopped, "stopped early"), (failed, "failed"), (running, "running"), (pending, "not done yet")]
    {
        if count > 0 {
            others.push(format!("{} {what}", with_thousands(count)));
        }
    }
    let all = with_thousands(cells.len());
    let plural = if cells.len() == 1 { "" } else { "s" };
    match (done == cells.len(), others.join(", ")) {
        (true, _) if done == 1 => "The only cell is done.".to_owned(),
        (true, _) => format!("All {all} cells are done."),
        (false, others) => format!("Of {all} cell{plural}, {} are done, {others}.", with_thousands(done)),
    }
}

fn best(table: &Table, name: &str) -> Option<String> {
    let ranked_settings = ranked(table, name, false);
    let first = ranked_settings.first()?;
    let label = label(name);
    let value = Value::Measured(first.number).text();
    let at = settings(table, first.row).join(", ");
    let at = if at.is_empty() { String::new() } else { format!(" at {at}") };
    let mut text = format!("The best {label} is {value}{}{at}", unit(name));
    match ties(table, &ranked_settings) {
        Some(0) => text += "; no other setting comes as close",
        Some(1) => text += "; one other setting is not told apart from it",
        Some(n) => text += &format!("; {n} other settings are not told apart from it"),
        None => {}
    }
    if let Some(baseline) = ranked(table, name, true).first() {
        let own = table.cells(baseline.row).find_map(|cell| cell.planned.baseline.as_deref()).unwrap_or_default();
        text += &format!(". The best baseline, {own}, reaches {}", Value::Measured(baseline.number).text());
    }
    Some(text + ".")
}

/// The key that matters most, and those that do not.
fn matters(influences: &[Influence], name: &str) -> Option<String> {
    let first = influences.first()?;
    let label = label(name);
    if first.share < LEAST_SHARE {
        return Some(format!("None of the keys alone explains differences of {label}."));
    }
    let (least, most) = (first.medians.first()?, first.medians.last()?);
    let mut text = format!(
        "What matters most for {label} is {}, which explains {} % of its spread (by ranks): from {} at {} to {} at {}, \
         medians",
        first.key,
        significant(100.0 * first.share, 2),
        told_apart(least.1, most.1),
        least.0,
        told_apart(most.1, least.1),
        most.0
    );
    let more: Vec<String> = influences[1..]
        .iter()
        .filter(|other| other.share >= LEAST_SHARE)
        .map(|other| format!("{} ({} %)", other.key, significant(100.0 * other.share, 2)))
        .collect();
    if !more.is_empty() {
        text += &format!("; then {}", more.join(", "));
    }
    Some(text + ".")
}

/// A number with two digits, or as many as the first two in which it differs from `other`.
fn told_apart(value: f64, other: f64) -> String {
    let place = |number: f64| number.abs().log10().floor();
    let digits = place(value) - place(value - other) + 2.0;
    significant(value, if digits.is_finite() { digits.clamp(2.0, 9.0) as i32 } else { 2 })
}

pub fn label(name: &str) -> &str {
    metric(name).map_or(name, |metric| metric.label)
}

/// With a space in front; empty for shares and counts.
pub fn unit(name: &str) -> String {
    match metric(name).map_or("", |metric| metric.unit) {
        "" => String::new(),
        unit => format!(" {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_one_size_show_where_they_differ() {
        let both = |a, b| [told_apart(a, b), told_apart(b, a)];
        assert_eq!(both(0.0123, 0.5), ["0.012", "0.50"]);
        assert_eq!(both(155.934, 156.951), ["155.9", "157.0"]);
        assert_eq!(both(-0.0447, 0.12), ["−0.045", "0.12"]);
        assert_eq!(both(1.5, 1.5), ["1.5", "1.5"]);
    }
}
