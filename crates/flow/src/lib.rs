//! The mathematics of flows on dfdx's tape: the [`Bijection`] trait, every layer, and [`Flow`], the distribution
//! they make. This is the only crate that knows dfdx.
//!
//! `forward` maps base → data (sampling), `inverse` data → base (density), in every layer.

pub mod bijection;
pub mod calibrate;
pub mod conditionals;
pub mod error;
pub mod flow;
pub mod graph;
mod layers;
pub mod parameters;
pub mod reference;
pub mod shards;
pub mod target;

pub use bijection::Bijection;
pub use conditionals::Conditionals;
pub use error::FlowError;
pub use flow::{Engine, Flow};
pub use graph::{Column, Element, Graph, Parameters, Rows};
pub use target::{Draws, FrozenFlow, Target};
