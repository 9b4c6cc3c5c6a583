//! The training loop that teacher and student share: settings, optimiser, early stopping, state on disk. It knows
//! an objective only as loss and gradient over a flat parameter vector.

pub mod error;
pub mod fit;
pub mod objective;
pub mod rates;
pub mod record;
pub mod settings;
pub mod state;

pub use error::TrainError;
pub use fit::{End, Environment, Outcome, advance, fit};
pub use objective::{Objective, Observer, StepReport, Validation};
pub use rates::{Trial, geometric, steepest, try_rates};
pub use record::Record;
pub use settings::{Schedule, Settings, Until};
pub use state::State;
