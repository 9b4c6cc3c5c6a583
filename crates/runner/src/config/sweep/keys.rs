//! The keys that a sweep sets, each named by its whole path.

use crate::config::OF_A_SWEEP;
use crate::config::check::Checker;
use crate::config::path::KeyPath;
use crate::config::tree::shortened;

/// Keys that one sweep may set.
const MOST_KEYS: usize = 100;

/// No key of an experiment lies deeper.
const MOST_PARTS: usize = 8;

/// One key of the experiment.
#[derive(Debug)]
pub struct Key {
    pub name: String,
    pub path: KeyPath,
}

/// All of them, in the order in which they are first met.
#[derive(Debug, Default)]
pub struct Keys {
    pub all: Vec<Key>,
    taken: Vec<Claim>,
}

/// Where a key is varied.
#[derive(Debug)]
struct Claim {
    key: usize,
    at: KeyPath,
    axis: usize,
    choice: usize,
}

impl Keys {
    /// The number of the key `name`, which stands at `at`; nothing where no cell can set it.
    pub fn number(&mut self, checker: &mut Checker, at: &KeyPath, name: &str) -> Option<usize> {
        if let Some(known) = self.all.iter().position(|key| key.name == name) {
            return Some(known);
        }
        let parts: Vec<&str> = name.split('.').collect();
        let wrong = if parts[0] == "seed" {
            "the seed is varied by `sweep.seeds`, as `seeds: 3` or `seeds: [0, 5, 7]`".to_owned()
        } else if parts[0] == "name" {
            "names of cells are made of what they set, or given in `cases` and `baselines`; remove the key".to_owned()
        } else if parts[0] == "extends" || OF_A_SWEEP.contains(&parts[0]) {
            format!("`{}` is of the whole file and cannot be set by a cell; remove the key", parts[0])
        } else if name.contains('[') {
            "elements of lists have no keys of their own; vary the whole list".to_owned()
        } else if parts.len() > MOST_PARTS || parts.contains(&"") {
            format!("expected a key with its path, such as `teacher.layers`, got `{}`", shortened(name))
        } else if self.all.len() == MOST_KEYS {
            format!("expected at most {MOST_KEYS} keys in a sweep, and this is one more")
        } else {
            self.all.push(Key { name: name.to_owned(), path: KeyPath::from(name) });
            return Some(self.all.len() - 1);
        };
        checker.wrong(at.clone(), wrong);
        None
    }

    /// Notes that `axis` varies the key, in its choice `choice`, and refuses it where another one does so already.
    pub fn claim(&mut self, checker: &mut Checker, key: usize, at: &KeyPath, axis: usize, choice: usize) {
        let path = &self.all[key].path;
        let rival = self
            .taken
            .iter()
            .find(|other| (other.axis != axis || other.choice == choice) && self.all[other.key].path.touches(path));
        if let Some(rival) = rival {
            let message = format!("is set by `{}` as well; keep one of the two", rival.at);
            checker.wrong_with(at.clone(), rival.at.clone(), message);
        }
        self.taken.push(Claim { key, at: at.clone(), axis, choice });
    }

    /// Forgets who varies what; a baseline is beside the axes and other baselines.
    pub fn release(&mut self) {
        self.taken.clear();
    }
}
