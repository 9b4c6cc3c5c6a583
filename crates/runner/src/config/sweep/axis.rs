//! The axes of a sweep: lists of choices, of which every combination is a cell.

use super::draw;
use super::keys::Keys;
use crate::config::check::Checker;
use crate::config::name;
use crate::config::path::KeyPath;
use crate::config::tree::{Tree, shortened};
use crate::config::written::{self, Keyed, Value};
use std::sync::Arc;

/// What makes a section one that values are drawn from.
const DISTRIBUTIONS: [&str; 4] = ["uniform", "log_uniform", "integer", "choice"];

/// Bytes of a name that is only a part of a cell's.
const MOST_BYTES: usize = 60;

#[derive(Debug)]
pub struct Axis {
    pub choices: Vec<Choice>,
    /// whether the values were drawn, so that they are not known to who writes the sweep
    pub drawn: bool,
}

impl Axis {
    /// Choices among which every key of the axis is.
    pub fn sample(&self) -> impl Iterator<Item = &Choice> {
        // draws all have the same keys
        self.choices.iter().take(if self.drawn { 1 } else { usize::MAX })
    }
}

/// What is set together.
#[derive(Debug)]
pub struct Choice {
    /// as it was written
    pub name: Option<String>,
    pub settings: Vec<Setting>,
    pub at: Arc<KeyPath>,
}

/// One value for one key, and where both were written.
#[derive(Debug, Clone)]
pub struct Setting {
    /// number of the key
    pub key: usize,
    pub value: Tree,
    pub at: Arc<KeyPath>,
    pub key_at: Arc<KeyPath>,
}

/// The axes of `sweep`, in the order of the file, which `order` tells: the keys of the section.
pub fn axes(checker: &mut Checker, written: &written::Sweep, order: &[&str], keys: &mut Keys) -> Vec<Axis> {
    let at = KeyPath::from("sweep");
    if written.random.is_some() && written.sobol.is_some() {
        checker.wrong(at.key("sobol"), "expected `random` or `sobol`, got both; keep one of the two".to_owned());
    }
    let mut axes = Vec::new();
    for section in order {
        let (at, first) = (at.key(section), axes.len());
        match *section {
            "grid" => grid(checker, written.grid.as_ref(), &at, keys, &mut axes),
            "zip" => axes.extend(zip(checker, written.zip.as_ref(), &at, keys, first)),
            "cases" => axes.extend(cases(checker, written.cases.as_deref(), &at, keys, first)),
            "random" => axes.extend(draw::axis(checker, written.random.as_ref(), &at, keys, first)),
            "sobol" => axes.extend(draw::axis(checker, written.sobol.as_ref(), &at, keys, first)),
            _ => {}
        }
    }
    axes
}

/// An axis for each key.
fn grid(checker: &mut Checker, written: Option<&Keyed<Value>>, at: &KeyPath, keys: &mut Keys, axes: &mut Vec<Axis>) {
    for (name, value) in entries(checker, written, at, "as `teacher.layers: [2, 4, 8]`") {
        let at = at.key(name);
        let Some((key, values)) = listed(checker, keys, &at, name, &value.0) else { continue };
        keys.claim(checker, key, &at, axes.len(), 0);
        let key_at = Arc::new(at);
        let choices = (0..values.len()).map(|i| {
            let at = Arc::new(key_at.index(i));
            let setting = Setting { key, value: values[i].clone(), at: at.clone(), key_at: key_at.clone() };
            Choice { name: None, settings: vec![setting], at }
        });
        axes.push(Axis { choices: choices.collect(), drawn: false });
    }
}

/// One axis, along which all lists are walked together.
fn zip(
    checker: &mut Checker,
    written: Option<&Keyed<Value>>,
    at: &KeyPath,
    keys: &mut Keys,
    axis: usize,
) -> Option<Axis> {
    let mut lists: Vec<(usize, &[Tree], Arc<KeyPath>)> = Vec::new();
    for (name, value) in entries(checker, written, at, "as `teacher.layers: [2, 4, 8]`") {
        let at = at.key(name);
        let Some((key, values)) = listed(checker, keys, &at, name, &value.0) else { continue };
        keys.claim(checker, key, &at, axis, 0);
        if let Some((first, expected, _)) = lists.first()
            && expected.len() != values.len()
        {
            let (first, expected, got) = (&keys.all[*first].name, expected.len(), values.len());
            let message = format!("expected as many values as the {expected} of `{first}`, got {got}");
            checker.wrong(at.clone(), message);
        }
        lists.push((key, values, Arc::new(at)));
    }
    let length = lists.iter().map(|(_, values, _)| values.len()).min()?;
    let choices = (0..length).map(|i| {
        let settings: Vec<Setting> = lists
            .iter()
            .map(|(key, values, at)| Setting {
                key: *key,
                value: values[i].clone(),
                at: Arc::new(at.index(i)),
                key_at: at.clone(),
            })
            .collect();
        Choice { name: None, at: settings[0].at.clone(), settings }
    });
    Some(Axis { choices: choices.collect(), drawn: false })
}

