//! Students: inverse autoregressive flows distilled from any frozen density with a gradient.
//!
//! An [`Objective`] says what is minimised and a [`Recipe`] in which phases; [`fit()`] runs them. Each objective is an
//! estimator of a gradient in a file of its own in [`objectives`]; they share one form: draw or find base rows `z`, push
//! them through the student, and differentiate from a gradient given at `x = S(z)` and at `log|det dS/dz|`.

pub mod annealed;
pub mod auto;
pub mod distillation;
pub mod fit;
pub mod measure;
pub mod objectives;
mod parts;
pub mod phase;
pub mod recipe;
pub mod source;
pub mod step;
pub mod variance;
pub mod warm_start;

pub use annealed::Annealed;
pub use distillation::{Distillation, Part};
pub use fit::{Distilled, Limits, fit};
pub use flowstill_flow::{FrozenFlow, Target};
pub use measure::{Measures, Probe};
pub use parts::parts;
pub use phase::{Finished, PhaseObserver, PhaseStart};
pub use recipe::{Objective, Phase, Recipe};
pub use source::{Rows, Source};
pub use step::{Estimator, Step};
