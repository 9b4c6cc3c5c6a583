//! The numbers of a comparison, or of a teacher alone, as TensorBoard shows them.

use crate::figure::Picture;
use crate::metrics::{Likelihood, Metrics};
use crate::tensorboard::{EventWriter, Hparam};
use serde_json::Value;
use std::io;
use std::path::Path;

/// What a table of experiments compares.
const COMPARED: &[&str] = &[
    "comparison/kl_forward",
    "comparison/kl_reverse",
    "comparison/ess_reverse",
    "comparison/ess_forward",
    "comparison/total_variation",
];

/// The same without students.
const COMPARED_ALONE: &[&str] = &["test/test_log_likelihood"];

/// Writes every number of the distillation as a scalar named after its key in `metrics.json`, `comparison/kl_forward` and so
/// on, in place of an earlier comparison's. Of an estimate the mean, and `…/standard_error`. `settings` are those that
/// tell the experiment from others beside it: TensorBoard's table of runs and its parallel coordinates show them. Of
/// pictures also bits per dimension, and `pictures` of data, teacher and student.
pub fn write(
    folder: &Path,
    metrics: &Metrics,
    pictures: Option<Picture>,
    settings: &[(&str, Hparam)],
) -> io::Result<()> {
    let mut numbers = Vec::new();
    flatten("comparison", &serde_json::to_value(&metrics.distillation)?, &mut numbers);
    for (role, model) in [("teacher", &metrics.teacher), ("student", &metrics.student)] {
        if let Some(bits) = model.bits_per_dimension {
            flatten(&format!("comparison/{role}_bits_per_dimension"), &serde_json::to_value(bits)?, &mut numbers);
        }
    }
    events(folder, COMPARED, numbers, pictures, settings)
}

/// The same of a teacher alone: `test/test_log_likelihood` and so on.
pub fn write_alone(folder: &Path, likelihood: &Likelihood, settings: &[(&str, Hparam)]) -> io::Result<()> {
    let mut numbers = Vec::new();
    flatten("test", &serde_json::to_value(likelihood)?, &mut numbers);
    events(folder, COMPARED_ALONE, numbers, None, settings)
}

fn events(
    folder: &Path,
    compared: &[&str],
    numbers: Vec<(String, f64)>,
    pictures: Option<Picture>,
    settings: &[(&str, Hparam)],
) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut events = EventWriter::create(folder)?;
    if !settings.is_empty() {
        events.hparams(settings, compared)?;
    }
    for (name, value) in numbers {
        events.scalar(&name, 0, value)?;
    }
    if let Some(Picture { width, height, png }) = pictures {
        events.image_png("comparison/pictures", 0, width, height, png)?;
    }
    if !settings.is_empty() {
        events.hparams_end(true)?;
    }
    events.flush()
}

/// Lists have no name for each of their numbers: what they hold is in the report.
fn flatten(name: &str, value: &Value, numbers: &mut Vec<(String, f64)>) {
    match value {
        Value::Number(number) => numbers.extend(number.as_f64().map(|number| (name.to_owned(), number))),
        Value::Object(entries) => {
            for (key, value) in entries {
                let name = if key == "mean" { name.to_owned() } else { format!("{name}/{key}") };
                flatten(&name, value, numbers);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_give_their_mean_under_their_own_name() {
        let value = serde_json::json!({"kl": {"mean": 0.5, "standard_error": 0.1}, "n": 3, "list": [1, 2], "no": null});
        let mut numbers = Vec::new();
        flatten("comparison", &value, &mut numbers);
        numbers.sort_by(|a, b| a.0.cmp(&b.0));
        let expected = [("comparison/kl", 0.5), ("comparison/kl/standard_error", 0.1), ("comparison/n", 3.0)];
        assert_eq!(numbers, expected.map(|(name, value)| (name.to_owned(), value)));
    }
}
