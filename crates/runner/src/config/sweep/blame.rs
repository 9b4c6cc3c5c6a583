//! From the mistakes of many cells to the few places that they come from.
//!
//! A mistake that every cell has in common is the experiment's own; one that all cells with some choice have is that
//! choice's; all else lies in a combination, of which one cell is named.

use super::axis::Setting;
use super::expand::{Draft, Expansion};
use super::name::Names;
use crate::config::locate::Aim;
use crate::config::mistake::Mistake;
use crate::config::path::{KeyPath, Step};
use crate::config::read::MOST_FAULTS;
use crate::config::tree::Tree;
use std::collections::HashMap;
use std::sync::Arc;

/// Mistakes of one kind at one place.
struct Group<'a> {
    /// as the first cell has it, at its place in the sweep or the experiment
    mistake: Mistake,
    setting: Option<&'a Setting>,
    /// whether it says the same of all cells
    uniform: bool,
    first: usize,
    last: usize,
    count: usize,
    /// cells that have been looked at and set what is blamed
    concerned: usize,
    /// choices that all of these cells share, with how many cells have made them
    shared: Vec<(Turn, usize)>,
}

/// A choice that a cell has made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Axis(usize, usize),
    Baseline(usize),
    Seed(usize),
}

/// The mistakes of the cells `wrong`, in order, among the cells `seen`, each told once.
pub fn blame(
    expansion: &Expansion,
    base: &Tree,
    names: &Names,
    wrong: Vec<(usize, Vec<Mistake>)>,
    seen: &[usize],
) -> Vec<Mistake> {
    let mut groups: Vec<Group> = Vec::new();
    let mut known = HashMap::new();
    for (cell, mistakes) in wrong {
        let draft = expansion.draft(cell);
        for mistake in mistakes {
            let (mistake, setting) = place(expansion, base, &draft, mistake);
            let key = (mistake.path.clone(), mistake.shown.clone(), kind(&mistake.message));
            let full = groups.len() == MOST_FAULTS;
            match known.get(&key) {
                Some(&index) => {
                    let group: &mut Group = &mut groups[index];
                    // one cell may say it twice, of two numbers
                    group.count += usize::from(group.last != cell);
                    group.last = cell;
                    group.uniform &= group.mistake.message == mistake.message;
                    group.shared.retain(|(turn, _)| made(expansion, &draft, cell, *turn));
                }
                None if !full => {
                    known.insert(key, groups.len());
                    let shared = turns(expansion, &draft, cell).map(|turn| (turn, 0)).collect();
                    groups.push(Group {
                        mistake,
                        setting,
                        uniform: true,
                        first: cell,
                        last: cell,
                        count: 1,
                        concerned: 0,
                        shared,
                    });
                }
                None => {}
            }
        }
    }
    for cell in seen {
        let draft = expansion.draft(*cell);
        for group in &mut groups {
            group.concerned += usize::from(group.setting.is_none_or(|blamed| sets(&draft, blamed, &group.mistake)));
            for (turn, count) in &mut group.shared {
                *count += usize::from(made(expansion, &draft, *cell, *turn));
            }
        }
    }
    let (mut alone, together): (Vec<Group>, Vec<Group>) = groups.into_iter().partition(|g| g.count == g.concerned);
    for group in together {
        // several values at one place may go badly with one elsewhere
        match alone.iter_mut().find(|other| other.count != other.concerned && other.resembles(&group)) {
            Some(other) => other.join(group),
            None => alone.push(group),
        }
    }
    alone.into_iter().map(|group| group.told(expansion, names)).collect()
}

/// A message without its numbers, which may be others in other cells.
fn kind(message: &str) -> String {
    message.chars().filter(|c| !c.is_ascii_digit()).collect()
}

impl Group<'_> {
    fn resembles(&self, other: &Self) -> bool {
        self.mistake.shown == other.mistake.shown && kind(&self.mistake.message) == kind(&other.mistake.message)
    }

    /// Takes the cells of another group in, which are others.
    fn join(&mut self, other: Self) {
        self.uniform &= other.uniform && self.mistake.message == other.mistake.message;
        self.count += other.count;
        self.concerned = usize::MAX;
        self.shared.retain(|(turn, _)| other.shared.iter().any(|(theirs, _)| theirs == turn));
    }

    fn told(self, expansion: &Expansion, names: &Names) -> Mistake {
        let mut mistake = self.mistake;
        let mut alone = self.count == self.concerned;
        // the choice that most nearly is the cause
        let cause = self.shared.into_iter().min_by_key(|(_, count)| *count);
        if let Some((turn, count)) =
            cause.filter(|(_, count)| !alone && (self.setting.is_none() || *count == self.count))
        {
            alone = self.count == count;
            (mistake.path, mistake.aim) = at(expansion, turn);
        }
        if !(alone && self.uniform) {
            mistake.message += &format!("; in the cell `{}`", names.of(&expansion.draft(self.first), expansion));
            mistake.message += if self.count > 1 { ", for one" } else { "" };
        }
        mistake
    }
}

