//! One file per kind of layer, as they are trained.

pub mod batch_norm;
pub mod run;
mod sequential;
