//! Several models as one: a row comes from each of them as likely as from any other.

use crate::{Sampler, SamplerError, blocks};
use flowstill_kernel::noise::{Purpose, stream};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;

/// `p(x) = (1/K) Σ_k p_k(x)`, in the units of the data.
///
/// Flows of one kind that differ in their orders and starts make different mistakes, which the mixture halves: its mean
/// log-likelihood is never below the mean of theirs, by Jensen's inequality, and in practice above each (Uria, Murray &
/// Larochelle 2014, "A deep and tractable density estimator"; Germain et al. 2015, section 4.2). A density costs one of each
/// member.
#[derive(Debug, Clone)]
pub struct Ensemble {
    members: Vec<Sampler>,
}

impl Ensemble {
    /// Errors: no model, models of other columns or with other pixels than the first.
    pub fn new(members: Vec<Sampler>) -> Result<Self, SamplerError> {
        let first = members.first().ok_or(SamplerError::NoMember)?;
        for (index, member) in members.iter().enumerate() {
            if member.columns() != first.columns() {
                let (found, expected) = (member.columns().to_vec(), first.columns().to_vec());
                return Err(SamplerError::OtherColumns {
                    index,
                    found: found.join(", "),
                    expected: expected.join(", "),
                });
            }
            if member.pixels() != first.pixels() {
                return Err(SamplerError::MemberPixels { index });
            }
        }
        Ok(Self { members })
    }

    pub fn members(&self) -> &[Sampler] {
        &self.members
    }

    /// `log p(x)` of rows × dim in the units of the data, as [`Sampler::log_prob_data`].
    pub fn log_prob_data(&self, x: &[f64]) -> Result<Vec<f64>, SamplerError> {
        let mut sums = Vec::new();
        for member in &self.members {
            let log_prob = member.log_prob_data(x)?;
            if sums.is_empty() {
                sums = log_prob;
            } else {
                sums.iter_mut().zip(log_prob).for_each(|(sum, log)| *sum = log_add(*sum, log));
            }
        }
        let count = (self.members.len() as f64).ln();
        sums.iter_mut().for_each(|sum| *sum -= count);
        Ok(sums)
    }

    /// `rows` samples in the units of the data, `chunk_rows` (at least 1) at a time. Row `i` depends on the seed and `i` alone.
    /// Costs a sample of one member each. Errors: more rows at a time than fit into memory.
    pub fn chunks(
        &self,
        seed: u64,
        rows: u64,
        chunk_rows: usize,
    ) -> impl Iterator<Item = Result<Vec<f64>, SamplerError>> {
        let (members, drawn) = (&self.members[..], vec![0; self.members.len()]);
        let mut drawing = Drawing { members, seed, choice: stream(seed, Purpose::Members, 0), drawn };
        blocks(0..rows, chunk_rows).map(move |(_, rows)| drawing.next(rows))
    }
}

/// Rows of an ensemble's sample, one after the other.
#[derive(Debug)]
struct Drawing<'a> {
    members: &'a [Sampler],
    seed: u64,
    /// one word for each row, which decides on its member
    choice: ChaCha8Rng,
    /// rows that each member has drawn
    drawn: Vec<u64>,
}

/// Base rows of the stream that belong to one member.
const ROWS_OF_A_MEMBER: u64 = 1 << 48;

impl Drawing<'_> {
    fn next(&mut self, rows: usize) -> Result<Vec<f64>, SamplerError> {
        let count = self.members.len() as u64;
        let owners: Vec<usize> =
            (0..rows).map(|_| ((u64::from(self.choice.next_u32()) * count) >> 32) as usize).collect();
        let dim = self.members[0].dim();
        let mut values = vec![0.0; rows * dim];
        for (k, member) in self.members.iter().enumerate() {
            let own = owners.iter().filter(|owner| **owner == k).count();
            let first = k as u64 * ROWS_OF_A_MEMBER + self.drawn[k];
            let x = member.sample_data(self.seed, first, own)?;
            let places = values.chunks_exact_mut(dim).zip(&owners).filter(|(_, owner)| **owner == k);
            places.zip(x.chunks_exact(dim)).for_each(|((place, _), row)| place.copy_from_slice(row));
            self.drawn[k] += own as u64;
        }
        Ok(values)
    }
}

/// `log(e^a + e^b)`
fn log_add(a: f64, b: f64) -> f64 {
    let (most, least) = if a < b { (b, a) } else { (a, b) };
    // two densities that are both zero leave zero
    if least == f64::NEG_INFINITY { most } else { most + (least - most).exp().ln_1p() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_add_up_without_overflow() {
        let none = f64::NEG_INFINITY;
        assert!((log_add(3f64.ln(), 4f64.ln()) - 7f64.ln()).abs() < 1e-15);
        assert_eq!((log_add(-2000.0, 2000.0), log_add(none, 1.0), log_add(none, none)), (2000.0, 1.0, none));
        assert!((log_add(-5000.0, -5000.0) - (-5000.0 + 2f64.ln())).abs() < 1e-9);
    }
}