/// The mistake of a cell at the place that it comes from, with the setting that has brought it there.
fn place<'a>(
    expansion: &Expansion,
    base: &Tree,
    draft: &Draft<'a>,
    mistake: Mistake,
) -> (Mistake, Option<&'a Setting>) {
    let path = |setting: &Setting| &expansion.keys.all[setting.key].path;
    let settings = || draft.slots.iter().rev().flatten().copied();
    if let Some(setting) = settings().find(|setting| path(setting).leads_to(&mistake.path)) {
        let rest = &mistake.path.0[path(setting).0.len()..];
        let key_itself = rest.is_empty() && mistake.shown != mistake.path;
        let place = if key_itself { (*setting.key_at).clone() } else { setting.at.join(rest) };
        let aim = if key_itself { Aim::Key(0) } else { Aim::Value };
        let aim = if matches!(rest, [.., Step::Key(_)]) { mistake.aim } else { aim };
        // only of a drawn number nobody wrote the value
        let drawn = Arc::ptr_eq(&setting.at, &setting.key_at) && matches!(setting.value, Tree::Real(_));
        let way_out = if drawn && mistake.message.starts_with("expected a whole number") {
            "; draw it by `integer`, as `{integer: [2, 8]}`"
        } else {
            ""
        };
        return (Mistake { path: place, aim, message: mistake.message + way_out, ..mistake }, Some(setting));
    }
    // a section that is there only because something in it is set
    if let Some(setting) = settings().find(|setting| mistake.path.leads_to(path(setting)))
        && !mistake.path.0.is_empty()
        && !base.has_section(&mistake.path)
    {
        return (Mistake { path: (*setting.key_at).clone(), aim: Aim::Key(0), ..mistake }, Some(setting));
    }
    if let Some(setting) = settings().find(|setting| mistake.needs.iter().any(|need| path(setting).touches(need))) {
        return (Mistake { path: (*setting.at).clone(), aim: Aim::Value, ..mistake }, Some(setting));
    }
    (mistake, None)
}

/// Whether the cell has what is blamed: the value, or the key if that is the mistake.
fn sets(draft: &Draft, blamed: &Setting, mistake: &Mistake) -> bool {
    draft.slots[blamed.key].is_some_and(|setting| {
        let key_alone = mistake.path == *blamed.key_at && blamed.at != blamed.key_at;
        Arc::ptr_eq(
            if key_alone { &setting.key_at } else { &setting.at },
            if key_alone { &blamed.key_at } else { &blamed.at },
        )
    })
}

/// The choices of a cell, of axes that leave one.
fn turns<'a>(expansion: &'a Expansion, draft: &'a Draft, cell: usize) -> impl Iterator<Item = Turn> + 'a {
    let product: usize = expansion.axes.iter().map(|axis| axis.choices.len()).product();
    let seeds = expansion.seeds.len();
    let baseline = draft.baseline.map(|_| Turn::Baseline((cell - product * seeds) / seeds));
    let axes = if baseline.is_some() { &[][..] } else { &expansion.axes };
    let free = |&(_, (axis, _)): &(usize, (&super::axis::Axis, &usize))| axis.choices.len() > 1;
    let axes = axes.iter().zip(&draft.digits).enumerate().filter(free).map(|(i, (_, digit))| Turn::Axis(i, *digit));
    let seed = (seeds > 1).then(|| Turn::Seed(draft.digits[draft.digits.len() - 1]));
    baseline.into_iter().chain(axes).chain(seed)
}

fn made(expansion: &Expansion, draft: &Draft, cell: usize, turn: Turn) -> bool {
    turns(expansion, draft, cell).any(|other| other == turn)
}

/// Where a choice was written.
fn at(expansion: &Expansion, turn: Turn) -> (KeyPath, Aim) {
    match turn {
        Turn::Axis(axis, choice) => {
            let choice = &expansion.axes[axis].choices[choice];
            let first = choice.settings.first().filter(|_| choice.settings.len() == 1);
            (first.map_or_else(|| (*choice.at).clone(), |setting| (*setting.at).clone()), Aim::Value)
        }
        Turn::Baseline(baseline) => ((*expansion.baselines[baseline].at).clone(), Aim::Key(0)),
        Turn::Seed(_) => (KeyPath::from("sweep.seeds"), Aim::Value),
    }
}
