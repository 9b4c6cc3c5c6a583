//! What maps are called, which settings they take, and where they lead.

use thiserror::Error;

/// All real numbers.
pub const REALS: [f64; 2] = [f64::NEG_INFINITY, f64::INFINITY];

/// Where a spline may end.
const BOUNDS: [f64; 2] = [1e-3, 1e6];

/// What a map is apart from its numbers.
pub trait Settings {
    /// As files and messages name it.
    fn name(&self) -> &'static str;

    /// The open interval onto which the closed direction maps the real numbers.
    fn range(&self) -> [f64; 2] {
        REALS
    }

    /// Whether every setting is one that the map can be computed with.
    fn check(&self) -> Result<(), SettingError> {
        Ok(())
    }

    /// A setting that counts something.
    fn check_count(&self, setting: &'static str, found: usize, [least, most]: [usize; 2]) -> Result<(), SettingError> {
        let fine = (least..=most).contains(&found);
        if fine { Ok(()) } else { Err(self.wrong(setting, found, format!("a whole number from {least} to {most}"))) }
    }

    /// A setting that is a number.
    fn check_number(&self, setting: &'static str, found: f64, [least, most]: [f64; 2]) -> Result<(), SettingError> {
        // NaN is in no interval
        let fine = (least..=most).contains(&found);
        if fine { Ok(()) } else { Err(self.wrong(setting, found, format!("a number from {least} to {most}"))) }
    }

    /// The place beyond which a spline is the identity.
    fn check_bound(&self, found: f64) -> Result<(), SettingError> {
        self.check_number("bound", found, BOUNDS)
    }

    fn wrong(&self, setting: &'static str, found: impl ToString, expected: String) -> SettingError {
        SettingError { map: self.name(), setting, expected, found: found.to_string() }
    }
}

/// A setting that its map cannot be computed with.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
#[error("{map}: {setting} must be {expected}, got {found}")]
pub struct SettingError {
    pub map: &'static str,
    pub setting: &'static str,
    pub expected: String,
    pub found: String,
}
