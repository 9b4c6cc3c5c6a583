//! The results of a sweep as a table: one row per cell, or one per setting with mean and spread over its seeds.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use flowstill_sweep::results::{Filter, Sort, Table};
//! let table = Table::read("runs/layers".as_ref(), &Default::default())?.over_seeds();
//! let table = table.filter(&Filter::read_all("kl_forward<0.1 and teacher.layers=4")?)?;
//! let table = table.sort(&Sort::read_all("-ess_reverse"))?;
//! table.to_csv(std::io::stdout())?;
//! # Ok(())
//! # }
//! ```

mod cell;
mod column;
mod error;
mod export;
mod filter;
mod influence;
mod metric;
mod read;
mod settings;
mod sort;
mod statistics;
mod table;
mod value;

pub use cell::{Cell, State};
pub use column::Column;
pub use error::ResultsError;
pub use filter::{Comparison, Filter};
pub use influence::{Influence, influences};
pub use metric::{Better, METRICS, Metric, metric};
pub use sort::Sort;
pub use statistics::mean_and_sd;
pub use table::{Row, Spread, Table};
pub use value::Value;
