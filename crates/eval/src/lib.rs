//! How good a distilled sampler is, and how fast.

pub mod compare;
pub mod coverage;
pub mod error;
pub mod estimate;
pub mod exactness;
pub mod lost_modes;
pub mod marginal;
pub mod measure;
pub mod psis;
pub mod quality;
pub mod speed;
mod streams;
pub mod timing;
pub mod two_sample;
pub mod warnings;
pub mod weights;

pub use compare::{Samples, Teacher, compare};
pub use coverage::{CellCoverage, Mode, ModeCoverage};
pub use error::EvalError;
pub use estimate::Estimate;
pub use exactness::{Effective, TeacherCost, teacher_costs};
pub use lost_modes::{DuringTraining, lost_modes};
pub use measure::{measure, measure_alone};
pub use quality::{Draws, Quality, Side};
pub use speed::{Speed, SpeedRow, ratio};
pub use two_sample::{AgainstData, Distance};
pub use warnings::warnings;
pub use weights::LogWeights;
