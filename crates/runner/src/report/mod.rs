//! The report of a run: one HTML file that needs nothing but itself.
//!
//! [`Report`] is plain data, filled by whoever ran the stages; every part may be missing, and the page then says so.
//! [`render`] writes the page, [`figures`] gives the same figures as separate SVG files.

mod distances;
mod figures;
mod metrics;
mod numbers;
mod page;
mod phases;
mod speed_table;
mod verdict;

pub use figures::{Figure, figures, picture_squares};
pub use numbers::{duration, estimate, significant, with_thousands};
pub use page::{fill, render};
pub use phases::{Phase, objective_in_words, recipe_in_words};

use crate::figure::{Curves, Densities, LogWeights, Samples};
use flowstill_eval::{Estimate, Quality, SpeedRow};
use flowstill_model::Pixels;

/// What a run produced, as far as it went.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// the experiment's name
    pub title: String,
    /// one sentence: which models were trained on which data
    pub trained: String,
    /// whether a known density stands for the teacher
    pub known_density: bool,
    /// where rows are pictures
    pub pixels: Option<Pixels>,
    /// the architecture in words, one paragraph each
    pub architecture: Vec<String>,
    /// counts and settings worth seeing at once, such as `("training rows", "35 657")`
    pub facts: Vec<(String, String)>,
    pub curves: Curves,
    /// phases of the distillation, in their order
    pub phases: Vec<Phase>,
    pub teacher_likelihood: Option<TestLikelihood>,
    pub student_likelihood: Option<TestLikelihood>,
    pub quality: Option<Quality>,
    pub speed: Vec<SpeedRow>,
    /// what was left out of the measurements of speed, one sentence each
    pub speed_notes: Vec<String>,
    pub samples: Samples,
    /// only for data of two columns
    pub densities: Densities,
    /// at the samples that were compared
    pub log_weights: LogWeights,
    /// stages in their order, in seconds
    pub timings: Vec<(String, f64)>,
    /// the resolved configuration, as YAML
    pub config: String,
    pub provenance: Vec<(String, String)>,
    /// what a reader must know before trusting the numbers, one sentence each
    pub warnings: Vec<String>,
}

/// Mean log-likelihood of test rows, in nats per row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TestLikelihood {
    /// of the data as they are in the file; of pictures, of their logits
    pub data_space: Estimate,
    /// of the standardised data, in which the flows work
    pub standardised: Estimate,
    /// of pictures: bits that a pixel takes
    pub bits_per_dimension: Option<Estimate>,
}

impl Report {
    /// What the teacher is called where it is not compared with the student.
    fn teacher_name(&self) -> &'static str {
        if self.known_density { "known density" } else { "teacher" }
    }

    /// Whether anything of a student is there.
    fn has_student(&self) -> bool {
        !self.curves.student_kl_reverse.is_empty()
            || self.quality.is_some()
            || self.student_likelihood.is_some()
            || !self.samples.student.is_empty()
    }
}

#[cfg(test)]
mod example;
#[cfg(test)]
mod tests;
