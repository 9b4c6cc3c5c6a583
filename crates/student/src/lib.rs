//! Students: inverse autoregressive flows distilled from any frozen density with a gradient.

pub mod fit;
pub mod reverse_kl;

pub use fit::{Distilled, fit};
pub use flowstill_flow::{FrozenFlow, Target};
pub use reverse_kl::ReverseKl;
