//! What a cell has of the keys that tell cells apart, whether it set them or not.

use crate::plan::PlannedCell;
use serde_json::{Map, Value as Json};
use serde_yaml::Value as Yaml;

/// The value of each of `keys`: what the cell sets, and for the others what its resolved experiment has, as baselines
/// and cases leave out what others vary.
pub fn settings(planned: &PlannedCell, keys: &[String]) -> Map<String, Json> {
    let mut settings: Map<String, Json> =
        planned.settings.iter().map(|(key, value)| (key.clone(), short(value.clone()))).collect();
    let missing: Vec<&String> = keys.iter().filter(|key| !settings.contains_key(*key)).collect();
    if missing.is_empty() {
        return settings;
    }
    let experiment: Yaml = serde_yaml::from_str(&planned.yaml).unwrap_or_default();
    for key in missing {
        // of a section that others switch off nothing is to be compared
        let section = |value: &Yaml| value.is_mapping() && !key.contains('.');
        let value =
            at(&experiment, key).cloned().or_else(|| of_phases(&experiment, key)).filter(|value| !section(value));
        if let Some(value) = value.and_then(|value| serde_json::to_value(value).ok()) {
            settings.insert(key.clone(), short(value));
        }
    }
    settings
}

fn at<'a>(experiment: &'a Yaml, key: &str) -> Option<&'a Yaml> {
    key.split('.').try_fold(experiment, |section, name| section.get(name))
}

/// The resolved form has the objective and the training in each phase of the recipe; what all phases agree in is the
/// student's.
fn of_phases(experiment: &Yaml, key: &str) -> Option<Yaml> {
    let name = match key {
        "student.objective" => "objective",
        _ => key.strip_prefix("student.training.")?,
    };
    match at(experiment, "student.recipe")? {
        Yaml::Sequence(phases) => {
            let (first, others) = phases.split_first()?;
            let value = first.get(name)?;
            others.iter().all(|phase| phase.get(name) == Some(value)).then(|| value.clone())
        }
        recipe => (name == "objective").then(|| recipe.clone()),
    }
}

/// As a person writes a number, alone or in a list.
fn short(value: Json) -> Json {
    match value {
        Json::Array(values) => values.into_iter().map(short).collect(),
        value => match value.as_f64() {
            Some(number) if value.is_f64() && number.fract() == 0.0 && number.abs() < 1e15 => Json::from(number as i64),
            _ => value,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_cell_does_not_set_its_experiment_has() {
        let yaml = "teacher: {layers: 5, log_scale_clip: 5.0, training: {rate: 0.001}}\nstudent:\n  hidden: [64, 64]\n  \
                    recipe:\n  - {objective: warm_start, rate: 0.002, steps: 5}\n  - {objective: mixed, rate: 0.002, steps: 9}\n";
        let cell = json!({
            "name": "a", "settings": {"teacher.layers": 2}, "seed": 0, "stages": {"student": "s", "evaluation": "e"}, "yaml": yaml
        });
        let cell: PlannedCell = serde_json::from_value(cell).expect("a cell");
        let expected = json!({
            "teacher.layers": 2, "teacher.log_scale_clip": 5, "teacher.training.rate": 0.001, "student.hidden": [64, 64],
            "student.training.rate": 0.002
        });
        let keys: Vec<String> = expected.as_object().expect("keys").keys().cloned().collect();
        let set = [("teacher.log_scale_clip".to_owned(), json!(5.0))].into_iter().collect();
        let set = PlannedCell { settings: set, ..cell.clone() };
        assert_eq!(settings(&set, &[]).get("teacher.log_scale_clip"), Some(&json!(5)), "whoever has set it");
        let absent = ["student", "student.objective", "student.training.steps", "data.dim", "teacher.layers.x"]
            .map(str::to_owned);
        assert_eq!(Json::from(settings(&cell, &[&keys[..], &absent].concat())), expected);
        let alone = PlannedCell { yaml: "teacher: {layers: 5}\nstudent: none\n".to_owned(), ..cell };
        let keys = ["student", "student.hidden", "student.training.rate"].map(str::to_owned);
        assert_eq!(Json::from(settings(&alone, &keys)), json!({"teacher.layers": 2, "student": "none"}));
    }
}
