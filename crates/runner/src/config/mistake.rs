//! One mistake, of whatever kind, before it is looked up in the text.

use super::check::Finding;
use super::locate::Aim;
use super::path::KeyPath;
use super::read::{Fault, MOST_FAULTS};
use super::tree::Tree;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mistake {
    pub path: KeyPath,
    /// what at the end of the path is wrong
    pub aim: Aim,
    /// the path that the message begins with
    pub shown: KeyPath,
    pub message: String,
    /// sections and keys that it also rests on
    pub needs: Vec<KeyPath>,
}

impl Mistake {
    pub fn new(path: KeyPath, aim: Aim, message: String) -> Self {
        Self { shown: path.clone(), path, aim, message, needs: Vec::new() }
    }
}

impl From<&Fault> for Mistake {
    fn from(fault: &Fault) -> Self {
        let (path, message) = (fault.path.clone(), fault.message.clone());
        match fault.known {
            // of an unknown key the section is known
            Some(_) => Self { shown: path.parent(), ..Self::new(path, Aim::Key(0), message) },
            None => Self::new(path, Aim::Value, message),
        }
    }
}

/// Mistakes of spelling and of meaning in `tree` together. What rests on something unreadable may be fine once that is
/// mended, and is left out.
pub(super) fn mistakes(tree: &Tree, faults: &[Fault], findings: Vec<Finding>) -> Vec<Mistake> {
    let sound = |path: &KeyPath| !faults.iter().any(|fault| fault.path.touches(path));
    let findings =
        findings.into_iter().filter(|found| sound(&found.path) && found.needs.iter().all(sound)).take(MOST_FAULTS).map(
            |Finding { path, message, needs }| {
                let aim = if tree.has_section(&path) { Aim::Key(0) } else { Aim::Value };
                Mistake { needs, ..Mistake::new(path, aim, message) }
            },
        );
    faults.iter().map(Mistake::from).chain(findings).collect()
}
