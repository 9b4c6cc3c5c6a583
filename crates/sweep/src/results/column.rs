//! The columns of the table.

use std::fmt;

/// One column. Displayed as its name in filters, in exports and on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// name of the cell; a list of them over seeds
    Cell,
    State,
    /// a list over seeds
    Seed,
    /// how many seeds were done, over seeds only
    Seeds,
    Baseline,
    /// a key that is varied, such as `teacher.layers`
    Setting(String),
    /// such as `kl_forward`
    Metric(String),
    /// samples per second of a sampler at a batch size: `speed.student.1000`
    Speed {
        op: String,
        batch: usize,
    },
    /// wall-clock seconds of a stage: `seconds.teacher`
    Seconds(String),
    /// the stage in which a cell failed or was stopped
    Stage,
    /// why it failed or was stopped
    Reason,
    Host,
}

impl Column {
    /// Whether single cells have it, also where the row is a mean over several.
    pub(super) fn of_single_cells(&self) -> bool {
        matches!(self, Self::Cell | Self::State | Self::Seed | Self::Stage | Self::Reason | Self::Host)
    }

    /// Whether its numbers are measured, and so have a mean over seeds.
    pub fn is_measured(&self) -> bool {
        matches!(self, Self::Metric(_) | Self::Speed { .. } | Self::Seconds(_))
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cell => f.write_str("cell"),
            Self::State => f.write_str("state"),
            Self::Seed => f.write_str("seed"),
            Self::Seeds => f.write_str("seeds"),
            Self::Baseline => f.write_str("baseline"),
            Self::Setting(name) | Self::Metric(name) => f.write_str(name),
            Self::Speed { op, batch } => write!(f, "speed.{op}.{batch}"),
            Self::Seconds(stage) => write!(f, "seconds.{stage}"),
            Self::Stage => f.write_str("stage"),
            Self::Reason => f.write_str("reason"),
            Self::Host => f.write_str("host"),
        }
    }
}
