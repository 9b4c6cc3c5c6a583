//! Many experiments from one YAML: `sweep` and `executor` beside the sections of an experiment.
//!
//! The axes of a sweep are read once, every combination of their choices is laid over the experiment and checked as if
//! it had been written out, and what is wrong with many cells is told once, where it was written:
//!
//! ```text
//! depth.yaml:6:25: teacher.layers: expected a whole number from 1 to 1000, got 0
//! depth.yaml:9:5: teacher: unknown key `layrs`; did you mean `layers`? known keys: model, layers, hidden, …
//! ```

mod axis;
mod blame;
mod cells;
mod draw;
mod expand;
mod keys;
mod limits;
mod name;
mod plan;
mod slurm;
mod stop;
mod when;

pub use plan::{Cell, Limits, Slurm, Stopping, StoppingRule, Sweep};

use super::OF_A_SWEEP;
use super::check::Checker;
use super::error::ConfigError;
use super::locate::Aim;
use super::mistake::{Mistake, mistakes};
use super::path::KeyPath;
use super::read::read;
use super::sources::Sources;
use super::surroundings::Surroundings;
use super::tree::Tree;
use super::written::{self, Seeds};
use expand::{Expansion, MOST_CELLS};
use keys::Keys;
use std::path::Path;

impl Sweep {
    /// Reads the sweep in `file` and checks all of its cells; an experiment is a sweep of one cell.
    ///
    /// # Errors
    /// If the file or one that it extends cannot be read, or with every mistake in them, each told once.
    pub fn load(file: impl AsRef<Path>) -> Result<Self, ConfigError> {
        Self::of(&Sources::load(file.as_ref())?)
    }

    /// Checks the sweep in `text`. `file` is where it stands, or would: it begins the messages, its folder is where
    /// relative paths start, and its stem is the default name.
    ///
    /// # Errors
    /// With every mistake in the text and in what it extends, each told once.
    pub fn from_str(text: &str, file: &Path) -> Result<Self, ConfigError> {
        Self::of(&Sources::of(text, file)?)
    }

    fn of(sources: &Sources) -> Result<Self, ConfigError> {
        let mut base = sources.tree.clone();
        let sections = OF_A_SWEEP.into_iter().filter_map(|key| Some((key.to_owned(), base.take(key)?)));
        let mut tree = Tree::Section(sections.collect());
        let order = match tree.get(&KeyPath::from("sweep").0) {
            Some(Tree::Section(entries)) => entries.iter().map(|(key, _)| key.clone()).collect(),
            _ => Vec::new(),
        };
        let (written, faults) = read::<written::Experiment>(&mut tree);
        let mut checker = Checker::default();
        let written = written.unwrap_or_default();
        let section = written.sweep.unwrap_or_default();
        let stopping = stop::stopping(&mut checker, section.stop.as_ref());
        let limits = limits::limits(&mut checker, section.limits.as_ref());
        let slurm = slurm::slurm(&mut checker, written.executor.and_then(|executor| executor.slurm).as_ref());
        let (expansion, varied) = expansion(&mut checker, &section, &order);
        if !(faults.is_empty() && checker.findings.is_empty()) {
            let mut all = mistakes(&tree, &faults, checker.findings);
            // what is badly written elsewhere can be told as well; what it means depends on the cells
            let (_, faults) = read::<written::Experiment>(&mut base);
            all.extend(faults.iter().map(Mistake::from));
            return Err(sources.error(all));
        }
        let (name, cells, repeated) = cells::cells(&expansion, &base, &Surroundings::of_cells(sources.file()))
            .map_err(|mistakes| sources.error(mistakes))?;
        if cells.is_empty() {
            let message = "leaves no cell at all; remove a rule, or let it say less".to_owned();
            return Err(sources.error([Mistake::new(KeyPath::from("sweep.when"), Aim::Key(0), message)]));
        }
        if let Some(mistake) = stopping.as_ref().and_then(|stopping| stop::unmeasured(stopping, &cells)) {
            return Err(sources.error([mistake]));
        }
        let keys = expansion.keys.all.into_iter().take(varied).map(|key| key.name).collect();
        Ok(Self { name, keys, cells, repeated, stopping, limits, slurm })
    }
}

/// What makes the cells, and the number of keys that the product varies, which come before those of baselines alone.
fn expansion(checker: &mut Checker, written: &written::Sweep, order: &[String]) -> (Expansion, usize) {
    let order: Vec<&str> = order.iter().map(String::as_str).collect();
    let mut keys = Keys::default();
    let axes = axis::axes(checker, written, &order, &mut keys);
    let seeds = seeds(checker, written.seeds.as_ref());
    let rules = when::rules(checker, written, &axes, &seeds, &mut keys);
    let varied = keys.all.len();
    let baselines = axis::baselines(checker, written, &axes, &mut keys);
    let expansion = Expansion { keys, axes, seeds, baselines, rules };
    let count = expansion.count();
    if count > MOST_CELLS as u128 {
        let message =
            format!("expected at most {MOST_CELLS} cells, got {count}; vary less, or draw from it by `random`");
        checker.wrong(KeyPath::from("sweep"), message);
    }
    (expansion, varied)
}

/// The seeds of every cell, or nothing for that of the experiment.
fn seeds(checker: &mut Checker, written: Option<&Seeds>) -> Vec<Option<u64>> {
    let at = KeyPath::from("sweep.seeds");
    match written {
        None => vec![None],
        Some(Seeds::Count(count)) => {
            let count = checker.whole(at, *count, (1, MOST_CELLS as i64), "");
            (0..count as u64).map(Some).collect()
        }
        Some(Seeds::List(seeds)) => {
            if seeds.is_empty() {
                checker.wrong(at.clone(), "expected at least one seed, got an empty list".to_owned());
            }
            let mut sorted: Vec<(u64, usize)> = seeds.iter().copied().zip(0..).collect();
            sorted.sort_unstable();
            for pair in sorted.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
                checker.wrong(at.index(pair[1].1), format!("the seed {} is in the list already; remove it", pair[1].0));
            }
            seeds.iter().copied().map(Some).collect()
        }
    }
}
