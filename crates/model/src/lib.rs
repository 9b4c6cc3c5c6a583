//! What a flow *is*, as data: its specification, the named views into its one flat parameter vector, the
//! standardisation of its data, and the one file that holds all of it.

pub mod architecture;
pub mod atomic;
pub mod checkpoint;
mod domain;
pub mod family;
pub mod fold;
pub mod init;
pub mod layout;
pub mod order;
pub mod pixels;
pub mod spec;
pub mod standardizer;

pub use architecture::{Architecture, Normalisation};
pub use checkpoint::{Checkpoint, CheckpointError, Provenance, Role};
pub use family::{Base, Conditioner, Exactness, Factors, Family, Hutchinson, Roulette, Start};
pub use flowstill_kernel::affine::Direction;
pub use flowstill_kernel::rows::RowSpec;
pub use flowstill_kernel::{Activation, Univariate};
pub use layout::{Layout, View, ViewKind};
pub use order::OrderRule;
pub use pixels::{Pixels, bits_per_dimension};
pub use spec::{Autoregressive, FlowSpec, LayerSpec, Orientation, SpecError};
pub use standardizer::Standardizer;
