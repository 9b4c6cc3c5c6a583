//! One file per layer.

pub mod act_norm;
pub mod autoregressive;
pub mod batch_norm;
