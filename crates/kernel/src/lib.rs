//! Numbers only: the masked autoregressive network (MADE), its gradients, its incremental inverse and
//! Gaussian noise, over plain `f32`/`f64` slices.
//!
//! Each fast routine stands beside a plain one in [`mod@reference`], and a test compares the two.

pub mod activation;
pub mod adam;
pub mod affine;
pub mod incremental;
pub mod linear;
pub mod made;
pub mod noise;
pub mod real;
pub mod reference;
mod staircase;
mod tile;

pub use activation::Activation;
pub use incremental::Incremental;
pub use linear::Linear;
pub use made::{Activations, Made};
pub use real::Real;
