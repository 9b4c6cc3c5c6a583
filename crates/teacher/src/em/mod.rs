//! Mixtures of Gaussians by expectation maximisation (Dempster, Laird & Rubin 1977): teachers without a gradient.
//!
//! Every iteration increases the likelihood of the training rows, up to the rounding of the parameters to single
//! precision. The fitted mixture is a flow of one layer ([`flowstill_kernel::rows::GaussianMixture`]); with one component
//! it is the Gaussian with the rows' mean and covariance.

mod base;
mod fit;
mod mixture;
mod moments;
mod start;

pub use base::start_base;
pub use fit::{EmError, Settings, fit_mixture};
