//! Draws from distributions: independent ones, and the points of a Sobol sequence.
//!
//! A draw is a function of seed, key and position alone, so a further draw or key changes none of the others (in a Sobol
//! sequence the position of a key counts as well).

use super::axis::{Axis, Choice, Setting, entries};
use super::expand::MOST_CELLS;
use super::keys::Keys;
use crate::config::check::Checker;
use crate::config::path::KeyPath;
use crate::config::tree::{Tree, number};
use crate::config::written::{Distribution, Distributions, Draws, Value};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Points of the Sobol sequence that are known.
const MOST_SOBOL: i64 = 1 << 16;

/// By what share of the distribution a drawn number may be off, so that it has few digits.
const ROUNDING: f64 = 5e-5;

/// A distribution that has been checked.
enum Quantiles {
    Uniform([f64; 2]),
    LogUniform([f64; 2]),
    Integer([i64; 2]),
    Choice(Vec<Tree>),
}

/// The axis of the section at `at`, number `axis`, if it is there and in order.
pub fn axis(
    checker: &mut Checker,
    written: Option<&Draws>,
    at: &KeyPath,
    keys: &mut Keys,
    axis: usize,
) -> Option<Axis> {
    let written = written?;
    let sobol = *at == KeyPath::from("sweep.sobol");
    let most = if sobol { MOST_SOBOL } else { MOST_CELLS as i64 };
    let draws = match written.draws {
        Some(draws) => checker.whole(at.key("draws"), draws, (1, most), ""),
        None => {
            checker.wrong(at.clone(), "expected the number of draws, as `draws: 20`, got none".to_owned());
            0
        }
    };
    if written.keys.is_none() {
        let message = "expected keys with distributions, as `keys: {teacher.layers: {integer: [2, 8]}}`, got none";
        checker.wrong(at.clone(), message.to_owned());
    }
    let values = draws.saturating_mul(written.keys.as_ref().map_or(0, |keys| keys.0.len()));
    if values > MOST_CELLS {
        checker
            .wrong(at.key("draws"), format!("expected at most {MOST_CELLS} values of all keys together, got {values}"));
        return None;
    }
    let at_keys = at.key("keys");
    let seed = written.seed.unwrap_or(0);
    let mut columns = Vec::new();
    let example = "as `teacher.layers: {integer: [2, 8]}`";
    for (name, distribution) in entries(checker, written.keys.as_ref(), &at_keys, example) {
        let at = at_keys.key(name);
        let quantiles = quantiles(checker, &at, distribution);
        let Some(key) = keys.number(checker, &at, name) else { continue };
        keys.claim(checker, key, &at, axis, 0);
        if let Some(quantiles) = quantiles {
            let shares =
                if sobol { sobol_shares(seed, columns.len(), draws) } else { random_shares(seed, name, draws) };
            let length = if let Quantiles::Choice(values) = &quantiles { values.len() } else { 0 };
            let places: Vec<_> = (0..length).map(|i| Arc::new(at.key("choice").index(i))).collect();
            columns.push((key, quantiles, shares, Arc::new(at), places));
        }
    }
    let at = Arc::new(at.clone());
    let choice = |i: usize| Choice {
        name: None,
        settings: columns
            .iter()
            .map(|(key, quantiles, shares, key_at, places)| {
                let (value, index) = quantiles.at(shares[i]);
                let at = index.map_or(key_at, |index| &places[index]).clone();
                Setting { key: *key, value, at, key_at: key_at.clone() }
            })
            .collect(),
        at: at.clone(),
    };
    Some(Axis { choices: (0..draws).map(choice).collect(), drawn: true })
}

/// Independent and uniform on [0, 1).
fn random_shares(seed: u64, key: &str, draws: usize) -> Vec<f64> {
    let stream = Sha256::new().chain_update(seed.to_le_bytes()).chain_update(key).finalize();
    let mut generator = ChaCha8Rng::from_seed(stream.into());
    (0..draws).map(|_| (generator.next_u64() >> 11) as f64 / (1u64 << 53) as f64).collect()
}

/// Coordinate `dimension` of the first points of an Owen-scrambled Sobol sequence (Burley 2020).
fn sobol_shares(seed: u64, dimension: usize, draws: usize) -> Vec<f64> {
    let seed = (seed ^ (seed >> 32)) as u32;
    (0..draws).map(|i| f64::from(sobol_burley::sample(i as u32, dimension as u32, seed))).collect()
}

