//! One file per kind of layer, as they are trained.

pub mod batch_norm;
pub mod fused;
pub mod rowwise;
pub mod run;
mod score;
mod sequential;
