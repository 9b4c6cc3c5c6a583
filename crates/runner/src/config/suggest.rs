//! "did you mean": the nearest name, the usual names of other tools, and the section where a key belongs.

use super::OF_A_SWEEP;
use super::tree::shortened;
use super::written::{
    self, Bench, Data, Draws, Evaluation, Executor, Experiment, Limits, Slurm, Student, Sweep, Teacher, Training, When,
};
use serde::Deserialize;
use serde::de::value::Error as Stop;
use serde::de::{Deserializer, Error, Visitor};
use serde::forward_to_deserialize_any;

/// What other tools call our keys.
const OTHER_NAMES: [(&str, &str); 28] = [
    ("lr", "rate"),
    ("learning_rate", "rate"),
    ("batch_size", "batch"),
    ("epochs", "steps"),
    ("iterations", "steps"),
    ("max_steps", "steps"),
    ("num_steps", "steps"),
    ("warmup_steps", "warmup"),
    ("early_stopping", "patience"),
    ("grad_clip", "clip_norm"),
    ("n_layers", "layers"),
    ("num_layers", "layers"),
    ("hidden_sizes", "hidden"),
    ("hidden_units", "hidden"),
    ("permutation", "order"),
    ("loss", "objective"),
    ("file", "path"),
    ("val", "validation"),
    ("dimension", "dim"),
    ("num_samples", "samples"),
    ("random_seed", "seed"),
    ("num_threads", "threads"),
    ("n_trials", "draws"),
    ("transform", "map"),
    ("walltime", "time"),
    ("timeout", "timeout_min"),
    ("cpus", "cpus_per_task"),
    ("mem", "mem_gb"),
];

/// The name among `known` that a slip of the fingers turns into `wrong`.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |name: &str| name.to_lowercase().replace([' ', '-'], "_");
    let wrong = plain(wrong);
    let slips = (wrong.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|name| (strsim::osa_distance(&wrong, &plain(name)), name))
        .filter(|(distance, _)| *distance <= slips)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// The message for the text `wrong` where one of `names` was expected.
pub(super) fn unknown_name(wrong: &str, names: &[&str]) -> String {
    let near = nearest(wrong, names.iter().copied()).map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
    format!("expected {}, got the text `{}`{near}", choice(names), shortened(wrong))
}

/// "`a`" or "one of `a`, `b`".
pub(super) fn choice(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    if quoted.len() == 1 { quoted.concat() } else { format!("one of {}", quoted.join(", ")) }
}

/// The way out for the unknown key `wrong` in the section `section`, as the end of a sentence, or nothing.
pub(super) fn for_key(wrong: &str, section: &str, known: &[&str]) -> String {
    if wrong.contains(':') {
        return "; leave a space after each colon".to_owned();
    }
    let ours = OTHER_NAMES.iter().find(|(other, _)| *other == wrong).map_or(wrong, |(_, ours)| ours);
    if known.contains(&ours) {
        return format!("; did you mean `{ours}`?");
    }
    // a slip in this section is likelier than a key of another one, unless that is spelled without any slip
    let homes = homes(ours, section);
    match (homes.is_empty(), nearest(wrong, known.iter().copied())) {
        (false, _) => format!("; `{ours}` belongs {}", homes.join(" or ")),
        (true, Some(near)) => format!("; did you mean `{near}`?"),
        (true, None) => String::new(),
    }
}

/// The sections that have the key, those inside `section` alone if there are any.
fn homes(key: &str, section: &str) -> Vec<String> {
    let of_sweep = |name: &str| OF_A_SWEEP.into_iter().any(|sweep| name.starts_with(sweep));
    // an experiment has nothing to do with the keys of a sweep, and the other way round
    let all: Vec<&str> = sections()
        .into_iter()
        .filter(|(name, keys)| {
            keys.contains(&key) && (name.is_empty() || section.is_empty() || of_sweep(name) == of_sweep(section))
        })
        .map(|(name, _)| name)
        .collect();
    let inside: Vec<&str> = all
        .iter()
        .copied()
        .filter(|name| name.strip_prefix(section).is_some_and(|rest| rest.starts_with('.')))
        .collect();
    let chosen = if inside.is_empty() { all } else { inside };
    chosen
        .into_iter()
        .map(|name| if name.is_empty() { "at the top level".to_owned() } else { format!("under `{name}`") })
        .collect()
}

/// Every section with its keys.
fn sections() -> [(&'static str, &'static [&'static str]); 17] {
    [
        ("", keys::<Experiment>()),
        ("data", keys::<Data>()),
        ("data.pixels", keys::<written::Pixels>()),
        ("teacher", keys::<Teacher>()),
        ("teacher.training", keys::<Training>()),
        ("student", keys::<Student>()),
        ("student.training", keys::<Training>()),
        ("evaluation", keys::<Evaluation>()),
        ("bench", keys::<Bench>()),
        ("sweep", keys::<Sweep>()),
        ("sweep.random", keys::<Draws>()),
        ("sweep.sobol", keys::<Draws>()),
        ("sweep.when", keys::<When>()),
        ("sweep.stop", keys::<written::Stop>()),
        ("sweep.limits", keys::<Limits>()),
        ("executor", keys::<Executor>()),
        ("executor.slurm", keys::<Slurm>()),
    ]
}

/// The keys of a section, taken from what its type asks for when it is read.
fn keys<T: for<'de> Deserialize<'de>>() -> &'static [&'static str] {
    struct Listen<'a>(&'a mut &'static [&'static str]);

    impl<'de> Deserializer<'de> for Listen<'_> {
        type Error = Stop;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Stop> {
            Err(Stop::custom("only sections have keys"))
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, Stop> {
            *self.0 = fields;
            self.deserialize_any(visitor)
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }

    let mut heard: &'static [&'static str] = &[];
    // the error is how the listener ends
    let _ = T::deserialize(Listen(&mut heard));
    heard
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let known = ["relu", "leaky_relu", "tanh"];
        assert_eq!(nearest("ReLU", known), Some("relu"));
        assert_eq!(nearest("leaky-relu", known), Some("leaky_relu"));
        assert_eq!(nearest("tahn", known), Some("tanh"));
        assert_eq!(nearest("swish", known), None);
    }

    #[test]
    fn every_other_name_leads_to_a_key_that_exists() {
        for (other, ours) in OTHER_NAMES {
            assert!(sections().iter().any(|(_, keys)| keys.contains(&ours)), "{ours}");
            assert!(!sections().iter().any(|(_, keys)| keys.contains(&other)), "{other}");
        }
    }
}
