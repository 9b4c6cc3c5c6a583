//! Names of cells: what they set, in short.

use super::expand::{Draft, Expansion};
use crate::config::name::{MOST_BYTES, fits_in};
use crate::config::tree::{Tree, number};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fmt::Write;

/// Names cells, each by its own.
#[derive(Debug)]
pub struct Names {
    /// by the number of the key; nothing for what follows from others
    labels: Vec<Option<String>>,
    /// of a cell of which there is nothing else to say
    fallback: String,
    taken: HashSet<String>,
}

impl Names {
    /// For the cells of `expansion`; `fallback` is for one that sets nothing.
    pub fn new(expansion: &Expansion, fallback: &str) -> Self {
        let mut differs = vec![false; expansion.keys.all.len()];
        let settings = expansion.axes.iter().flat_map(|axis| axis.sample()).flat_map(|choice| &choice.settings);
        settings.for_each(|setting| differs[setting.key] = true);
        let keys =
            || expansion.keys.all.iter().zip(&differs).filter(|(_, differs)| **differs).map(|(key, _)| &key.name);
        let label = |name: &String| {
            // the shortest end of the path that no other key shares
            let ends = name.rmatch_indices('.').map(|(dot, _)| &name[dot + 1..]);
            let shared = |end: &str| {
                keys().any(|other| {
                    other != name && other.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
                })
            };
            ends.chain([name.as_str()]).find(|end| !shared(end)).unwrap_or(name).to_owned()
        };
        let labels =
            expansion.keys.all.iter().zip(&differs).map(|(key, differs)| differs.then(|| label(&key.name))).collect();
        Self { labels, fallback: fallback.to_owned(), taken: HashSet::new() }
    }

    /// The name that says what the cell sets; others may have it as well.
    pub fn of(&self, draft: &Draft, expansion: &Expansion) -> String {
        let mut parts: Vec<String> = Vec::new();
        match draft.baseline {
            Some(baseline) => parts.extend(baseline.name.clone()),
            None => {
                let mut told = vec![false; self.labels.len()];
                for (axis, digit) in expansion.axes.iter().zip(&draft.digits) {
                    let choice = &axis.choices[*digit];
                    parts.extend(choice.name.clone());
                    for setting in &choice.settings {
                        let now = draft.slots[setting.key].unwrap_or(setting);
                        // a named case speaks for its settings, unless a rule has changed them
                        let spoken_for = choice.name.is_some() && std::ptr::eq(now, setting);
                        if let (Some(label), false, false) = (&self.labels[setting.key], spoken_for, told[setting.key])
                        {
                            parts.push(format!("{label}={}", value(&now.value)));
                            told[setting.key] = true;
                        }
                    }
                }
            }
        }
        parts.extend(draft.seed.map(|seed| format!("seed={seed}")));
        if parts.is_empty() { self.fallback.clone() } else { shortened(parts.join(",")) }
    }

    /// [`Names::of`] in a form that no cell had before; cells must be different experiments.
    pub fn own(&mut self, draft: &Draft, expansion: &Expansion) -> String {
        let name = self.of(draft, expansion);
        // folders of some systems do not tell capitals from small letters
        if self.taken.insert(name.to_lowercase()) {
            return name;
        }
        let all: Vec<_> = draft.slots.iter().flatten().map(|s| (&expansion.keys.all[s.key].name, &s.value)).collect();
        let digest = hex(&format!("{:?} {:?} {all:?}", draft.baseline.map(|baseline| &baseline.name), draft.seed));
        (8..=digest.len())
            .map(|digits| ending(&name, &digest[..digits]))
            .find(|name| self.taken.insert(name.to_lowercase()))
            .expect("cells that set different values have different digests")
    }
}

/// A name of at most [`MOST_BYTES`], whose end stands for what does not fit.
fn shortened(name: String) -> String {
    if name.len() <= MOST_BYTES { name } else { ending(&name, &hex(&name)[..12]) }
}

/// As much of `name` as leaves room for `end`.
fn ending(name: &str, end: &str) -> String {
    let room = name.len().min(MOST_BYTES - 1 - end.len());
    let room = (0..=room).rev().find(|at| name.is_char_boundary(*at)).unwrap_or(0);
    format!("{}-{end}", name[..room].trim_end_matches(['-', ',', '=', '+', '.']))
}

fn hex(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::with_capacity(64), |mut hex, byte| {
        // writing to a String cannot fail
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// A value as a part of a name.
fn value(tree: &Tree) -> String {
    match tree {
        Tree::Nothing | Tree::Tagged(_) => "nothing".to_owned(),
        Tree::Bool(value) => value.to_string(),
        Tree::Whole(value) => value.to_string(),
        Tree::Real(value) => number(*value),
        Tree::Text(text) => word(text),
        Tree::List(items) if items.is_empty() => "empty".to_owned(),
        Tree::List(items) => {
            let numbers = items.iter().all(|item| matches!(item, Tree::Whole(_) | Tree::Real(_)));
            items.iter().map(value).collect::<Vec<_>>().join(if numbers { "x" } else { "+" })
        }
        Tree::Section(entries) => {
            let entry = |(key, item): &(String, Tree)| format!("{}={}", word(key), value(item));
            entries.iter().map(entry).collect::<Vec<_>>().join("+")
        }
    }
}

/// A text with nothing that a folder's name cannot have; of a path its end.
fn word(text: &str) -> String {
    let end = text.rsplit('/').find(|part| !part.is_empty()).unwrap_or("empty");
    let word: String = end.chars().map(|c| if fits_in(c) { c } else { '_' }).collect();
    match word.strip_suffix('.') {
        Some(rest) => format!("{rest}_"),
        None => word,
    }
}
