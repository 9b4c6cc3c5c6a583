//! How good a distilled sampler is, and how fast.

pub mod estimate;
pub mod quality;
pub mod speed;

pub use estimate::Estimate;
pub use quality::Quality;
pub use speed::SpeedRow;
