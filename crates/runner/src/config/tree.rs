//! A YAML document as a tree that keeps what serde_yaml's own value drops: repeated keys, tags, integers of any size.

use super::path::{KeyPath, Step};
use serde_json::Value;
use std::mem::discriminant;

/// The key that merges other sections into its own.
pub(super) const MERGE: &str = "<<";

/// One value of the document with all that is below it; aliases are already expanded.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    Nothing,
    Bool(bool),
    Whole(i128),
    Real(f64),
    Text(String),
    Tagged(String),
    List(Vec<Tree>),
    Section(Vec<(String, Tree)>),
}

impl Tree {
    /// Where keys occur more than once, with the number of the occurrence (the second is 1), before any merge.
    pub fn repeated_keys(&self) -> Vec<(KeyPath, usize)> {
        let mut found = Vec::new();
        self.collect_repeated(&KeyPath::default(), &mut found);
        found
    }

    fn collect_repeated(&self, at: &KeyPath, found: &mut Vec<(KeyPath, usize)>) {
        match self {
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.collect_repeated(&at.index(index), found);
                }
            }
            Self::Section(entries) => {
                for (place, (key, value)) in entries.iter().enumerate() {
                    match entries[..place].iter().filter(|(earlier, _)| earlier == key).count() {
                        0 => value.collect_repeated(&at.key(key), found),
                        nth => found.push((at.key(key), nth)),
                    }
                }
            }
            _ => {}
        }
    }

    /// Replaces every `<<: *section` or `<<: [*a, *b]` by the keys it brings; a section's own keys win, then the
    /// first section of the list. The error is the place of a merge that is not of sections, with what it is.
    pub fn merge(&mut self, at: &KeyPath) -> Result<(), (KeyPath, String)> {
        match self {
            Self::List(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    item.merge(&at.index(index))?;
                }
            }
            Self::Section(entries) => {
                for (key, value) in entries.iter_mut() {
                    value.merge(&at.key(key))?;
                }
                let merged = entries.iter().position(|(key, _)| key == MERGE).map(|place| entries.remove(place).1);
                let sections = match merged {
                    None => Vec::new(),
                    Some(Self::List(sections)) => sections,
                    Some(section) => vec![section],
                };
                for section in sections {
                    let Self::Section(brought) = section else {
                        return Err((at.key(MERGE), section.describe()));
                    };
                    for (key, value) in brought {
                        if !entries.iter().any(|(own, _)| *own == key) {
                            entries.push((key, value));
                        }
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What stands at `path`.
    pub fn get(&self, path: &[Step]) -> Option<&Self> {
        path.iter().try_fold(self, |here, step| match (here, step) {
            (Self::Section(entries), Step::Key(key)) => entries.iter().find(|(name, _)| name == key).map(|e| &e.1),
            (Self::List(items), Step::Index(index)) => items.get(*index),
            _ => None,
        })
    }

    /// Whether a section, or the heading of an empty one, stands at `path`.
    pub fn has_section(&self, path: &KeyPath) -> bool {
        matches!(self.get(&path.0), Some(Self::Section(_) | Self::Nothing))
    }

    /// Takes `key` out of a section.
    pub fn take(&mut self, key: &str) -> Option<Self> {
        let Self::Section(entries) = self else { return None };
        let place = entries.iter().position(|(name, _)| name == key)?;
        Some(entries.remove(place).1)
    }

    /// Lays `stronger` over this: sections are merged key by key, all else is replaced.
    pub fn overlay(&mut self, stronger: &Self) {
        match (self, stronger) {
            (Self::Section(entries), Self::Section(stronger)) => {
                for (key, value) in stronger {
                    match entries.iter_mut().find(|(name, _)| name == key) {
                        Some((_, weaker)) => weaker.overlay(value),
                        None => entries.push((key.clone(), value.clone())),
                    }
                }
            }
            // a heading whose keys are all left out
            (Self::Section(_), Self::Nothing) => {}
            (weaker, stronger) => *weaker = stronger.clone(),
        }
    }

    /// Lays `value` over what stands at `path`, a path of keys alone, whose sections are made where there are none.
    pub fn set(&mut self, path: &[Step], value: &Self) {
        let [Step::Key(key), rest @ ..] = path else {
            return self.overlay(value);
        };
        if !matches!(self, Self::Section(_)) {
            *self = Self::Section(Vec::new());
        }
        let Self::Section(entries) = self else { return };
        let place = entries.iter().position(|(name, _)| name == key).unwrap_or_else(|| {
            entries.push((key.clone(), Self::Nothing));
            entries.len() - 1
        });
        entries[place].1.set(rest, value);
    }

    /// Whether both are the same value, however their numbers are written.
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Whole(whole), Self::Real(real)) | (Self::Real(real), Self::Whole(whole)) => *whole as f64 == *real,
            (Self::List(a), Self::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b)),
            (Self::Section(a), Self::Section(b)) => {
                let has = |(key, value): &(String, Self)| b.iter().any(|(k, v)| k == key && v.same(value));
                a.len() == b.len() && a.iter().all(has)
            }
            _ => self == other,
        }
    }

    /// Whether both are of one kind; all numbers are.
    pub fn is_like(&self, other: &Self) -> bool {
        let number = |tree: &Self| matches!(tree, Self::Whole(_) | Self::Real(_));
        number(self) && number(other) || discriminant(self) == discriminant(other)
    }

    /// The value in JSON, in which numbers beyond all bounds are nothing.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Nothing | Self::Tagged(_) => Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Whole(value) => i64::try_from(*value).map_or_else(|_| (*value as f64).into(), Value::from),
            Self::Real(value) => (*value).into(),
            Self::Text(text) => text.as_str().into(),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Section(entries) => entries.iter().map(|(key, value)| (key.clone(), value.to_json())).collect(),
        }
    }

    /// The value as a message names it after "got".
    pub fn describe(&self) -> String {
        match self {
            Self::Nothing => "nothing".to_owned(),
            Self::Bool(value) => format!("`{value}`"),
            Self::Whole(value) => value.to_string(),
            Self::Real(value) => number(*value),
            Self::Text(text) => format!("the text `{}`", shortened(text)),
            Self::Tagged(tag) => format!("the tag `!{}`", shortened(tag)),
            Self::List(_) => "a list".to_owned(),
            Self::Section(_) => "a section of keys".to_owned(),
        }
    }

    /// The value as YAML writes it on one line, not too long.
    pub fn in_yaml(&self) -> String {
        match self {
            Self::Nothing => "~".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Whole(value) => value.to_string(),
            Self::Real(value) => number(*value),
            Self::Text(text) => shortened(text),
            Self::Tagged(tag) => format!("!{}", shortened(tag)),
            Self::List(items) => {
                let items: Vec<String> = items.iter().take(5).map(Self::in_yaml).collect();
                shortened(&format!("[{}]", items.join(", ")))
            }
            Self::Section(entries) => {
                let entry = |(key, value): &(String, Self)| format!("{key}: {}", value.in_yaml());
                let entries: Vec<String> = entries.iter().take(5).map(entry).collect();
                shortened(&format!("{{{}}}", entries.join(", ")))
            }
        }
    }
}

/// A number as YAML writes it.
pub(super) fn number(value: f64) -> String {
    if value.is_nan() {
        ".nan".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { ".inf".to_owned() } else { "-.inf".to_owned() }
    } else if value != 0.0 && !(1e-4..1e15).contains(&value.abs()) {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}

/// At most 40 characters of a text, on one line.
pub(super) fn shortened(text: &str) -> String {
    let mut clean: String = text.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(40).is_some() {
        clean.push('…');
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_chain_and_own_keys_win() {
        let text = "a: &a {x: 1, y: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: [*b, *a], z: 3}\n";
        let mut tree = Tree::parse(text).unwrap();
        tree.merge(&KeyPath::default()).unwrap();
        let expected = Tree::parse("a: {x: 1, y: 1}\nb: {y: 2, x: 1}\nc: {z: 3, y: 2, x: 1}\n").unwrap();
        assert_eq!(tree, expected);
    }
}
