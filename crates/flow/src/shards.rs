//! Work on a batch, cut into shards whose number depends on the batch alone and whose results are combined in a
//! fixed order: the same bits for any number of threads.

use crate::parameters::{Parameters, Sink, lock};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::{Arc, Mutex};

/// Most rows of a shard: the activations of a few wide layers then stay in a core's L2 cache. Fewer rows would walk
/// through the weights more often, more leave fewer shards to share among threads.
pub const SHARD_ROWS: usize = 96;

/// The row ranges of a batch, as even as they can be, and an even number of them from 64 rows on; one only if the rows
/// of a batch depend on each other.
pub fn ranges(rows: usize, couples_rows: bool) -> Vec<Range<usize>> {
    let shards = match rows.div_ceil(SHARD_ROWS) {
        _ if couples_rows => rows.min(1),
        1 if rows >= 64 => 2,
        shards => shards + if shards > 1 { shards % 2 } else { 0 },
    };
    let bound = |shard: usize| (rows * shard).div_ceil(shards);
    (0..shards).map(|shard| bound(shard)..bound(shard + 1)).collect()
}

/// Evaluates every shard in the current rayon pool and returns the results in order.
pub fn map<T: Send, Failure: Send>(
    ranges: &[Range<usize>],
    work: impl Fn(Range<usize>) -> Result<T, Failure> + Sync,
) -> Result<Vec<T>, Failure> {
    ranges.par_iter().map(|range| work(range.clone())).collect()
}

/// Adds up the gradients of shards.
///
/// The sum runs from the first shard to the last, whoever computes which: with one thread every shard adds to the
/// total at once; with more, as many shards as there are threads are computed side by side, each but the first into a
/// vector of its own, and these are added in order. So the bits are the same for any number of threads, provided that a
/// shard adds to each number once, as the fused parallel directions do.
#[derive(Debug, Default)]
pub struct Accumulator {
    /// vectors of shards that are not the first of their wave, kept from step to step
    spare: Vec<Vec<f32>>,
}

impl Accumulator {
    /// Evaluates every shard in the current rayon pool and returns the results in order. Each shard is given the
    /// parameters with a sink for their gradients, whose sum is added to `gradient`; after an error it holds a part.
    pub fn map<T: Send, Failure: Send>(
        &mut self,
        ranges: &[Range<usize>],
        theta: &Parameters<f32>,
        gradient: &mut Vec<f32>,
        work: impl Fn(Range<usize>, &Parameters<f32>) -> Result<T, Failure> + Sync,
    ) -> Result<Vec<T>, Failure> {
        assert_eq!(gradient.len(), theta.values.len(), "a gradient of other parameters");
        let threads = rayon::current_num_threads().min(ranges.len()).max(1);
        self.spare.resize_with(threads - 1, Vec::new);
        let vectors = std::iter::once(std::mem::take(gradient)).chain(self.spare.drain(..));
        let sinks: Vec<Sink<f32>> = vectors.map(|vector| Arc::new(Mutex::new(vector))).collect();
        let mut results = Vec::with_capacity(ranges.len());
        let mut failure = None;
        for wave in ranges.chunks(threads) {
            let shard = |(at, range): (usize, &Range<usize>)| {
                let theta = theta.clone().with_sink(sinks[at].clone());
                if at > 0 {
                    let mut sink = lock(&sinks[at]);
                    sink.clear();
                    sink.resize(theta.values.len(), 0.0);
                }
                work(range.clone(), &theta)
            };
            let outcome: Result<Vec<T>, Failure> = match wave {
                [range] => shard((0, range)).map(|result| vec![result]),
                _ => wave.par_iter().enumerate().map(shard).collect(),
            };
            match outcome {
                Ok(wave) => results.extend(wave),
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
            add_in_order(&sinks[..wave.len()]);
        }
        let mut vectors = sinks.into_iter().map(|sink| std::mem::take(&mut *lock(&sink)));
        *gradient = vectors.next().unwrap_or_default();
        self.spare.extend(vectors);
        failure.map_or(Ok(results), Err)
    }
}

/// Adds the second, third, … vector to the first.
fn add_in_order(sinks: &[Sink<f32>]) {
    const PART: usize = 1 << 14;
    let [total, parts @ ..] = sinks else { return };
    if parts.is_empty() {
        return;
    }
    let parts: Vec<_> = parts.iter().map(|part| lock(part)).collect();
    lock(total).par_chunks_mut(PART).enumerate().for_each(|(i, total)| {
        for part in &parts {
            total.iter_mut().zip(&part[i * PART..]).for_each(|(sum, &value)| *sum += value);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_even_and_cover_the_batch() {
        for rows in [0, 1, 5, 63, 64, 95, 96, 97, 100, 193, 1000, 12345] {
            let ranges = ranges(rows, false);
            assert_eq!(ranges.iter().map(Range::len).sum::<usize>(), rows);
            assert!(ranges.windows(2).all(|w| w[0].end == w[1].start && w[0].len().abs_diff(w[1].len()) <= 1));
            assert!(ranges.iter().all(|r| !r.is_empty() && r.len() <= SHARD_ROWS));
            assert!(rows < 64 || ranges.len().is_multiple_of(2), "{rows} rows in {} shards", ranges.len());
        }
        assert_eq!(ranges(100, false).len(), 2);
        assert_eq!(ranges(1000, true).first(), Some(&(0..1000)));
    }

    #[test]
    fn gradients_are_added_from_the_first_shard_to_the_last_for_any_number_of_threads() {
        let sums = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let theta = Parameters::frozen(Arc::new(vec![0.0; 40_000]));
                let mut gradient = vec![1.0f32; 40_000];
                let mut accumulator = Accumulator::default();
                let ranges = ranges(777, false);
                for _ in 0..2 {
                    let add = |range: Range<usize>, theta: &Parameters<f32>| {
                        let mut sink = theta.sink().expect("gradients are wanted");
                        sink.iter_mut().enumerate().for_each(|(i, g)| *g += 0.1 / (1 + i * range.start) as f32);
                        Ok::<_, ()>(range.start)
                    };
                    let starts = accumulator.map(&ranges, &theta, &mut gradient, add).unwrap();
                    assert!(starts.iter().eq(ranges.iter().map(|r| &r.start)));
                }
                gradient
            })
        };
        let one = sums(1);
        assert!((2..5).all(|threads| sums(threads) == one));
    }
}
