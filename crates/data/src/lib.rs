//! Rows for density estimation: where they come from, how they are split, standardised and served in batches,
//! and how new rows are written.
//!
//! - [`read_table`] reads one file (.csv, .tsv, .txt, .npy, .npz, each also with .gz) into a [`Table`].
//! - [`load`] turns a [`Source`] into a [`Dataset`]: three parts, standardised by the training part. Where rows are
//!   pictures, noise and a logit make real numbers of their pixels first (see [`flowstill_model::Pixels`]).
//! - [`Batches`] serves training rows in a seeded order that can be entered at any step.
//! - [`Stream`] serves those of a file larger than memory, where they lie.
//! - [`synthetic`] holds targets whose density is known exactly.
//! - [`prepare`](prepare::prepare) makes the five benchmarks of the MAF paper of the files that they are published in.
//! - [`RowWriter`] streams rows to .npy, .csv or standard output.
//!
//! Files and users live in data space and double precision; flows live in standardised space and single precision.
//!
//! ```
//! use flowstill_data::{Batches, Source, Target, gather, load};
//!
//! let target = Target::from_name("two_moons", None, None, 0)?;
//! let data = load(&Source::Synthetic { target, rows: 1000, split: [0.8, 0.1, 0.1], seed: 0 })?;
//! let mut batches = Batches::new(data.train.len(), 128, 0);
//! let mut batch = Vec::new();
//! gather(&data.train, batches.indices(7), &mut batch);
//! assert_eq!(batch.len(), 128 * data.dim());
//! # Ok::<(), flowstill_data::DataError>(())
//! ```

pub mod batches;
pub mod columns;
pub mod dataset;
mod delimited;
mod dequantise;
pub mod error;
mod fresh;
mod hash;
mod idx;
pub mod mnist;
mod npy;
mod npz;
pub mod permutation;
pub mod prepare;
pub mod source;
pub mod split;
pub mod stream;
pub mod synthetic;
pub mod table;
pub mod write;

pub use batches::{Batches, gather};
pub use dataset::{Dataset, Rows, no_pixel};
pub use dequantise::dequantise;
pub use error::DataError;
pub use fresh::FreshNoise;
pub use source::{Source, load};
pub use stream::Stream;
pub use synthetic::{KnownDensity, Target, TargetError};
pub use table::{Table, read_pictures, read_table};
pub use write::{Precision, RowWriter, create, create_with};
