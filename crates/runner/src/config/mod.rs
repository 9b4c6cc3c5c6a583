//! An experiment's YAML, from text to a plan that can run.
//!
//! [`written`] says what a user may write, [`Experiment`] is what was checked; nothing runs that is not checked. All
//! mistakes of a file are reported at once, each with its line, column, key, what was expected, what was found and
//! the way out:
//!
//! ```text
//! experiments/a.yaml:5:3: teacher: unknown key `hiden`; did you mean `hidden`? known keys: model, layers, hidden, …
//! experiments/a.yaml:7:12: teacher.training.rate: expected a number above 0, got -1
//! ```

mod check;
mod data;
mod error;
mod flow;
mod hash;
mod locate;
mod mistake;
mod name;
mod path;
mod plan;
mod plant;
mod read;
mod recipe;
mod resolved;
mod source_text;
mod sources;
mod suggest;
mod surroundings;
pub mod sweep;
mod teacher;
#[cfg(test)]
mod tests;
mod training;
mod tree;
pub mod written;

pub use error::{ConfigError, Problem};
pub use hash::config_hash;
pub use locate::Location;
pub use plan::{Bench, Distillation, Evaluation, Experiment, Fitting, FlowPlan, StudentPlan, TeacherPlan};
pub use suggest::nearest;
pub use sweep::Sweep;

use locate::Aim;
use mistake::{Mistake, mistakes};
use path::KeyPath;
use sources::Sources;
use std::path::Path;
use surroundings::Surroundings;
use tree::Tree;

/// The sections that make many experiments of one.
const OF_A_SWEEP: [&str; 2] = ["sweep", "executor"];

impl Experiment {
    /// Reads and checks the experiment in `file`.
    ///
    /// # Errors
    /// If the file or one that it extends cannot be read, or with every mistake in them.
    pub fn load(file: impl AsRef<Path>) -> Result<Self, ConfigError> {
        Self::of(&Sources::load(file.as_ref())?)
    }

    /// Checks the experiment in `text`. `file` is where it stands, or would: it begins the messages, its folder is
    /// where relative paths start, and its stem is the default name.
    ///
    /// # Errors
    /// With every mistake in the text and in what it extends.
    pub fn from_str(text: &str, file: &Path) -> Result<Self, ConfigError> {
        Self::of(&Sources::of(text, file)?)
    }

    fn of(sources: &Sources) -> Result<Self, ConfigError> {
        let mut tree = sources.tree.clone();
        if let Some(key) = OF_A_SWEEP.into_iter().find(|key| tree.get(&KeyPath::from(*key).0).is_some()) {
            let message =
                "is for many experiments; run this file by `flowstill sweep`, or remove the section".to_owned();
            return Err(sources.error([Mistake::new(KeyPath::from(key), Aim::Key(0), message)]));
        }
        Self::checked(&mut tree, &Surroundings::of(sources.file())).map_err(|mistakes| sources.error(mistakes))
    }

    /// The experiment that a tree holds, or everything wrong with it. What is badly written is taken out of the tree.
    fn checked(tree: &mut Tree, surroundings: &Surroundings) -> Result<Self, Vec<Mistake>> {
        let (written, faults) = read::read::<written::Experiment>(tree);
        let findings = match written.map(|written| check::check(&written, surroundings)) {
            Some(Ok(plan)) if faults.is_empty() => return Ok(plan),
            Some(Err(findings)) => findings,
            _ => Vec::new(),
        };
        Err(mistakes(tree, &faults, findings))
    }
}
