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
mod hash;
mod locate;
mod path;
mod plan;
mod read;
mod recipe;
mod resolved;
mod source_text;
mod suggest;
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
pub use plan::{Bench, Evaluation, Experiment, FlowPlan, StudentPlan, TeacherPlan};
pub use suggest::nearest;

use locate::{Aim, locate};
use path::KeyPath;
use read::MOST_FAULTS;
use std::path::Path;
use tree::Tree;

impl Experiment {
    /// Reads and checks the experiment in `file`.
    ///
    /// # Errors
    /// If the file cannot be read, or with every mistake in it.
    pub fn load(file: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let file = file.as_ref();
        Self::from_str(&source_text::read(file)?, file)
    }

    /// Checks the experiment in `text`. `file` is where it stands, or would: it begins the messages, its folder is
    /// where relative paths start, and its stem is the default name.
    ///
    /// # Errors
    /// With every mistake in the text.
    pub fn from_str(text: &str, file: &Path) -> Result<Self, ConfigError> {
        // the byte order mark of some editors, which the parser takes for a document of its own
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let tree = source_text::parse(text, file)?;
        let problem = |path: &KeyPath, aim: Aim, shown: &KeyPath, message: String| Problem {
            location: locate(text, path, aim),
            key: shown.to_string(),
            message,
        };
        let mut tree = unambiguous(tree, problem).map_err(|problems| ConfigError::several(file, problems))?;

        let (written, faults) = read::read::<written::Experiment>(&mut tree);
        let findings = match written.map(|written| check::check(&written, file)) {
            Some(Ok(plan)) if faults.is_empty() => return Ok(plan),
            Some(Err(findings)) => findings,
            _ => Vec::new(),
        };
        // what rests on something unreadable may be fine once that is mended
        let sound = |path: &KeyPath| !faults.iter().any(|fault| fault.path.touches(path));
        let findings: Vec<_> =
            findings.iter().filter(|f| sound(&f.path) && f.needs.iter().all(sound)).take(MOST_FAULTS).collect();
        let faults = faults.iter().map(|fault| match fault.known {
            Some(_) => problem(&fault.path, Aim::Key(0), &fault.path.parent(), fault.message.clone()),
            None => problem(&fault.path, Aim::Value, &fault.path, fault.message.clone()),
        });
        let findings = findings.iter().map(|found| {
            let aim = if tree.has_section(&found.path) { Aim::Key(0) } else { Aim::Value };
            problem(&found.path, aim, &found.path, found.message.clone())
        });
        Err(ConfigError::several(file, faults.chain(findings).collect()))
    }
}

/// The tree with its merges done, if no key stands twice.
fn unambiguous(
    mut tree: Tree,
    problem: impl Fn(&KeyPath, Aim, &KeyPath, String) -> Problem,
) -> Result<Tree, Vec<Problem>> {
    let repeated = tree.repeated_keys();
    if !repeated.is_empty() {
        let each = repeated.iter().take(MOST_FAULTS).map(|(path, nth)| {
            let mut again = problem(path, Aim::Key(*nth), &path.parent(), format!("duplicate key {}", path.last()));
            if let Some(first) = problem(path, Aim::Key(0), path, String::new()).location {
                again.message += &format!(" (first at line {})", first.line);
            }
            again
        });
        return Err(each.collect());
    }
    match tree.merge(&KeyPath::default()) {
        Ok(()) => Ok(tree),
        Err((path, got)) => {
            let message = format!("expected a section to merge, as `<<: *name` or `<<: [*a, *b]`, got {got}");
            Err(vec![problem(&path, Aim::Value, &path, message)])
        }
    }
}