/// One axis of choices that have been written out.
fn cases(
    checker: &mut Checker,
    written: Option<&[Keyed<Value>]>,
    at: &KeyPath,
    keys: &mut Keys,
    axis: usize,
) -> Option<Axis> {
    let written = written?;
    if written.is_empty() {
        checker.wrong(at.clone(), "expected at least one case, as `{name: wide, student.hidden: [256]}`".to_owned());
    }
    let mut choices: Vec<Choice> = Vec::new();
    for (i, Keyed(case)) in written.iter().enumerate() {
        let at = at.index(i);
        let (mut label, mut settings) = (None, Vec::new());
        for (key, Value(value)) in case {
            match value {
                _ if key != "name" => {
                    settings.extend(set(checker, keys, &at.key(key), key, value, Some((axis, i))));
                }
                Tree::Text(text) => {
                    part_of_name(checker, &at.key("name"), text);
                    if choices.iter().any(|other| other.name.as_ref() == Some(text)) {
                        let message =
                            format!("another case is called `{}` as well; give each its own name", shortened(text));
                        checker.wrong(at.key("name"), message);
                    }
                    label = Some(text.clone());
                }
                other => checker.wrong(at.key("name"), format!("expected a name as text, got {}", other.describe())),
            }
        }
        if label.is_none() && settings.is_empty() {
            checker.wrong(at.clone(), "expected keys with values, or a name, got nothing".to_owned());
        }
        choices.push(Choice { name: label, settings, at: Arc::new(at) });
    }
    Some(Axis { choices, drawn: false })
}

/// Cells beside the product.
pub fn baselines(checker: &mut Checker, written: &written::Sweep, axes: &[Axis], keys: &mut Keys) -> Vec<Choice> {
    let Some(Keyed(written)) = &written.baselines else { return Vec::new() };
    let section = KeyPath::from("sweep.baselines");
    if written.is_empty() {
        checker.wrong(section.clone(), "expected names with keys below, as `same_size: {}`, got none".to_owned());
    }
    let mut all = Vec::new();
    for (i, (name, Keyed(entries))) in written.iter().enumerate() {
        let at = section.key(name);
        part_of_name(checker, &at, name);
        let case = axes.iter().flat_map(Axis::sample).find(|choice| choice.name.as_ref() == Some(name));
        if let Some(case) = case {
            let message = format!("`{}` has this name as well; give each its own", case.at);
            checker.wrong_with(at.clone(), (*case.at).clone(), message);
        }
        keys.release();
        let settings = entries
            .iter()
            .flat_map(|(key, Value(value))| set(checker, keys, &at.key(key), key, value, Some((0, i))))
            .collect();
        all.push(Choice { name: Some(name.clone()), settings, at: Arc::new(at) });
    }
    all
}

/// What a key with one value sets; a section is the keys in it. Claims the keys for a choice of an axis, if there is one.
pub fn set(
    checker: &mut Checker,
    keys: &mut Keys,
    at: &KeyPath,
    name: &str,
    value: &Tree,
    claim: Option<(usize, usize)>,
) -> Vec<Setting> {
    if let Tree::Section(entries) = value {
        let inside =
            |(key, value): &(String, Tree)| set(checker, keys, &at.key(key), &format!("{name}.{key}"), value, claim);
        return entries.iter().flat_map(inside).collect();
    }
    let Some(key) = keys.number(checker, at, name) else { return Vec::new() };
    if let Some((axis, choice)) = claim {
        keys.claim(checker, key, at, axis, choice);
    }
    let at = Arc::new(at.clone());
    vec![Setting { key, value: value.clone(), at: at.clone(), key_at: at }]
}

/// The entries of a section, which must have some; `example` shows one.
pub fn entries<'a, T>(
    checker: &mut Checker,
    written: Option<&'a Keyed<T>>,
    at: &KeyPath,
    example: &str,
) -> &'a [(String, T)] {
    let Some(Keyed(entries)) = written else { return &[] };
    if entries.is_empty() {
        checker.wrong(at.clone(), format!("expected keys, {example}, got none"));
    }
    entries
}

/// The key and the list of its values.
fn listed<'a>(
    checker: &mut Checker,
    keys: &mut Keys,
    at: &KeyPath,
    name: &str,
    value: &'a Tree,
) -> Option<(usize, &'a [Tree])> {
    let way_out = match value {
        Tree::List(values) if !values.is_empty() => return Some((keys.number(checker, at, name)?, values)),
        Tree::List(_) => {
            checker.wrong(at.clone(), "expected at least one value, got an empty list".to_owned());
            return None;
        }
        Tree::Section(entries) if entries.iter().any(|(key, _)| DISTRIBUTIONS.contains(&key.as_str())) => {
            format!(
                "a key with a distribution stands in `sweep.random.keys`, as `{}: {}`",
                shortened(name),
                value.in_yaml()
            )
        }
        Tree::Section(entries) => {
            let inner = entries.first().map_or("layers", |(key, _)| key);
            format!("write the path as one key, as `{}.{}: […]`", shortened(name), shortened(inner))
        }
        Tree::Bool(_) | Tree::Whole(_) | Tree::Real(_) | Tree::Text(_) => {
            format!("write [{}]", value.in_yaml())
        }
        Tree::Nothing | Tree::Tagged(_) => "write [2, 4], for instance".to_owned(),
    };
    checker.wrong(at.clone(), format!("expected a list of values, got {}; {way_out}", value.describe()));
    None
}

/// Notes a name that cannot be part of a folder's.
fn part_of_name(checker: &mut Checker, at: &KeyPath, text: &str) {
    if !name::fits(text) || text.contains(['=', ',', '+']) || text.len() > MOST_BYTES {
        checker.wrong(
            at.clone(),
            format!(
                "expected a name of 1 to {MOST_BYTES} letters, digits, `-`, `_` or `.`, beginning with a letter, a digit or \
                 `_` and not ending in `.`, got `{}`",
                shortened(text)
            ),
        );
    }
}
