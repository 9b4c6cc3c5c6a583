//! Which of the varied keys matters most for a metric.

use super::cell::Cell;
use super::table::Table;
use super::value::Value;
use std::cmp::Ordering;

/// Values of a number-like key beyond which it is cut into quarters: each value alone would explain everything.
const MOST_VALUES: usize = 6;
const QUARTERS: usize = 4;

/// How much a key has to do with a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Influence {
    pub key: String,
    /// share of the spread of the metric's ranks that the key explains: the ε² of Kruskal and Wallis' test, between 0 and
    /// 1, which ranks make indifferent to wild values and to logarithms
    pub share: f64,
    /// the metric's medians, smallest first, with the value, or the range of values, at which it was measured
    pub medians: Vec<(String, f64)>,
}

/// The keys by falling influence on `metric`, over the cells that were done; baselines vary other things and are left out.
/// Keys that cannot be judged, for want of cells or of values, are missing.
pub fn influences(table: &Table, metric: &str) -> Vec<Influence> {
    let done: Vec<(&Cell, f64)> = table
        .all_cells()
        .iter()
        .filter(|cell| cell.planned.baseline.is_none())
        .filter_map(|cell| Some((cell, cell.metric(metric)?.value)))
        .collect();
    let of = |key: &String| {
        let valued =
            done.iter().filter_map(|(cell, number)| Some((Value::Plain(cell.settings.get(key)?.clone()), *number)));
        influence(key, valued.collect())
    };
    let mut all: Vec<Influence> = table.keys.iter().filter_map(of).collect();
    all.sort_by(|a, b| b.share.total_cmp(&a.share));
    all
}

fn influence(key: &str, mut valued: Vec<(Value, f64)>) -> Option<Influence> {
    valued.sort_by(|(a, _), (b, _)| a.order(b));
    let groups = groups(&valued);
    let share = explained(&groups.iter().map(|(_, numbers)| numbers.clone()).collect::<Vec<_>>())?;
    let mut medians: Vec<(String, f64)> = groups.into_iter().map(|(name, numbers)| (name, median(numbers))).collect();
    medians.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    Some(Influence { key: key.to_owned(), share, medians })
}

/// Numbers by value of the key, or by quarter of its values.
fn groups(sorted: &[(Value, f64)]) -> Vec<(String, Vec<f64>)> {
    let equal: Vec<&[(Value, f64)]> = sorted.chunk_by(|(a, _), (b, _)| a.order(b) == Ordering::Equal).collect();
    let numbers = |chunk: &[(Value, f64)]| chunk.iter().map(|(_, number)| *number).collect::<Vec<_>>();
    if equal.len() <= MOST_VALUES || sorted.iter().any(|(value, _)| value.number().is_none()) {
        return equal.into_iter().map(|chunk| (chunk[0].0.text(), numbers(chunk))).collect();
    }
    let quarter = |i: usize| i * equal.len() / QUARTERS;
    let chunks = (0..QUARTERS).map(|i| equal[quarter(i)..quarter(i + 1)].concat());
    chunks
        .map(|chunk| {
            let ends = [&chunk[0].0, &chunk[chunk.len() - 1].0].map(Value::text);
            (format!("{} … {}", ends[0], ends[1]), numbers(&chunk))
        })
        .collect()
}

/// `ε² = (H − k + 1)/(n − k)` with Kruskal and Wallis' `H` of `n` numbers in `k` groups, at least 0.
fn explained(groups: &[Vec<f64>]) -> Option<f64> {
    let all: Vec<f64> = groups.concat();
    let (n, k) = (all.len(), groups.len());
    if k < 2 || n <= k {
        return None;
    }
    let middle = (n + 1) as f64 / 2.0;
    // equal numbers share the mean of their ranks
    let rank = |number: f64| {
        let below = all.iter().filter(|other| **other < number).count();
        let equal = all.iter().filter(|other| **other == number).count();
        below as f64 + (equal + 1) as f64 / 2.0
    };
    let ranks: Vec<Vec<f64>> = groups.iter().map(|group| group.iter().map(|number| rank(*number)).collect()).collect();
    let total: f64 = ranks.iter().flatten().map(|rank| (rank - middle).powi(2)).sum();
    if total == 0.0 {
        return None;
    }
    let between = |ranks: &Vec<f64>| {
        let mean = ranks.iter().sum::<f64>() / ranks.len() as f64;
        ranks.len() as f64 * (mean - middle).powi(2)
    };
    let h = (n - 1) as f64 * ranks.iter().map(between).sum::<f64>() / total;
    Some(((h - (k - 1) as f64) / (n - k) as f64).clamp(0.0, 1.0))
}

/// Of at least one number.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let half = numbers.len() / 2;
    if numbers.len() % 2 == 1 { numbers[half] } else { 0.5 * (numbers[half - 1] + numbers[half]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};

    fn of(pairs: &[(Json, f64)]) -> Option<Influence> {
        influence("key", pairs.iter().map(|(value, number)| (Value::Plain(value.clone()), *number)).collect())
    }

    #[test]
    fn ranks_that_a_key_parts_are_explained_by_it() {
        let pairs = [(json!("b"), 5.0), (json!("b"), 4.0), (json!("a"), 1.0), (json!("a"), 2.0), (json!("a"), 3.0)];
        let found = of(&pairs).expect("an influence");
        // H = 12/(n(n+1)) Σ R²/n_i − 3(n+1) = 12/30 · (36/3 + 81/2) − 18 = 3; ε² = (3 − 1)/(5 − 2)
        assert!((found.share - 2.0 / 3.0).abs() < 1e-12, "{found:?}");
        assert_eq!(found.medians, [("a".to_owned(), 2.0), ("b".to_owned(), 4.5)]);
    }

    #[test]
    fn a_key_without_effect_explains_nothing_and_one_value_cannot_be_judged() {
        let pairs = [(json!(1), 1.0), (json!(2), 2.0), (json!(2), 3.0), (json!(1), 4.0)];
        assert_eq!(of(&pairs).expect("an influence").share, 0.0);
        assert_eq!(of(&[(json!(1), 1.0), (json!(1), 2.0)]), None);
        assert_eq!(of(&[(json!(1), 1.0), (json!(2), 1.0), (json!(2), 1.0)]), None);
    }

    #[test]
    fn many_numbers_are_cut_into_quarters_so_that_noise_explains_nothing() {
        let noise = |i: usize| ((i * 7919 + 13) % 101) as f64;
        let pairs: Vec<_> = (0..40).map(|i| (json!(i as f64 * 1e-4), noise(i))).collect();
        let found = of(&pairs).expect("an influence");
        assert_eq!(found.medians.len(), 4);
        assert!(found.share < 0.2, "{found:?}");
        let trend: Vec<_> = (0..40).map(|i| (json!(i), i as f64)).collect();
        assert!(of(&trend).expect("an influence").share > 0.9);
    }
}
