//! A known density in the place of a teacher.

use flowstill_data::KnownDensity;
use flowstill_data::Target as Synthetic;
use flowstill_eval::Teacher;
use flowstill_flow::{Draws, FlowError, Target};
use flowstill_kernel::noise::stream;
use flowstill_model::Standardizer;
use flowstill_sampler::{SamplerError, Stream};
use rayon::prelude::*;
use std::sync::Arc;

/// Rows that one thread takes at a time.
const SHARD_ROWS: usize = 64;

/// The density that synthetic data are drawn from, seen through their standardisation `x = (y − mean)/sd`:
///
/// ```text
/// log p(x) = log p(y) + Σ log sd,   ∂ log p(x)/∂x_j = sd_j ∂ log p(y)/∂y_j
/// ```
///
/// Rows are `f32`, everything in between is `f64`. Its draws are independent of the data.
#[derive(Clone)]
pub struct Truth {
    density: Arc<dyn KnownDensity>,
    standardizer: Standardizer,
    log_det: f64,
}

impl Truth {
    /// The density of `synthetic` in the space of rows standardised by `standardizer`.
    pub fn new(synthetic: Synthetic, standardizer: Standardizer) -> Self {
        Self { density: synthetic.density().into(), log_det: standardizer.log_det(), standardizer }
    }

    /// Name by which an experiment asks for it.
    pub fn name(&self) -> &'static str {
        self.density.name()
    }

    /// Fills `x` with the rows of `draws` from `first_row` on.
    fn fill(&self, draws: Draws, first_row: u64, x: &mut [f32]) {
        let dim = self.density.dim();
        let mut rng = stream(draws.seed, draws.purpose, draws.index);
        let mut y = vec![0.0; dim];
        for (row, x) in (first_row..).zip(x.chunks_exact_mut(dim)) {
            // ChaCha's own stream number addresses the row; 0 belongs to Gaussian noise
            rng.set_stream(!row);
            rng.set_word_pos(0);
            self.density.draw(&mut rng, &mut y);
            x.copy_from_slice(&self.standardizer.standardize(&y));
        }
    }

    /// `log p(x)` of one row, and in `slope` the gradient with respect to it.
    fn at(&self, x: &[f32], slope: &mut [f64]) -> f64 {
        let log_prob = self.density.log_prob_and_grad(&self.standardizer.restore(x), slope);
        slope.iter_mut().zip(&self.standardizer.sd).for_each(|(slope, sd)| *slope *= sd);
        log_prob + self.log_det
    }
}

/// What a student learns from.
impl Target for Truth {
    fn dim(&self) -> usize {
        self.density.dim()
    }

    fn log_prob_and_grad(&self, x: &[f32], log_prob: &mut [f64], grad: &mut [f32]) -> Result<(), FlowError> {
        let dim = self.density.dim();
        assert!(x.len() == log_prob.len() * dim && grad.len() == x.len(), "as many rows in all three");
        let mut slope = vec![0.0; dim];
        for ((x, log_prob), grad) in x.chunks_exact(dim).zip(log_prob).zip(grad.chunks_exact_mut(dim)) {
            *log_prob = self.at(x, &mut slope);
            grad.iter_mut().zip(&slope).for_each(|(grad, slope)| *grad = *slope as f32);
        }
        Ok(())
    }

    fn sample(&self, draws: Draws, first_row: u64, x: &mut [f32]) -> Result<bool, FlowError> {
        self.fill(draws, first_row, x);
        Ok(true)
    }
}

/// What a student is compared with.
impl Teacher for Truth {
    fn dim(&self) -> usize {
        self.density.dim()
    }

