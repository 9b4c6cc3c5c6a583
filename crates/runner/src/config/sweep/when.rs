//! Conditions on what a cell has chosen, and what follows from them.

use super::axis::{self, Axis, Choice, Setting};
use super::keys::Keys;
use crate::config::check::Checker;
use crate::config::path::KeyPath;
use crate::config::suggest::nearest;
use crate::config::tree::{Tree, shortened};
use crate::config::written::{Keyed, Sweep, Value, When};

/// Values that a message lists.
const SHOWN: usize = 8;

/// A rule that has been checked.
#[derive(Debug)]
pub struct Rule {
    condition: Vec<Test>,
    skip: bool,
    only: Vec<Test>,
    pub set: Vec<Setting>,
}

/// Which choices of an axis fit; the axis after the last one are the seeds.
#[derive(Debug)]
struct Test {
    axis: usize,
    fits: Vec<bool>,
}

impl Rule {
    /// Whether the rule is about the cell with these choices.
    pub fn holds(&self, digits: &[usize]) -> bool {
        all(&self.condition, digits)
    }

    /// Whether the rule lets such a cell be.
    pub fn admits(&self, digits: &[usize]) -> bool {
        !self.holds(digits) || !self.skip && all(&self.only, digits)
    }
}

fn all(tests: &[Test], digits: &[usize]) -> bool {
    tests.iter().all(|test| test.fits[digits[test.axis]])
}

/// The rules of `sweep.when`.
pub fn rules(
    checker: &mut Checker,
    written: &Sweep,
    axes: &[Axis],
    seeds: &[Option<u64>],
    keys: &mut Keys,
) -> Vec<Rule> {
    let section = KeyPath::from("sweep.when");
    let rules = written.when.as_deref().unwrap_or_default().iter().enumerate();
    rules.map(|(i, rule)| self::rule(checker, rule, &section.index(i), axes, seeds, keys)).collect()
}

fn rule(
    checker: &mut Checker,
    written: &When,
    at: &KeyPath,
    axes: &[Axis],
    seeds: &[Option<u64>],
    keys: &mut Keys,
) -> Rule {
    if written.condition.is_none() {
        checker.wrong(at.clone(), "expected a condition, as `if: {teacher.layers: 8}`, got none".to_owned());
    }
    let skip = written.skip == Some(true);
    if !skip && written.only.is_none() && written.set.is_none() {
        let message = "expected what follows, `skip: true`, `only: {…}` or `set: {…}`, got none".to_owned();
        checker.wrong(at.clone(), message);
    }
    if skip && (written.only.is_some() || written.set.is_some()) {
        let message = "leaves nothing for `only` or `set`; remove it, or them".to_owned();
        checker.wrong(at.key("skip"), message);
    }
    let mut tests = |written: Option<&Keyed<Value>>, at: KeyPath| {
        let example = "as `teacher.layers: 8`";
        let entries = axis::entries(checker, written, &at, example).iter();
        entries.filter_map(|(name, value)| test(checker, &at.key(name), name, &value.0, axes, seeds, keys)).collect()
    };
    let condition = tests(written.condition.as_ref(), at.key("if"));
    let only = tests(written.only.as_ref(), at.key("only"));
    let at = at.key("set");
    let set = axis::entries(checker, written.set.as_ref(), &at, "as `student.layers: 10`").iter();
    let set = set.flat_map(|(key, value)| axis::set(checker, keys, &at.key(key), key, &value.0, None)).collect();
    Rule { condition, skip, only, set }
}

