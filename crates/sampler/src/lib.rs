//! A trained flow as a plain sampler: reads a checkpoint, draws samples, gives their densities. No automatic
//! differentiation, no training code.
//!
//! `forward` maps base → data, `inverse` data → base. All densities and log-dets are in nats, `f64`, one per row;
//! rows are row-major flat slices. Networks compute in `f32`, their log-dets are summed in `f64`.
//!
//! ```no_run
//! # fn main() -> Result<(), flowstill_sampler::SamplerError> {
//! use flowstill_sampler::Sampler;
//!
//! let sampler = Sampler::load("runs/quickstart/student.safetensors")?;
//! // rows 0…999 of seed 7, in the units of the data: 1000 × sampler.dim()
//! let (rows, log_prob) = sampler.sample_and_log_prob_data(7, 0, 1000)?;
//! assert_eq!(rows.len(), 1000 * sampler.dim());
//! assert_eq!(log_prob.len(), 1000);
//! # Ok(())
//! # }
//! ```
//!
//! Every result is the same to the last bit for any number of threads and any cut of a batch into calls: row `i`
//! is a function of (model, seed, purpose, `i`) alone. The work is spread over the current `rayon` pool; run
//! inside `pool.install(…)` to choose one.

mod autoregressive;
mod base;
pub mod chain;
pub mod chunks;
pub mod cost;
pub mod ensemble;
pub mod error;
pub mod exact;
pub mod method;
mod rowwise;
pub mod sampler;
mod segment;
pub mod stream;
pub mod transport;

pub use chain::{Chain, Drawn, Mapped};
pub use chunks::blocks;
pub use cost::{Cost, DirectionCost};
pub use ensemble::Ensemble;
pub use error::SamplerError;
pub use exact::{Corrected, Correction, Exact, How, Imh, MeanWeight, Rejection, Sir};
pub use flowstill_kernel::noise::Purpose;
pub use method::{Method, Rounds};
pub use sampler::Sampler;
pub use stream::Stream;
pub use transport::Transport;
