//! Samples of the teacher through its student: the student `q` proposes rows in one parallel pass, the teacher `p`
//! corrects them by their weights `w = p/q` in one more, and no sequential step is left.
//!
//! - [`Imh`]: independence Metropolis–Hastings, exact in the limit of a long burn-in
//! - [`Sir`]: sampling–importance resampling, exact in the limit of a large pool
//! - [`Rejection`]: exact outright under a bound of `p/q`, up to rare rows under an estimated one
//!
//! A student that never reaches a mode of its teacher cannot be corrected by any of them; its mean weight is then below
//! 1, which [`Corrected::warning`] says. A student at a temperature above 1 proposes more in the tails.
//!
//! All are functions of (models, seed, number of rows): the student's rows are those that it draws for that seed, the
//! uniforms have a stream of their own, decisions are made in the order of the rows, and threads change nothing.

mod corrected;
mod imh;
mod rejection;
mod sir;
mod uniforms;
mod weights;

pub use corrected::{Corrected, How, MeanWeight};
pub use imh::Imh;
pub use rejection::Rejection;
pub use sir::Sir;

use crate::{Sampler, SamplerError, Stream};

/// Most rows proposed at once, and most numbers: memory is bounded, and threads have enough to share.
const BLOCK_ROWS: usize = 1 << 13;
const BLOCK_NUMBERS: usize = 1 << 24;

/// A student and the teacher that corrects it.
#[derive(Debug, Clone)]
pub struct Exact {
    student: Sampler,
    teacher: Sampler,
}

/// How proposals are turned into samples of the teacher.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Correction {
    Imh(Imh),
    Sir(Sir),
    Rejection(Rejection),
}

/// Takes corrected rows as they become ready; called after each block of proposals, sometimes with no row.
pub type Emit<'a, E> = dyn FnMut(&[f32]) -> Result<(), E> + 'a;

/// Rows of the student, rows × dim, with `log w = log p − log q`, one per row: a number, or −∞ where `p` is 0.
struct Proposals {
    values: Vec<f32>,
    log_weight: Vec<f64>,
}

impl Exact {
    /// Errors: flows of different dimension, standardisation or pixels, whose densities have nothing to do with one another.
    pub fn new(student: Sampler, teacher: Sampler) -> Result<Self, SamplerError> {
        if student.dim() != teacher.dim() {
            return Err(SamplerError::OtherDimension { student: student.dim(), teacher: teacher.dim() });
        }
        if student.pixels() != teacher.pixels() {
            return Err(SamplerError::OtherPixels);
        }
        let scales = |sampler: &Sampler| {
            let standardizer = sampler.standardizer();
            standardizer.mean.iter().copied().zip(standardizer.sd.iter().copied()).collect::<Vec<_>>()
        };
        let (of_student, of_teacher) = (scales(&student), scales(&teacher));
        match of_student.iter().zip(&of_teacher).position(|(a, b)| a != b) {
            Some(column) => Err(SamplerError::OtherStandardizer {
                column,
                student: of_student[column],
                teacher: of_teacher[column],
            }),
            None => Ok(Self { student, teacher }),
        }
    }

    /// Draws `rows` standardised rows and hands them to `emit`, rows × dim in all; returns what it took.
    ///
    /// Cost per proposal: one pass of the student and one of the teacher (for a student that samples in parallel and a
    /// teacher whose density is parallel). Errors: those of `emit`; settings out of range; weights that are NaN or +∞
    /// (naming the proposal); a teacher that finds none of the proposals possible, and what the methods add.
    pub fn draw<E: From<SamplerError>>(
        &self,
        correction: Correction,
        seed: u64,
        rows: u64,
        emit: &mut Emit<E>,
    ) -> Result<Corrected, E> {
        match correction {
            Correction::Imh(imh) => imh.draw(self, seed, rows, emit),
            Correction::Sir(sir) => sir.draw(self, seed, rows, emit),
            Correction::Rejection(rejection) => rejection.draw(self, seed, rows, emit),
        }
    }

    fn dim(&self) -> usize {
        self.student.dim()
    }

    fn block_rows(&self) -> usize {
        BLOCK_ROWS.min(BLOCK_NUMBERS / self.dim()).max(1)
    }

    fn propose(&self, stream: impl Into<Stream>, first_row: u64, rows: usize) -> Result<Proposals, SamplerError> {
        let drawn = self.student.sample_and_log_prob(stream, first_row, rows)?;
        let log_p = self.teacher.log_prob(&drawn.values).map_err(|error| match error {
            SamplerError::NotANumber { row, .. } => {
                let (log_p, log_q) = (f64::NAN, drawn.log_prob[row]);
                SamplerError::Weight { row: first_row + row as u64, log_p, log_q }
            }
            other => other,
        })?;
        let log_weight = weights::log_weights(&log_p, &drawn.log_prob, first_row)?;
        Ok(Proposals { values: drawn.values, log_weight })
    }
}

impl Correction {
    /// `imh`, `sir` or `rejection`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Imh(_) => "imh",
            Self::Sir(_) => "sir",
            Self::Rejection(_) => "rejection",
        }
    }
}

impl Proposals {
    fn row(&self, row: usize) -> &[f32] {
        let dim = self.values.len() / self.log_weight.len();
        &self.values[row * dim..][..dim]
    }
}

/// Errors: a setting that is not from 1 to `most`.
fn check_setting(what: &'static str, found: u64, most: u64) -> Result<(), SamplerError> {
    if (1..=most).contains(&found) { Ok(()) } else { Err(SamplerError::Setting { what, most, found }) }
}