/// The test that `name` has `wanted`.
fn test(
    checker: &mut Checker,
    at: &KeyPath,
    name: &str,
    wanted: &Tree,
    axes: &[Axis],
    seeds: &[Option<u64>],
    keys: &Keys,
) -> Option<Test> {
    let Some((axis, values)) = values_of(name, axes, seeds, keys) else {
        checker.wrong_with(at.clone(), "sweep", unknown(name, axes, seeds, keys));
        return None;
    };
    let drawn = axes.get(axis).is_some_and(|axis| axis.drawn);
    let range = match range(wanted) {
        Some(Ok(range)) => Some(range),
        Some(Err(message)) => {
            checker.wrong(at.clone(), message);
            return None;
        }
        None => None,
    };
    let fits = |wanted: &Tree, value: &Tree| match range {
        Some((from, to)) => as_number(value).is_some_and(|value| from <= value && value <= to),
        None => wanted.same(value),
    };
    let whole = |wanted: &Tree| values.iter().flatten().any(|value| fits(wanted, value));
    // what another draw may bring
    let possible = |wanted: &Tree| {
        let alike = |value: &Tree| if range.is_some() { as_number(value).is_some() } else { value.is_like(wanted) };
        drawn && values.iter().flatten().any(alike)
    };
    let alternatives: Vec<(KeyPath, &Tree)> = match wanted {
        Tree::List(items) if !whole(wanted) => items.iter().enumerate().map(|(i, item)| (at.index(i), item)).collect(),
        one => vec![(at.clone(), one)],
    };
    // a slip would make a rule that never holds
    for (at, wanted) in alternatives.iter().filter(|(_, wanted)| !whole(wanted) && !possible(wanted)) {
        let mut known: Vec<String> = values.iter().flatten().map(|value| format!("`{}`", value.in_yaml())).collect();
        known.dedup();
        let more = if known.len() > SHOWN { ", …" } else { "" };
        known.truncate(SHOWN);
        let message = match range {
            Some(_) => {
                format!("no value of `{}` is in this range; they are {}{more}", shortened(name), known.join(", "))
            }
            None => format!(
                "expected a value that `{}` has, {}{more}, {}got {}",
                shortened(name),
                known.join(", "),
                if matches!(wanted, Tree::Section(_)) { "or a range, as {from: 1, to: 3}, " } else { "" },
                wanted.describe()
            ),
        };
        checker.wrong_with(at.clone(), "sweep", message);
    }
    if alternatives.is_empty() {
        checker.wrong(at.clone(), "expected at least one value, got an empty list".to_owned());
    }
    let one_fits = |value: &Option<Tree>| {
        value.as_ref().is_some_and(|value| alternatives.iter().any(|(_, wanted)| fits(wanted, value)))
    };
    Some(Test { axis, fits: values.iter().map(one_fits).collect() })
}

/// The axis that varies `name`, and the value of each of its choices.
fn values_of(name: &str, axes: &[Axis], seeds: &[Option<u64>], keys: &Keys) -> Option<(usize, Vec<Option<Tree>>)> {
    if name == "seed" {
        let values: Vec<_> = seeds.iter().map(|seed| seed.map(|seed| Tree::Whole(seed.into()))).collect();
        return values.iter().all(Option::is_some).then_some((axes.len(), values));
    }
    let axis = axes.iter().position(|axis| axis.sample().any(|choice| value_in(choice, name, keys).is_some()))?;
    Some((axis, axes[axis].choices.iter().map(|choice| value_in(choice, name, keys)).collect()))
}

fn value_in(choice: &Choice, name: &str, keys: &Keys) -> Option<Tree> {
    match name {
        "case" => choice.name.clone().map(Tree::Text),
        _ => choice.settings.iter().find(|setting| keys.all[setting.key].name == name).map(|s| s.value.clone()),
    }
}

/// The message about a key that is not varied.
fn unknown(name: &str, axes: &[Axis], seeds: &[Option<u64>], keys: &Keys) -> String {
    let varied = |name: &str| match name {
        "seed" => seeds.iter().all(Option::is_some),
        _ => axes.iter().flat_map(Axis::sample).any(|choice| value_in(choice, name, keys).is_some()),
    };
    let known: Vec<&str> =
        keys.all.iter().map(|key| key.name.as_str()).chain(["case", "seed"]).filter(|name| varied(name)).collect();
    let near = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "nothing is".to_owned(),
        None => format!("varied are `{}`", known.join("`, `")),
    };
    format!("`{}` is not varied in this sweep; {near}", shortened(name))
}

/// The bounds of `{from: …, to: …}`, if it is one.
fn range(wanted: &Tree) -> Option<Result<(f64, f64), String>> {
    let Tree::Section(entries) = wanted else { return None };
    if entries.is_empty() || entries.iter().any(|(key, _)| key != "from" && key != "to") {
        return None;
    }
    let bound = |key: &str, missing: f64| match entries.iter().find(|(name, _)| name == key) {
        Some((_, value)) => as_number(value)
            .ok_or_else(|| format!("expected a range of numbers, as {{from: 1, to: 3}}, got {}", value.describe())),
        None => Ok(missing),
    };
    Some(match (bound("from", f64::NEG_INFINITY), bound("to", f64::INFINITY)) {
        (Ok(from), Ok(to)) => Ok((from, to)),
        (Err(message), _) | (_, Err(message)) => Err(message),
    })
}

fn as_number(value: &Tree) -> Option<f64> {
    match value {
        Tree::Whole(whole) => Some(*whole as f64),
        Tree::Real(real) => Some(*real),
        _ => None,
    }
}
