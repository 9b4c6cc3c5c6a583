//! The section `executor.slurm`: what jobs ask for.

use super::plan::Slurm;
use crate::config::check::Checker;
use crate::config::path::KeyPath;
use crate::config::tree::{Tree, shortened};
use crate::config::written::{self, Keyed, Value};

/// A year, in minutes.
const MOST_MINUTES: i64 = 366 * 24 * 60;

/// Options of sbatch that have a key of their own, or belong to the sweep: two that say the same would break it.
const OPTIONS_OF_OURS: [(&str, &str); 18] = [
    ("partition", "`partition`"),
    ("account", "`account`"),
    ("qos", "`qos`"),
    ("time", "`timeout_min`"),
    ("cpus-per-task", "`cpus_per_task`"),
    ("mem", "`mem_gb`"),
    ("array", "`array_parallelism`"),
    ("signal", "`signal_delay_s`"),
    ("job-name", "the sweep itself"),
    ("output", "the sweep itself"),
    ("error", "the sweep itself"),
    ("requeue", "the sweep itself"),
    ("chdir", "the sweep itself"),
    ("ntasks", "the sweep itself"),
    ("open-mode", "the sweep itself"),
    ("parsable", "the sweep itself"),
    ("wait", "the sweep itself"),
    ("wrap", "the sweep itself"),
];

pub fn slurm(checker: &mut Checker, written: Option<&written::Slurm>) -> Slurm {
    let Some(written) = written else { return Slurm::default() };
    let at = KeyPath::from("executor.slurm");
    let names = [("partition", &written.partition), ("account", &written.account), ("qos", &written.qos)];
    for (key, name) in names {
        if let Some(name) = name {
            one_line(checker, &at.key(key), name);
        }
    }
    for (i, line) in written.setup.iter().flatten().enumerate() {
        if line.contains('\0') {
            checker.wrong(at.key("setup").index(i), "expected a shell line, got a text with a zero byte".to_owned());
        }
    }
    let mut whole = |key: &str, value: Option<i64>, most: i64| {
        value.map(|value| checker.whole(at.key(key), value, (1, most), "") as u64)
    };
    let slurm = Slurm {
        partition: written.partition.clone(),
        account: written.account.clone(),
        qos: written.qos.clone(),
        timeout_min: whole("timeout_min", written.timeout_min, MOST_MINUTES),
        cpus_per_task: whole("cpus_per_task", written.cpus_per_task, 4096),
        mem_gb: whole("mem_gb", written.mem_gb, 65_536),
        array_parallelism: whole("array_parallelism", written.array_parallelism, 100_000),
        signal_delay_s: whole("signal_delay_s", written.signal_delay_s, 60 * MOST_MINUTES),
        setup: written.setup.clone().unwrap_or_default(),
        additional_parameters: additional(checker, written.additional_parameters.as_ref(), &at),
    };
    if let (Some(delay), Some(minutes)) = (slurm.signal_delay_s, slurm.timeout_min)
        && delay >= 60 * minutes
    {
        let message = format!("expected less than the {minutes} minutes of `timeout_min`, got {delay} seconds");
        checker.wrong_with(at.key("signal_delay_s"), at.key("timeout_min"), message);
    }
    slurm
}

fn additional(checker: &mut Checker, written: Option<&Keyed<Value>>, at: &KeyPath) -> Vec<(String, String)> {
    let at = at.key("additional_parameters");
    let mut all: Vec<(String, String)> = Vec::new();
    for (name, Value(value)) in written.map(|written| written.0.as_slice()).unwrap_or_default() {
        let at = at.key(name);
        let bare = name.trim_start_matches('-');
        // as a key of YAML is often written
        let option = bare.replace('_', "-");
        if bare != name {
            checker.wrong(at.clone(), format!("expected an option without dashes; write `{}`", shortened(bare)));
        } else if bare.is_empty() || !bare.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
            let message = format!("expected an option of sbatch, as `gres` or `mail-user`, got `{}`", shortened(name));
            checker.wrong(at.clone(), message);
        } else if let Some((_, owner)) = OPTIONS_OF_OURS.iter().find(|(known, _)| *known == option) {
            checker.wrong(at.clone(), format!("belongs to {owner}; remove it here"));
        } else if all.iter().any(|(other, _)| *other == option) {
            checker.wrong(at.clone(), format!("`{option}` stands here twice, spelled in two ways; keep one of them"));
        }
        match value {
            Tree::Text(text) => one_line(checker, &at, text),
            Tree::Bool(_) | Tree::Whole(_) | Tree::Real(_) => {}
            other => checker.wrong(at, format!("expected one value, got {}", other.describe())),
        }
        let value = match value {
            Tree::Text(text) => text.clone(),
            other => other.in_yaml(),
        };
        all.push((option, value));
    }
    all
}

/// Notes a text that would be more than one option in a script.
fn one_line(checker: &mut Checker, at: &KeyPath, text: &str) {
    if text.is_empty() || text.chars().any(char::is_control) {
        checker.wrong(at.clone(), format!("expected one line of text, got the text `{}`", shortened(text)));
    }
}