    fn sample_and_log_prob(
        &self,
        Stream { seed, purpose }: Stream,
        first_row: u64,
        rows: usize,
    ) -> Result<(Vec<f32>, Vec<f64>), SamplerError> {
        let dim = self.density.dim();
        let too_many = || SamplerError::TooManyRows { first_row, rows, dim };
        first_row.checked_add(rows as u64).ok_or_else(too_many)?;
        let len = rows.checked_mul(dim).ok_or_else(too_many)?;
        let mut x = Vec::new();
        x.try_reserve_exact(len).map_err(|_| too_many())?;
        x.resize(len, 0.0);
        let draws = Draws { seed, purpose, index: 0 };
        x.par_chunks_mut(SHARD_ROWS * dim)
            .enumerate()
            .for_each(|(shard, x)| self.fill(draws, first_row + (shard * SHARD_ROWS) as u64, x));
        let log_prob = self.log_prob(&x)?;
        Ok((x, log_prob))
    }

    fn log_prob(&self, x: &[f32]) -> Result<Vec<f64>, SamplerError> {
        let dim = self.density.dim();
        if !x.len().is_multiple_of(dim) {
            return Err(SamplerError::Shape { operation: "log_prob", len: x.len(), dim });
        }
        let shard = |x: &[f32]| {
            let mut slope = vec![0.0; dim];
            x.chunks_exact(dim).map(|x| self.at(x, &mut slope)).collect::<Vec<_>>()
        };
        Ok(x.par_chunks(SHARD_ROWS * dim).map(shard).collect::<Vec<_>>().concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flowstill_kernel::noise::Purpose;

    const STREAM: Stream = Stream { seed: 3, purpose: Purpose::Evaluation };

    /// Means and deviations far from 0 and 1, different in every column.
    fn truth(synthetic: Synthetic) -> Truth {
        let dim = synthetic.dim();
        let column = |from: f64, by: f64| (0..dim).map(|j| from + by * j as f64).collect();
        Truth::new(synthetic, Standardizer { mean: column(0.7, -0.4), sd: column(1.9, 0.6) })
    }

    fn log_prob_and_grad(truth: &Truth, x: &[f32]) -> (f64, Vec<f32>) {
        let (mut log_prob, mut grad) = ([0.0], vec![0.0; x.len()]);
        truth.log_prob_and_grad(x, &mut log_prob, &mut grad).unwrap();
        (log_prob[0], grad)
    }

    #[test]
    fn a_gaussian_has_the_density_and_the_slope_of_the_closed_form() {
        // a mixture of one component is a Gaussian: fitted to its own draws, it is nearly standard normal
        let synthetic = Synthetic::GaussianMixture { dim: 1, components: 1, seed: 5 };
        let truth = Truth::new(synthetic, Standardizer::fit(&synthetic.draw_rows(200_000, 1), 1));
        for x in [-1.5f32, 0.0, 0.4, 2.0] {
            let (log_prob, grad) = log_prob_and_grad(&truth, &[x]);
            let exact = -0.5 * f64::from(x).powi(2) - 0.5 * std::f64::consts::TAU.ln();
            assert!((log_prob - exact).abs() < 0.02 && (grad[0] + x).abs() < 0.03, "{x}: {log_prob} {exact} {grad:?}");
        }
    }

    #[test]
    fn densities_in_the_plane_integrate_to_one_behind_any_standardisation() {
        for synthetic in [Synthetic::Banana, Synthetic::EightGaussians, Synthetic::TwoMoons] {
            let (truth, cells, reach) = (truth(synthetic), 400, 8.0);
            let side = 2.0 * reach / cells as f32;
            let at = |i: usize| (i as f32 + 0.5) * side - reach;
            let points: Vec<f32> = (0..cells * cells).flat_map(|i| [at(i % cells), at(i / cells)]).collect();
            let mass = truth.log_prob(&points).unwrap().iter().map(|l| l.exp()).sum::<f64>() * f64::from(side).powi(2);
            assert!((mass - 1.0).abs() < 1e-3, "{}: {mass}", truth.name());
        }
    }

    #[test]
    fn gradients_are_those_of_the_standardised_log_density() {
        for synthetic in
            [Synthetic::Banana, Synthetic::Rings, Synthetic::Funnel { dim: 4 }, Synthetic::RingChain { dim: 5 }]
        {
            let truth = truth(synthetic);
            let (rows, _) = truth.sample_and_log_prob(STREAM, 0, 20).unwrap();
            for row in rows.chunks_exact(synthetic.dim()) {
                let (_, grad) = log_prob_and_grad(&truth, row);
                for j in 0..row.len() {
                    // a step that f32 holds exactly: what is left is the curvature
                    let moved = |by: f32| {
                        let mut row = row.to_vec();
                        row[j] += by;
                        (f64::from(row[j]), log_prob_and_grad(&truth, &row).0)
                    };
                    let ((a, low), (b, high)) = (moved(-1e-3), moved(1e-3));
                    let (slope, found) = ((high - low) / (b - a), f64::from(grad[j]));
                    assert!(
                        (slope - found).abs() < 1e-2 * (1.0 + found.abs()),
                        "{}, {j}: {slope} {found}",
                        truth.name()
                    );
                }
            }
        }
    }

    #[test]
    fn a_row_depends_on_its_address_alone_and_no_two_addresses_share_one() {
        let truth = truth(Synthetic::Funnel { dim: 3 });
        let of = |stream: Stream, first: u64, rows: usize| truth.sample_and_log_prob(stream, first, rows).unwrap();
        let (whole, log_prob) = of(STREAM, 0, 300);
        let (tail, tail_log_prob) = of(STREAM, 130, 170);
        assert_eq!((&whole[130 * 3..], &log_prob[130..]), (&tail[..], &tail_log_prob[..]));
        let mut one = vec![0.0; 3];
        let draws = Draws { seed: STREAM.seed, purpose: STREAM.purpose, index: 0 };
        assert!(truth.sample(draws, 217, &mut one).unwrap());
        assert_eq!(one, whole[217 * 3..218 * 3]);
        truth.sample(Draws { index: 1, ..draws }, 217, &mut one).unwrap();
        let others =
            [of(Stream { seed: 4, ..STREAM }, 217, 1).0, of(Stream { purpose: Purpose::Sample, ..STREAM }, 217, 1).0];
        for other in others.iter().chain([&one]) {
            assert!(whole.chunks_exact(3).all(|row| row != other), "{other:?}");
        }
        let rows: std::collections::BTreeSet<_> = whole.chunks_exact(3).map(|row| row[0].to_bits()).collect();
        assert_eq!(rows.len(), 300);
    }

    #[test]
    fn samples_have_the_moments_of_the_data_and_are_none_of_them() {
        let synthetic = Synthetic::Banana;
        let data = synthetic.draw_rows(20_000, STREAM.seed);
        let truth = Truth::new(synthetic, Standardizer::fit(&data, 2));
        let (x, _) = truth.sample_and_log_prob(STREAM, 0, 20_000).unwrap();
        for column in 0..2 {
            let moment =
                |k: i32| x.iter().skip(column).step_by(2).map(|v| f64::from(*v).powi(k)).sum::<f64>() / 20_000.0;
            // standard errors, of both sides together: 0.01 and below 0.03
            assert!(moment(1).abs() < 0.05 && (moment(2) - 1.0).abs() < 0.12, "{column}: {} {}", moment(1), moment(2));
        }
        let standardised = truth.standardizer.standardize(&data);
        assert!(x.chunks_exact(2).take(100).all(|row| standardised.chunks_exact(2).all(|other| row != other)));
    }

    #[test]
    fn what_fits_no_row_or_no_memory_is_an_error() {
        let truth = truth(Synthetic::Banana);
        assert!(matches!(truth.log_prob(&[0.0; 3]), Err(SamplerError::Shape { len: 3, dim: 2, .. })));
        assert!(matches!(truth.sample_and_log_prob(STREAM, 0, usize::MAX), Err(SamplerError::TooManyRows { .. })));
    }
}
