//! From drafts to cells: every one read and checked as an experiment, equal ones made one, and each named.

use super::axis::Choice;
use super::blame::blame;
use super::expand::Expansion;
use super::name::Names;
use super::plan::Cell;
use crate::config::Experiment;
use crate::config::hash::fingerprint;
use crate::config::locate::Aim;
use crate::config::mistake::Mistake;
use crate::config::surroundings::Surroundings;
use crate::config::tree::Tree;
use rayon::prelude::*;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Cells that are looked at before all others, spread over the sweep: most mistakes are in very many cells.
const FIRST_LOOK: usize = 256;

/// The golden ratio less one: multiples of it fill the unit interval evenly.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// The name of the sweep, its cells, which are those of `expansion` laid over the experiment `base`, and how many
/// combinations were no cells of their own because they are the same as one.
pub fn cells(
    expansion: &Expansion,
    base: &Tree,
    surroundings: &Surroundings,
) -> Result<(String, Vec<Cell>, usize), Vec<Mistake>> {
    let numbers = expansion.cells();
    let checked = checked(expansion, base, surroundings, &numbers)?;
    let combinations = checked.len();
    let name = checked.first().map_or_else(String::new, |checked| checked.experiment.name.clone());
    let mut names = Names::new(expansion, &name);
    let mut cells: Vec<Cell> = Vec::with_capacity(checked.len());
    let mut twins = HashMap::with_capacity(checked.len());
    let mut mistakes: Vec<Mistake> = Vec::new();
    for Checked { number, experiment, print } in checked {
        let draft = expansion.draft(number);
        let given = draft.baseline.or_else(|| expansion.case(&draft));
        match twins.entry(print) {
            Entry::Vacant(place) => {
                place.insert((cells.len(), given));
            }
            Entry::Occupied(mut twin) => {
                let (twin, first): &mut (usize, Option<&Choice>) = twin.get_mut();
                if let (Some(first), Some(second)) = (*first, given) {
                    if first.name != second.name && !mistakes.iter().any(|known| known.path == *second.at) {
                        mistakes.push(same(first, second, &cells[*twin].name, draft.baseline.is_some()));
                    }
                } else if let Some(baseline) = draft.baseline {
                    // the cell of the product is the baseline as well
                    cells[*twin].baseline = baseline.name.clone();
                    *first = Some(baseline);
                }
                continue;
            }
        }
        let name = names.own(&draft, expansion);
        let settings =
            draft.slots.iter().flatten().map(|s| (expansion.keys.all[s.key].name.clone(), s.value.to_json()));
        cells.push(Cell {
            settings: settings.collect(),
            baseline: draft.baseline.and_then(|baseline| baseline.name.clone()),
            experiment: Experiment { name: name.clone(), ..experiment },
            name,
        });
    }
    let repeated = combinations - cells.len();
    if mistakes.is_empty() { Ok((name, cells, repeated)) } else { Err(mistakes) }
}

/// The complaint about two names for one experiment.
fn same(first: &Choice, second: &Choice, cell: &str, baseline: bool) -> Mistake {
    let [first, name] = [first, second].map(|choice| choice.name.as_deref().unwrap_or_default());
    let message =
        format!("`{name}` is the same experiment as `{first}`, in the cell `{cell}`; remove one of them, or change it");
    Mistake::new((*second.at).clone(), if baseline { Aim::Key(0) } else { Aim::Value }, message)
}

/// A cell whose experiment has the name of the sweep.
struct Checked {
    number: usize,
    experiment: Experiment,
    /// by which equal ones are found
    print: [u8; 32],
}

/// All cells, in their order.
fn checked(
    expansion: &Expansion,
    base: &Tree,
    surroundings: &Surroundings,
    numbers: &[usize],
) -> Result<Vec<Checked>, Vec<Mistake>> {
    let order = spread(numbers);
    let (first, others) = order.split_at(order.len().min(FIRST_LOOK));
    let mut good = Vec::with_capacity(numbers.len());
    for part in [first, others] {
        let results: Vec<Result<Checked, (usize, Vec<Mistake>)>> = part
            .par_iter()
            .map(|&number| {
                let mut tree = expansion.draft(number).tree(base, &expansion.keys);
                let experiment = Experiment::checked(&mut tree, surroundings).map_err(|mistakes| (number, mistakes))?;
                Ok(Checked { number, print: fingerprint(&experiment), experiment })
            })
            .collect();
        let mut wrong = Vec::new();
        for result in results {
            match result {
                Ok(checked) => good.push(checked),
                Err(mistakes) => wrong.push(mistakes),
            }
        }
        if !wrong.is_empty() {
            wrong.sort_by_key(|(number, _)| *number);
            return Err(blame(expansion, base, &Names::new(expansion, ""), wrong, part));
        }
    }
    good.sort_by_key(|checked| checked.number);
    Ok(good)
}

/// The numbers in an order whose every beginning is spread over all of them.
fn spread(numbers: &[usize]) -> Vec<usize> {
    let count = numbers.len();
    let coprime = |step: &usize| {
        let (mut a, mut b) = (*step, count);
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a == 1
    };
    let step = (((count as f64 * GOLDEN) as usize).max(1)..).find(coprime).unwrap_or(1);
    (0..count).map(|i| numbers[(i as u128 * step as u128 % count as u128) as usize]).collect()
}