impl Quantiles {
    /// The value below which the share `share` lies; of a choice also its place in the list.
    fn at(&self, share: f64) -> (Tree, Option<usize>) {
        match self {
            Self::Uniform([least, most]) => {
                let share_of = |value: f64| (value - least) / (most - least);
                (Tree::Real(rounded(least * (1.0 - share) + most * share, [*least, *most], share, share_of)), None)
            }
            Self::LogUniform([least, most]) => {
                let (from, to) = (least.ln(), most.ln());
                let share_of = |value: f64| (value.ln() - from) / (to - from);
                (Tree::Real(rounded((from + share * (to - from)).exp(), [*least, *most], share, share_of)), None)
            }
            Self::Integer([least, most]) => {
                let (least, count) = (i128::from(*least), i128::from(*most) - i128::from(*least) + 1);
                (Tree::Whole(least + ((share * count as f64) as i128).min(count - 1)), None)
            }
            Self::Choice(values) => {
                let index = ((share * values.len() as f64) as usize).min(values.len() - 1);
                (values[index].clone(), Some(index))
            }
        }
    }
}

/// The shortest decimal near `value` that is within the bounds, and whose share is near `share`.
fn rounded(value: f64, [least, most]: [f64; 2], share: f64, share_of: impl Fn(f64) -> f64) -> f64 {
    (0..17)
        .filter_map(|digits| format!("{value:.digits$e}").parse::<f64>().ok())
        .find(|short| (least..=most).contains(short) && (share_of(*short) - share).abs() <= ROUNDING)
        .unwrap_or_else(|| value.clamp(least, most))
}

/// The distribution, if it is exactly one and its bounds are in order.
fn quantiles(checker: &mut Checker, at: &KeyPath, Distribution(written): &Distribution) -> Option<Quantiles> {
    let Distributions { uniform, log_uniform, integer, choice } = written;
    let given = [
        ("uniform", uniform.is_some()),
        ("log_uniform", log_uniform.is_some()),
        ("integer", integer.is_some()),
        ("choice", choice.is_some()),
    ];
    let given: Vec<&str> = given.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    let [name] = given[..] else {
        let got = if given.is_empty() { "none".to_owned() } else { format!("`{}`", given.join("` and `")) };
        let expected = "expected exactly one of `uniform`, `log_uniform`, `integer` and `choice`, got";
        checker.wrong(at.clone(), format!("{expected} {got}"));
        return None;
    };
    let at = at.key(name);
    if let Some(values) = choice {
        if values.is_empty() {
            checker.wrong(at, "expected at least one value, got an empty list".to_owned());
            return None;
        }
        return Some(Quantiles::Choice(values.iter().map(|Value(value)| value.clone()).collect()));
    }
    if let Some(bounds) = integer {
        let words: Vec<String> = bounds.iter().map(i64::to_string).collect();
        return bounded(checker, at, bounds, &words, |_| None).map(Quantiles::Integer);
    }
    let bounds = uniform.as_ref().or(log_uniform.as_ref())?;
    let words: Vec<String> = bounds.iter().map(|bound| number(*bound)).collect();
    let unfit = |bound: f64| match bound {
        bound if !bound.is_finite() => Some("finite numbers"),
        bound if log_uniform.is_some() && bound <= 0.0 => Some("numbers above 0"),
        _ => None,
    };
    let bounds = bounded(checker, at, bounds, &words, unfit)?;
    Some(if uniform.is_some() { Quantiles::Uniform(bounds) } else { Quantiles::LogUniform(bounds) })
}

/// Two bounds in their order; `unfit` says what a bound should have been.
fn bounded<T: Copy + PartialOrd>(
    checker: &mut Checker,
    at: KeyPath,
    bounds: &[T],
    words: &[String],
    unfit: impl Fn(T) -> Option<&'static str>,
) -> Option<[T; 2]> {
    let message = match (bounds, words) {
        ([least, most], [a, b]) => match unfit(*least).or(unfit(*most)) {
            Some(what) => format!("expected {what}, got [{a}, {b}]"),
            None if least < most => return Some([*least, *most]),
            None if least > most => format!("expected the least before the most, got [{a}, {b}]; write [{b}, {a}]"),
            None => format!("expected two different bounds, got {a} twice; write the key outside of the draws"),
        },
        _ => format!("expected two bounds, [least, most], got {} values", bounds.len()),
    };
    checker.wrong(at, message);
    None
}
