//! Teachers: masked autoregressive flows fitted by maximum likelihood.

pub mod fit;
pub mod nll;

pub use fit::{Trained, fit};
pub use nll::Nll;
