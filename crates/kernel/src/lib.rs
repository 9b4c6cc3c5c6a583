//! Numbers only: the masked autoregressive network (MADE), its gradients, its incremental inverse and
//! Gaussian noise, over plain `f32`/`f64` slices.
//!
//! Each fast routine stands beside a plain one in [`mod@reference`], and a test compares the two.

pub mod activation;
pub mod adam;
pub mod affine;
mod diagonal;
pub mod dropout;
pub mod element_map;
mod elementwise;
pub mod incremental;
pub mod isa;
mod lane;
pub mod linear;
pub mod machine;
pub mod made;
mod mixture_density;
pub mod noise;
pub mod panels;
pub mod parallel;
mod product;
pub mod real;
pub mod reference;
pub mod regression;
mod row;
pub mod rows;
mod spline_panels;
mod tile;
pub mod trace;
mod transpose;
pub mod univariate;
mod weight_gradient;

pub use activation::Activation;
pub use dropout::Dropout;
pub use element_map::ElementMap;
pub use incremental::Incremental;
pub use isa::Isa;
pub use linear::Linear;
pub use made::Made;
pub use panels::Panels;
pub use parallel::{Layer, Parallel, Workspace};
pub use real::Real;
pub use trace::{Activations, Gradients};
pub use univariate::Univariate;
