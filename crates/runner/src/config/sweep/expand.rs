//! The product of all axes, and the baselines beside it, by number.

use super::axis::{Axis, Choice, Setting};
use super::keys::Keys;
use super::when::Rule;
use crate::config::path::KeyPath;
use crate::config::tree::Tree;

/// Cells of a sweep at most.
pub const MOST_CELLS: usize = 1_000_000;

/// Everything that makes cells.
#[derive(Debug)]
pub struct Expansion {
    pub keys: Keys,
    pub axes: Vec<Axis>,
    /// nothing where the experiment's own seed stays
    pub seeds: Vec<Option<u64>>,
    pub baselines: Vec<Choice>,
    pub rules: Vec<Rule>,
}

/// A cell before it is read.
#[derive(Debug)]
pub struct Draft<'a> {
    /// the choice on each axis and last that of the seed; of a baseline the last alone
    pub digits: Vec<usize>,
    pub baseline: Option<&'a Choice>,
    /// what is set, by the number of the key
    pub slots: Vec<Option<&'a Setting>>,
    pub seed: Option<u64>,
}

impl Expansion {
    /// Combinations and baselines before any is left out, as far as they can be counted.
    pub fn count(&self) -> u128 {
        let product = self.axes.iter().map(|axis| axis.choices.len() as u128).fold(1, u128::saturating_mul);
        product.saturating_add(self.baselines.len() as u128).saturating_mul(self.seeds.len() as u128)
    }

    /// The numbers of the cells that no rule leaves out, in their order: the last axis varies faster than the first, the
    /// seed fastest, and baselines come last.
    pub fn cells(&self) -> Vec<usize> {
        let count = self.count() as usize;
        let product = count - self.baselines.len() * self.seeds.len();
        let admitted = |cell: &usize| {
            *cell >= product || self.rules.is_empty() || {
                let digits = self.digits(*cell);
                self.rules.iter().all(|rule| rule.admits(&digits))
            }
        };
        (0..count).filter(admitted).collect()
    }

    /// The cell with this number.
    pub fn draft<'a>(&'a self, cell: usize) -> Draft<'a> {
        let mut slots = vec![None; self.keys.all.len()];
        let mut put = |settings: &'a [Setting]| settings.iter().for_each(|setting| slots[setting.key] = Some(setting));
        let product: usize = self.axes.iter().map(|axis| axis.choices.len()).product();
        let baseline =
            cell.checked_sub(product * self.seeds.len()).map(|beyond| &self.baselines[beyond / self.seeds.len()]);
        let digits = match baseline {
            Some(baseline) => {
                put(&baseline.settings);
                vec![cell % self.seeds.len()]
            }
            None => {
                let digits = self.digits(cell);
                for (axis, digit) in self.axes.iter().zip(&digits) {
                    put(&axis.choices[*digit].settings);
                }
                for rule in self.rules.iter().filter(|rule| rule.holds(&digits)) {
                    put(&rule.set);
                }
                digits
            }
        };
        let seed = self.seeds[digits[digits.len() - 1]];
        Draft { digits, baseline, slots, seed }
    }

    /// The case that a cell of the product is one of, if it was given a name.
    pub fn case(&self, draft: &Draft) -> Option<&Choice> {
        let choices = self.axes.iter().zip(&draft.digits).map(|(axis, digit)| &axis.choices[*digit]);
        choices.into_iter().find(|choice| choice.name.is_some())
    }

    fn digits(&self, mut cell: usize) -> Vec<usize> {
        let mut digits = vec![0; self.axes.len() + 1];
        let radices = self.axes.iter().map(|axis| axis.choices.len()).chain([self.seeds.len()]).rev();
        for (digit, radix) in digits.iter_mut().rev().zip(radices) {
            (*digit, cell) = (cell % radix, cell / radix);
        }
        digits
    }
}

impl Draft<'_> {
    /// The experiment of the cell, as it would be written.
    pub fn tree(&self, base: &Tree, keys: &Keys) -> Tree {
        let mut tree = base.clone();
        for setting in self.slots.iter().flatten() {
            tree.set(&keys.all[setting.key].path.0, &setting.value);
        }
        if let Some(seed) = self.seed {
            tree.set(&KeyPath::from("seed").0, &Tree::Whole(seed.into()));
        }
        tree
    }
}
