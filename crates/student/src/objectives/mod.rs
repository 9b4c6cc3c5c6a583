//! One file per objective: what is minimised, and how its gradient is estimated.

pub mod alpha;
pub mod closed_form;
pub mod conditionals;
pub mod forward_kl;
pub mod many_samples;
pub mod path_gradient;
pub mod reconstruction;
pub mod reverse_kl;
