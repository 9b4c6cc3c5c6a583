//! Teachers: masked autoregressive flows fitted by maximum likelihood, and mixtures of Gaussians by expectation
//! maximisation.

pub mod em;
pub mod fit;
pub mod nll;

pub use em::fit_mixture;
pub use fit::{Learning, Trained, fit, try_rates};
pub use nll::Nll;
