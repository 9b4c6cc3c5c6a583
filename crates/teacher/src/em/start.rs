//! Where the iterations start: centres far from each other (k-means++, Arthur & Vassilvitskii 2007), moved by a few rounds
//! of Lloyd's algorithm, with the covariance of the rows about their centres for all.

use super::mixture::{Component, Mixture};
use super::moments::{Moments, shards};
use flowstill_data::Rows;
use flowstill_kernel::rows::Covariance;
use rand::Rng;
use rayon::prelude::*;
use std::ops::Range;

/// The mixture at the centres that `rng` leads to.
pub fn start(
    rows: &Rows,
    count: usize,
    covariance: Covariance,
    rounds: u32,
    floor: &[f64],
    rng: &mut impl Rng,
) -> Mixture {
    let mut centres = plus_plus(rows, count, rng);
    for _ in 0..rounds {
        let clusters = clusters(rows, &centres, Covariance::Diagonal);
        for (centre, cluster) in centres.iter_mut().zip(&clusters).filter(|(_, cluster)| cluster.weight > 0.0) {
            centre.iter_mut().zip(&cluster.first).for_each(|(centre, sum)| *centre += sum / cluster.weight);
        }
    }
    let clusters = clusters(rows, &centres, covariance);
    let n = rows.len() as f64;
    let mut pooled = vec![0.0; clusters[0].second.len()];
    for cluster in &clusters {
        pooled.iter_mut().zip(&cluster.second).for_each(|(sum, second)| *sum += second / n);
    }
    let lower = if covariance == Covariance::Full { rows.dim * (rows.dim - 1) / 2 } else { 0 };
    let component = |(mean, cluster): (Vec<f64>, &Moments)| {
        // one more row for each: no component is without weight
        let log_weight = ((cluster.weight + 1.0) / (n + count as f64)).ln();
        let mut one = Component { log_weight, mean, log_diagonal: vec![0.0; rows.dim], lower: vec![0.0; lower] };
        one.set_covariance(covariance, &pooled, floor);
        one
    };
    let components = centres.into_iter().zip(&clusters).map(component).collect();
    Mixture { dim: rows.dim, covariance, components }
}

fn distance(row: &[f32], centre: &[f64]) -> f64 {
    row.iter().zip(centre).map(|(&x, c)| (f64::from(x) - c).powi(2)).sum()
}

fn wide(row: &[f32]) -> Vec<f64> {
    row.iter().map(|&x| f64::from(x)).collect()
}

/// A row at random, then others with probabilities in proportion to the squared distance from the nearest one so far;
/// where all are at distance zero, any.
fn plus_plus(rows: &Rows, count: usize, rng: &mut impl Rng) -> Vec<Vec<f64>> {
    let mut centres = vec![wide(rows.row(rng.gen_range(0..rows.len())))];
    let mut nearest = vec![f64::INFINITY; rows.len()];
    while centres.len() < count {
        let newest = &centres[centres.len() - 1];
        nearest.par_iter_mut().enumerate().for_each(|(i, d)| *d = d.min(distance(rows.row(i), newest)));
        let total: f64 = nearest.iter().sum();
        let chosen = if total > 0.0 {
            let mut left = rng.gen_range(0.0..total);
            let passed = nearest.iter().position(|d| {
                left -= d;
                left < 0.0
            });
            passed.unwrap_or_else(|| nearest.iter().rposition(|d| *d > 0.0).unwrap_or(0))
        } else {
            rng.gen_range(0..rows.len())
        };
        centres.push(wide(rows.row(chosen)));
    }
    centres
}

/// The moments, about its centre, of the rows that are nearest to each.
fn clusters(rows: &Rows, centres: &[Vec<f64>], covariance: Covariance) -> Vec<Moments> {
    let empty = || centres.iter().map(|_| Moments::new(rows.dim, covariance)).collect::<Vec<_>>();
    let shard = |range: Range<usize>| {
        let (mut sums, mut d) = (empty(), vec![0.0; rows.dim]);
        for i in range {
            let row = rows.row(i);
            let each = centres.iter().map(|centre| distance(row, centre)).enumerate();
            let (nearest, _) = each.min_by(|(_, a), (_, b)| a.total_cmp(b)).expect("there are centres");
            d.iter_mut().zip(row).zip(&centres[nearest]).for_each(|((d, &x), c)| *d = f64::from(x) - c);
            sums[nearest].add(1.0, &d);
        }
        sums
    };
    let shards: Vec<Vec<Moments>> = shards(rows.len()).into_par_iter().map(shard).collect();
    let mut sums = empty();
    for moments in &shards {
        sums.iter_mut().zip(moments).for_each(|(sum, moments)| sum.merge(moments));
    }
    sums
}
