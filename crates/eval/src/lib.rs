//! How good a distilled sampler is, and how fast.

pub mod compare;
pub mod error;
pub mod estimate;
pub mod exactness;
pub mod marginal;
pub mod measure;
pub mod quality;
pub mod speed;
pub mod timing;
pub mod weights;

pub use compare::{Samples, compare};
pub use error::EvalError;
pub use estimate::Estimate;
pub use exactness::{Effective, TeacherCost, teacher_costs};
pub use measure::measure;
pub use quality::{Draws, Quality, Side};
pub use speed::{Speed, SpeedRow, ratio};
pub use weights::LogWeights;
